import Contracts
import Kernel
import Synchronization

/// The simulated SMS service: it delivers everything, unless a test has told it otherwise, and keeps what it delivered.
///
/// It keeps its promise of the port: asked again for the same try it answers as before and delivers nothing anew.
final class SmsService: Sendable {
    enum Mood: String, Codable, Sendable {
        case accepting, refusing, unreachable
    }

    struct Delivered: Codable, Sendable, Equatable {
        let id: NotificationID
        let phone: String
        let text: String
    }

    private struct Try: Hashable {
        let key: NotificationID
        let attempt: Int
    }

    private struct State {
        var mood = Mood.accepting
        var answers: [Try: TextAnswer] = [:]
        var delivered: [Delivered] = []
    }

    private enum Limits {
        static let answersKept = 10_000
        static let textsKept = 1_000
    }

    private let state = Mutex(State())

    func set(_ mood: Mood) { state.withLock { $0.mood = mood } }

    /// The latest texts, oldest first.
    var delivered: [Delivered] { state.withLock(\.delivered) }

    func send(_ query: SendText) throws(Refusal) -> TextAnswer {
        let answer: TextAnswer? = state.withLock { state in
            if state.mood == .unreachable { return nil }
            let this = Try(key: query.key, attempt: query.attempt)
            if let answer = state.answers[this] { return answer }
            if state.answers.count >= Limits.answersKept { state.answers.removeAll() }
            let answer: TextAnswer =
                state.mood == .refusing ? .refused(reason: "the network does not know the number") : .accepted
            state.answers[this] = answer
            if answer == .accepted {
                if state.delivered.count >= Limits.textsKept { state.delivered.removeFirst(Limits.textsKept / 2) }
                state.delivered.append(Delivered(id: query.key, phone: query.phone, text: query.text))
            }
            return answer
        }
        guard let answer else { throw .unavailable("the SMS service cannot be reached") }
        return answer
    }

    /// The port's place among the modules.
    var module: Module {
        Module("sms") {
            answers(SendText.self) { query, _ in try self.send(query) }
        }
    }
}
