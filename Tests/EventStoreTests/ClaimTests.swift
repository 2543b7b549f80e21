import EventLoop
import EventStoreTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import EventStore

@Suite struct ClaimTests {
    @Test func `of two who take one claim at the same time one is refused, in its own words`() async throws {
        try await withBranch { branch in
            let refusals = await withTaskGroup(of: Refusal?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do {
                            _ = try await branch.open("Ann")
                            return nil
                        } catch { return error as? Refusal }
                    }
                }
                return await group.reduce(into: [Refusal]()) { if let refusal = $1 { $0.append(refusal) } }
            }
            #expect(refusals == Array(repeating: .conflict("the name Ann is taken"), count: 7))
            let streams = try await branch.number("select count(*) from mall.streams")
            #expect(streams == 1)
        }
    }

    @Test func `whoever was overtaken on the way to what is free looks once more`() async throws {
        try await withBranch { branch in
            let names = ["Ann", "Beth", "Carl"]
            let questions = branch.dispatcher.questions
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in names {
                    group.addTask {
                        let id = UUID()
                        let cause = Cause(correlation: id, causation: id, actor: "somebody")
                        _ = try await branch.dispatcher.perform(
                            CommandRequest(id: id, mayRepeat: false, cause: cause), digest: []
                        ) { tx in
                            let account = tx.newID(AccountID.self)
                            for name in names where try await questions.holder(ofClaim: "account", value: name) == nil {
                                try await tx.tell(Account.self, account, .open(name: name))
                                break
                            }
                            return []
                        }
                    }
                }
                try await group.waitForAll()
            }
            for name in names { #expect(try await questions.holder(ofClaim: "account", value: name) != nil) }
        }
    }

    @Test func `a claim is released when the state lets go of it`() async throws {
        try await withBranch { branch in
            let first = try await branch.open("Ann")
            try await branch.perform(Change(first, .rename(name: "Beth")))
            let second = try await branch.open("Ann")
            await #expect(throws: Refusal.conflict("the name Ann is taken")) {
                try await branch.perform(Change(first, .rename(name: "Ann")))
            }
            #expect(try await branch.state(of: first)?.state.name == "Beth")
            try await branch.perform(Change(second, .close))
            try await branch.perform(Change(first, .rename(name: "Ann")))
            let questions = branch.dispatcher.questions
            #expect(try await questions.holder(ofClaim: "account", value: "Ann") == first.rawValue)
            #expect(try await questions.holder(ofClaim: "account", value: "Beth") == nil)
        }
    }

    @Test func `a claim goes from one stream to another within a command, and from a conflict nothing is taken`()
        async throws
    {
        try await withBranch { branch in
            let (first, second) = (try await branch.open("Ann"), try await branch.open("Beth"))
            func swap(_ names: (String, String)) async throws {
                let id = UUID()
                _ = try await branch.dispatcher.perform(
                    CommandRequest(id: id, mayRepeat: false, cause: Cause(correlation: id, causation: id, actor: "")),
                    digest: []
                ) { tx in
                    try await tx.tell(Account.self, first, .rename(names.0))
                    try await tx.tell(Account.self, second, .rename(names.1))
                    return []
                }
            }
            try await swap(("Beth", "Ann"))
            let questions = branch.dispatcher.questions
            #expect(try await questions.holder(ofClaim: "account", value: "Ann") == second.rawValue)
            #expect(try await questions.holder(ofClaim: "account", value: "Beth") == first.rawValue)
            await #expect(throws: Refusal.conflict("the name Cleo is taken")) { try await swap(("Cleo", "Cleo")) }
            #expect(try await questions.holder(ofClaim: "account", value: "Cleo") == nil)
        }
    }

    @Test func `a claim decided on an old state is a conflict before it is taken`() async throws {
        try await withBranch { branch in
            let account = try await branch.open("Ann")
            _ = try await branch.open("Beth")
            let name = StreamName(category: Account.category, id: account.rawValue)
            let result = try await branch.lane.commit(
                unit(
                    [CommitUnit.Stream(name: name, expected: 0, count: 1)],
                    claims: [
                        CommitUnit.ClaimChange(
                            stream: 0, takes: true, claim: Claim(scope: "account", value: "Beth", taken: ""))
                    ]))
            #expect(result == .conflict)
        }
    }
}

/// A unit as the lane takes it, with a row for each event.
func unit(_ streams: [CommitUnit.Stream], id: UUID? = UUID(), claims: [CommitUnit.ClaimChange] = []) -> CommitUnit {
    var unit = CommitUnit(
        id: id, digest: [1], answer: [2], cause: Cause(correlation: UUID(), causation: UUID(), actor: "test"),
        now: Instant(microseconds: 0))
    unit.streams = streams
    for (index, stream) in streams.enumerated() {
        for number in 0..<stream.count {
            unit.rows.append(
                CommitUnit.Row(
                    stream: index, version: (stream.expected ?? 0) + number + 1, kind: .event, type: "test.Done",
                    body: Array("{}".utf8)))
        }
    }
    unit.claims = claims
    return unit
}
