import EventLoop
import EventStoreTestSupport
import FoundationEssentials
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import EventStore

@Suite struct TimerTests {
    @Test func `a timer fires once, when the mall's clock says so`() async throws {
        try await withBranch(works: true) { branch in
            let account = try await branch.open()
            try await branch.perform(Change(account, .remind(at: branch.clock.now + .seconds(3600))))
            #expect(try await timers(branch) == 1)
            branch.clock.advance(by: .seconds(3601))
            try await until("the timer is over") { try await timers(branch) == 0 }
            branch.clock.advance(by: .seconds(3601))
            try await branch.perform(Change(account, .deposit(amount: 1)))
            #expect(try await branch.state(of: account)?.state.rings == 1)
        }
    }

    @Test func `row 75: what a timer brings belongs to the story of the event that set it`() async throws {
        try await withBranch(works: true) { branch in
            let account = try await branch.open()
            try await branch.perform(Change(account, .remind(at: branch.clock.now + .seconds(60))))
            branch.clock.advance(by: .seconds(61))
            try await until("the timer rang") { try await branch.state(of: account)?.state.rings == 1 }
            let rows = try await branch.pool.query(
                """
                select l.correlation_id, l.causation_id, l.id, l.actor from mall.log l
                join mall.streams using (stream_no)
                where stream_id = \(account.rawValue) and kind = 0 order by l.version desc limit 2
                """)
            let (rang, set) = (rows[0], rows[1])
            #expect(try rang[0, as: UUID.self] == set[0, as: UUID.self])
            #expect(try rang[1, as: UUID.self] == set[2, as: UUID.self])
            #expect(try rang[3, as: String.self].hasPrefix("timer:"))
        }
    }

    @Test func `a timer is moved and cleared by the state it is a part of`() async throws {
        try await withBranch(works: true) { branch in
            let (moved, cleared) = (try await branch.open(), try await branch.open())
            for account in [moved, cleared] {
                try await branch.perform(Change(account, .remind(at: branch.clock.now + .seconds(60))))
            }
            try await branch.perform(Change(moved, .remind(at: branch.clock.now + .seconds(3600))))
            try await branch.perform(Change(cleared, .remind(at: nil)))
            #expect(try await timers(branch) == 1)
            // A third one that is due then shows that the runner has looked.
            let witness = try await branch.open()
            try await branch.perform(Change(witness, .remind(at: branch.clock.now + .seconds(60))))
            branch.clock.advance(by: .seconds(120))
            try await until("the witness rang") { try await branch.state(of: witness)?.state.rings == 1 }
            #expect(try await branch.state(of: moved)?.state.rings == 0)
            branch.clock.advance(by: .seconds(3600))
            try await until("the moved one rang") { try await branch.state(of: moved)?.state.rings == 1 }
            #expect(try await branch.state(of: cleared)?.state.rings == 0)
        }
    }

    @Test func `a timer set before a restart fires after it`() async throws {
        try await withBank { database, _ in
            let clock = MallClock()
            let before = Branch(database.configuration, clock: clock)
            let account = try await before.open()
            try await before.perform(Change(account, .remind(at: clock.now + .seconds(60))))
            await before.close()
            clock.advance(by: .seconds(61))
            let after = Branch(database.configuration, clock: clock)
            after.work()
            try await until("the timer rang") { try await after.state(of: account)?.state.rings == 1 }
            await after.close()
        }
    }

    @Test func `a timer that fires again under its old time is done once`() async throws {
        try await withBranch(works: true) { branch in
            let account = try await branch.open()
            let due = branch.clock.now + .seconds(60)
            try await branch.perform(Change(account, .remind(at: due)))
            branch.clock.advance(by: .seconds(61))
            try await until("the timer rang") { try await branch.state(of: account)?.state.rings == 1 }
            // As if its command had been written and the process had ended before the timer was taken away.
            try await branch.perform(Change(account, .remind(at: due)))
            try await until("the timer is over") { try await timers(branch) == 0 }
            #expect(try await branch.state(of: account)?.state.rings == 1)
        }
    }

    @Test
    func `a timer whose aggregate has nothing to say to it, or whose category nobody knows, keeps no other waiting`()
        async throws
    {
        try await withBranch(works: true) { branch in
            let account = try await branch.open()
            let past = branch.clock.now + .seconds(-60)
            try await branch.pool.execute(
                """
                insert into mall.timers values
                    ('bank.Account', \(account), 'nobody knows it', \(past)), ('gone.Gone', \(account), 'old', \(past)),
                    ('bank.Account', \(UUID()), 'reminder', \(past))
                """)
            try await branch.perform(Change(account, .remind(at: branch.clock.now)))
            try await until("only the stranger is left") { try await timers(branch) == 1 }
            #expect(try await branch.state(of: account)?.state.rings == 1)
        }
    }

    private func timers(_ branch: Branch) async throws -> Int {
        try await branch.number("select count(*) from mall.timers")
    }
}
