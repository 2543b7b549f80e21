import Contracts
import Kernel

/// One thing that the card service could not be asked for, until it was.
///
/// The key stays the same, so that asking again is safe. What the customer waits for is given up after a while; money that is
/// owed, and a card that is to be let go, are asked for until there is an answer.
enum CardCall: Decider {
    case absent
    case waiting(Wish, asked: Int, until: Instant)
    case due(Wish, asked: Int)
    case ended

    enum Wish: Codable, Equatable, Sendable {
        case capture(invoiceId: InvoiceID, capture: Int, paymentId: PaymentID?, amountMinor: Money)
        case refund(key: String, paymentId: PaymentID?, amountMinor: Money)
        case release(paymentId: PaymentID)
    }

    enum Noun {}
    static let category = "payments.CardCall"
    static let timer = "ask"
    /// How long to wait before asking again.
    static let delays: [Duration] = [.seconds(1), .seconds(5), .seconds(30), .seconds(120)]
    /// For what is never given up, from then on.
    static let patience = Duration.seconds(600)

    enum Command {
        /// The service cannot be reached.
        case postpone(Wish)
        case ask
        /// It has answered.
        case end
    }

    enum Event: Codable, Equatable {
        case cardCallPostponed(wish: Wish, asked: Int, until: Instant)
        case cardCallDue
        case cardCallEnded
        case cardCallGivenUp
    }

    init() { self = .absent }

    var timers: [String: Instant] {
        guard case .waiting(_, _, let until) = self else { return [:] }
        return [Self.timer: until]
    }

    static func command(for timer: String) -> Command? { timer == Self.timer ? .ask : nil }

    var hasEnded: Bool { if case .ended = self { true } else { false } }

    func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .postpone(let wish)): return Self.postponed(wish, asked: 1, now)
        case (.due(let wish, let asked), .postpone): return Self.postponed(wish, asked: asked + 1, now)
        case (.waiting, .postpone), (.ended, .postpone): return []
        case (.waiting(_, _, let until), .ask): return now < until ? [] : [.cardCallDue]
        case (.absent, .ask), (.due, .ask), (.ended, .ask): return []
        case (.due, .end): return [.cardCallEnded]
        case (.absent, .end), (.waiting, .end), (.ended, .end): return []
        }
    }

    private static func postponed(_ wish: Wish, asked: Int, _ now: Instant) -> [Event] {
        if asked <= delays.count {
            return [.cardCallPostponed(wish: wish, asked: asked, until: now + delays[asked - 1])]
        }
        switch wish {
        case .capture: return [.cardCallGivenUp]
        case .refund, .release: return [.cardCallPostponed(wish: wish, asked: asked, until: now + patience)]
        }
    }

    mutating func apply(_ event: Event) {
        switch (self, event) {
        case (.absent, .cardCallPostponed(let wish, let asked, let until)),
            (.due, .cardCallPostponed(let wish, let asked, let until)):
            self = .waiting(wish, asked: asked, until: until)
        case (.waiting(let wish, let asked, _), .cardCallDue): self = .due(wish, asked: asked)
        case (.due, .cardCallEnded), (.due, .cardCallGivenUp): self = .ended
        default: preconditionFailure("\(event) happened to a call to the card service that was \(self)")
        }
    }
}

/// It is time to ask the card service again. Said for the card desk alone.
struct CardCallDue: PublicEvent {
    static let name = "payments.card.CallDue"

    let id: ID<CardCall.Noun>
    let wish: CardCall.Wish
}
