import Contracts
import Kernel

/// An invoice as the desk sees it, kept under its order. Until it is created there is only the order, which is not shown.
struct InvoiceRow: ProjectionRow {
    let orderId: OrderID
    /// The order's number: the position of its creation in the log.
    var number: Int64?
    var customerName: String?
    var pickupCode: String?
    var id: InvoiceID?
    var customerId: CustomerID?
    var paymentId: PaymentID?
    var status: InvoiceStatus?
    var amountMinor = Money.zero
    var authorizedMinor = Money.zero
    var paidMinor = Money.zero
    var refundedMinor = Money.zero
    var method: PaymentMethod?
    var createdAt: Instant?
    var paidAt: Instant?
    /// Why the card service did not give the money the last time it was asked.
    var lastRefusal: String?
    var adjustments: [Adjustment] = []
    var refunds: [Refund] = []
    var version: Version = 0

    struct Adjustment: Codable, Equatable {
        let at: Instant
        let amountMinor: Money
    }

    struct Refund: Codable, Equatable {
        let at: Instant
        let amountMinor: Money
        let reason: String
    }

    static let columns: [Column<InvoiceRow>] = [
        Column("createdAt", .int, indexed: 2) { $0.createdAt.map { .instant($0) } ?? .null },
        Column("status", .text, indexed: 2) { $0.status.map { .text($0.rawValue) } ?? .null },
        Column("order_id", .uuid, indexed: 2) { .uuid($0.orderId.rawValue) },
        Column("customer", .uuid, indexed: 2) { $0.customerId.map { .uuid($0.rawValue) } ?? .null },
        Column("words", .text) { row in
            let number = row.number.map { "\($0)" } ?? ""
            return .text(normalized("\(row.customerName ?? "") \(row.pickupCode ?? "") \(number)"))
        },
    ]
}

let invoices = Projection("invoices", of: InvoiceRow.self) {
    on(OrderCreated.self, \.id) { row, event, envelope in
        var known = row ?? InvoiceRow(orderId: event.id)
        known.number = envelope.position.rawValue
        known.customerName = event.customerName
        known.pickupCode = event.pickupCode
        row = known
    }
    on(InvoiceCreated.self, \.orderId) { row, event, envelope in
        var created = row ?? InvoiceRow(orderId: event.orderId)
        created.id = event.id
        created.customerId = event.customerId
        created.paymentId = event.paymentId
        created.status = .pending
        created.amountMinor = event.amountMinor
        created.authorizedMinor = event.authorizedMinor
        created.createdAt = envelope.at
        created.version = envelope.version
        row = created
    }
    on(InvoiceAdjusted.self, \.orderId) { row, event, envelope in
        change(&row, envelope) { row in
            row.amountMinor = event.amountMinor
            row.adjustments.append(InvoiceRow.Adjustment(at: envelope.at, amountMinor: event.amountMinor))
        }
    }
    on(InvoiceCapturing.self, \.orderId) { row, event, envelope in
        change(&row, envelope) { row in
            row.status = .capturing
            row.method = event.method
            row.lastRefusal = nil
        }
    }
    on(InvoiceCaptureRefused.self, \.orderId) { row, event, envelope in
        change(&row, envelope) { row in
            row.status = .pending
            row.method = nil
            row.lastRefusal = event.reason
        }
    }
    on(InvoicePaid.self, \.orderId) { row, event, envelope in
        change(&row, envelope) { row in
            row.status = .paid
            row.method = event.method
            row.paidMinor = event.amountMinor
            row.paidAt = envelope.at
            row.lastRefusal = nil
        }
    }
    on(InvoiceRefunded.self, \.orderId) { row, event, envelope in
        change(&row, envelope) { row in
            row.status = event.isWhole ? .refunded : .paid
            row.refundedMinor = event.refundedMinor
            row.refunds.append(
                InvoiceRow.Refund(at: envelope.at, amountMinor: event.amountMinor, reason: event.reason))
        }
    }
    on(InvoiceCanceled.self, \.orderId) { row, _, envelope in
        change(&row, envelope) { $0.status = .canceled }
    }
}

/// Changes a row that is shown. What is heard of an invoice before its creation, the creation is followed by.
private func change(_ row: inout InvoiceRow?, _ envelope: Envelope, _ change: (inout InvoiceRow) -> Void) {
    guard row?.createdAt != nil else { return }
    row?.version = envelope.version
    if row != nil { change(&row!) }
}

struct InvoiceFilter: Decodable {
    let status: [InvoiceStatus]?
    let order: OrderID?
    let customer: CustomerID?
    /// Words of the customer's name, the pickup code, the order's number.
    let text: String?
}

let invoicesTopic = Topic("invoices", of: invoices, orders: ["-createdAt"], filter: InvoiceFilter.self) {
    filter throws(Refusal) in
    // Orders without an invoice have no such time.
    var parts: [Predicate] = [.atLeast("createdAt", .int(0))]
    if let status = filter.status { parts.append(.among("status", status.map { .text($0.rawValue) })) }
    if let order = filter.order { parts.append(.among("order_id", [.uuid(order.rawValue)])) }
    if let customer = filter.customer { parts.append(.among("customer", [.uuid(customer.rawValue)])) }
    if let text = filter.text { parts.append(try .words(of: text, in: "words")) }
    return .all(parts)
}
