import Contracts
import Kernel

/// A text as staff find it.
struct MessageRow: ProjectionRow {
    let id: NotificationID
    let orderId: OrderID
    let customerId: CustomerID
    let kind: NotificationKind
    var phone: String
    let text: String
    var status: NotificationStatus
    var attempts: Int
    var lastError: String?
    let createdAt: Instant
    var sentAt: Instant?
    var version: Version

    static let columns: [Column<MessageRow>] = [
        Column("createdAt", .int, indexed: 2) { .instant($0.createdAt) },
        Column("status", .text, indexed: 2) { .text($0.status.rawValue) },
        Column("kind", .text) { .text($0.kind.rawValue) },
        Column("order", .uuid, indexed: 2) { .uuid($0.orderId.rawValue) },
        Column("customer", .uuid, indexed: 2) { .uuid($0.customerId.rawValue) },
    ]
}

let messages = Projection("messages", of: MessageRow.self) {
    on(NotificationQueued.self, \.id) { row, event, envelope in
        if row == nil {
            row = MessageRow(
                id: event.id, orderId: event.orderId, customerId: event.customerId, kind: event.kind,
                phone: event.phone, text: event.text, status: .queued, attempts: 0, createdAt: envelope.at,
                version: envelope.version)
        }
        row?.phone = event.phone
        row?.status = .queued
        row?.attempts = event.attempt
        row?.version = envelope.version
    }
    on(NotificationSuppressed.self, \.id) { row, event, envelope in
        row = MessageRow(
            id: event.id, orderId: event.orderId, customerId: event.customerId, kind: event.kind, phone: event.phone,
            text: event.text, status: .suppressed, attempts: 0, createdAt: envelope.at, version: envelope.version)
    }
    on(NotificationDelayed.self, \.id) { row, event, envelope in
        row?.lastError = event.error
        row?.version = envelope.version
    }
    on(NotificationSent.self, \.id) { row, _, envelope in
        row?.status = .sent
        row?.sentAt = envelope.at
        row?.version = envelope.version
    }
    on(NotificationFailed.self, \.id) { row, event, envelope in
        row?.status = .failed
        row?.lastError = event.error
        row?.version = envelope.version
    }
}

struct MessageFilter: Decodable {
    let status: [NotificationStatus]?
    let kind: [NotificationKind]?
    let order: OrderID?
    let customer: CustomerID?
}

let messagesTopic = Topic("messages", of: messages, orders: ["-createdAt"], filter: MessageFilter.self) {
    filter throws(Refusal) in
    var parts: [Predicate] = []
    if let statuses = filter.status { parts.append(.among("status", statuses.map { .text($0.rawValue) })) }
    if let kinds = filter.kind { parts.append(.among("kind", kinds.map { .text($0.rawValue) })) }
    if let order = filter.order { parts.append(.among("order", [.uuid(order.rawValue)])) }
    if let customer = filter.customer { parts.append(.among("customer", [.uuid(customer.rawValue)])) }
    return .all(parts)
}
