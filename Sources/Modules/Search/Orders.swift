import Contracts
import FoundationEssentials
public import Kernel

/// All orders, folded from what ordering, the depot and payments say of them.
///
/// An event may overtake the creation of its order: it is remembered, and the creation then only adds what it knows. The
/// order, its list and its invoice may be heard of in any order among each other.
public let orders = Projection("orders", of: OrderRow.self, storage: OrderStorage()) {
    on(OrderCreated.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row) { order in
            guard order.placement == nil else { return }
            order.placement = OrderRow.Placement(
                number: envelope.position.rawValue, customerId: event.customerId, customerName: event.customerName,
                createdAt: envelope.at)
            order.goods = order.goods ?? OrderRow.Goods(items: event.items, totalMinor: event.totalMinor)
        }
    }
    on(OrderApproved.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row) { $0.reach(.approved) }
    }
    on(OrderRejected.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row, event.reason) { order in
            order.reach(.rejected)
            order.reason = said(event.reason)
        }
    }
    on(OrderStarted.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row) { $0.reach(.inProgress) }
    }
    on(OrderItemsAdjusted.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row, listed(event.removed)) { order in
            order.goods = OrderRow.Goods(items: event.items, totalMinor: event.totalMinor)
            order.detail.adjustments += event.removed
        }
    }
    on(OrderReadied.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row) { $0.reach(.ready) }
    }
    on(OrderPaid.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row) { $0.paid = true }
    }
    on(OrderCanceled.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row, event.reason) { order in
            order.reach(.canceled)
            order.reason = said(event.reason)
        }
    }
    on(OrderCompleted.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row) { $0.reach(.completed) }
    }

    on(ShoppingListCreated.self, \.orderId) { row, event, envelope in
        change(envelope, event.orderId, in: &row) { order in
            order.detail.shopping.ordered = event.stops.flatMap(\.lines).reduce(0) { $0 + $1.quantity }
        }
    }
    on(ShoppingListAssigned.self, \.orderId) { row, event, envelope in
        note(envelope, event.orderId, in: &row, event.botName) { $0.botName = said(event.botName) }
    }
    on(ShoppingListStarted.self, \.orderId) { row, event, envelope in note(envelope, event.orderId, in: &row) }
    on(ShoppingListItemPicked.self, \.orderId) { row, event, envelope in
        change(envelope, event.orderId, in: &row) { $0.detail.shopping.picked += event.quantity }
    }
    on(ShoppingListItemUnavailable.self, \.orderId) { row, event, envelope in
        note(envelope, event.orderId, in: &row, "\(event.quantity) × \(event.productName)") { order in
            order.detail.shopping.missing += event.quantity
        }
    }
    on(ShoppingListReleased.self, \.orderId) { row, event, envelope in
        note(envelope, event.orderId, in: &row, event.reason) { order in
            order.botName = nil
            order.detail.shopping.picked = 0
            order.detail.shopping.missing = 0
        }
    }
    on(ShoppingListDelivered.self, \.orderId) { row, event, envelope in note(envelope, event.orderId, in: &row) }
    on(ShoppingListCompleted.self, \.orderId) { row, event, envelope in
        note(envelope, event.orderId, in: &row, event.bay ?? "") { order in
            order.detail.shopping.ordered = event.lines.reduce(0) { $0 + $1.ordered }
            order.detail.shopping.picked = event.lines.reduce(0) { $0 + $1.picked }
            order.detail.shopping.missing = event.lines.reduce(0) { $0 + $1.missing }
        }
    }
    on(ShoppingListPutToBay.self, \.orderId) { row, event, envelope in
        note(envelope, event.orderId, in: &row, event.bay)
    }
    on(ShoppingListCanceled.self, \.orderId) { row, event, envelope in
        note(envelope, event.orderId, in: &row, event.reason)
    }
    on(ShoppingListReturned.self, \.orderId) { row, event, envelope in note(envelope, event.orderId, in: &row) }

    on(InvoiceCreated.self, \.orderId) { row, event, envelope in note(envelope, event.orderId, in: &row) }
    on(InvoiceAdjusted.self, \.orderId) { row, event, envelope in note(envelope, event.orderId, in: &row) }
    on(InvoiceCaptureRefused.self, \.orderId) { row, event, envelope in
        note(envelope, event.orderId, in: &row, event.reason)
    }
    on(InvoicePaid.self, \.orderId) { row, event, envelope in
        note(envelope, event.orderId, in: &row, event.method.rawValue) { $0.paid = true }
    }
    on(InvoiceCanceled.self, \.orderId) { row, event, envelope in note(envelope, event.orderId, in: &row) }
    on(InvoiceRefunded.self, \.orderId) { row, event, envelope in
        note(envelope, event.orderId, in: &row, event.reason)
    }
}

/// Enters an event into the order's row.
private func change(
    _ envelope: Envelope, _ id: OrderID, in row: inout OrderRow?, _ change: (inout OrderRow) -> Void
) {
    var order = row ?? OrderRow(orderId: id, status: .pending, at: envelope.at)
    order.updatedAt = max(order.updatedAt, envelope.at)
    change(&order)
    row = order
}

/// Enters an event into the order's row and timeline.
private func note(
    _ envelope: Envelope, _ id: OrderID, in row: inout OrderRow?, _ remark: String = "",
    _ enter: (inout OrderRow) -> Void = { _ in }
) {
    change(envelope, id, in: &row) { order in
        let event = envelope.type.drop { $0 != "." }.dropFirst()
        order.detail.note(
            Moment(at: envelope.at, event: String(event), actor: envelope.cause.actor, note: said(remark)))
        enter(&order)
    }
}

extension OrderRow {
    /// Moves on to a status; one that was left behind already is not gone back to.
    fileprivate mutating func reach(_ next: OrderStatus) {
        if next.stage >= status.stage { status = next }
    }
}

extension OrderStatus {
    /// An order's statuses follow one another by this.
    fileprivate var stage: Int {
        switch self {
        case .pending: 0
        case .approved: 1
        case .inProgress: 2
        case .ready: 3
        case .rejected, .completed, .canceled: 4
        }
    }
}

private func said(_ text: String) -> String? { text.isEmpty ? nil : text }

private func listed(_ shortages: [Shortage]) -> String {
    shortages.map { "\($0.quantity) × \($0.productName)" }.joined(separator: ", ")
}
