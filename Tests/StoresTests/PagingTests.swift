import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import Stores

@Suite struct PagingTests {
    @Test func `row 9: 53 products paged by 20 while others are added come once each, in order`() async throws {
        let bread = StoreID(rawValue: UUID())
        // Two of a name, now and then, so that the key has to tell them apart.
        let names = (0..<53).map { "Roll \($0 / 2)" }
        try await TestDatabase.connected { connection in
            try await connection.script("create schema live")
            for migration in catalog.storage.migrations { try await connection.script(migration.sql) }
            try await add(names, to: bread, connection)
            try await add(["Roll 1", "Roll 2"], to: StoreID(rawValue: UUID()), connection)

            let ofBread = Predicate.among("store", [.uuid(bread.rawValue)])
            var seen: [CatalogRow] = []
            var next: String?
            repeat {
                let page = try await catalog.page(
                    PageRequest(limit: 20, next: next), where: ofBread, of: TableReader(connection: connection),
                    by: \.name
                ) { $0 }
                #expect(page.rows.count <= 20)
                seen += page.rows
                next = page.next
                try await add(["Aaa \(seen.count)", "Zzz \(seen.count)"], to: bread, connection)
            } while next != nil && seen.count < 200

            let rolls = seen.filter { $0.name.hasPrefix("Roll") }
            #expect(rolls.count == 53)
            #expect(Set(seen.map(\.productId)).count == seen.count)
            let sorted = seen.map { normalized($0.name) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            #expect(seen.map { normalized($0.name) } == sorted)
        }
    }

    /// Folds products into the catalogue's table, as the projector does.
    private func add(_ names: [String], to store: StoreID, _ connection: Connection) async throws {
        let folder = catalog.makeFolder()
        for name in names {
            let id = ProductID(rawValue: UUID())
            let spoken = try Spoken(
                ProductAdded(id: id, storeId: store, name: name, description: "", sku: "", priceMinor: .zero))
            let envelope = Envelope(
                position: Position(1), commandEnd: Position(1), id: id.rawValue,
                stream: StreamName(category: Product.category, id: id.rawValue), version: 1, kind: .message,
                type: spoken.type, body: spoken.body,
                cause: Cause(correlation: id.rawValue, causation: id.rawValue, actor: "test"), at: .morning)
            try folder.load([], absent: [id.rawValue])
            try folder.fold(envelope)
        }
        for sql in catalog.storage.store(try folder.takeChanges().map(\.row)) { try await connection.execute(sql) }
    }
}

/// Reads tables, and nothing else.
private struct TableReader: Reader {
    let connection: Connection

    func rows(_ sql: SQL) async throws -> SQLRows { try await connection.query(sql) }
    func state<D: Decider>(of _: D.Type, _: ID<D.Noun>) async throws -> (state: D, version: Version)? { nil }
    func history<D: Decider>(of _: D.Type, _: ID<D.Noun>) async throws -> [Happened<D.Event>] { [] }
    func holder(ofClaim _: String, value _: String) async throws -> UUID? { nil }
    func ask<Q: Query>(_: Q) async throws -> Q.Answer { throw Refusal.unavailable("only tables are here") }
    func remember(_: SQL) async throws {}
}
