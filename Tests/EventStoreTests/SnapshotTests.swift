import EventLoop
import EventStoreTestSupport
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import EventStore

@Suite struct SnapshotTests {
    @Test func `a state read from a snapshot equals the fold of all events`() async throws {
        try await withAccountOf120Events { account, branch, fresh in
            let (state, version) = try #require(try await fresh.state(of: account))
            var folded = Account()
            for happened in try await fresh.dispatcher.questions.history(of: Account.self, account) {
                folded.apply(happened.event)
            }
            #expect(state == folded && version == 121)
            // It was indeed read from there: what the snapshot says is what is seen.
            try await fresh.pool.execute(
                "update mall.snapshots set state = \(Array(#"{"isOpen":true,"name":"","balance":7,"movements":0,"rings":0}"#.utf8))"
            )
            let third = Branch(fresh.configuration)
            #expect(try await third.state(of: account)?.state.balance == 7 + 121 - 101)
            await third.close()
        }
    }

    @Test func `a snapshot that cannot be read is ignored, and replaced by the next`() async throws {
        for damage: SQL in [
            "update mall.snapshots set state = 'nonsense'", "update mall.snapshots set schema = 99",
        ] {
            try await withAccountOf120Events { account, branch, fresh in
                try await branch.pool.execute(damage)
                #expect(try await fresh.state(of: account)?.state.balance == 120)
                try await fresh.perform(Change(account, .burst(count: 40)))
                try await until("a new snapshot") {
                    try await fresh.number(
                        "select count(*) from mall.snapshots where version = 161 and schema = 1 and state <> 'nonsense'"
                    ) == 1
                }
            }
        }
    }

    /// An account whose snapshot stands at version 101, and a branch that has never seen it.
    private func withAccountOf120Events(
        _ body: (AccountID, Branch, Branch) async throws -> Void
    ) async throws {
        try await withBank { database, _ in
            let (branch, fresh) = (Branch(database.configuration), Branch(database.configuration))
            let account = try await branch.open()
            try await branch.perform(Change(account, .burst(count: 100)))
            try await until("a snapshot") { try await branch.number("select count(*) from mall.snapshots") == 1 }
            try await branch.perform(Change(account, .burst(count: 20)))
            try await body(account, branch, fresh)
            await branch.close()
            await fresh.close()
        }
    }
}
