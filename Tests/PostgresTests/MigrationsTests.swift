import EventLoop
import Kernel
import PostgresTestSupport
import Testing

@testable import Postgres

@Suite struct MigrationsTests {
    private let orders = Migration(1, "orders", sql: "create table orders (id int); insert into orders values (1)")
    private let totals = Migration(2, "totals", sql: "alter table orders add total bigint")
    private let fleet = Migration(1, "fleet", sql: "create table robots (id int)")

    private func run(_ modules: [(String, [Migration])], _ connection: Connection) async throws -> Int {
        try await Migrations(modules.map { (module: $0.0, migrations: $0.1) })
            .run(on: connection, logger: TestCluster.quiet)
    }

    @Test func `only what has not run is run`() async throws {
        try await TestDatabase.connected { connection in
            #expect(try await run([("ordering", [orders])], connection) == 1)
            #expect(try await run([("ordering", [orders, totals]), ("depot", [fleet])], connection) == 2)
            #expect(try await run([("ordering", [orders, totals]), ("depot", [fleet])], connection) == 0)
            let rows = try await connection.query("select id, total from orders")
            #expect(rows.count == 1)
            #expect(try await connection.query("show lock_timeout")[0][0, as: String.self] == "5s")
        }
    }

    @Test func `a migration that fails leaves nothing, and those before it stay`() async throws {
        try await TestDatabase.connected { connection in
            let broken = Migration(2, "broken", sql: "create table half (a int); select 1 / 0")
            let error = await #expect(throws: PostgresError.self) {
                try await run([("ordering", [orders, broken])], connection)
            }
            #expect(error?.state == .divisionByZero)
            let left = try await connection.query("select to_regclass('orders') is null, to_regclass('half') is null")
            #expect(try left[0][0, as: Bool.self] == false)
            #expect(try left[0][1, as: Bool.self] == true)
            #expect(try await run([("ordering", [orders, totals])], connection) == 1)
        }
    }

    @Test func `a migration that was changed after it ran is refused`() async throws {
        try await TestDatabase.connected { connection in
            _ = try await run([("ordering", [orders])], connection)
            let changed = Migration(1, "orders", sql: "create table orders (id bigint)")
            await #expect(throws: Migrations.Refusal.changed(module: "ordering", number: 1, name: "orders")) {
                try await run([("ordering", [changed])], connection)
            }
        }
    }

    @Test func `a program older than its database is refused`() async throws {
        try await TestDatabase.connected { connection in
            _ = try await run([("ordering", [orders, totals])], connection)
            await #expect(throws: Migrations.Refusal.unknown(module: "ordering", number: 2, name: "totals")) {
                try await run([("ordering", [orders])], connection)
            }
        }
    }

    @Test func `a number below one that has run is refused`() async throws {
        try await TestDatabase.connected { connection in
            _ = try await run([("ordering", [totalsAlone])], connection)
            await #expect(throws: Migrations.Refusal.outOfOrder(module: "ordering", number: 1, applied: 2)) {
                try await run([("ordering", [orders, totalsAlone])], connection)
            }
        }
    }
    private let totalsAlone = Migration(2, "totals", sql: "create table totals (a int)")

    @Test func `a migration that ends its transaction is refused`() async throws {
        try await TestDatabase.connected { connection in
            let sly = Migration(1, "sly", sql: "create table a (a int); commit")
            await #expect(throws: Migrations.Refusal.endsItsTransaction(module: "m", number: 1)) {
                try await run([("m", [sly])], connection)
            }
            // The lock is free again.
            _ = try await run([("ordering", [orders])], connection)
        }
    }

    @Test func `programs that start together migrate once`() async throws {
        try await TestDatabase.with { database, loop in
            let connections = (0..<4).map { _ in
                Connection(database.configuration, on: loop, logger: TestCluster.quiet)
            }
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for connection in connections {
                    group.addTask { try await run([("ordering", [orders, totals])], connection) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.sorted() == [0, 0, 0, 2])
            for connection in connections { await connection.close() }
        }
    }
}
