import Contracts
import FoundationEssentials
import Kernel

/// An order on its way to being handed over, as the pickup desk sees it: from its approval until it has ended.
struct PickupRow: ProjectionRow {
    let orderId: OrderID
    /// The position of its creation in the log, as in the order search.
    let number: Int64
    let customerId: CustomerID
    let customerName: String
    let pickupCode: String
    /// Pending means that it is not shown yet.
    var status = OrderStatus.pending
    var paid = false
    var readySince: Instant?
    var overdue = false
    var bay: String?
    var totalMinor: Money
    var invoiceId: InvoiceID?
    var invoiceStatus: InvoiceStatus?
    var missing: [Missing] = []
    /// Units.
    var items: Int
    var version: Version

    struct Missing: Codable, Sendable, Equatable {
        let productName: String
        let quantity: Int
    }

    static let columns: [Column<PickupRow>] = [
        Column("order", .uuid, indexed: 2) { .uuid($0.orderId.rawValue) },
        Column("status", .text, indexed: 2) { $0.status == .pending ? .null : .text($0.status.rawValue) },
        Column("customer", .uuid, indexed: 2) { .uuid($0.customerId.rawValue) },
        Column("overdue", .bool) { .bool($0.overdue) },
        // Who has waited longest comes first; behind those who wait, by number, those whose goods are still under way.
        Column("readySince", .int, indexed: 2) { .int($0.readySince?.microseconds ?? PickupRow.underWay + $0.number) },
        Column("words", .text) { .text(normalized("\($0.customerName) \($0.pickupCode) \($0.number)")) },
    ]

    /// Later than every moment of this century, and with every number added still exact in a page, whose numbers have 53
    /// bits.
    private static let underWay: Int64 = 1 << 52

    fileprivate mutating func take(_ status: OrderStatus, _ envelope: Envelope) {
        self.status = status
        version = envelope.version
    }
}

private func units(_ items: [Item]) -> Int { items.reduce(0) { $0 + $1.quantity } }

let pickups = Projection("pickup", of: PickupRow.self) {
    on(OrderCreated.self, \.id) { row, event, envelope in
        row = PickupRow(
            orderId: event.id, number: envelope.position.rawValue, customerId: event.customerId,
            customerName: event.customerName, pickupCode: event.pickupCode, totalMinor: event.totalMinor,
            items: units(event.items), version: envelope.version)
    }
    on(OrderApproved.self, \.id) { row, _, envelope in row?.take(.approved, envelope) }
    on(OrderStarted.self, \.id) { row, _, envelope in row?.take(.inProgress, envelope) }
    on(OrderItemsAdjusted.self, \.id) { row, event, envelope in
        row?.totalMinor = event.totalMinor
        row?.items = units(event.items)
        row?.missing += event.removed.map { PickupRow.Missing(productName: $0.productName, quantity: $0.quantity) }
        row?.version = envelope.version
    }
    on(OrderReadied.self, \.id) { row, _, envelope in
        row?.readySince = envelope.at
        row?.take(.ready, envelope)
    }
    on(OrderPaid.self, \.id) { row, _, envelope in
        row?.paid = true
        row?.version = envelope.version
    }
    on(OrderOverdue.self, \.id) { row, _, envelope in
        row?.overdue = true
        row?.version = envelope.version
    }
    on(OrderRejected.self, \.id) { row, _, _ in row = nil }
    on(OrderCompleted.self, \.id) { row, _, _ in row = nil }
    on(OrderCanceled.self, \.id) { row, _, _ in row = nil }

    on(ShoppingListCompleted.self, \.orderId) { row, event, _ in if let bay = event.bay { row?.bay = bay } }
    on(ShoppingListPutToBay.self, \.orderId) { row, event, _ in row?.bay = event.bay }
    on(ShoppingListBayCleared.self, \.orderId) { row, _, _ in row?.bay = nil }

    on(InvoiceCreated.self, \.orderId) { row, event, _ in
        row?.invoiceId = event.id
        row?.invoiceStatus = .pending
    }
    on(InvoiceCapturing.self, \.orderId) { row, _, _ in row?.invoiceStatus = .capturing }
    on(InvoiceCaptureRefused.self, \.orderId) { row, _, _ in row?.invoiceStatus = .pending }
    on(InvoicePaid.self, \.orderId) { row, _, _ in
        row?.invoiceStatus = .paid
        row?.paid = true
    }
    on(InvoiceCanceled.self, \.orderId) { row, _, _ in row?.invoiceStatus = .canceled }
    on(InvoiceRefunded.self, \.orderId) { row, event, _ in if event.isWhole { row?.invoiceStatus = .refunded } }
}

struct PickupFilter: Decodable {
    let status: [OrderStatus]?
    let customers: [CustomerID]?
    let order: OrderID?
    let text: String?
    let overdue: Bool?
}

let pickupTopic = Topic("pickup", of: pickups, orders: ["readySince"], filter: PickupFilter.self) {
    filter throws(Refusal) in
    let shown: [OrderStatus] = [.approved, .inProgress, .ready]
    let wanted = filter.status.map { wanted in shown.filter(wanted.contains) } ?? shown
    var parts: [Kernel.Predicate] = [.among("status", wanted.map { .text($0.rawValue) })]
    if let customers = filter.customers { parts.append(.among("customer", customers.map { .uuid($0.rawValue) })) }
    if let order = filter.order { parts.append(.among("order", [.uuid(order.rawValue)])) }
    if let overdue = filter.overdue { parts.append(.among("overdue", [.bool(overdue)])) }
    if let text = filter.text { parts.append(try .words(of: text, in: "words")) }
    return .all(parts)
}
