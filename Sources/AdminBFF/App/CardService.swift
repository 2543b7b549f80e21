import Contracts
import Kernel
import Synchronization

/// The simulated card payment service: it approves everything, unless a test has told it otherwise.
///
/// It keeps its promise of the port: asked again under the same key it answers as before.
final class CardService: Sendable {
    enum Mood: String, Codable, Sendable {
        case approving, refusing, unreachable
        /// Approves, and takes its time.
        case slow
    }

    enum Operation: Hashable, Sendable, CaseIterable {
        case authorize, capture, refund, release
    }

    /// What each operation is answered with. `card` is all of them, a single one stands above it.
    struct Moods: Decodable, Sendable {
        let card: Mood?
        let authorize: Mood?
        let capture: Mood?
        let refund: Mood?
        let release: Mood?

        var isSomething: Bool { [card, authorize, capture, refund, release].contains { $0 != nil } }
    }

    private struct State {
        var moods: [Operation: Mood] = [:]
        var answers: [String: CardAnswer] = [:]
    }

    private enum Limits {
        static let answersKept = 10_000
        /// How long it takes when it is slow: less than whoever asks waits.
        static let delay = Duration.milliseconds(1_500)
    }

    private let pause: @Sendable (Duration) async -> Void
    private let state = Mutex(State())

    /// `pause` is how it takes its time.
    init(pause: @escaping @Sendable (Duration) async -> Void = { _ in }) { self.pause = pause }

    func set(_ moods: Moods) {
        state.withLock { state in
            for (operation, mood) in [
                (Operation.authorize, moods.authorize), (.capture, moods.capture), (.refund, moods.refund),
                (.release, moods.release),
            ] {
                if let mood = mood ?? moods.card { state.moods[operation] = mood }
            }
        }
    }

    /// The port's place among the modules.
    var module: Module {
        Module("card") {
            answers(AuthorizeCard.self) { query, _ in
                try await self.answer(.authorize, "\(query.payment)", code: "A\(query.payment)")
            }
            answers(CaptureCard.self) { query, _ in try await self.answer(.capture, query.key, code: "C\(query.key)") }
            answers(RefundCard.self) { query, _ in try await self.answer(.refund, query.key, code: "R\(query.key)") }
            answers(ReleaseCard.self) { query, _ in
                try await self.answer(.release, "\(query.payment)", code: "F\(query.payment)")
            }
        }
    }

    private func answer(_ operation: Operation, _ key: String, code: String) async throws -> CardAnswer {
        let key = "\(operation) \(key)"
        let (answer, isSlow): (CardAnswer?, Bool) = state.withLock { state in
            let mood = state.moods[operation] ?? .approving
            if mood == .unreachable { return (nil, false) }
            if let answer = state.answers[key] { return (answer, false) }
            let answer: CardAnswer =
                mood == .refusing
                ? .refused(reason: "the bank declined the card") : .approved(code: String(code.prefix(9)).uppercased())
            if state.answers.count >= Limits.answersKept { state.answers.removeAll() }
            state.answers[key] = answer
            return (answer, mood == .slow)
        }
        guard let answer else { throw Refusal.unavailable("the card service cannot be reached; try again") }
        if isSlow { await pause(Limits.delay) }
        return answer
    }
}
