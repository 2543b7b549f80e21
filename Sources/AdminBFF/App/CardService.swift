import Contracts
import Kernel
import Synchronization

/// The simulated card payment service: it approves everything, unless a test has told it otherwise.
///
/// It keeps its promise of the port: asked again with the same payment it answers as before.
final class CardService: Sendable {
    enum Mood: String, Codable, Sendable {
        case approving, refusing, unreachable
    }

    private struct State {
        var mood = Mood.approving
        var answers: [PaymentID: CardAnswer] = [:]
    }

    private let state = Mutex(State())

    func set(_ mood: Mood) { state.withLock { $0.mood = mood } }

    func authorize(_ query: AuthorizeCard) throws(Refusal) -> CardAnswer {
        let answer: CardAnswer? = state.withLock { state in
            if let answer = state.answers[query.payment] { return answer }
            let answer: CardAnswer
            switch state.mood {
            case .unreachable: return nil
            case .refusing: answer = .refused(reason: "the bank declined the card")
            case .approving: answer = .approved(code: "A\(String(query.payment.description.prefix(8)).uppercased())")
            }
            if state.answers.count >= 10_000 { state.answers.removeAll() }
            state.answers[query.payment] = answer
            return answer
        }
        guard let answer else { throw .unavailable("the card service cannot be reached; try again") }
        return answer
    }

    /// The port's place among the modules.
    var module: Module {
        Module("card") {
            answers(AuthorizeCard.self) { query, _ in try self.authorize(query) }
        }
    }
}
