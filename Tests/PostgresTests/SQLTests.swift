import FoundationEssentials
import Kernel
import PostgresTestSupport
import Testing

@testable import Postgres

@Suite struct SQLTests {
    @Test func `interpolation binds, and numbers what it binds`() {
        let name = "'; drop table orders; --"
        let sql: SQL = "select * from orders where name = \(name) and total > \(5)"
        #expect(sql.text == "select * from orders where name = $1 and total > $2")
        #expect(sql.parameters.map(\.type) == [.text, .bigint])
        #expect(sql.parameters.map(\.length) == [name.utf8.count, 8])
    }

    @Test func `a part keeps its values and gets new numbers`() {
        let part: SQL = "a = \(1) and b = \("x")"
        let sql: SQL = "select \(true) where \(part) or \(part)"
        #expect(sql.text == "select $1 where a = $2 and b = $3 or a = $4 and b = $5")
        let bytes: [UInt8] = [1] + [0, 0, 0, 0, 0, 0, 0, 1, 120] + [0, 0, 0, 0, 0, 0, 0, 1, 120]
        #expect(sql.bytes == bytes)
        #expect((0..<12).map { "\($0)" as SQL }.joined(separator: ", ").text.hasSuffix("$10, $11, $12"))
    }

    @Test func `a part of ten values and more is renumbered whole`() {
        let ten = (0..<11).map { "\($0)" as SQL }.joined(separator: ",")
        let sql: SQL = "\(0),\(ten)"
        #expect(sql.text == "$1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12")
    }

    @Test func `a name is quoted`() {
        let sql: SQL = "listen \(identifier: "a\"b")"
        #expect(sql.text == "listen \"a\"\"b\"")
    }

    @Test func `a custom plan is kept by what it becomes part of`() {
        let part = ("b = \(1)" as SQL).planned(.custom)
        #expect(("select \(part)" as SQL).planning == .custom)
    }

    @Test func `a mismatch says what was expected, what came and where`() async throws {
        try await TestDatabase.connected { connection in
            let rows = try await connection.query("select 'a' as name, null::bigint as total")
            func message<Value: SQLDecodable>(_ column: Int, _: Value.Type) -> String? {
                do throws(SQLMismatch) {
                    _ = try rows[0][column, as: Value.self]
                    return nil
                } catch {
                    return "\(error)"
                }
            }
            #expect(message(0, Int.self) == "column 0 (name) of row 0: expected bigint, found text")
            #expect(message(1, Int.self) == "column 1 (total) of row 0: expected bigint, found null")
            #expect(message(2, Int.self) == "expected column 2, found 2 columns")
            #expect(try rows[0][1, as: Int?.self] == nil)
            let missing = #expect(throws: SQLMismatch.self) { try rows[0].decode("price", as: Int.self) }
            #expect(missing?.description == "expected column price, found only name, total")
        }
    }

    @Test func `rows made in memory read like a server's`() throws {
        let rows = SQLRows(
            SQLRowsInMemory(columns: ["id", "name"], rows: ["\(1), \("one")", "\(2), \(String?.none)"]))
        #expect(try rows.map { try $0.decode("id", as: Int.self) } == [1, 2])
        #expect(try rows.map { try $0[1, as: String?.self] } == ["one", nil])
    }
}

@Suite struct ValueTests {
    @Test func `every type comes back as it went, alone and in an array`() async throws {
        let uuid = UUID(uuidString: "0198a5b4-0f3c-7abc-8def-0123456789ab")!
        try await TestDatabase.connected { connection in
            try await roundTrip(connection, [true, false])
            try await roundTrip(connection, [0, -1, Int16.max, .min])
            try await roundTrip(connection, [0, -1, Int32.max, .min])
            try await roundTrip(connection, [0, -1, Int64.max, .min])
            try await roundTrip(connection, [0, -1, Int.max, .min])
            try await roundTrip(
                connection, [0, -0.5, .pi, .infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude])
            try await roundTrip(connection, ["", "a", "Grüße 🛒", "{\"\\,NULL}", String(repeating: "x", count: 70_000)])
            try await roundTrip(connection, [[], [0], Array(0...255)])
            try await roundTrip(connection, [uuid, UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))])
            try await roundTrip(
                connection, [0, 1, -1, 946_684_800_000_000, 1_795_227_200_123_456].map(Instant.init(microseconds:)))
            try await roundTrip(connection, [JSONText(Array("{\"a\": 1}".utf8)), JSONText(Array("null".utf8))])
            try await roundTrip(connection, [ID<Noun>(rawValue: uuid)])
            try await roundTrip(connection, [Color.red, .green])
        }
    }

    private enum Noun {}
    private enum Color: String, SQLBindable, SQLDecodable, SQLElement { case red, green }

    private func roundTrip<Value: SQLBindable & SQLDecodable & SQLElement & Equatable>(
        _ connection: Connection, _ values: [Value], at location: SourceLocation = #_sourceLocation
    ) async throws {
        for value in values {
            let row = try await connection.query("select \(value), \(Value?.none), \(Value?.some(value))")[0]
            #expect(try row[0] == value, sourceLocation: location)
            #expect(try row[1, as: Value?.self] == nil, sourceLocation: location)
            #expect(try row[2, as: Value?.self] == value, sourceLocation: location)
        }
        let optional = values + [nil]
        let row = try await connection.query("select \(values), \(optional), \([Value]()), \([Value]?.none)")[0]
        #expect(try row[0] == values, sourceLocation: location)
        #expect(try row[1] == optional, sourceLocation: location)
        #expect(try row[2, as: [Value].self] == [], sourceLocation: location)
        #expect(try row[3, as: [Value]?.self] == nil, sourceLocation: location)
        #expect(throws: SQLMismatch.self, sourceLocation: location) { try row[1, as: [Value].self] }
        let unnested = try await connection.query("select * from unnest(\(optional))")
        #expect(try unnested.map { try $0[0, as: Value?.self] } == optional, sourceLocation: location)
    }

    @Test func `the server reads what we write as we mean it`() async throws {
        try await TestDatabase.connected { connection in
            let at = Instant("2026-11-21T02:13:20.123456Z")!
            let row = try await connection.query(
                """
                select \(at)::text, \([1, 2])::text, \(JSONText(Array("{\"b\":2}".utf8))) ->> 'b',
                    encode(\([UInt8](arrayLiteral: 1, 255)), 'hex'), \([nil, "a"] as [String?])::text
                """)[0]
            #expect(try row[0] == "2026-11-21 02:13:20.123456+00")
            #expect(try row[1] == "{1,2}")
            #expect(try row[2] == "2")
            #expect(try row[3] == "01ff")
            #expect(try row[4] == "{NULL,a}")
        }
    }

    @Test func `narrower numbers widen, wider ones are refused`() async throws {
        try await TestDatabase.connected { connection in
            let row = try await connection.query("select 1::smallint, 2::int, 3::bigint, 1.5::real, 1::numeric")[0]
            #expect(try row[0, as: Int.self] == 1)
            #expect(try row[1, as: Int64.self] == 2)
            #expect(try row[0, as: Int32.self] == 1)
            #expect(try row[3, as: Double.self] == 1.5)
            #expect(throws: SQLMismatch.self) { try row[2, as: Int32.self] }
            #expect(throws: SQLMismatch.self) { try row[4, as: Int.self] }
        }
    }

    @Test func `infinity is no instant`() async throws {
        try await TestDatabase.connected { connection in
            for text in ["infinity", "-infinity"] {
                let row = try await connection.query("select \(raw: "'\(text)'")::timestamptz")[0]
                #expect(throws: SQLMismatch.self) { try row[0, as: Instant.self] }
            }
        }
    }
}
