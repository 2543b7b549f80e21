public import FoundationEssentials

/// The usual storage: one table `live.NAME` with a row's key, version, tombstone, bodies, and a column for each declared one.
public struct TableStorage: ProjectionStorage {
    private let table: String
    private let columns: [(name: String, kind: ColumnKind)]
    /// The columns with an index, by the number of the migration that makes it.
    private let indexes: [Int: [String]]

    /// Names are written into SQL and come from code: letters, digits and underscores only. PostgreSQL does not tell large
    /// letters from small ones in them.
    public init(_ name: String, columns: [(name: String, kind: ColumnKind)], indexes: [Int: [String]] = [:]) {
        for name in [name] + columns.map(\.name) {
            precondition(
                name.utf8.allSatisfy {
                    $0 == 95 || (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0)
                },
                "\(name) cannot name a table or a column: letters, digits and _ only")
        }
        table = "live.\(name)"
        self.columns = columns
        self.indexes = indexes
    }

    public var migrations: [Migration] {
        let declared = columns.map { ",\n    c_\($0.name) \(type($0.kind))" }.joined()
        return [
            Migration(
                1, "create \(table)",
                sql: """
                    create table \(table) (
                        key uuid primary key,
                        position bigint not null,
                        deleted bool not null,
                        value bytea not null,
                        detail bytea not null,
                        cause bytea not null\(declared)
                    ) with (fillfactor = 85);
                    create index on \(table) (position);
                    """)
        ]
            + indexes.sorted { $0.key < $1.key }.map { number, names in
                Migration(
                    number, "index \(names.joined(separator: ", ")) of \(table)",
                    sql: names.map(index).joined(separator: "\n"))
            }
    }

    /// Of what is shown: tombstones are found by their position alone.
    private func index(_ name: String) -> String {
        let method = kind(of: name) == .uuids ? "using gin " : ""
        return "create index on \(table) \(method)(c_\(name)) where not deleted;"
    }

    public func load(_ keys: [UUID]) -> SQL {
        "select \(raw: fields) from \(raw: table) where key = any(\(keys))"
    }

    public func store(_ rows: [StoredRow]) -> [SQL] {
        let read = fieldNames.enumerated().map { index, name in
            index >= 6 && columns[index - 6].kind == .uuids ? "\(name)::uuid[]" : name
        }
        var sql: SQL = """
            insert into \(raw: table) (\(raw: fields))
            select \(raw: read.joined(separator: ", "))
            from unnest(\(rows.map(\.key)), \(rows.map(\.position.rawValue)), \(rows.map(\.isDeleted)),
                \(rows.map(\.value)), \(rows.map(\.detail)), \(rows.map(\.cause))
            """
        for (index, column) in columns.enumerated() {
            sql += ", \(array(rows.map { $0.columns?.values[index] ?? .null }, column.kind))"
        }
        let assigned = fieldNames.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        sql += ") as given(\(raw: fields)) on conflict (key) do update set \(raw: assigned)"
        return [sql]
    }

    public func select(_ query: RowQuery) -> SQL {
        var sql: SQL = "select \(raw: fields) from \(raw: table) where not deleted and \(condition(query.predicate))"
        let column = "c_\(query.order.column)"
        let direction = query.order.descending ? "desc" : "asc"
        if let after = query.after {
            let comparison = query.order.descending ? "<" : ">"
            let value = scalar(after.value)
            sql +=
                " and (\(raw: column) \(raw: comparison) \(value) or (\(raw: column) = \(value) and key > \(after.key)))"
        }
        sql += " order by \(raw: column) \(raw: direction), key"
        if let limit = query.limit { sql += " limit \(Int64(limit))" }
        return sql
    }

    public func count(_ query: RowQuery) -> SQL {
        "select count(*) from \(raw: table) where not deleted and \(condition(query.predicate))"
    }

    public func changed(since position: Position) -> SQL {
        "select \(raw: fields) from \(raw: table) where position > \(position.rawValue)"
    }

    public func purge(upTo position: Position) -> SQL {
        "delete from \(raw: table) where deleted and position <= \(position.rawValue)"
    }

    public let schema = "live"

    private var fieldNames: [String] {
        ["key", "position", "deleted", "value", "detail", "cause"] + columns.map { "c_\($0.name)" }
    }
    private var fields: String { fieldNames.joined(separator: ", ") }

    private func type(_ kind: ColumnKind) -> String {
        switch kind {
        case .bool: "bool"
        case .int: "bigint"
        case .text: "text collate \"C\""
        case .uuid: "uuid"
        case .uuids: "uuid[]"
        }
    }

    private func condition(_ predicate: Predicate) -> SQL {
        var sql: SQL = "true"
        for part in predicate.conjuncts { sql += " and \(conjunct(part))" }
        return sql
    }

    private func conjunct(_ predicate: Predicate) -> SQL {
        switch predicate {
        case .all: return condition(predicate)
        case .among(let column, let values): return "c_\(raw: column) = any(\(array(values, kind(of: column))))"
        case .has(let column, let wanted): return "c_\(raw: column) && \(wanted)"
        case .atLeast(let column, let value): return "c_\(raw: column) >= \(scalar(value))"
        case .atMost(let column, let value): return "c_\(raw: column) <= \(scalar(value))"
        case .below(let column, let value): return "c_\(raw: column) < \(scalar(value))"
        case .contains(let column, let words):
            var sql: SQL = "true"
            for word in words { sql += " and strpos(c_\(raw: column), \(word)) > 0" }
            return sql
        }
    }

    private func kind(of column: String) -> ColumnKind {
        guard let found = columns.first(where: { $0.name == column }) else {
            preconditionFailure("\(table) has no column \(column)")
        }
        return found.kind
    }

    private func scalar(_ value: ColumnValue) -> SQL {
        switch value {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .int(let value): return "\(value)"
        case .text(let value): return "\(value)"
        case .uuid(let value): return "\(value)"
        case .uuids(let values): return "\(values)"
        }
    }

    private func array(_ values: [ColumnValue], _ kind: ColumnKind) -> SQL {
        switch kind {
        case .bool: return "\(values.map { if case .bool(let value) = $0 { value } else { Bool?.none } })"
        case .int: return "\(values.map { if case .int(let value) = $0 { value } else { Int64?.none } })"
        case .text: return "\(values.map { if case .text(let value) = $0 { value } else { String?.none } })"
        case .uuid: return "\(values.map { if case .uuid(let value) = $0 { value } else { UUID?.none } })"
        case .uuids:
            // unnest would flatten an array of arrays, so each set travels as its text and is cast back.
            return
                "\(values.map { if case .uuids(let set) = $0 { "{" + set.map(\.lowercase).joined(separator: ",") + "}" } else { String?.none } })"
        }
    }
}
