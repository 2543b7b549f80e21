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
            try await write(to: connection)
            let written = try await connection.query(
                """
                select relname::text || ': ' || n_tup_ins + n_tup_upd + n_tup_del - n_tup_hot_upd
                from pg_stat_xact_user_tables
                where schemaname = 'search' and relname not in ('documents', 'statuses')
                    and n_tup_ins + n_tup_upd + n_tup_del > 0
                order by 1
                """
            ).map { try $0[0, as: String.self] }
            try await connection.execute("commit")
            #expect(written == ["orders: 0", "stages: 1"])
        }
    }
}
