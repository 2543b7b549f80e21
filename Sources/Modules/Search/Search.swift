public import Kernel

/// The search over a million orders, and what pages see of each. It listens, and has no wishes of its own.
public let search = Module("search") {
    folds(orders)
    shows(ordersTopic)
    shows(orderTopic)
}

/// The list of orders, newest first.
public let ordersTopic = Topic("orders", of: orders, orders: ["-number"], filter: OrderFilter.self) {
    filter throws(Refusal) in
    try filter.predicate()
}

/// One order with its timeline.
public let orderTopic = Topic("order", of: orders, orders: ["-number"], detailed: true, filter: OneOrder.self) {
    filter throws(Refusal) in
    filter.predicate
}
