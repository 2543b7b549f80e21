import EventLoop
import EventStoreTestSupport
import FoundationEssentials
import Kernel
import Postgres
import PostgresTestSupport
import Synchronization
import Testing

@testable import EventStore

@Suite struct ConsumerTests {
    @Test func `whatever fails at random, every message has its effect once and in order`() async throws {
        try await withBranch(modules: bank(.atRandom(0.2)), works: true) { branch in
            try await branch.pool.execute("update test.chance set failure = 0.02")
            let accounts = try await move(branch, accounts: 10, times: 40)
            try await settleByTheClock(branch)
            try await expectEffects(branch, accounts, movements: 40)
            #expect(try await branch.number("select count(*) from mall.dead_letters") == 0)
        }
    }

    @Test func `row 73, F-A3: a handler that throws, wherever it does, leaves nothing`() async throws {
        let calls = Calls()
        var faults = Faults()
        // The first call is before the handler's work, the third after it.
        faults.inReaction = { _ in if [1, 3].contains(calls.next()) { throw Broken() } }
        try await withBranch(modules: bank(faults), works: true) { branch in
            let account = try await branch.open()
            try await branch.perform(Change(account, .deposit(amount: 1)))
            for attempt in 1...2 {
                try await until("attempt \(attempt) is parked") {
                    try await branch.number("select coalesce(max(attempts), 0)::bigint from mall.parked") == attempt
                }
                #expect(try await branch.bonus(of: account) == nil)
                branch.clock.advance(by: .seconds(6))
            }
            try await until("it is done") { try await branch.bonus(of: account)?.granted == 1 }
        }
    }

    @Test func `behind a message that fails those of its stream wait, and others flow`() async throws {
        let box = Box<AccountID?>(nil)
        var faults = Faults()
        faults.inReaction = { moved in if box.value == moved.account { throw Broken() } }
        try await withBranch(modules: bank(faults), works: true) { branch in
            let (blocked, free) = (try await branch.open(), try await branch.open())
            box.value = blocked
            for _ in 0..<5 {
                try await branch.perform(Change(blocked, .deposit(amount: 1)))
                try await branch.perform(Change(free, .deposit(amount: 1)))
            }
            try await until("the others flow") { try await branch.bonus(of: free)?.granted == 5 }
            try await until("the blocked wait") { try await branch.number("select count(*) from mall.parked") == 5 }
            #expect(try await branch.bonus(of: blocked) == nil)
            box.value = nil
            branch.clock.advance(by: .seconds(2))
            try await until("they go on") { try await branch.bonus(of: blocked)?.granted == 5 }
            #expect(try await branch.bonus(of: blocked)?.disorders == 0)
            try await until("nothing is parked") { try await branch.isSettled() }
        }
    }

    @Test
    func `a message is tried after 1, 5, 30, 120 and 600 seconds, is then a dead letter, and its stream flows on`()
        async throws
    {
        let tries = Calls()
        var faults = Faults()
        faults.inReaction = { moved in
            if moved.number == 1 {
                _ = tries.next()
                throw Broken()
            }
        }
        try await withBranch(modules: bank(faults), works: true) { branch in
            let account = try await branch.open()
            try await branch.perform(Change(account, .deposit(amount: 1)))
            try await branch.perform(Change(account, .deposit(amount: 2)))
            for (done, pause) in [1, 5, 30, 120, 600].enumerated() {
                try await until("try \(done + 1) has failed") {
                    try await branch.number("select coalesce(max(attempts), 0)::bigint from mall.parked") == done + 1
                }
                #expect(tries.made == done + 1)
                let next = try await branch.pool.query(
                    "select next_at - first_at >= make_interval(secs => \(pause)::float8) from mall.parked where attempts > 0"
                )
                #expect(try next[0][0, as: Bool.self])
                branch.clock.advance(by: .seconds(pause))
            }
            try await until("it is a dead letter") {
                try await branch.number("select count(*) from mall.dead_letters") == 1
            }
            #expect(tries.made == 6)
            #expect(try await branch.number("select attempts::bigint from mall.dead_letters") == 6)
            try await until("the stream flows on") { try await branch.bonus(of: account)?.total == 2 }
        }
    }

    @Test func `a refused reaction is a dead letter at once, and nothing waits behind it`() async throws {
        try await withBranch(works: true) { branch in
            let account = try await branch.open()
            try await branch.perform(Change(account, .deposit(amount: unlucky)))
            try await branch.perform(Change(account, .deposit(amount: 1)))
            try await until("the next is done") { try await branch.bonus(of: account)?.total == 1 }
            // The next has its effect beside it; the letter is written with the mark behind both.
            try await until("the first is a dead letter") {
                try await branch.number("select count(*) from mall.dead_letters where error like '%no bonus for 13%'")
                    == 1
            }
            #expect(try await branch.number("select count(*) from mall.parked") == 0)
        }
    }

    @Test func `row 71: what cannot be decoded is a dead letter, the rest flows, and mended it is done`()
        async throws
    {
        try await withBranch { branch in
            let account = try await branch.open()
            let bad = try await branch.perform(Change(account, .deposit(amount: 1))).position
            try await branch.perform(Change(account, .deposit(amount: 2)))
            let good = try await branch.pool.query("select body from mall.log where position = \(bad.rawValue)")
            let body: [UInt8] = try good[0][0]
            try await branch.pool.execute("update mall.log set body = '{' where position = \(bad.rawValue)")
            branch.work()
            try await until("the rest flows") { try await branch.isSettled() }
            #expect(try await branch.bonus(of: account)?.total == 2)
            let letters: SQL =
                "select count(*) from mall.dead_letters where position = \(bad.rawValue) and resolved is null"
            #expect(try await branch.number(letters) == 2)
            #expect(try await branch.number("select count(*) from test.ledger") == 1)

            try await branch.pool.execute("update mall.log set body = \(body) where position = \(bad.rawValue)")
            await branch.worker.reset()
            for name in ["bonus.reactions", "table.ledger"] {
                #expect(try await branch.worker.revive(name, bad))
                #expect(try await !branch.worker.revive(name, bad))
            }
            try await until("both have heard it") { try await branch.isSettled() }
            #expect(try await branch.bonus(of: account)?.total == 3)
            #expect(try await branch.number("select count(*) from test.ledger") == 2)
            #expect(try await branch.number(letters) == 0)
        }
    }

    @Test func `a table that cannot take one message parks that one, and takes the others`() async throws {
        try await withBranch { branch in
            let (poor, rich) = (try await branch.open(), try await branch.open())
            for amount in [1, 666, 2] { try await branch.perform(Change(poor, .deposit(amount: amount))) }
            for _ in 0..<20 { try await branch.perform(Change(rich, .deposit(amount: 1))) }
            branch.work()
            try await until("the ledger has the others") {
                try await branch.number("select count(*) from test.ledger") == 21
            }
            #expect(try await branch.number("select count(*) from mall.parked where consumer = 'table.ledger'") == 2)
            try await branch.pool.execute("alter table test.ledger drop constraint ledger_amount_check")
            branch.clock.advance(by: .seconds(2))
            try await until("all is there") { try await branch.number("select count(*) from test.ledger") == 23 }
            let amounts = try await branch.pool.query(
                "select amount from test.ledger where account = \(poor) order by at"
            )
            .map { try Int($0[0, as: Int32.self]) }
            #expect(amounts == [1, 666, 2])
        }
    }

    @Test func `of two instances under one name only one has an effect`() async throws {
        try await withBank { database, loop in
            let branches = [Branch(database.configuration), Branch(database.configuration)]
            // Both consume, as if neither knew of the other's lock.
            let rivals = branches.map { branch in
                let tail = LogTail(on: branch.loop, log: Log(branch.pool))
                let marks = Marks(on: branch.loop, checkpoints: Checkpoints(pool: branch.pool))
                let catalogue = branch.dispatcher.catalogue
                let listeners: [(String, Consumer.Listener)] =
                    catalogue.reactions.map { ("\($0.module).reactions", .reactions($0.byEvent)) }
                    + catalogue.tables.map { ("table.\($0.name)", .table($0)) }
                return listeners.map { name, listener in
                    let consumer = Consumer(
                        name, listener, on: branch.loop, dispatcher: branch.dispatcher, tail: tail, feed: branch.feed,
                        marks: marks, pool: branch.pool, clock: branch.clock)
                    return branch.loop.spawn { await consumer.run() }
                }
            }
            func heard(_ count: Int) async throws {
                try await until("\(count) movements are heard") {
                    let granted: SQL =
                        "select coalesce(sum(version), 0)::bigint from mall.streams where category = 'bonus.Bonus'"
                    let entries: SQL = "select count(*) from test.ledger"
                    let (reactions, rows) = (
                        try await branches[0].number(granted), try await branches[0].number(entries)
                    )
                    return reactions >= count && rows >= count
                }
            }
            let first = try await move(branches[0], accounts: 8, times: 25)
            try await heard(200)
            // The other one believes to be where it was. Alone, it hears of more only when it has passed all of that.
            for rival in rivals[0] { rival.cancel() }
            for rival in rivals[0] { await rival.value }
            let second = try await move(branches[1], accounts: 2, times: 10)
            try await heard(220)
            for rival in rivals[1] { rival.cancel() }
            for rival in rivals[1] { await rival.value }
            try await expectEffects(branches[1], first, movements: 25)
            try await expectEffects(branches[1], second, movements: 10)
            for branch in branches { await branch.close() }
        }
    }

    @Test func `a new consumer begins with the first message`() async throws {
        try await withBranch(modules: Array(bank().prefix(1)), works: true) { before in
            let accounts = try await move(before, accounts: 3, times: 300)
            try await until("the old one has read all") { try await before.isSettled() }
            await before.rest()
            let after = Branch(before.configuration)
            after.work()
            try await until("the new one has caught up") { try await after.isSettled() }
            try await expectEffects(after, accounts, movements: 300)
            await after.close()
        }
    }

    @Test func `whoever waits for the log to grow is woken by a command`() async throws {
        try await withBranch { branch in
            let feed = branch.feed
            let (hint, head) = (await feed.hints, await feed.head)
            let woken = Task { await feed.wait(beyond: head, since: hint, atMost: .seconds(86_400)) }
            _ = try await branch.open()
            await woken.value
            // Nobody waits for what is there already, nor after a hint that came since one looked.
            await feed.wait(beyond: head, since: hint, atMost: .seconds(86_400))
            await feed.poke()
            await feed.wait(beyond: Position(.max), since: hint, atMost: .seconds(86_400))
            #expect(await feed.head > head)
        }
    }

    @Test func `whoever waits in another process is woken by a notification`() async throws {
        try await withBank { database, _ in
            let (teller, listener) = (Branch(database.configuration), Branch(database.configuration))
            let relays = [teller, listener].map {
                $0.feed.relay(over: database.configuration, on: $0.loop, logger: TestCluster.quiet)
            }
            for relay in relays { try await relay.ready() }
            for _ in 0..<3 {
                let hint = await listener.feed.hints
                let woken = Task { await listener.feed.wait(beyond: .start, since: hint, atMost: .seconds(86_400)) }
                _ = try await teller.open()
                await woken.value
            }
            for relay in relays { await relay.close() }
            await teller.close()
            await listener.close()
        }
    }
}

struct Broken: Error {}

/// Counts.
final class Calls: Sendable {
    private let count = Atomic<Int>(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
    var made: Int { count.load(ordering: .relaxed) }
}

/// Something that a test changes while handlers look at it.
final class Box<Value: Sendable>: Sendable {
    private let kept: Mutex<Value>
    init(_ value: Value) { kept = Mutex(value) }
    var value: Value {
        get { kept.withLock { $0 } }
        set { kept.withLock { $0 = newValue } }
    }
}

extension Faults {
    /// Handlers that fail with this probability, but none so often that its message would be given up.
    static func atRandom(_ probability: Double) -> Faults {
        let failures = Box<[Moved: Int]>([:])
        var faults = Faults()
        faults.inReaction = { moved in
            guard Double.random(in: 0..<1) < probability, failures.value[moved, default: 0] < 3 else { return }
            failures.value[moved, default: 0] += 1
            throw Broken()
        }
        return faults
    }
}

/// Opens accounts and moves money on all of them at the same time.
func move(_ branch: Branch, accounts count: Int, times: Int) async throws -> [AccountID] {
    try await withThrowingTaskGroup(of: AccountID.self) { group in
        for _ in 0..<count {
            group.addTask {
                let account = try await branch.open()
                for _ in 0..<times { try await branch.perform(Change(account, .deposit(amount: 1))) }
                return account
            }
        }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}

/// Moves the mall's time on until nothing is parked.
func settleByTheClock(_ branch: Branch) async throws {
    try await until("everything has its effect", within: .seconds(60)) {
        branch.clock.advance(by: .seconds(30))
        return try await branch.isSettled()
    }
}

/// The reaction and the table have had every movement once, in order.
func expectEffects(
    _ branch: Branch, _ accounts: [AccountID], movements: Int, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    for account in accounts {
        let bonus = try await branch.bonus(of: account)
        #expect(bonus?.granted == movements && bonus?.disorders == 0, sourceLocation: sourceLocation)
        let numbers = try await branch.pool.query(
            "select number from test.ledger where account = \(account) order by at"
        )
        .map { try Int($0[0, as: Int32.self]) }
        #expect(numbers == Array(1...movements), sourceLocation: sourceLocation)
    }
}
