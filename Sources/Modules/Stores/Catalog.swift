import Contracts
import Kernel

/// A product as its store's manager and a kiosk see it. A product that is not sold any more has no row.
struct CatalogRow: ProjectionRow {
    let productId: ProductID
    let storeId: StoreID
    var name: String
    var description: String
    let sku: String
    var priceMinor: Money
    /// Newest last; what lies further back than `historyLimit` prices is forgotten.
    var history: [Price]
    var version: Version

    struct Price: Codable, Equatable {
        let at: Instant
        let priceMinor: Money
    }

    static let historyLimit = 50

    static let columns: [Column<CatalogRow>] = [
        Column("name", .text, indexed: 2) { .text(normalized($0.name)) },
        Column("store", .uuid, indexed: 2) { .uuid($0.storeId.rawValue) },
        Column("words", .text) { .text(normalized("\($0.name) \($0.sku) \($0.description)")) },
    ]

    mutating func price(_ price: Money, _ envelope: Envelope) {
        priceMinor = price
        history.append(Price(at: envelope.at, priceMinor: price))
        if history.count > Self.historyLimit { history.removeFirst(history.count - Self.historyLimit) }
        version = envelope.version
    }
}

let catalog = Projection("catalog", of: CatalogRow.self) {
    on(ProductAdded.self, \.id) { row, event, envelope in
        row = CatalogRow(
            productId: event.id, storeId: event.storeId, name: event.name, description: event.description,
            sku: event.sku, priceMinor: event.priceMinor,
            history: [CatalogRow.Price(at: envelope.at, priceMinor: event.priceMinor)], version: envelope.version)
    }
    on(ProductRebranded.self, \.id) { row, event, envelope in
        row?.name = event.name
        row?.description = event.description
        row?.version = envelope.version
    }
    on(ProductPriceIncreased.self, \.id) { row, event, envelope in row?.price(event.priceMinor, envelope) }
    on(ProductPriceDecreased.self, \.id) { row, event, envelope in row?.price(event.priceMinor, envelope) }
    on(ProductRemoved.self, \.id) { row, _, _ in row = nil }
}

struct CatalogFilter: Decodable {
    let store: StoreID?
    let text: String?
}

let catalogTopic = Topic("catalog", of: catalog, orders: ["name"], filter: CatalogFilter.self) {
    filter throws(Refusal) in
    var parts: [Predicate] = []
    if let store = filter.store { parts.append(.among("store", [.uuid(store.rawValue)])) }
    if let text = filter.text { parts.append(try .words(of: text, in: "words")) }
    return .all(parts)
}
