import Contracts
import FoundationEssentials
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import Search

/// What SQL finds must be what Swift matches: live views are read by the one and moved by the other.
struct AgreementTests {
    static let storage = OrderStorage()

    static func connected(_ body: (Connection) async throws -> Void) async throws {
        try await TestDatabase.connected { connection in
            for migration in storage.migrations { try await connection.script(migration.sql) }
            try await body(connection)
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `F-X2, F-X3: whatever is asked, SQL finds what Swift matches, in its order, and counts as many`(seed: UInt64)
        async throws
    {
        try await Self.connected { connection in
            var world = World(seed: seed)
            for _ in 0..<4 {
                for _ in 0..<120 { try world.happens() }
                try await world.write(to: connection)
                try await world.deletesAndRenames(on: connection)
                for _ in 0..<60 { try await Self.compare(world.filter(), in: world, on: connection) }
            }
            try await Self.compare(try OrderFilter().predicate(), in: world, on: connection)
        }
    }

    static func compare(_ predicate: Kernel.Predicate, in world: World, on connection: Connection) async throws {
        for order in [RowOrder("-number"), RowOrder("number")] {
            let expected = world.matching(predicate, order)
            var query = RowQuery(predicate: predicate, order: order)
            try await expect(query, expected, "seed \(world.seed), \(order)", on: connection)
            let counted: Int64 = try await connection.query(storage.count(query))[0][0]
            #expect(counted == Int64(expected.count), "seed \(world.seed), count of \(predicate)")
            // A page of it, by every way there is.
            query.limit = 7
            if expected.count > 3 {
                query.after = RowQuery.Place(value: try #require(expected[2].columns)["number"], key: expected[2].key)
            }
            let page = Array(expected.dropFirst(expected.count > 3 ? 3 : 0).prefix(7))
            try await expect(query, page, "seed \(world.seed), \(order), page", on: connection)
            var search = OrderSearch(query)
            guard !search.conjuncts.contains(where: \.isKeys) else { continue }
            for way in search.ways.indices {
                search.forcedWay = way
                let found = try stored(await connection.query(search.rows))
                #expect(found == page, "seed \(world.seed), way \(way) to \(predicate)")
            }
        }
    }

    static func expect(_ query: RowQuery, _ rows: [StoredRow], _ what: String, on connection: Connection) async throws {
        let found = try stored(await connection.query(storage.select(query)))
        #expect(found == rows, "\(what): \(query.predicate)")
    }

    /// Reads rows as the live layer does: by place, the columns in the order they are declared.
    static func stored(_ rows: SQLRows) throws -> [StoredRow] {
        try rows.map { row in
            let deleted: Bool = try row[2]
            let columns: Columns? =
                deleted
                ? nil
                : Columns(
                    names: orders.columnNames,
                    values: try OrderRow.columns.enumerated().map { place, column throws in
                        if row.isNull(6 + place) { return .null }
                        switch column.kind {
                        case .bool: return .bool(try row[6 + place])
                        case .int: return .int(try row[6 + place])
                        case .text: return .text(try row[6 + place])
                        case .uuid: return .uuid(try row[6 + place])
                        case .uuids: return .uuids(try row[6 + place])
                        }
                    })
            return StoredRow(
                key: try row[0], position: Position(try row[1]), columns: columns, value: try row[3],
                detail: try row[4],
                cause: try row[5])
        }
    }

    @Test func `what is loaded, changed or purged is what was written`() async throws {
        try await Self.connected { connection in
            var world = World(seed: 7)
            for _ in 0..<200 { try world.happens() }
            try await world.write(to: connection)
            try await world.deletesAndRenames(on: connection)
            let all = world.story.rows
            let loaded = try Self.stored(await connection.query(Self.storage.load(Array(all.keys))))
            #expect(Dictionary(uniqueKeysWithValues: loaded.map { ($0.key, $0) }) == all)

            let middle = Position(world.story.position / 2)
            let changed = try Self.stored(await connection.query(Self.storage.changed(since: middle)))
            #expect(Set(changed.map(\.key)) == Set(all.values.filter { $0.position > middle }.map(\.key)))

            let last = Position(world.story.position)
            #expect(all.values.filter(\.isDeleted).count > 0)
            try await connection.execute(Self.storage.purge(upTo: last))
            let left = try Self.stored(await connection.query(Self.storage.load(Array(all.keys))))
            #expect(Set(left.map(\.key)) == Set(all.values.filter { !$0.isDeleted }.map(\.key)))
        }
    }

    @Test func `pages neither repeat nor miss an order while others arrive`() async throws {
        try await Self.connected { connection in
            var world = World(seed: 11)
            for _ in 0..<300 { try world.happens() }
            try await world.write(to: connection)
            for predicate in try [OrderFilter().predicate()] + (0..<10).map({ _ in try world.filter() }) {
                let order = RowOrder("-number")
                let expected = world.matching(predicate, order).map(\.key)
                var seen: [UUID] = []
                var query = RowQuery(predicate: predicate, order: order, limit: 5)
                while true {
                    let page = try Self.stored(await connection.query(Self.storage.select(query)))
                    guard let last = page.last else { break }
                    seen += page.map(\.key)
                    query.after = RowQuery.Place(value: try #require(last.columns)["number"], key: last.key)
                    for _ in 0..<5 { try world.arrives() }
                    try await world.write(to: connection)
                }
                #expect(seen == expected, "\(predicate)")
            }
        }
    }

    @Test func `F-X3: names with the characters of a pattern are found by them and by nothing else`() async throws {
        try await Self.connected { connection in
            let story = Story()
            let names = [#"50% off"#, #"50x off"#, #"a_b"#, #"axb"#, #"c\d"#, #"cd"#, #"q'"$1;--"#]
            for (index, name) in names.enumerated() {
                try story.say(try created(id(UInt8(100 + index)), by: "Ada", [item(UInt8(1 + index), name)]))
            }
            for sql in Self.storage.store(try story.write()) { try await connection.execute(sql) }
            for (text, wanted) in [
                ("50%", [0]), ("%", [0]), ("_", [2]), ("a_b", [2]), ("\\", [4]), ("c\\d", [4]), ("'\"$1;--", [6]),
                ("o% f", []),
            ] {
                var filter = OrderFilter()
                filter.text = text
                let query = RowQuery(predicate: try filter.predicate(), order: RowOrder("number"))
                let found = try Self.stored(await connection.query(Self.storage.select(query)))
                #expect(found.map(\.key) == wanted.map { (id(UInt8(100 + $0)) as OrderID).rawValue }, "\(text)")
            }
        }
    }
}
