import EventLoop
import EventStoreTestSupport
import FoundationEssentials
import Kernel
import Postgres
import PostgresTestSupport
import Synchronization
import Testing

@testable import EventStore

@Suite struct ProjectorTests {
    @Test func `the rows equal a fold in memory, whatever commands came`() async throws {
        try await withBranch(works: true) { branch in
            try await commandAtRandom(branch, commands: 1_000)
            try await until("all is folded") { try await branch.isSettled() }
            try await expectRowsEqualFold(branch)
        }
    }

    @Test func `batches follow one another without a gap, and none ends inside a command`() async throws {
        try await withBranch { branch in
            try await commandAtRandom(branch, commands: 300)
            branch.work()
            try await commandAtRandom(branch, commands: 200)
            try await until("all is folded") { try await branch.isSettled() }
            let batches = branch.published.batches
            #expect(batches.first?.from == .start)
            for (one, next) in zip(batches, batches.dropFirst()) { #expect(one.to == next.from) }
            let ends = batches.map(\.to.rawValue)
            #expect(
                try await branch.number(
                    "select count(*) from mall.log where position = any(\(ends)) and command_end <> position") == 0)
            // What was told is what is stored: the newest change of each row.
            var told: [UUID: StoredRow] = [:]
            for batch in batches { for change in batch.changes["accounts"] ?? [] { told[change.row.key] = change.row } }
            #expect(try await told == rows(branch))
        }
    }

    @Test func `a connection that ends between a batch's rows and its mark leaves neither`() async throws {
        try await withBranch { branch in
            try await commandAtRandom(branch, commands: 200)
            try await branch.pool.execute(
                """
                create function test.ends() returns trigger language plpgsql as $$
                begin
                    if (select failure from test.chance) > random() then perform pg_terminate_backend(pg_backend_pid()); end if;
                    return null;
                end $$
                """)
            try await branch.pool.execute(
                "create trigger ends after insert or update on live.accounts for each statement execute function test.ends()"
            )
            try await branch.pool.execute("update test.chance set failure = 0.5")
            branch.work()
            try await until("it has failed a few times") {
                try await branch.number(
                    "select coalesce(max(position), 0)::bigint from mall.checkpoints where consumer = 'projector'") > 0
            }
            for _ in 0..<10 { try await commandAtRandom(branch, commands: 10) }
            try await branch.pool.execute("update test.chance set failure = 0")
            try await until("all is folded") { try await branch.isSettled() }
            try await expectRowsEqualFold(branch)
        }
    }

    @Test func `another process takes over when the first one's connection ends`() async throws {
        try await withBank { database, _ in
            let first = Branch(database.configuration, name: "first")
            first.work()
            try await until("the first works") { await first.worker.isActive }
            let second = Branch(database.configuration, name: "second")
            second.work()
            try await commandAtRandom(first, commands: 100)
            #expect(await !second.worker.isActive)
            // Its next connection has to wait for its turn like any other's.
            let holder = Connection(database.configuration, on: second.loop, logger: TestCluster.quiet)
            _ = try await holder.pipeline([
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and application_name = 'first lock'
                """
            ])
            try await commandAtRandom(first, commands: 100)
            try await until("one of them works") {
                let (one, other) = (await first.worker.isActive, await second.worker.isActive)
                return one != other
            }
            await first.rest()
            try await until("the second works") { await second.worker.isActive }
            try await commandAtRandom(first, commands: 100)
            try await until("all is folded") { try await second.isSettled() }
            try await expectRowsEqualFold(second)
            await holder.close()
            await first.close()
            await second.close()
        }
    }

    @Test func `a worker that lost its lock with its session stops, though its connection is back`() async throws {
        try await withBank { database, _ in
            let first = Branch(database.configuration, name: "first")
            first.work()
            try await until("the first works") { await first.worker.isActive }
            let admin = Connection(database.configuration, on: first.loop, logger: TestCluster.quiet)
            // Somebody else waits for the lock and has it at the moment the session ends.
            let taken = Task {
                let second = Connection(database.configuration, on: first.loop, logger: TestCluster.quiet)
                _ = try await second.query("select pg_advisory_lock(7236502)")
                return second
            }
            try await until("it waits") {
                try await admin.query("select from pg_locks where locktype = 'advisory' and not granted").count == 1
            }
            _ = try await admin.query(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and application_name = 'first lock'
                """)
            let second = try await taken.value
            try await until("the first has noticed") { await !first.worker.isActive }
            await second.close()
            try await until("the first works again") { await first.worker.isActive }
            await admin.close()
            await first.close()
        }
    }

    @Test func `a row that its table cannot take is skipped, and what follows is shown`() async throws {
        try await withBranch(works: true) { branch in
            try await branch.pool.execute("alter table live.accounts add check (c_name <> 'bad')")
            let account = try await branch.open("bad")
            let other = try await branch.open("good")
            try await until("the next is shown") { try await branch.number("select count(*) from live.accounts") == 1 }
            try await until("all is folded") { try await branch.isSettled() }
            #expect(try await rows(branch).keys.sorted() == [other.rawValue])
            #expect(try await branch.state(of: account) != nil)
        }
    }

    @Test func `a folder trims its memory between batches and never within one`() throws {
        let folder = accounts.makeFolder()
        let ids = (0..<25_000).map { _ in UUID() }
        func opened(_ id: UUID, _ position: Int64) throws -> Envelope {
            let body = try Coding.body(of: Opened(account: AccountID(rawValue: id), name: "x"))
            return Envelope(
                position: Position(position), commandEnd: Position(position), id: id,
                stream: StreamName(category: Account.category, id: id), version: 1, kind: .message,
                type: AccountOpened.name, body: body, cause: Cause(correlation: id, causation: id, actor: ""),
                at: Instant(microseconds: 0))
        }
        try folder.load([], absent: ids)
        for (index, id) in ids.enumerated() { try folder.fold(try opened(id, Int64(index + 1))) }
        #expect(try folder.takeChanges().count == ids.count)
        #expect(!folder.holds(ids[0]))
    }
}

/// `AccountOpened` as its JSON, which alone crosses modules.
private struct Opened: Message {
    static let name = AccountOpened.name
    let account: AccountID
    let name: String
}

/// Commands of all kinds, eight at a time; refusals are part of it.
func commandAtRandom(_ branch: Branch, commands: Int) async throws {
    let known = Box<[AccountID]>([])
    try await withThrowingTaskGroup { group in
        for _ in 0..<8 {
            group.addTask {
                for _ in 0..<(commands / 8) {
                    let account = known.value.randomElement()
                    do {
                        switch (Int.random(in: 0..<20), account) {
                        case (0...2, _), (_, nil): known.value.append(try await branch.open())
                        case (3...9, let account?):
                            try await branch.perform(Change(account, .deposit(amount: .random(in: 1...9))))
                        case (10...13, let account?):
                            try await branch.perform(Change(account, .withdraw(amount: .random(in: 1...9))))
                        case (14...15, let account?):
                            try await branch.perform(Change(account, .burst(count: .random(in: 1...12))))
                        case (16...18, let account?):
                            guard let other = known.value.randomElement(), other != account else { continue }
                            try await branch.perform(Transfer(from: account, to: other, amount: 1))
                        case (_, let account?): try await branch.perform(Change(account, .close))
                        }
                    } catch is Refusal {}
                }
            }
        }
        try await group.waitForAll()
    }
}

func rows(_ branch: Branch) async throws -> [UUID: StoredRow] {
    let all = try await branch.pool.query(accounts.storage.changed(since: .start))
    return Dictionary(uniqueKeysWithValues: try all.map { try StoredRow($0, of: accounts) }.map { ($0.key, $0) })
}

/// Every row, tombstones too, is what a folder makes of the whole log in one go.
func expectRowsEqualFold(_ branch: Branch, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let folder = accounts.makeFolder()
    var position = Position.start
    while true {
        let log = try await Log(branch.pool).rows(after: position)
        guard let last = log.last else { break }
        for row in log where accounts.events.contains(row.envelope.type) {
            guard let key = try folder.key(for: row.envelope) else { continue }
            if !folder.holds(key) { try folder.load([], absent: [key]) }
            try folder.fold(row.envelope)
        }
        position = last.envelope.position
    }
    let folded = Dictionary(uniqueKeysWithValues: try folder.takeChanges().map { ($0.row.key, $0.row) })
    let stored = try await rows(branch)
    #expect(!stored.isEmpty && stored == folded, sourceLocation: sourceLocation)
}
