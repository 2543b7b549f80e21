import Crypto
public import Kernel
public import Logging

/// The steps that bring a database's tables to what the program expects: forward only, each in a transaction of its own,
/// each recorded with its SHA-256. A step that has run anywhere is never changed, and a database is never newer than
/// the program that opens it: both are refused.
public struct Migrations: Sendable {
    public enum Refusal: Error, Equatable, Sendable, CustomStringConvertible {
        case changed(module: String, number: Int, name: String)
        case unknown(module: String, number: Int, name: String)
        case outOfOrder(module: String, number: Int, applied: Int)
        case endsItsTransaction(module: String, number: Int)

        public var description: String {
            switch self {
            case .changed(let module, let number, let name):
                "migration \(module) \(number) (\(name)) has run and was changed afterwards; write a new one instead"
            case .unknown(let module, let number, let name):
                "the database has migration \(module) \(number) (\(name)), which this program does not know: it is older than its database"
            case .outOfOrder(let module, let number, let applied):
                "migration \(module) \(number) has not run, but \(applied) of the same module has; numbers only grow"
            case .endsItsTransaction(let module, let number):
                "migration \(module) \(number) ends its transaction; a step runs in one and leaves it open"
            }
        }
    }

    private struct Step {
        let module: String
        let migration: Migration
        let checksum: String
        var number: Int { migration.number }
    }

    private let steps: [Step]

    /// In the order they are to run. Within a module numbers grow.
    public init(_ modules: [(module: String, migrations: [Migration])]) {
        steps = modules.flatMap { module, migrations in
            for (one, next) in zip(migrations, migrations.dropFirst()) {
                precondition(
                    one.number < next.number, "migrations of \(module) are not in order: \(one.number), \(next.number)")
            }
            return migrations.map {
                Step(module: module, migration: $0, checksum: Hex.encode(Digest.sha256($0.sql.utf8)))
            }
        }
        let names = Set(modules.map(\.module))
        precondition(names.count == modules.count, "a module's migrations are given twice")
    }

    /// Runs what has not run yet and returns how many that were. Programs that start together take turns: the others
    /// wait for the first and then find nothing to do.
    @discardableResult
    public func run(on connection: Connection, logger: Logger) async throws -> Int {
        // A session lock, because each step commits by itself. The wait for it may take as long as all steps do.
        try await connection.script("set lock_timeout = 0; select pg_advisory_lock(\(Self.lock))")
        do {
            let count = try await runLocked(connection, logger)
            try await release(connection)
            return count
        } catch {
            // A session that is lost has released it.
            try? await release(connection)
            throw error
        }
    }

    /// "mall" in ASCII, and no other lock's number.
    private static let lock = 0x6d61_6c6c

    private func release(_ connection: Connection) async throws {
        try await connection.script("rollback; select pg_advisory_unlock(\(Self.lock)); reset lock_timeout")
    }

    private func runLocked(_ connection: Connection, _ logger: Logger) async throws -> Int {
        try await connection.script(
            """
            create table if not exists public.migrations (
                module text not null,
                number bigint not null,
                name text not null,
                checksum text not null,
                at timestamptz not null default now(),
                primary key (module, number)
            )
            """)
        var applied: [String: [Int: String]] = [:]
        for row in try await connection.query("select module, number, checksum, name from public.migrations") {
            let (module, number) = (try row[0, as: String.self], try row[1, as: Int.self])
            applied[module, default: [:]][number] = try row[2]
            guard steps.contains(where: { $0.module == module && $0.number == number }) else {
                throw Refusal.unknown(module: module, number: number, name: try row[3])
            }
        }
        let missing = try steps.filter { step in
            let done = applied[step.module] ?? [:]
            if let checksum = done[step.number] {
                guard checksum == step.checksum else {
                    throw Refusal.changed(module: step.module, number: step.number, name: step.migration.name)
                }
                return false
            }
            if let newest = done.keys.max(), newest > step.number {
                throw Refusal.outOfOrder(module: step.module, number: step.number, applied: newest)
            }
            return true
        }
        for step in missing {
            try await run(step, connection)
            logger.info("migrated", metadata: ["module": "\(step.module)", "number": "\(step.number)"])
        }
        return missing.count
    }

    private func run(_ step: Step, _ connection: Connection) async throws {
        try await connection.script("begin")
        try await connection.script(step.migration.sql)
        guard await connection.isInTransaction else {
            throw Refusal.endsItsTransaction(module: step.module, number: step.number)
        }
        _ = try await connection.pipeline([
            """
            insert into public.migrations (module, number, name, checksum)
            values (\(step.module), \(step.number), \(step.migration.name), \(step.checksum))
            """,
            "commit",
        ])
    }
}
