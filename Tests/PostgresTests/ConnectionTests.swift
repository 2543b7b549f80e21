import EventLoop
import Kernel
import PostgresTestSupport
import Testing

@testable import Postgres

@Suite struct ConnectionTests {
    @Test func `a statement returns its rows`() async throws {
        try await TestDatabase.connected { connection in
            let rows = try await connection.query("select \(1) + \(2) as sum, \("mall") as name")
            #expect(rows.count == 1)
            #expect(try rows[0][0, as: Int.self] == 3)
            #expect(try rows[0].decode("name", as: String.self) == "mall")
        }
    }

    @Test func `a statement is prepared once, and again when its result type has changed`() async throws {
        try await TestDatabase.connected { connection in
            try await connection.execute("create table t (a int)")
            for value in 1...3 { try await connection.execute("insert into t values (\(Int32(value)))") }
            #expect(try await connection.query("select * from t").count == 3)
            let prepared = try await connection.query(
                "select count(*) from pg_prepared_statements where statement = 'insert into t values ($1)'")
            #expect(try prepared[0][0, as: Int.self] == 1)
            try await connection.execute("alter table t add b text default 'new'")
            let rows = try await connection.query("select * from t")
            #expect(try rows[0].decode("b", as: String.self) == "new")
        }
    }

    @Test func `a statement the server has forgotten is prepared again`() async throws {
        try await TestDatabase.connected { connection in
            #expect(try await connection.query("select 1").count == 1)
            try await connection.script("deallocate all")
            #expect(try await connection.query("select 1").count == 1)
        }
    }

    @Test func `the statement used longest ago makes room on the server too`() async throws {
        try await TestDatabase.with { database, loop in
            var configuration = database.configuration
            configuration.preparedStatements = 4
            let connection = Connection(configuration, on: loop, logger: TestCluster.quiet)
            for number in 0..<20 { _ = try await connection.query("select \(raw: "\(number)")") }
            let held = try await connection.query(
                SQL("select count(*) from pg_prepared_statements").planned(.custom))
            #expect(try held[0][0, as: Int.self] <= 5)
            await connection.close()
        }
    }

    @Test func `a refused statement says why, and the next one runs`() async throws {
        try await TestDatabase.connected { connection in
            let error = await #expect(throws: PostgresError.self) { try await connection.query("select 1 / \(0)") }
            guard case .server(let refusal) = error else {
                Issue.record("expected the server's refusal, got \(error as Any)")
                return
            }
            #expect(refusal.state == .divisionByZero)
            #expect(refusal.statement == "select 1 / $1")
            let syntax = await #expect(throws: PostgresError.self) { try await connection.query("selec 1") }
            #expect(syntax?.state == .syntaxError)
            let rows = try await connection.query("select 1")
            #expect(rows.count == 1)
        }
    }

    @Test func `a violated constraint is named`() async throws {
        try await TestDatabase.connected { connection in
            try await connection.execute("create table t (id int constraint one_each primary key)")
            #expect(try await connection.execute("insert into t values (1), (2)") == 2)
            let error = await #expect(throws: PostgresError.self) {
                try await connection.execute("insert into t values (2)")
            }
            guard case .server(let refusal) = error else {
                Issue.record("expected the server's refusal, got \(error as Any)")
                return
            }
            #expect(refusal.state == .uniqueViolation)
            #expect(refusal.constraint == "one_each")
            #expect(refusal.table == "t")
        }
    }

    @Test func `a pipeline is answered in order`() async throws {
        try await TestDatabase.connected { connection in
            let rows = try await connection.pipeline((0..<100).map { "select \($0)" })
            #expect(try rows.map { try $0[0][0, as: Int.self] } == Array(0..<100))
        }
    }

    @Test func `an error in the middle of a pipeline undoes all of it`() async throws {
        try await TestDatabase.connected { connection in
            try await connection.execute("create table t (a bigint check (a > 0))")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.pipeline([
                    "insert into t values (\(1))", "insert into t values (0 + \(-1))", "insert into t values (3)",
                ])
            }
            guard case .server(let refusal) = error else {
                Issue.record("expected the server's refusal, got \(error as Any)")
                return
            }
            #expect(refusal.state == .checkViolation)
            #expect(refusal.statement == "insert into t values (0 + $1)")
            #expect(try await connection.query("select * from t").isEmpty)
        }
    }

    @Test func `requests of many tasks share a connection`() async throws {
        try await TestDatabase.connected { connection in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        if number % 10 == 0 {
                            await #expect(throws: PostgresError.self) { try await connection.query("select 1 / 0") }
                        } else {
                            let rows = try await connection.query("select \(number)")
                            #expect(try rows[0][0, as: Int.self] == number)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a script runs several statements between others`() async throws {
        try await TestDatabase.connected { connection in
            async let before = connection.query("select 1")
            async let script: Void = connection.script("create table t (a int); insert into t values (1), (2)")
            _ = try await (before, script)
            #expect(try await connection.query("select * from t").count == 2)
            await #expect(throws: PostgresError.self) {
                try await connection.script("insert into t values (3); select 1 / 0")
            }
            #expect(try await connection.query("select * from t").count == 2)
        }
    }

    @Test func `a canceled task stops its statement on the server`() async throws {
        try await TestDatabase.with { database, loop in
            let connection = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
            let other = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
            let task = Task { try await connection.query("select pg_sleep(60), 'to be canceled'") }
            func running() async throws -> Bool {
                try await !other.query(
                    """
                    select from pg_stat_activity
                    where state = 'active' and query like '%to be canceled%' and pid <> pg_backend_pid()
                    """
                ).isEmpty
            }
            while try await !running() {}
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await !running())
            #expect(try await connection.query("select 1").count == 1)
            await connection.close()
            await other.close()
        }
    }

    @Test func `a statement is stopped at its time limit`() async throws {
        try await TestDatabase.connected { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query("select pg_sleep(60)", timeout: .milliseconds(20))
            }
            guard case .timedOut = error else {
                Issue.record("expected the time limit, got \(error as Any)")
                return
            }
            let rows = try await connection.query("select 1")
            #expect(rows.count == 1)
        }
    }

    @Test func `a terminated session is replaced and its statements are prepared anew`() async throws {
        try await TestDatabase.with { database, loop in
            let connection = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
            let other = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
            let pid = try await connection.query("select pg_backend_pid()")[0][0, as: Int32.self]
            let sleeping = Task { try await connection.query("select pg_sleep(60)") }
            _ = try await other.query("select pg_terminate_backend(\(pid))")
            let error = await #expect(throws: PostgresError.self) { try await sleeping.value }
            guard case .connectionLost = error else {
                Issue.record("expected a lost connection, got \(error as Any)")
                return
            }
            #expect(try await connection.query("select pg_backend_pid()")[0][0, as: Int32.self] != pid)
            await connection.close()
            await other.close()
        }
    }

    @Test func `without a server a request fails as unavailable, and says why`() async throws {
        let loop = EventLoop()
        var configuration = Configuration("host=/nonexistent dbname=none")
        configuration.patience = .milliseconds(50)
        let connection = Connection(configuration, on: loop, logger: TestCluster.quiet)
        let error = await #expect(throws: PostgresError.self) { try await connection.query("select 1") }
        guard case .unavailable(let reason) = error else {
            Issue.record("expected an unavailable database, got \(error as Any)")
            return
        }
        #expect(reason.contains("/nonexistent"))
        await connection.close()
        loop.stop()
    }
}
