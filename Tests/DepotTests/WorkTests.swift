import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import Depot

/// Row 37: the module's tables, kept from what a depot said.
@Suite struct WorkTests {
    @Test func `rows 37 and 42: work is the oldest list that is offered and was not declined`() async throws {
        let depot = try await Errands()
        var bots: [BotID] = []
        for number in 0..<5 { bots.append(try await depot.bot("R\(number)")) }
        let (first, second, third) = (try await depot.list(), try await depot.list(), try await depot.list())
        let pending = try await depot.mall.send(
            CreateShoppingList(orderId: OrderID(rawValue: UUID()), items: [depot.item(depot.rye, 1)])
        ).reply.id

        try await kept(depot) { tables in
            #expect(try await tables.work([]) == first)
            #expect(try await tables.work([first]) == second)
            #expect(try await tables.work([second, first]) == third)
            #expect(try await tables.work([first, second, third]) == nil)

            // One that was given back is as old as it was.
            try await depot.mall.send(AssignShoppingList(id: first, botId: bots[0]))
            try await tables.hear(depot.mall.log)
            #expect(try await tables.work([]) == second)
            try await depot.mall.send(ReleaseShoppingList(id: first, reason: "slow"))
            try await tables.hear(depot.mall.log)
            #expect(try await tables.work([]) == first)

            for bot in bots[1...2] {
                try await depot.mall.send(AssignShoppingList(id: first, botId: bot))
                try await depot.mall.send(LoseBot(id: bot))
            }
            try await depot.mall.send(CancelShoppingList(id: second, reason: "rain"))
            try await tables.hear(depot.mall.log)
            #expect(try await tables.work([]) == third)
            try await depot.fetch(third, bots[3])
            try await depot.mall.send(CompleteShoppingList(id: third, counts: []))
            try await tables.hear(depot.mall.log)
            #expect(try await tables.work([]) == nil)
            try await depot.mall.send(InitiateShopping(id: pending))
            try await tables.hear(depot.mall.log)
            #expect(try await tables.work([]) == pending)
        }
    }

    @Test func `a bay that is taken is not looked at, and one that is cleared is`() async throws {
        let depot = try await Errands()
        let (order, bot) = (OrderID(rawValue: UUID()), try await depot.bot("R1"))
        let list = try await depot.list(of: order)
        try await depot.fetch(list, bot)
        try await depot.mall.send(CompleteShoppingList(id: list, counts: []))
        try await depot.mall.send(PutToBay(id: list, bay: "A-05"))
        try await kept(depot) { tables in
            func bays() async throws -> Set<String> {
                var bays: Set<String> = []
                for last in UInt8(0)..<8 {
                    let id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last))
                    bays.insert(try #require(try await FreeBay(list: ListID(rawValue: id)).answer(tables)))
                }
                return bays
            }
            #expect(try await bays() == Set(Bay.names.prefix(9)).subtracting(["A-05"]))
            try await depot.mall.hear(depot.completed(order))
            try await tables.hear(depot.mall.log)
            #expect(try await bays() == Set(Bay.names.prefix(8)))
        }
    }

    /// The depot's tables, as far as its log is now.
    private func kept(_ depot: Errands, _ body: (Tables) async throws -> Void) async throws {
        try await TestDatabase.connected { connection in
            for case .migrates(let migrations) in Depot.depot.parts {
                for migration in migrations { try await connection.script(migration.sql) }
            }
            let tables = Tables(connection: connection)
            try await tables.hear(depot.mall.log)
            try await body(tables)
        }
    }
}

/// Keeps and reads the module's tables, and nothing else.
private struct Tables: Reader {
    let connection: Connection

    /// Hears a log from its beginning, with everything heard before forgotten.
    func hear(_ log: [Envelope]) async throws {
        try await connection.script("truncate depot.work; truncate depot.bays")
        for case .keeps(let table) in Depot.depot.parts {
            for envelope in log {
                guard let effect = table.effects[envelope.type] else { continue }
                for sql in try effect(envelope) { try await connection.execute(sql) }
            }
        }
    }

    func work(_ declined: [ListID]) async throws -> ListID? {
        for case .answers(let answering) in Depot.depot.parts where answering.query == FindWork.name {
            return try #require(try await answering.answer(FindWork(declined: declined), self) as? ListID?)
        }
        return nil
    }

    func rows(_ sql: SQL) async throws -> SQLRows { try await connection.query(sql) }
    func state<D: Decider>(of _: D.Type, _: ID<D.Noun>) async throws -> (state: D, version: Version)? { nil }
    func history<D: Decider>(of _: D.Type, _: ID<D.Noun>) async throws -> [Happened<D.Event>] { [] }
    func holder(ofClaim _: String, value _: String) async throws -> UUID? { nil }
    func ask<Q: Query>(_: Q) async throws -> Q.Answer { throw Refusal.unavailable("only tables are here") }
    func remember(_: SQL) async throws {}
}
