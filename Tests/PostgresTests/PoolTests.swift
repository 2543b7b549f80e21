import EventLoop
import Kernel
import PostgresTestSupport
import Testing

@testable import Postgres

@Suite struct PoolTests {
    private struct Changed: Error {}

    /// A pool on a database with a table `t (a bigint)`.
    private func withPool(
        size: Int = 2, waiters: Int = 8, wait: Duration = .seconds(5),
        _ body: @Sendable (Pool) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database, loop in
            let pool = Pool(
                database.configuration, size: size, on: loop, logger: TestCluster.quiet, waiters: waiters, wait: wait)
            do {
                try await pool.execute("create table t (a bigint)")
                try await body(pool)
                await pool.close()
            } catch {
                await pool.close()
                throw error
            }
        }
    }

    private func values(_ pool: Pool) async throws -> [Int] {
        try await pool.query("select a from t order by a").map { try $0[0] }
    }

    @Test func `a transaction is committed when its body returns`() async throws {
        try await withPool { pool in
            let sum = try await pool.transaction { session in
                try await session.execute("insert into t values (\(1))")
                #expect(try await values(pool) == [])
                try await session.execute("insert into t values (\(2))")
                return try await session.query("select sum(a)::bigint from t")[0][0, as: Int.self]
            }
            #expect(sum == 3)
            #expect(try await values(pool) == [1, 2])
        }
    }

    @Test func `a transaction is rolled back when its body throws`() async throws {
        try await withPool(size: 1) { pool in
            await #expect(throws: Changed.self) {
                try await pool.transaction { session in
                    try await session.execute("insert into t values (1)")
                    throw Changed()
                }
            }
            let left = try await values(pool)
            #expect(left == [])
        }
    }

    @Test func `a transaction whose body hid an error is not reported as committed`() async throws {
        try await withPool(size: 1) { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { session in
                    try await session.execute("insert into t values (1)")
                    _ = try? await session.query("select 1 / 0")
                }
            }
            #expect(error?.state == .failedTransaction)
            let left = try await values(pool)
            #expect(left == [])
        }
    }

    @Test func `an error in the first statement fails the transaction and not the connection`() async throws {
        try await withPool(size: 1) { pool in
            await #expect(throws: PostgresError.self) {
                try await pool.transaction { session in try await session.execute("insert into nowhere values (1)") }
            }
            let before = try await pool.query("select pg_backend_pid()")[0][0, as: Int32.self]
            await #expect(throws: PostgresError.self) {
                try await pool.transaction { session in try await session.execute("select 1 / 0") }
            }
            #expect(try await pool.query("select pg_backend_pid()")[0][0, as: Int32.self] == before)
        }
    }

    @Test func `a savepoint is undone alone`() async throws {
        try await withPool { pool in
            try await pool.transaction { session in
                try await session.execute("insert into t values (1)")
                await #expect(throws: PostgresError.self) {
                    try await session.savepoint { inner in
                        try await inner.execute("insert into t values (2)")
                        try await inner.execute("select 1 / 0")
                    }
                }
                try await session.savepoint { inner in
                    try await inner.execute("insert into t values (3)")
                    await #expect(throws: Changed.self) {
                        try await inner.savepoint { innermost in
                            try await innermost.execute("insert into t values (4)")
                            throw Changed()
                        }
                    }
                    try await inner.savepoint { _ in }
                }
                try await session.execute("insert into t values (5)")
            }
            #expect(try await values(pool) == [1, 3, 5])
        }
    }

    @Test func `a savepoint may come first`() async throws {
        try await withPool { pool in
            try await pool.transaction { session in
                await #expect(throws: PostgresError.self) {
                    try await session.savepoint { inner in try await inner.query("select 1 / 0") }
                }
                try await session.execute("insert into t values (1)")
            }
            #expect(try await values(pool) == [1])
        }
    }

    @Test func `a read-only transaction refuses to write`() async throws {
        try await withPool { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction(readOnly: true) { session in
                    try await session.execute("insert into t values (1)")
                }
            }
            #expect(error?.state == .readOnlyTransaction)
            #expect(try await values(pool) == [])
            _ = try await pool.query("select 1")
        }
    }

    @Test func `serializable transactions that cross are told to try again`() async throws {
        try await withPool { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction(isolation: .serializable) { one in
                    _ = try await one.query("select sum(a)::bigint from t")
                    try await pool.transaction(isolation: .serializable) { other in
                        _ = try await other.query("select sum(a)::bigint from t")
                        try await other.execute("insert into t values (1)")
                    }
                    try await one.execute("insert into t values (2)")
                }
            }
            #expect(error?.state == .serializationFailure)
            #expect(error?.isRetryable == true)
            let left = try await values(pool)
            #expect(left == [1])
        }
    }

    @Test func `a full queue refuses at once, and those in it are served in order`() async throws {
        try await withPool(size: 1, waiters: 2) { pool in
            let (gate, open) = AsyncStream<Void>.makeStream()
            let holder = Task {
                try await pool.withConnection { session in
                    try await session.execute("insert into t values (0)")
                    for await _ in gate {}
                }
            }
            while await pool.health.inUse == 0 {}
            let first = Task { try await pool.execute("insert into t select max(a) + 1 from t") }
            while await pool.health.waiting < 1 {}
            let second = Task { try await pool.execute("insert into t select max(a) * 10 from t") }
            while await pool.health.waiting < 2 {}
            let error = await #expect(throws: PostgresError.self) { try await pool.query("select 1") }
            guard case .unavailable = error else {
                Issue.record("expected a refusal, got \(error as Any)")
                return
            }
            #expect(await pool.health == Pool.Health(size: 1, up: 1, inUse: 1, waiting: 2))
            open.finish()
            _ = try await (holder.value, first.value, second.value)
            #expect(try await values(pool) == [0, 1, 10])
        }
    }

    @Test func `a caller waits no longer than the limit, or than it wants to`() async throws {
        try await withPool(size: 1, wait: .milliseconds(20)) { pool in
            try await pool.withConnection { _ in
                let error = await #expect(throws: PostgresError.self) { try await pool.query("select 1") }
                #expect(error?.isRetryable == true)
            }
        }
        try await withPool(size: 1) { pool in
            try await pool.withConnection { _ in
                let waiting = Task { try await pool.query("select 1") }
                while await pool.health.waiting == 0 {}
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
                #expect(await pool.health.waiting == 0)
            }
        }
    }

    @Test func `a transaction whose session is lost is known not to be committed, and goes no further`() async throws {
        try await withPool { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { session in
                    try await session.execute("insert into t values (1)")
                    let pid = try await session.query("select pg_backend_pid()")[0][0, as: Int32.self]
                    _ = try await pool.query("select pg_terminate_backend(\(pid))")
                    // The error is hidden: what follows must still not run in another session.
                    _ = try? await session.query("select pg_sleep(60)")
                    try await session.execute("insert into t values (2)")
                }
            }
            guard case .connectionLost(let outcomeUnknown, _) = error else {
                Issue.record("expected a lost connection, got \(error as Any)")
                return
            }
            #expect(!outcomeUnknown)
            let left = try await values(pool)
            #expect(left == [])
        }
    }

    @Test func `a canceled transaction is rolled back and its connection serves on`() async throws {
        try await withPool(size: 1) { pool in
            let (started, start) = AsyncStream<Void>.makeStream()
            let task = Task {
                try await pool.transaction { session in
                    try await session.execute("insert into t values (1)")
                    start.finish()
                    try await session.execute("select pg_sleep(60)")
                }
            }
            for await _ in started {}
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let left = try await values(pool)
            #expect(left == [])
        }
    }

    @Test func `a connection given back within a transaction is replaced`() async throws {
        try await withPool(size: 1) { pool in
            let pid = try await pool.withConnection { session in
                try await session.execute("begin")
                try await session.execute("insert into t values (1)")
                return try await session.query("select pg_backend_pid()")[0][0, as: Int32.self]
            }
            let next = try await pool.query("select pg_backend_pid()")[0][0, as: Int32.self]
            #expect(next != pid)
            #expect(try await values(pool) == [])
        }
    }
}
