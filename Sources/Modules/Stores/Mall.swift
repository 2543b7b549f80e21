import Contracts
import Kernel

/// A store as staff see it.
struct MallRow: ProjectionRow {
    let storeId: StoreID
    var name: String
    var location: String
    var participating = false
    var request: Remark?
    var denied: Remark?
    /// How many products it sells.
    var products = 0
    /// The store's own; a product that comes or goes does not change it.
    var version: Version

    /// What was said when asking or denying, and when.
    struct Remark: Codable, Equatable {
        let note: String
        let at: Instant
    }

    static let columns: [Column<MallRow>] = [
        Column("name", .text) { .text(normalized($0.name)) },
        Column("participating", .bool) { .bool($0.participating) },
        Column("requested", .bool) { .bool($0.request != nil) },
        Column("store", .uuid) { .uuid($0.storeId.rawValue) },
        Column("words", .text) { .text(normalized("\($0.name) \($0.location)")) },
    ]

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(storeId, forKey: .storeId)
        try container.encode(name, forKey: .name)
        try container.encode(location, forKey: .location)
        try container.encode(participating, forKey: .participating)
        // Null and not left out: pages tell "no request" from a row of another kind.
        try container.encode(request, forKey: .request)
        try container.encode(denied, forKey: .denied)
        try container.encode(products, forKey: .products)
        try container.encode(version, forKey: .version)
    }
}

let mall = Projection("mall", of: MallRow.self) {
    on(StoreCreated.self, \.id) { row, event, envelope in
        row = MallRow(storeId: event.id, name: event.name, location: event.location, version: envelope.version)
    }
    on(StoreRebranded.self, \.id) { row, event, envelope in
        row?.name = event.name
        row?.version = envelope.version
    }
    on(StoreParticipatingToggled.self, \.id) { row, event, envelope in
        row?.participating = event.participating
        row?.request = nil
        row?.denied = nil
        row?.version = envelope.version
    }
    on(StoreParticipationRequested.self, \.id) { row, event, envelope in
        row?.request = MallRow.Remark(note: event.note, at: envelope.at)
        row?.denied = nil
        row?.version = envelope.version
    }
    on(StoreParticipationDenied.self, \.id) { row, event, envelope in
        row?.request = nil
        row?.denied = MallRow.Remark(note: event.note, at: envelope.at)
        row?.version = envelope.version
    }
    on(ProductAdded.self, \.storeId) { row, _, _ in row?.products += 1 }
    on(ProductRemoved.self, \.storeId) { row, _, _ in row?.products -= 1 }
}

struct MallFilter: Decodable {
    let text: String?
    let store: StoreID?
    let participating: Bool?
    /// Whether it asks to take part and nobody has answered.
    let requested: Bool?
}

let mallTopic = Topic("mall", of: mall, orders: ["name"], filter: MallFilter.self) { filter throws(Refusal) in
    var parts: [Predicate] = []
    if let participating = filter.participating { parts.append(.among("participating", [.bool(participating)])) }
    if let requested = filter.requested { parts.append(.among("requested", [.bool(requested)])) }
    if let store = filter.store { parts.append(.among("store", [.uuid(store.rawValue)])) }
    if let text = filter.text { parts.append(try .words(of: text, in: "words")) }
    return .all(parts)
}
