import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import Baskets

@Suite struct OfferCacheTests {
    static let (store, rye) = (StoreID(rawValue: UUID()), ProductID(rawValue: UUID()))

    /// What Stores said of the product, in order; the place in the list is the version.
    static let history: [any PublicEvent] = [
        ProductAdded(id: rye, storeId: store, name: "Rye", description: "", sku: "", priceMinor: Money(minor: 1000)),
        ProductPriceIncreased(id: rye, storeId: store, deltaMinor: Money(minor: 250), priceMinor: Money(minor: 1250)),
        ProductRebranded(id: rye, storeId: store, name: "Wheat", description: ""),
        ProductPriceDecreased(id: rye, storeId: store, deltaMinor: Money(minor: -350), priceMinor: Money(minor: 900)),
        ProductRemoved(id: rye, storeId: store),
    ]
    /// What a lookup finds at each version.
    static let truth: [ProductDetails] = [
        details("Rye", 1000, 1), details("Rye", 1250, 2), details("Wheat", 1250, 3), details("Wheat", 900, 4),
        details("Wheat", 900, 5, removed: true),
    ]

    @Test func `F-S5: a cache that heard a part, and was told by lookups early and late, ends true or with a miss`()
        async throws
    {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        try await cached { connection in
            var random = Seeded(seed: seed)
            try await connection.execute(OfferCache.remember(Self.bread))
            for round in 0..<40 {
                try await connection.execute("delete from baskets.products_cache")
                let first = Int.random(in: 1...5, using: &random)
                for version in first...5 {
                    if Bool.random(using: &random) {
                        let lookup = Self.truth[Int.random(in: 0..<5, using: &random)]
                        try await connection.execute(OfferCache.remember(lookup))
                    }
                    for _ in 0...Int.random(in: 0...1, using: &random) {
                        try await hear(Self.history[version - 1], version, connection)
                    }
                }
                if Bool.random(using: &random) {
                    try await connection.execute(OfferCache.remember(Self.truth[Int.random(in: 0..<5, using: &random)]))
                }
                guard let row = try await connection.query(OfferCache.offers(of: [Self.rye])).first else { continue }
                #expect(try row[2, as: String.self] == "Wheat", "round \(round)")
                #expect(try row[3, as: Int64.self] == 900, "round \(round)")
                #expect(try row[4, as: Bool.self], "round \(round)")
            }
        }
    }

    @Test func `row 3 and F-S4: a store is cached under its newest name, and whether it takes part`() async throws {
        try await cached { connection in
            try await connection.execute(OfferCache.remember(Self.truth[0]))
            try await hear(StoreCreated(id: Self.store, name: "Bread", location: "A1"), 1, connection)
            try await hear(StoreParticipatingToggled(id: Self.store, participating: true), 2, connection)
            try await hear(StoreRebranded(id: Self.store, name: "Loaf"), 3, connection)
            try await hear(StoreCreated(id: Self.store, name: "Bread", location: "A1"), 1, connection)
            try await hear(StoreParticipationRequested(id: Self.store, note: ""), 4, connection)
            let row = try #require(try await connection.query(OfferCache.offers(of: [Self.rye])).first)
            #expect(try row[5, as: String.self] == "Loaf")
            #expect(try row[6, as: Bool.self])
        }
    }

    @Test func `row 16: an event about a row that was never heard of is a miss until a lookup completes it`()
        async throws
    {
        try await cached { connection in
            try await connection.execute(OfferCache.remember(Self.bread))
            try await hear(Self.history[3], 4, connection)
            #expect(try await connection.query(OfferCache.offers(of: [Self.rye])).isEmpty)
            try await connection.execute(OfferCache.remember(Self.truth[1]))
            #expect(try await connection.query(OfferCache.offers(of: [Self.rye])).isEmpty)
            try await connection.execute(OfferCache.remember(Self.truth[3]))
            #expect(try await connection.query(OfferCache.offers(of: [Self.rye])).count == 1)
        }
    }

    @Test func `an event that follows one that was never heard makes the row a miss`() async throws {
        try await cached { connection in
            try await connection.execute(OfferCache.remember(Self.bread))
            try await hear(Self.history[0], 1, connection)
            try await hear(Self.history[1], 2, connection)
            #expect(try await connection.query(OfferCache.offers(of: [Self.rye])).count == 1)
            try await hear(Self.history[3], 4, connection)
            #expect(try await connection.query(OfferCache.offers(of: [Self.rye])).isEmpty)
        }
    }

    private func cached(_ body: (Connection) async throws -> Void) async throws {
        try await TestDatabase.connected { connection in
            try await connection.script(OfferCache.migration.sql)
            try await body(connection)
        }
    }

    private func hear(_ event: any PublicEvent, _ version: Version, _ connection: Connection) async throws {
        let id = UUID()
        let spoken = try Spoken(event)
        let envelope = Envelope(
            position: Position(1), commandEnd: Position(1), id: id,
            stream: StreamName(category: "stores.Product", id: id),
            version: version, kind: .message, type: spoken.type, body: spoken.body,
            cause: Cause(correlation: id, causation: id, actor: "test"), at: .morning)
        for case .keeps(let table) in [OfferCache.stores, OfferCache.products] {
            for sql in try table.effects[spoken.type]?(envelope) ?? [] { try await connection.execute(sql) }
        }
    }

    private static let bread = StoreDetails(
        id: store, name: "Bread", location: "A1", participating: true, version: 2)

    private static func details(
        _ name: String, _ price: Int64, _ version: Version, removed: Bool = false
    ) -> ProductDetails {
        ProductDetails(
            id: rye, storeId: store, name: name, description: "", sku: "", priceMinor: Money(minor: price),
            removed: removed, version: version)
    }
}
