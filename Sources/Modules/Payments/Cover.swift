import Contracts
import Kernel

/// What covers a basket: the one payment that is held for it. A canceled basket is not covered any more, not even by a card
/// that was asked before the cancellation and answers after it.
enum Cover: Decider {
    case none
    case held(PaymentID)
    case closed(PaymentID?)

    typealias Noun = Contracts.Noun.Basket
    static let category = "payments.Cover"

    enum Command {
        case hold(PaymentID)
        case close
    }

    enum Event: Codable, Equatable {
        case coverHeld(paymentId: PaymentID)
        case coverClosed
    }

    init() { self = .none }

    var payment: PaymentID? {
        switch self {
        case .none: nil
        case .held(let payment): payment
        case .closed(let payment): payment
        }
    }

    func decide(_ command: Command, at _: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.none, .hold(let payment)): return [.coverHeld(paymentId: payment)]
        case (.held(let old), .hold(let payment)): return old == payment ? [] : [.coverHeld(paymentId: payment)]
        case (.closed, .hold): throw .conflict("the basket was canceled")
        case (.none, .close), (.held, .close): return [.coverClosed]
        case (.closed, .close): return []
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .coverHeld(let payment): self = .held(payment)
        case .coverClosed: self = .closed(payment)
        }
    }
}
