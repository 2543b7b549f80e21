import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Stores

@Suite struct StoresTests {
    let mall = MemoryMall(stores)

    @Test func `row 1: a new store is in the mall and does not take part`() async throws {
        let id = try await createStore()
        #expect(try await mall.ask(GetStore(id: id)).participating == false)
        let row = try #require(try Stores.mall.rows(after: mall.log)[id.rawValue])
        #expect(row.name == "Bread")
        #expect(!row.participating)
        #expect(row.version == 1)
    }

    @Test func `row 2: taking part twice, or leaving as a new store, is a conflict`() async throws {
        let id = try await createStore()
        await #expect(throws: Refusal.conflict("the store does not take part")) {
            try await mall.send(DisableParticipation(id: id))
        }
        try await mall.send(EnableParticipation(id: id))
        await #expect(throws: Refusal.conflict("the store already takes part")) {
            try await mall.send(EnableParticipation(id: id))
        }
    }

    @Test func `row 3: a renamed store is renamed aloud and in the mall`() async throws {
        let id = try await createStore()
        let outcome = try await mall.send(RebrandStore(id: id, name: "Loaf"))
        #expect(outcome.version == 2)
        #expect(try mall.said(StoreRebranded.self) == [StoreRebranded(id: id, name: "Loaf")])
        #expect(try Stores.mall.rows(after: mall.log)[id.rawValue]?.name == "Loaf")
    }

    @Test func `row 4: a product needs a store, and an SKU that no other product of the store has`() async throws {
        await #expect(throws: Refusal.unknownStore) {
            try await mall.send(AddProduct(id: StoreID(rawValue: UUID()), name: "Rye", priceMinor: .zero))
        }
        let (store, other) = (try await createStore(), try await createStore())
        let rye = try await add(to: store, sku: "R-1")
        _ = try await add(to: other, sku: "R-1")
        await #expect(throws: Refusal.conflict("another product of the store has this SKU")) {
            _ = try await add(to: store, sku: "R-1")
        }
        try await mall.send(RemoveProduct(id: rye))
        _ = try await add(to: store, sku: "R-1")
        #expect(try mall.said(ProductAdded.self).count == 3)
    }

    @Test func `row 5: a changed price reaches the catalogue with its history, and others with the price itself`()
        async throws
    {
        let product = try await add(to: try await createStore())
        try await mall.pass(.seconds(60))
        try await mall.send(IncreaseProductPrice(id: product, priceMinor: Money(minor: 1250)))
        let said = try #require(try mall.said(ProductPriceIncreased.self).first)
        #expect(said.deltaMinor == Money(minor: 250))
        #expect(said.priceMinor == Money(minor: 1250))
        let row = try #require(try catalog.rows(after: mall.log)[product.rawValue])
        #expect(row.priceMinor == Money(minor: 1250))
        #expect(row.history.map(\.priceMinor.minor) == [1000, 1250])
        #expect(row.history[1].at == .morning + .seconds(60))
    }

    @Test func `a catalogue row keeps the newest prices only`() async throws {
        let product = try await add(to: try await createStore())
        for price in 1001...1060 {
            try await mall.send(IncreaseProductPrice(id: product, priceMinor: Money(minor: Int64(price))))
        }
        let row = try #require(try catalog.rows(after: mall.log)[product.rawValue])
        #expect(row.history.count == CatalogRow.historyLimit)
        #expect(row.history.last?.priceMinor == Money(minor: 1060))
    }

    @Test func `row 7: a removed product leaves the catalogue and the mall's count`() async throws {
        let store = try await createStore()
        let (rye, _) = (try await add(to: store), try await add(to: store))
        try await mall.send(RemoveProduct(id: rye))
        #expect(try catalog.rows(after: mall.log)[rye.rawValue] == nil)
        #expect(try Stores.mall.rows(after: mall.log)[store.rawValue]?.products == 1)
        #expect(try await mall.ask(GetProduct(id: rye)).removed)
    }

    @Test func `row 8 and F-A6: a command for an unknown id is not_found and begins no stream`() async throws {
        let store = StoreID(rawValue: UUID())
        let product = ProductID(rawValue: UUID())
        let commands: [() async throws -> Void] = [
            { try await mall.send(RebrandStore(id: store, name: "x")) },
            { try await mall.send(EnableParticipation(id: store)) },
            { try await mall.send(DisableParticipation(id: store)) },
            { try await mall.send(RequestParticipation(id: store)) },
            { try await mall.send(DenyParticipation(id: store)) },
            { try await mall.send(RebrandProduct(id: product, name: "x")) },
            { try await mall.send(IncreaseProductPrice(id: product, priceMinor: .zero)) },
            { try await mall.send(DecreaseProductPrice(id: product, priceMinor: .zero)) },
            { try await mall.send(RemoveProduct(id: product)) },
            { _ = try await mall.ask(GetStore(id: store)) },
            { _ = try await mall.ask(GetProduct(id: product)) },
            { _ = try await mall.ask(GetCatalog(id: store, page: PageRequest())) },
        ]
        for command in commands {
            let refusal = await #expect(throws: Refusal.self) { try await command() }
            #expect(refusal?.kind == .notFound)
        }
        #expect(mall.streamCount == 0)
    }

    @Test func `row 10: a request and both decisions show in the mall's row`() async throws {
        let id = try await createStore()
        func row() throws -> MallRow { try #require(try Stores.mall.rows(after: mall.log)[id.rawValue]) }
        try await mall.send(RequestParticipation(id: id, note: "please"))
        #expect(try row().request == MallRow.Remark(note: "please", at: .morning))
        try await mall.send(DenyParticipation(id: id, note: "later"))
        #expect(try row().request == nil)
        #expect(try row().denied?.note == "later")
        try await mall.send(RequestParticipation(id: id))
        try await mall.send(EnableParticipation(id: id))
        #expect(try row().participating)
        #expect(try row().request == nil)
        #expect(try row().denied == nil)
        #expect(try row().version == 5)
    }

    @Test func `a store is found by itself, and by its request until somebody has answered`() async throws {
        let (one, other) = (try await createStore(), try await createStore())
        func found(_ filter: String) throws -> [UUID] {
            let predicate = try mallTopic.filter(Array(filter.utf8))
            let names = ColumnNames(MallRow.columns.map(\.name))
            return try Stores.mall.rows(after: mall.log).filter { _, row in
                predicate.matches(Columns(names: names, values: MallRow.columns.map { $0.value(row) }))
            }.map(\.key)
        }
        #expect(try found(#"{"store":"\#(one.rawValue.lowercase)"}"#) == [one.rawValue])
        #expect(try found(#"{"requested":true}"#).isEmpty)
        try await mall.send(RequestParticipation(id: other))
        #expect(try found(#"{"requested":true}"#) == [other.rawValue])
        #expect(try found(#"{"requested":false}"#) == [one.rawValue])
        try await mall.send(DenyParticipation(id: other))
        #expect(try found(#"{"requested":true}"#).isEmpty)
    }

    @Test func `a mall row says null where there is no request`() throws {
        let row = MallRow(storeId: StoreID(rawValue: UUID()), name: "Bread", location: "A1", version: 1)
        let json = String(decoding: try Coding.encode(row), as: UTF8.self)
        #expect(json.contains(#""request":null"#))
        #expect(json.contains(#""denied":null"#))
    }

    @Test func `views of mall and catalogue are filtered by words, store, participation and open requests`() throws {
        let store = UUID()
        #expect(
            try mallTopic.filter(Array(#"{"store":"\#(store.lowercase)","requested":true}"#.utf8)).conjuncts
                == [.among("requested", [.bool(true)]), .among("store", [.uuid(store)])])
        #expect(throws: Refusal.self) { try mallTopic.filter(Array(#"{"store":"bread"}"#.utf8)) }
        #expect(
            try mallTopic.filter(Array(#"{"text":" Bread  A1","participating":true}"#.utf8)).conjuncts
                == [.among("participating", [.bool(true)]), .contains("words", ["bread", "a1"])])
        #expect(
            try catalogTopic.filter(Array(#"{"store":"\#(store.lowercase)"}"#.utf8)).conjuncts
                == [.among("store", [.uuid(store)])])
        #expect(throws: Refusal.self) { try mallTopic.filter(Array(#"{"participating":"yes"}"#.utf8)) }
    }

    private func createStore() async throws -> StoreID {
        let outcome = try await mall.send(CreateStore(name: "Bread", location: "A1"))
        return StoreID(rawValue: try #require(outcome.first).id)
    }

    private func add(to store: StoreID, sku: String? = nil) async throws -> ProductID {
        let outcome = try await mall.send(AddProduct(id: store, name: "Rye", sku: sku, priceMinor: Money(minor: 1000)))
        return ProductID(rawValue: try #require(outcome.first).id)
    }
}
