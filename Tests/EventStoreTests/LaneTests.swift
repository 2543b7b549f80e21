import EventLoop
import EventStoreTestSupport
import FoundationEssentials
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import EventStore

@Suite struct LaneTests {
    @Test func `a batch with a poisoned command fails for that one alone`() async throws {
        try await withBranch { branch in
            // It lies about its version: the log refuses a second event 1, which nothing but a faulty program writes.
            let account = try await branch.open()
            var poisoned = unit([stream(account.rawValue, expected: 1)])
            poisoned.rows[0] = CommitUnit.Row(
                stream: 0, version: 1, kind: .event, type: "test.Done", body: Array("{}".utf8))
            let results = try await together(branch, (0..<20).map { $0 == 7 ? poisoned : unit([stream(UUID())]) })
            for (index, result) in results.enumerated() {
                switch result {
                case .success(.done): #expect(index != 7)
                case .failure(let error as PostgresError): #expect(index == 7 && error.state == .uniqueViolation)
                default: Issue.record("\(index): \(result)")
                }
            }
            try await expectDense(branch)
        }
    }

    @Test func `a value that the database cannot hold is invalid, for that command alone`() async throws {
        try await withBranch { branch in
            // JSON can carry a NUL, a text of PostgreSQL cannot.
            async let good = branch.open("good")
            let refusal = await #expect(throws: Refusal.self) { try await branch.open("a\u{0}b") }
            #expect(refusal?.kind == .invalid)
            _ = try await good
            #expect(try await branch.number("select count(*) from mall.streams") == 1)
        }
    }

    @Test func `a connection that ends before the batch is written: it is sent again and done once`() async throws {
        try await withHeldLock { branch, holder in
            let units = (0..<30).map { _ in unit([stream(UUID(), count: 3)]) }
            let results = Task { try await together(branch, units) }
            try await until("the batch waits for the lock") { try await waiting(holder) == 1 }
            #expect(try await terminate(holder, "wait_event_type = 'Lock'") == 1)
            try await until("it has come again") { try await waiting(holder) == 1 }
            try await release(holder)
            #expect(try await results.value.allSatisfy { if case .success(.done) = $0 { true } else { false } })
            #expect(try await branch.number("select count(*) from mall.streams where version = 3") == 30)
            try await expectDense(branch)
        }
    }

    /// The server waits for a standby that does not exist, after it has written and before it answers.
    @Test func `a connection that ends after the batch is written: it is sent again and not done twice`() async throws {
        try await withBank { database, loop in
            var configuration = database.configuration
            configuration.settings["synchronous_commit"] = "on"
            let branch = Branch(configuration)
            let admin = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
            try await admin.script("alter system set synchronous_standby_names = 'nobody'")
            try await admin.script("select pg_reload_conf()")
            let id = UUID()
            let reply = Task { try await branch.perform(OpenAccount(name: "Ann"), id: id) }
            try await until("the batch is written and not answered") {
                try await terminate(admin, "wait_event = 'SyncRep'") == 1
            }
            let outcome = try await reply.value
            try await admin.script("alter system reset synchronous_standby_names")
            try await admin.script("select pg_reload_conf()")
            #expect(outcome.subject?.version == 1)
            #expect(try await branch.number("select count(*) from mall.log where kind = 0") == 1)
            let repeated = try await branch.perform(OpenAccount(name: "Ann"), id: id)
            #expect(repeated.isRepeated && repeated.reply == outcome.reply && repeated.position == outcome.position)
            await admin.close()
            await branch.close()
        }
    }

    @Test func `F-A4: without a database commands fail, and when it is back everything goes on`() async throws {
        try await withBank { database, loop in
            var configuration = database.configuration
            configuration.patience = .milliseconds(300)
            let branch = Branch(configuration)
            branch.work()
            let account = try await branch.open()
            var elsewhere = database.configuration
            elsewhere.conninfo += " dbname=postgres"
            let admin = Connection(elsewhere, on: loop, logger: TestCluster.quiet)
            try await admin.script("alter database \(database.name) with allow_connections false")
            _ = try await admin.query(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = \(database.name)")
            let failures = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<60 {
                    group.addTask {
                        do {
                            _ = try await branch.open()
                            return false
                        } catch { return error is PostgresError }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(failures == 60)
            try await admin.script("alter database \(database.name) with allow_connections true")
            try await until("commands are done again") {
                do {
                    try await branch.perform(Change(account, .deposit(amount: 1)))
                    return true
                } catch is PostgresError { return false }
            }
            // Some connections may still rest between two attempts.
            try await until("what listens has caught up") {
                do { return try await branch.isSettled() } catch is PostgresError { return false }
            }
            try await until("every connection is up") { await branch.pool.health.up == branch.pool.health.size }
            #expect(try await branch.state(of: account)?.state.balance == 1)
            #expect(try await branch.number("select count(*) from test.ledger") == 1)
            try await expectDense(branch)
            await admin.close()
            await branch.close()
        }
    }

    @Test func `the queue is bounded, and says so at once`() async throws {
        try await withHeldLock { branch, holder in
            let first = Task { try await together(branch, [unit([stream(UUID())])]) }
            try await until("the lane is busy") { try await waiting(holder) == 1 }
            let units = (0...Limits.commandsWaiting).map { _ in unit([stream(UUID())]) }
            let results = Task { try await together(branch, units) }
            try await until("the queue is full") { await branch.lane.depth == Limits.commandsWaiting }
            try await release(holder)
            var refused = 0
            for case .failure(let error) in try await results.value {
                refused += 1
                #expect((error as? Refusal)?.kind == .unavailable)
            }
            #expect(refused == 1)
            _ = try await first.value
            try await expectDense(branch)
        }
    }

    @Test func `commands on one stream keep the order they came in, whatever else a batch holds`() async throws {
        try await withHeldLock { branch, holder in
            let id = UUID()
            let first = Task { try await together(branch, [unit([stream(UUID())])]) }
            try await until("the lane is busy") { try await waiting(holder) == 1 }
            var units: [CommitUnit] = []
            for version in 0..<5 { units += [unit([stream(id, expected: version)]), unit([stream(UUID())])] }
            let results = Task { try await together(branch, units) }
            try await until("all wait") { await branch.lane.depth == 10 }
            try await release(holder)
            #expect(try await results.value.allSatisfy { if case .success(.done) = $0 { true } else { false } })
            _ = try await first.value
            #expect(try await branch.number("select version::bigint from mall.streams where stream_id = \(id)") == 5)
        }
    }

    @Test func `what a process remembers is forgotten when the past is replaced`() async throws {
        try await withBranch(works: true) { branch in
            let account = try await branch.open("Ann")
            try await branch.perform(Change(account, .burst(count: 20)))
            try await until("all is read") { try await branch.isSettled() }
            await branch.rest()
            // The database as it was, but for the account.
            try await branch.pool.execute(
                """
                truncate mall.log, mall.streams, mall.commands, mall.claims, mall.checkpoints, mall.parked, mall.snapshots,
                    test.ledger, live.accounts
                """)
            await branch.dispatcher.reset()
            await branch.worker.reset()
            branch.work()
            #expect(try await branch.state(of: account) == nil)
            let other = try await branch.open("Ann")
            try await branch.perform(Change(other, .deposit(amount: 3)))
            try await until("all is read") { try await branch.isSettled() }
            #expect(try await branch.number("select count(*) from live.accounts where c_balance = 3") == 1)
            #expect(try await branch.number("select count(*) from test.ledger") == 1)
            #expect(try await branch.bonus(of: other)?.granted == 1)
        }
    }
}

func stream(_ id: UUID, expected: Version = 0, count: Int = 1) -> CommitUnit.Stream {
    CommitUnit.Stream(name: StreamName(category: Account.category, id: id), expected: expected, count: count)
}

/// Hands the lane all of these in one turn, in order.
private func together(_ branch: Branch, _ units: [CommitUnit]) async throws -> [Result<CommitResult, any Error>] {
    let lane = branch.lane
    return await branch.loop.spawn {
        await withTaskGroup(of: (Int, Result<CommitResult, any Error>).self) { group in
            for (index, unit) in units.enumerated() {
                group.addTask {
                    do { return (index, .success(try await lane.commit(unit))) } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var results = [Result<CommitResult, any Error>?](repeating: nil, count: units.count)
            for await (index, result) in group { results[index] = result }
            return results.compactMap(\.self)
        }
    }.value
}

/// A branch whose lane has to wait, because somebody else holds the log's lock.
private func withHeldLock(_ body: (Branch, Connection) async throws -> Void) async throws {
    try await withBank { database, loop in
        let branch = Branch(database.configuration)
        let holder = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
        _ = try await holder.query("select pg_advisory_lock(7236501)")
        do {
            try await body(branch, holder)
        } catch {
            await holder.close()
            await branch.close()
            throw error
        }
        await holder.close()
        await branch.close()
    }
}

private func release(_ holder: Connection) async throws {
    _ = try await holder.query("select pg_advisory_unlock(7236501)")
}

/// How many sessions of this database wait for a lock.
private func waiting(_ connection: Connection) async throws -> Int {
    try await connection.query(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")[0][0]
}

private func terminate(_ connection: Connection, _ condition: String) async throws -> Int {
    try await connection.query(
        """
        select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and \(raw: condition)
        """)[0][0]
}
