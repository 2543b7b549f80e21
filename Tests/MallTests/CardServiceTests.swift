import Contracts
import FoundationEssentials
import Kernel
import Testing

@testable import App

@Suite struct CardServiceTests {
    @Test func `under one key the card service answers as before, whatever its mood has become`() async throws {
        try await withService { service in
            #expect(try await service.capture("one") == .approved(code: "CONE"))
            service.set(try moods(#"{"card":"refusing"}"#))
            #expect(try await service.capture("one") == .approved(code: "CONE"))
            #expect(try await service.capture("two") == .refused(reason: "the bank declined the card"))
            service.set(try moods(#"{"card":"slow"}"#))
            #expect(try await service.capture("two") == .refused(reason: "the bank declined the card"))
        }
    }

    @Test func `each operation can be in a mood of its own`() async throws {
        try await withService { service in
            service.set(try moods(#"{"card":"approving","capture":"unreachable"}"#))
            await #expect(throws: Refusal.self) { try await service.capture("one") }
            let payment = PaymentID(rawValue: UUID())
            guard case .approved = try await service.answer(to: ReleaseCard(payment: payment)) else {
                Issue.record("a release was not approved")
                return
            }
            service.set(try moods(#"{"capture":"approving"}"#))
            #expect(try await service.capture("one") == .approved(code: "CONE"))
        }
    }

    @Test func `a script that says nothing of the card is none`() throws {
        #expect(try !moods("{}").isSomething)
        #expect(throws: DecodingError.self) { try moods(#"{"card":"moody"}"#) }
    }

    private func moods(_ json: String) throws -> CardService.Moods {
        try Coding.decode(CardService.Moods.self, from: Array(json.utf8))
    }

    private func withService(_ body: (CardService) async throws -> Void) async throws {
        try await body(CardService())
    }
}

extension CardService {
    fileprivate func capture(_ key: String) async throws -> CardAnswer {
        try await answer(to: CaptureCard(key: key, amountMinor: Money(minor: 900)))
    }

    fileprivate func answer<Q: Query>(to query: Q) async throws -> Q.Answer {
        for case .answers(let part) in module.parts where part.query == Q.name {
            let answer = try await part.answer(query, NoReader()) as? Q.Answer
            return try #require(answer)
        }
        throw Refusal.notFound("the card service does not answer \(Q.name)")
    }
}

/// The card service reads nothing.
private struct NoReader: Reader {
    func state<D: Decider>(of _: D.Type, _: ID<D.Noun>) async throws -> (state: D, version: Version)? { nil }
    func history<D: Decider>(of _: D.Type, _: ID<D.Noun>) async throws -> [Happened<D.Event>] { [] }
    func rows(_: SQL) async throws -> SQLRows { throw Refusal.notFound("there are no rows") }
    func holder(ofClaim _: String, value _: String) async throws -> UUID? { nil }
    func ask<Q: Query>(_: Q) async throws -> Q.Answer { throw Refusal.notFound("nobody is asked") }
    func remember(_: SQL) async throws {}
}
