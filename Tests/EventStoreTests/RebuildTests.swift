import EventStoreTestSupport
import FoundationEssentials
import Kernel
import Postgres
import Testing

@testable import EventStore

/// Projections that are folded anew while everything goes on.
@Suite struct RebuildTests {
    @Test func `the old rows are shown until the new ones take their place at once`() async throws {
        try await withBranch(works: true) { branch in
            for number in 0..<200 { _ = try await branch.open("account \(number)") }
            try await until("all is shown") { try await branch.isSettled() }
            // What a mended fold would make good.
            try await branch.pool.execute("update live.accounts set c_name = 'broken'")
            let epoch: String = try await branch.pool.query("select epoch::text from mall.epoch")[0][0]
            let rebuilds = Rebuilds(pool: branch.pool, clock: branch.clock)
            try await rebuilds.ask(["accounts"])
            var seen = Set<[Int]>()
            try await until("it is rebuilt") {
                let row = try await branch.pool.query(
                    "select count(*), count(*) filter (where c_name = 'broken') from live.accounts where not deleted")[
                        0]
                seen.insert([try row[0], try row[1]])
                return try await isDone(rebuilds)
            }
            seen.insert([200, try await branch.number("select count(*) from live.accounts where c_name = 'broken'")])
            #expect(seen == [[200, 200], [200, 0]])
            #expect(try await branch.number("select count(*) from mall.epoch where epoch::text <> \(epoch)") == 1)
            #expect(try await shadows(branch) == 0)
            try await expectRowsEqualFold(branch)
            // And what follows is folded onto the new rows, as often as one likes.
            _ = try await branch.open("after")
            try await rebuilds.ask(["accounts"])
            try await until("it is rebuilt again") { try await isDone(rebuilds) }
            #expect(try await branch.number("select count(*) from live.accounts") == 201)
        }
    }

    @Test func `commands go on during a rebuild, and are in its rows`() async throws {
        try await withBranch(works: true) { branch in
            let rebuilds = Rebuilds(pool: branch.pool, clock: branch.clock)
            async let commands: Void = commandAtRandom(branch, commands: 800)
            var rounds = 0
            while rounds < 3 {
                try await rebuilds.ask(["accounts"])
                try await until("it is rebuilt") { try await isDone(rebuilds) }
                rounds += 1
            }
            try await commands
            try await until("all is folded") { try await branch.isSettled() }
            try await expectRowsEqualFold(branch)
        }
    }

    @Test
    func `a process that ends in the middle loses nothing, and the next one begins anew and leaves nothing behind`()
        async throws
    {
        try await withBank { database, _ in
            let first = Branch(database.configuration)
            first.work()
            for _ in 0..<60 {
                let account = try await first.open()
                for _ in 0..<20 { try await first.perform(Change(account, .deposit(amount: 1))) }
            }
            try await until("all is shown", within: .seconds(120)) { try await first.isSettled() }
            let shown = try await rows(first)
            let rebuilds = Rebuilds(pool: first.pool, clock: first.clock)
            try await rebuilds.ask(["accounts"])
            try await until("it has begun") { try await shadows(first) == 1 }
            await first.rest()
            // It may have been too fast; then it is asked once more, and what a killed process leaves is put there.
            try await rebuilds.ask(["accounts"])
            #expect(try await rows(first) == shown)
            for sql in [
                "drop schema if exists shadow_accounts cascade", "create schema shadow_accounts",
                "create table shadow_accounts.accounts (half int)", "create schema shadow_gone",
            ] as [SQL] { try await first.pool.execute(sql) }
            await first.close()

            let second = Branch(database.configuration)
            second.work()
            try await until("the next has rebuilt it") {
                try await isDone(Rebuilds(pool: second.pool, clock: second.clock))
            }
            #expect(try await shadows(second) == 0)
            #expect(try await rows(second) == shown)
            try await expectRowsEqualFold(second)
            await second.close()
        }
    }

    @Test func `a rebuild that comes no nearer to the end says so, and takes it back when it does`() {
        var chase = Chase()
        let start = ContinuousClock.now
        func look(_ behind: Int64, after seconds: Int) -> Bool {
            chase.look(behind: behind, at: start + .seconds(seconds))
            return chase.isLosing
        }
        #expect(!look(1_000, after: 0))
        #expect(!look(2_000, after: 1), "too soon to tell")
        #expect(!look(900, after: 5))
        #expect(look(900, after: 10))
        #expect(look(700, after: 12))
        #expect(!look(600, after: 15))
    }

    private func isDone(_ rebuilds: Rebuilds) async throws -> Bool {
        let states = try await rebuilds.states()
        for state in states { #expect(state.error == nil) }
        return states.allSatisfy(\.isDone)
    }

    private func shadows(_ branch: Branch) async throws -> Int {
        try await branch.number("select count(*) from pg_namespace where nspname like 'shadow%'")
    }
}
