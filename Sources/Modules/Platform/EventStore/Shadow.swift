import FoundationEssentials
import Kernel
import Postgres

/// A projection that is folded anew into tables of its own, beside those that are shown, until they take their place.
///
/// The tables are made by the projection's own migrations in a schema of their own, and written by its own statements: only
/// the schema in their text is another. A process that ends in the middle leaves that schema; the next one drops it.
final class Shadow {
    let definition: any Folding
    private let folder: any Folder
    private let pool: Pool
    private var schema: String { Self.prefix + definition.name }
    private var shown: String { definition.storage.schema }

    private static let prefix = "shadow_"

    init(_ definition: any Folding, _ pool: Pool) {
        self.definition = definition
        self.pool = pool
        folder = definition.makeFolder()
    }

    /// Makes the tables, empty.
    func begin(on caller: isolated (any Actor)? = #isolation) async throws {
        let steps = definition.storage.migrations.map { moved(SQL(raw: $0.sql)).text }.joined(separator: "\n")
        // One transaction, without which a half of them would be taken for all.
        _ = try await pool.pipeline([
            Self.drop(schema), SQL(raw: "create schema \(schema)").planned(.custom),
            SQL(raw: "do $make$ begin execute $steps$\(steps)$steps$; end $make$").planned(.custom),
        ])
    }

    /// Folds on; `skipped` is told what cannot be folded.
    func fold(
        _ rows: [LogRow], on caller: isolated (any Actor)? = #isolation, skipped: (Envelope, any Error) -> Void
    ) async throws {
        let messages = rows.map(\.envelope).filter { $0.kind == .message && definition.hears($0.type) }
        if messages.isEmpty { return }
        var wanted = Set<UUID>()
        for envelope in messages {
            if let key = try? folder.key(for: envelope), !folder.holds(key) { wanted.insert(key) }
        }
        if !wanted.isEmpty {
            let known = try await pool.query(moved(definition.storage.load(Array(wanted)))).map {
                try StoredRow($0, of: definition)
            }
            try folder.load(known, absent: Array(wanted.subtracting(known.map(\.key))))
        }
        for envelope in messages {
            do { try folder.fold(envelope) } catch { skipped(envelope, error) }
        }
        var statements: [SQL] = []
        var changed = try folder.takeChanges().map(\.row)[...]
        while !changed.isEmpty {
            statements += definition.storage.store(Array(changed.prefix(Limits.rowsPerStore))).map(moved)
            changed = changed.dropFirst(Limits.rowsPerStore)
        }
        _ = try await pool.pipeline(statements)
    }

    /// Has the planner know the new tables as well as it knew the old: they are asked as soon as they are there.
    func analyze(on caller: isolated (any Actor)? = #isolation) async throws {
        for table in try await pool.query(Self.tables(of: schema)) {
            _ = try await pool.query(SQL(raw: "analyze \(schema).\(try table[0, as: String.self])").planned(.custom))
        }
    }

    /// Puts the new tables where the old ones were. Whoever reads waits for the commit, and then reads the new.
    func takePlace(in session: Session, on caller: isolated (any Actor)? = #isolation) async throws {
        let tables = try await session.query(Self.tables(of: schema)).map { try $0[0, as: String.self] }
        _ = try await session.pipeline(
            tables.flatMap { table in
                ["drop table \(shown).\(table)", "alter table \(schema).\(table) set schema \(shown)"]
            }.map { SQL(raw: $0).planned(.custom) } + [Self.drop(schema)])
    }

    /// Drops the tables, unless they have taken their place.
    func end(on caller: isolated (any Actor)? = #isolation) async throws {
        _ = try await pool.query(Self.drop(schema))
    }

    /// Drops what processes that ended in the middle have left.
    static func sweep(_ pool: Pool) async throws {
        let schemas = try await pool.query(
            "select nspname::text from pg_namespace where starts_with(nspname::text, \(prefix))")
        for schema in schemas { _ = try await pool.query(drop(try schema[0, as: String.self])) }
    }

    private func moved(_ sql: SQL) -> SQL { sql.moved(from: shown, to: schema) }

    private static func drop(_ schema: String) -> SQL {
        SQL(raw: "drop schema if exists \(schema) cascade").planned(.custom)
    }

    private static func tables(of schema: String) -> SQL {
        "select tablename::text from pg_tables where schemaname = \(schema) order by 1"
    }
}
