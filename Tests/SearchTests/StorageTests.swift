import Contracts
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import Search

/// What a change of an order costs: orders change ten times and more in their life, and are found by the same all along.
struct StorageTests {
    let story = Story()
    let order: OrderID = id(1)

    func placed(on connection: Connection) async throws {
        try story.say(try created(order, [item(1, "Rye Bread")]))
        try await write(to: connection)
    }
    func write(to connection: Connection) async throws {
        for sql in AgreementTests.storage.store(try story.write()) { try await connection.execute(sql) }
    }

    @Test func `progress, money and timeline write nothing that orders are found by`() async throws {
        try await AgreementTests.connected { connection in
            try await placed(on: connection)
            let before: String = try await connection.query("select xmin::text from search.orders")[0][0]
            try story.say(
                ShoppingListItemPicked(
                    id: id(7), orderId: order, botId: id(5), storeId: id(1), productId: id(1), quantity: 1))
            try story.say(
                InvoicePaid(
                    id: id(6), orderId: order, customerId: id(9), amountMinor: Money(minor: 1_000), method: .cash))
            try await write(to: connection)
            let after: String = try await connection.query("select xmin::text from search.orders")[0][0]
            #expect(after == before)
        }
    }

    @Test func `a change of status stays within the order's page and writes one list`() async throws {
        try await AgreementTests.connected { connection in
            try await placed(on: connection)
            try story.say(OrderCanceled(id: order, customerId: id(9), paymentId: id(8), reason: "", by: .staff))
            try await connection.execute("begin")
            let before = try await entries(written: connection)
            try await write(to: connection)
            let after = try await entries(written: connection)
            try await connection.execute("commit")
            let written = after.merging(before) { $0 - $1 }.filter { $0.value != 0 }
            #expect(written == ["stages": 1])
        }
    }

    /// Index entries that this connection has written by table: an update that stays within its page writes none. What
    /// earlier transactions wrote may still be among them.
    private func entries(written connection: Connection) async throws -> [String: Int64] {
        let rows = try await connection.query(
            """
            select relname::text, n_tup_ins + n_tup_upd + n_tup_del - n_tup_hot_upd
            from pg_stat_xact_user_tables
            where schemaname = 'search' and relname not in ('documents', 'statuses')
            """)
        return Dictionary(
            uniqueKeysWithValues: try rows.map { (try $0[0, as: String.self], try $0[1, as: Int64.self]) })
    }
}
