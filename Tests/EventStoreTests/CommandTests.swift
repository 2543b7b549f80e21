import EventLoop
import EventStoreTestSupport
import FoundationEssentials
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import EventStore

@Suite struct CommandTests {
    @Test func `a command's events are the aggregate's state, and its stream's version`() async throws {
        try await withBranch { branch in
            let account = try await branch.open("Ann")
            let outcome = try await branch.perform(Change(account, .deposit(amount: 5)))
            #expect(outcome.subject?.id == account.rawValue)
            #expect(outcome.subject?.version == 2)
            let (state, version) = try #require(try await branch.state(of: account))
            #expect(state.balance == 5 && state.name == "Ann" && version == 2)
        }
    }

    @Test func `F-M4: any number of events in one save follow one another, with their messages`() async throws {
        try await withBranch { branch in
            for count in 1...50 {
                let account = try await branch.open()
                let outcome = try await branch.perform(Change(account, .burst(count: count)))
                #expect(outcome.subject?.version == count + 1)
                // Read by nobody's memory but the log's.
                let rows = try await branch.pool.query(
                    """
                    select l.version, l.kind, l.command_end
                    from mall.log l join mall.streams s using (stream_no)
                    where s.stream_id = \(account) and l.version > 1 order by l.position
                    """)
                let versions = try rows.map { try Int($0[0, as: Int32.self]) }
                let kinds = try rows.map { try $0[1, as: Int16.self] }
                let ends = try rows.map { try $0[2, as: Int64.self] }
                #expect(versions == (2...(count + 1)).flatMap { [$0, $0] })
                #expect(kinds == (0..<count).flatMap { _ in [0, 1] })
                #expect(ends == Array(repeating: outcome.position.rawValue, count: 2 * count))
            }
            try await expectDense(branch)
        }
    }

    @Test func `a repeated command is answered as before and done once`() async throws {
        try await withBranch { branch in
            let (id, account) = (UUID(), try await branch.open())
            let first = try await branch.perform(Change(account, .deposit(amount: 5)), id: id)
            try await branch.perform(Change(account, .deposit(amount: 1)))
            let second = try await branch.perform(Change(account, .deposit(amount: 5)), id: id)
            #expect(!first.isRepeated && second.isRepeated)
            #expect(first.subject?.version == 2 && second.subject?.version == 2)
            #expect(first.position == second.position && first.reply == second.reply)
            #expect(try await branch.state(of: account)?.state.balance == 6)
        }
    }

    @Test func `commands sent twice at once, by two processes, are done once and answered alike`() async throws {
        try await withBank { database, _ in
            let branches = [Branch(database.configuration), Branch(database.configuration)]
            for _ in 0..<20 {
                let id = UUID()
                let name = id.lowercase
                let replies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                    for branch in branches + branches {
                        group.addTask { try await branch.perform(OpenAccount(name: name), id: id).reply }
                    }
                    return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
                }
                #expect(replies.count == 1)
            }
            #expect(try await branches[0].number("select count(*) from mall.streams") == 20)
            for branch in branches { await branch.close() }
        }
    }

    @Test func `the same id with another body is invalid`() async throws {
        try await withBranch { branch in
            let (id, account) = (UUID(), try await branch.open())
            try await branch.perform(Change(account, .deposit(amount: 5)), id: id)
            let refusal = await #expect(throws: Refusal.self) {
                try await branch.perform(Change(account, .deposit(amount: 6)), id: id)
            }
            #expect(refusal?.kind == .invalid)
            #expect(try await branch.state(of: account)?.state.balance == 5)
        }
    }

    @Test func `a refusal leaves nothing, and is decided again when it is repeated`() async throws {
        try await withBranch { branch in
            let (id, stranger) = (UUID(), AccountID(rawValue: UUID()))
            let refusal = await #expect(throws: Refusal.self) {
                try await branch.perform(Change(stranger, .deposit(amount: 5)), id: id)
            }
            #expect(refusal?.kind == .notFound)
            #expect(try await branch.number("select count(*) from mall.streams") == 0)
            #expect(try await branch.number("select count(*) from mall.log") == 0)
            #expect(try await branch.number("select count(*) from mall.commands") == 0)

            let account = try await branch.open()
            let withdrawal = Change(account, .withdraw(amount: 5))
            await #expect(throws: Refusal.self) { try await branch.perform(withdrawal, id: id) }
            try await branch.perform(Change(account, .deposit(amount: 5)))
            #expect(try await !branch.perform(withdrawal, id: id).isRepeated)
        }
    }

    @Test func `nothing is known of a stream that never began`() async throws {
        try await withBranch { branch in
            let found = try await branch.state(of: AccountID(rawValue: UUID()))
            #expect(found == nil)
        }
    }

    @Test func `a command over two streams is done to both or to none`() async throws {
        try await withBranch { branch in
            let (rich, poor) = (try await branch.open(), try await branch.open())
            try await branch.perform(Change(rich, .deposit(amount: 10)))
            try await branch.perform(Transfer(from: rich, to: poor, amount: 4))
            await #expect(throws: Refusal.self) { try await branch.perform(Transfer(from: rich, to: poor, amount: 7)) }
            let nobody = AccountID(rawValue: UUID())
            await #expect(throws: Refusal.self) {
                try await branch.perform(Transfer(from: rich, to: nobody, amount: 1))
            }
            #expect(try await branch.state(of: rich)?.state.balance == 6)
            #expect(try await branch.state(of: poor)?.state.balance == 4)
            #expect(try await branch.state(of: nobody) == nil)
        }
    }

    @Test func `transfers to and fro at the same time all succeed within one process`() async throws {
        try await withBranch { branch in
            var accounts: [AccountID] = []
            for _ in 0..<3 {
                accounts.append(try await branch.open())
                try await branch.perform(Change(accounts.last!, .deposit(amount: 1_000)))
            }
            try await withThrowingTaskGroup { group in
                for number in 0..<200 {
                    let (from, to) = (accounts[number % 3], accounts[(number + 1 + number / 100) % 3])
                    group.addTask { _ = try await branch.perform(Transfer(from: from, to: to, amount: 1)) }
                }
                try await group.waitForAll()
            }
            var sum = 0
            for account in accounts { sum += try await branch.state(of: account)?.state.balance ?? 0 }
            #expect(sum == 3_000)
            try await expectDense(branch)
        }
    }

    @Test func `what another process wrote meanwhile is read and decided on anew`() async throws {
        try await withBank { database, _ in
            let (here, there) = (Branch(database.configuration), Branch(database.configuration))
            let account = try await here.open()
            for _ in 0..<10 {
                try await here.perform(Change(account, .deposit(amount: 1)))
                try await there.perform(Change(account, .deposit(amount: 1)))
            }
            // `here` remembers 19; the refusal it would make of that has to be checked too.
            try await here.perform(Change(account, .withdraw(amount: 20)))
            #expect(try await there.state(of: account)?.state.balance == 0)
            await here.close()
            await there.close()
        }
    }

    @Test func `a command that is overtaken every time is stale`() async throws {
        try await withBank { database, _ in
            let (here, there) = (Branch(database.configuration), Branch(database.configuration))
            let account = try await here.open()
            let command = Change(account, .deposit(amount: 1))
            let id = UUID()
            let refusal = await #expect(throws: Refusal.self) {
                _ = try await here.dispatcher.perform(
                    CommandRequest(id: id, mayRepeat: false, cause: Cause(correlation: id, causation: id, actor: "")),
                    digest: []
                ) { tx in
                    try await tx.tell(Account.self, account, .deposit(1))
                    try await there.perform(command)
                    return []
                }
            }
            #expect(refusal?.kind == .stale)
            let overtaken = try await there.state(of: account)?.state.balance ?? 0
            #expect(overtaken == Limits.decisions)
            await here.close()
            await there.close()
        }
    }

    @Test func `many callers on one stream are all served`() async throws {
        try await withBank { database, _ in
            let branches = [Branch(database.configuration), Branch(database.configuration)]
            let account = try await branches[0].open()
            let done = await withTaskGroup(of: Int.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            try await branches[number % 2].perform(Change(account, .deposit(amount: 1)))
                            return 1
                        } catch { return 0 }
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(try await branches[0].state(of: account)?.state.balance == done)
            // Between processes some may be stale, but never all.
            #expect(done > 100)
            try await expectDense(branches[0])
            for branch in branches { await branch.close() }
        }
    }
}

/// Positions have no gap, and neither has any stream.
func expectDense(_ branch: Branch, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    #expect(
        try await branch.number("select count(*) - coalesce(max(position), 0) from mall.log") == 0,
        sourceLocation: sourceLocation)
    #expect(
        try await branch.number(
            """
            select count(*) from (
                select stream_no, count(*) as events, max(version) as last from mall.log where kind = 0 group by stream_no
            ) l full join mall.streams s using (stream_no)
            where l.events is distinct from s.version or l.last is distinct from s.version
            """) == 0, sourceLocation: sourceLocation)
}
