import Contracts
import Kernel

/// An amount held on a customer's card for one basket, and for the order that the basket becomes. No money moves here.
enum Payment: Decider {
    case absent
    case authorized(Hold, expiresAt: Instant)
    case released(Hold, ReleaseReason)
    case expired(Hold)

    struct Hold: Codable, Equatable {
        let customerId: CustomerID
        let basketId: BasketID
        let amountMinor: Money
        let authorisationCode: String
    }

    typealias Noun = Contracts.Noun.Payment
    static let category = "payments.Payment"
    static let expiry = "expire"
    /// What a card service keeps an amount for at least.
    static let lifetime = Duration.seconds(24 * 3600)

    enum Command {
        case authorize(Hold)
        /// For whatever has become of the order, or of the basket, which has the same identifier.
        case release(basketId: BasketID, customerId: CustomerID, ReleaseReason)
        case expire
    }

    enum Event: Codable, Equatable {
        case paymentAuthorized(
            customerId: CustomerID, basketId: BasketID, amountMinor: Money, authorisationCode: String,
            expiresAt: Instant)
        case paymentReleased(reason: ReleaseReason)
        case paymentExpired
    }

    init() { self = .absent }

    var hold: Hold? {
        switch self {
        case .absent: nil
        case .authorized(let hold, _), .released(let hold, _), .expired(let hold): hold
        }
    }

    var timers: [String: Instant] {
        guard case .authorized(_, let expiresAt) = self else { return [:] }
        return [Self.expiry: expiresAt]
    }

    static func command(for timer: String) -> Command? { timer == expiry ? .expire : nil }

    func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .authorize(let hold)):
            guard hold.amountMinor > .zero else { throw .nothingToPay }
            return [
                .paymentAuthorized(
                    customerId: hold.customerId, basketId: hold.basketId, amountMinor: hold.amountMinor,
                    authorisationCode: hold.authorisationCode, expiresAt: now + Self.lifetime)
            ]
        case (.authorized(let hold, _), .release(let basketId, let customerId, let reason)):
            // Whoever checked out with somebody else's payment does not free it by being rejected.
            guard hold.basketId == basketId, hold.customerId == customerId else { return [] }
            return [.paymentReleased(reason: reason)]
        case (.authorized(_, let expiresAt), .expire):
            return now < expiresAt ? [] : [.paymentExpired]

        case (.authorized, .authorize), (.released, .authorize), (.expired, .authorize):
            throw .conflict("the payment was authorized already")
        // An order may name a payment that there never was.
        case (.absent, .release), (.released, .release), (.expired, .release): return []
        case (.absent, .expire), (.released, .expire), (.expired, .expire): return []
        }
    }

    mutating func apply(_ event: Event) {
        switch (self, event) {
        case (_, .paymentAuthorized(let customerId, let basketId, let amount, let code, let expiresAt)):
            self = .authorized(
                Hold(customerId: customerId, basketId: basketId, amountMinor: amount, authorisationCode: code),
                expiresAt: expiresAt)
        case (.authorized(let hold, _), .paymentReleased(let reason)): self = .released(hold, reason)
        case (.authorized(let hold, _), .paymentExpired): self = .expired(hold)
        default: preconditionFailure("\(event) happened to a payment that was \(self)")
        }
    }
}
