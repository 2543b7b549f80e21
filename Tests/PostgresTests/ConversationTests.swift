import Testing

@testable import Postgres

/// The core of a connection against a peer that follows a script: no socket, no server.
@Suite struct ConversationTests {
    typealias Talk = Conversation<String, Int>

    private static let error = ServerError(state: .divisionByZero, message: "division by zero")

    /// Asks and sends, as a connection does.
    private func talk(_ requests: [(String, Talk.Form)]) -> Talk {
        var talk = Talk()
        for (index, (name, form)) in requests.enumerated() {
            talk.ask(name, id: UInt64(index), isScript: form == .script)
            if let (id, asked) = talk.next() { talk.sent(asked, id: id, as: form) }
        }
        return talk
    }

    /// What the replies of the peer finish: the name, its answers, its failed statement.
    private func finished(_ talk: inout Talk, _ replies: [Talk.Reply]) -> [String] {
        replies.compactMap { reply in
            switch talk.received(reply) {
            case .more: nil
            case .finished(let name, let outcome):
                if let failure = outcome.failure {
                    "\(name) failed at \(failure.statement)\(failure.isInPreparation ? " in preparation" : "")"
                } else {
                    "\(name) \(outcome.answers)"
                }
            case .violation(let what): "violation: \(what)"
            }
        }
    }

    @Test func `each request gets its own answers, in order`() {
        var talk = talk([("a", .statements(1, after: [])), ("b", .statements(2, after: []))])
        let seen = finished(
            &talk,
            [.answer(1), .endOfStatement, .sync, .answer(2), .endOfStatement, .answer(3), .endOfStatement, .sync])
        #expect(seen == ["a [1]", "b [2, 3]"])
        #expect(!talk.isExpecting)
    }

    @Test func `a preparation's answer is nobody's`() {
        var talk = talk([("a", .statements(1, after: [.forget, .prepare(0)]))])
        let housekeeping: [Talk.Reply] = [.answer(8), .endOfStatement, .sync, .answer(9), .endOfStatement, .sync]
        #expect(finished(&talk, housekeeping + [.answer(1), .endOfStatement, .sync]) == ["a [1]"])
    }

    @Test func `an error fails its request alone, at the statement that failed`() {
        var talk = talk([("a", .statements(3, after: [])), ("b", .statements(1, after: []))])
        let seen = finished(
            &talk,
            [
                .answer(1), .endOfStatement, .failure(Self.error), .endOfStatement, .skipped, .endOfStatement, .sync,
                .answer(2), .endOfStatement, .sync,
            ])
        #expect(seen == ["a failed at 1", "b [2]"])
    }

    @Test func `a failed preparation is the failure, not what follows from it`() {
        var talk = talk([("a", .statements(2, after: [.prepare(1)]))])
        let seen = finished(
            &talk,
            [
                .failure(Self.error), .endOfStatement, .sync, .answer(1), .endOfStatement,
                .failure(ServerError(state: .unknownStatement, message: "s1")), .endOfStatement, .sync,
            ])
        #expect(seen == ["a failed at 1 in preparation"])
    }

    @Test func `a statement that cannot be forgotten harms nobody`() {
        var talk = talk([("a", .statements(1, after: [.forget]))])
        let seen = finished(
            &talk, [.failure(Self.error), .endOfStatement, .sync, .answer(1), .endOfStatement, .sync])
        #expect(seen == ["a [1]"])
    }

    @Test func `a script travels alone`() {
        var talk = talk([("a", .statements(1, after: [])), ("script", .script), ("b", .statements(1, after: []))])
        #expect(talk.next() == nil)
        #expect(finished(&talk, [.answer(1), .endOfStatement, .sync]) == ["a [1]"])
        let (id, asked) = talk.next()!
        #expect(asked == "script")
        talk.sent(asked, id: id, as: .script)
        #expect(talk.next() == nil)
        #expect(finished(&talk, [.answer(1), .answer(2), .endOfStatement]) == ["script [2]"])
        #expect(talk.next()?.asked == "b")
    }

    @Test(arguments: [
        [Talk.Reply.sync], [.endOfStatement], [.answer(1), .endOfStatement, .answer(2), .endOfStatement],
        [.answer(1), .endOfStatement, .sync, .sync],
    ])
    func `a result that does not fit is a violation`(replies: [Talk.Reply]) {
        var talk = talk([("a", .statements(1, after: []))])
        #expect(finished(&talk, replies).last?.hasPrefix("violation") == true)
    }

    @Test func `what was sent is lost with the session, what waits is not`() {
        var talk = talk([("a", .statements(1, after: []))])
        talk.isHeld = true
        talk.ask("b", id: 7)
        #expect(talk.next() == nil)
        #expect(talk.lost().map(\.asked) == ["a"])
        #expect(talk.next()?.asked == "b")
    }

    @Test func `only the request that runs may be canceled on the server`() {
        var talk = talk([("a", .statements(1, after: [])), ("b", .statements(1, after: []))])
        talk.ask("c", id: 9)
        if case .sent(let isNext) = talk.withdraw(0) { #expect(isNext) } else { Issue.record("a was sent") }
        if case .sent(let isNext) = talk.withdraw(1) { #expect(!isNext) } else { Issue.record("b was sent") }
        if case .taken(let asked) = talk.withdraw(9) { #expect(asked == "c") } else { Issue.record("c was waiting") }
        if case .unknown = talk.withdraw(9) {} else { Issue.record("c is gone") }
    }

    @Test func `no more is sent than may be unanswered`() {
        var talk = Talk()
        for id in 0..<1000 { talk.ask("r", id: UInt64(id)) }
        var sent = 0
        while let (id, asked) = talk.next() {
            talk.sent(asked, id: id, as: .statements(1, after: []))
            sent += 1
        }
        #expect(sent == Limits.requestsInFlight)
    }
}

@Suite struct DialingTests {
    @Test func `a connection is made as libpq asks`() {
        var dialing = Dialing()
        #expect(dialing.start() == .connect)
        #expect(dialing.polled(.wantsWrite, jitter: 0) == .watch(.writable))
        #expect(dialing.polled(.wantsRead, jitter: 0) == .watch(.readable))
        #expect(dialing.polled(.connected, jitter: 0) == .connected)
        #expect(dialing.start() == .nothing)
    }

    @Test func `pauses double up to the longest, and start anew once it stood`() {
        var dialing = Dialing()
        _ = dialing.start()
        var pauses: [Dialing.Step] = []
        for _ in 0..<10 {
            pauses.append(dialing.polled(.failed, jitter: 1))
            #expect(dialing.due() == .connect)
        }
        #expect(
            Array(pauses.prefix(3)) == [
                .pause(.milliseconds(50)), .pause(.milliseconds(100)), .pause(.milliseconds(200)),
            ])
        #expect(pauses.last == .pause(Limits.longestPause))
        _ = dialing.polled(.connected, jitter: 0)
        #expect(dialing.lost(jitter: 0) == .pause(.milliseconds(25)))
    }

    @Test func `nothing moves a closed connection`() {
        var dialing = Dialing()
        _ = dialing.start()
        dialing.close()
        #expect(dialing.polled(.connected, jitter: 0) == .nothing)
        #expect(dialing.lost(jitter: 0) == .nothing)
        #expect(dialing.due() == .nothing)
    }
}

@Suite struct PreparedStatementsTests {
    @Test func `a statement is the same if its text and types are`() {
        var prepared = PreparedStatements(limit: 8)
        let first = prepared.name(of: "select \(1)")
        #expect(first.isNew)
        #expect(prepared.name(of: "select \(2)") == (first.name, false))
        #expect(prepared.name(of: "select \("2")").isNew)
    }

    @Test func `the one used longest ago makes room`() {
        var prepared = PreparedStatements(limit: 2)
        let a = prepared.name(of: "a").name
        let b = prepared.name(of: "b").name
        _ = prepared.name(of: "a")
        _ = prepared.name(of: "c")
        #expect(prepared.takeUnused() == [b])
        #expect(prepared.name(of: "a") == (a, false))
        #expect(prepared.count == 2)
    }
}
