import Contracts
import Kernel

/// A customer as staff find them.
struct CustomerRow: ProjectionRow {
    let id: CustomerID
    let name: String
    var smsNumber: String
    var enabled = true
    /// How often they have ordered. Rows from a time when nobody counted have none.
    var orderCount: Int? = 0
    var version: Version

    static let columns: [Column<CustomerRow>] = [
        Column("name", .text, indexed: 2) { .text(normalized($0.name)) },
        Column("enabled", .bool) { .bool($0.enabled) },
        Column("words", .text) { .text(normalized("\($0.name) \($0.smsNumber)")) },
    ]
}

let people = Projection("customers", of: CustomerRow.self) {
    on(CustomerRegistered.self, \.id) { row, event, envelope in
        row = CustomerRow(id: event.id, name: event.name, smsNumber: event.smsNumber, version: envelope.version)
    }
    on(CustomerSmsChanged.self, \.id) { row, event, envelope in
        row?.smsNumber = event.smsNumber
        row?.version = envelope.version
    }
    on(OrderCreated.self, \.customerId) { row, _, _ in
        let count = row?.orderCount ?? 0
        row?.orderCount = count + 1
    }
    on(CustomerEnabled.self, \.id) { row, _, envelope in
        row?.enabled = true
        row?.version = envelope.version
    }
    on(CustomerDisabled.self, \.id) { row, _, envelope in
        row?.enabled = false
        row?.version = envelope.version
    }
}

struct CustomerFilter: Decodable {
    let text: String?
    let enabled: Bool?
}

let peopleTopic = Topic("customers", of: people, orders: ["name"], filter: CustomerFilter.self) {
    filter throws(Refusal) in
    var parts: [Predicate] = []
    if let enabled = filter.enabled { parts.append(.among("enabled", [.bool(enabled)])) }
    if let text = filter.text { parts.append(try .words(of: text, in: "words")) }
    return .all(parts)
}
