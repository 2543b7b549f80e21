import Kernel
import Synchronization

/// What a test has go wrong where messages are given to their listeners. A system that is not under test has none.
///
/// It is consulted for each try of each message, and decides nothing but whether, and how, this one fails.
public final class Disturbance: Sendable {
    public enum Fault: String, Codable, Sendable {
        /// The listener fails before it has done anything.
        case failsBefore
        /// It fails when all is decided, before anything is written.
        case failsWithin
        /// What was decided is written; it fails before that is marked.
        case failsAfter
        /// It refuses when all is decided.
        case refuses
        /// What was decided is written; the listener goes no further until that is over, or the process is.
        case stalls
        /// The message is held back until that is over, and those of its stream behind it.
        case comesLate
        /// The message comes a second time at once.
        case comesTwice
        /// The message comes a second time when that is over, after those that were behind it.
        case comesAgain
    }

    public struct Rule: Codable, Sendable {
        /// Whom it befalls; everybody, where nobody is named.
        public let listener: String?
        /// The message's name; every message, where none is named.
        public let message: String?
        public let fault: Fault
        /// How many tries it befalls; every one until it is over, where none is named. A table's messages are tried together
        /// first, and singly when that fails.
        public var times: Int?
        /// How many it has befallen.
        public internal(set) var struck: Int?
    }

    struct Failed: Error, CustomStringConvertible {
        var description: String { "a test lets it fail" }
    }

    struct Late: Error {}

    /// What is written beside a message that is held back.
    static let late = "a test holds it back"

    private let state = Mutex<[Rule]>([])

    public init() {}

    public var rules: [Rule] { state.withLock { $0 } }

    public func add(_ rule: Rule) { state.withLock { $0.append(rule) } }

    func lift() { state.withLock { $0 = [] } }

    var isStalling: Bool { state.withLock { $0.contains { $0.fault == .stalls } } }

    /// The fault of this try, if there is one, counted. Throws what comes before the listener has done anything.
    func strike(_ message: String, of listener: String) throws -> Fault? {
        let fault: Fault? = state.withLock { rules in
            let index = rules.firstIndex {
                $0.listener ?? listener == listener && $0.message ?? message == message
                    && $0.struck ?? 0 < $0.times ?? .max
            }
            guard let index else { return nil }
            rules[index].struck = (rules[index].struck ?? 0) + 1
            return rules[index].fault
        }
        switch fault {
        case .failsBefore: throw Failed()
        case .comesLate: throw Late()
        default: return fault
        }
    }
}

extension Disturbance.Fault {
    /// A handler that does all it would, and then not.
    func within(_ decide: @escaping Dispatcher.Deciding) -> Dispatcher.Deciding {
        switch self {
        case .failsWithin:
            return { tx in
                _ = try await decide(tx)
                throw Disturbance.Failed()
            }
        case .refuses:
            return { tx in
                _ = try await decide(tx)
                throw Self.refusal
            }
        case .failsBefore, .failsAfter, .stalls, .comesLate, .comesTwice, .comesAgain: return decide
        }
    }

    /// What goes wrong behind a table's effects. They and the mark are one transaction: nothing comes between them, and so
    /// nothing comes twice.
    func behind(_ effects: [SQL]) throws -> [SQL] {
        switch self {
        case .failsWithin, .failsAfter: return effects + ["select 1 / 0"]
        case .refuses: throw Self.refusal
        case .failsBefore, .stalls, .comesLate, .comesTwice, .comesAgain: return effects
        }
    }

    private static let refusal = Refusal.conflict("a test lets it be refused")
}
