import EventStoreTestSupport
import Kernel
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
}
