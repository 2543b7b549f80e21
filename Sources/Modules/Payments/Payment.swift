import Contracts
import Kernel

/// An amount held on a customer's card for one basket, and for the order that the basket becomes: money moves for that one
/// order or for none.
enum Payment: Decider {
    case absent
    case authorized(Hold, expiresAt: Instant)
    /// Bound to an order. It does not expire any more.
    case confirmed(Hold, OrderID)
    case captured(Hold, OrderID, Taken)
    case released(Hold, ReleaseReason)
    case expired(Hold)

    struct Hold: Codable, Equatable {
        let customerId: CustomerID
        let basketId: BasketID
        let amountMinor: Money
        let authorisationCode: String
    }

    struct Taken: Codable, Equatable {
        let amountMinor: Money
        var refundedMinor = Money.zero
    }

    typealias Noun = Contracts.Noun.Payment
    static let category = "payments.Payment"
    static let expiry = "expire"
    /// What a card service keeps an amount for at least.
    static let lifetime = Duration.seconds(24 * 3600)

    enum Command {
        case authorize(Hold)
        case confirm(OrderID, CustomerID, total: Money)
        /// The card service has moved the money.
        case capture(OrderID, Money)
        case refund(OrderID, Money)
        /// For whatever has become of the order, or of the basket, which has the same identifier. The customer is named by
        /// whoever might have been given somebody else's payment.
        case release(basketId: BasketID, customerId: CustomerID?, ReleaseReason)
        case expire
    }

    enum Event: Codable, Equatable {
        case paymentAuthorized(
            customerId: CustomerID, basketId: BasketID, amountMinor: Money, authorisationCode: String,
            expiresAt: Instant)
        case paymentConfirmed(orderId: OrderID)
        case paymentCaptured(orderId: OrderID, amountMinor: Money)
        case paymentRefunded(amountMinor: Money)
        case paymentReleased(reason: ReleaseReason)
        case paymentExpired
    }

    init() { self = .absent }

    var hold: Hold? {
        switch self {
        case .absent: nil
        case .authorized(let hold, _), .confirmed(let hold, _), .captured(let hold, _, _), .released(let hold, _),
            .expired(let hold):
            hold
        }
    }

    /// What it stands for in the eyes of an order: nothing, unless it is bound to it.
    func amount(for order: OrderID) -> Money {
        guard case .confirmed(let hold, order) = self else { return .zero }
        return hold.amountMinor
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
        case (.authorized, .authorize), (.confirmed, .authorize), (.captured, .authorize), (.released, .authorize),
            (.expired, .authorize):
            throw .conflict("the payment was authorized already")

        case (.authorized(let hold, _), .confirm(let order, let customer, let total)):
            try hold.covers(order, customer, total)
            return [.paymentConfirmed(orderId: order)]
        case (.confirmed(let hold, let bound), .confirm(let order, let customer, let total)),
            (.captured(let hold, let bound, _), .confirm(let order, let customer, let total)):
            guard order == bound else { throw .boundElsewhere }
            try hold.covers(order, customer, total)
            return []
        case (.released, .confirm): throw .conflict("the payment was released")
        case (.expired, .confirm): throw .conflict("the payment has expired")

        // The money has moved, whatever was thought of the payment before.
        case (.authorized(let hold, _), .capture(let order, let amount)),
            (.confirmed(let hold, _), .capture(let order, let amount)),
            (.released(let hold, _), .capture(let order, let amount)),
            (.expired(let hold), .capture(let order, let amount)):
            guard hold.basketId == order.of(BasketID.self) else { throw .boundElsewhere }
            return [.paymentCaptured(orderId: order, amountMinor: amount)]
        case (.captured(_, let bound, _), .capture(let order, _)):
            guard order == bound else { throw .boundElsewhere }
            return []

        case (.captured(_, let bound, let taken), .refund(let order, let amount)):
            guard order == bound else { throw .boundElsewhere }
            guard amount > .zero, amount <= taken.amountMinor - taken.refundedMinor else {
                throw .conflict("not that much was captured and is left")
            }
            return [.paymentRefunded(amountMinor: amount)]
        case (.authorized, .refund), (.confirmed, .refund), (.released, .refund), (.expired, .refund):
            throw .conflict("nothing was captured")

        case (.authorized(let hold, _), .release(let basketId, let customerId, let reason)),
            (.confirmed(let hold, _), .release(let basketId, let customerId, let reason)):
            // Whoever checked out with somebody else's payment does not free it by being rejected.
            guard hold.basketId == basketId, hold.customerId == customerId ?? hold.customerId else { return [] }
            return [.paymentReleased(reason: reason)]
        // An order may name a payment that there never was; money that has moved is given back by the invoice.
        case (.absent, .release), (.captured, .release), (.released, .release), (.expired, .release): return []

        case (.authorized(_, let expiresAt), .expire):
            return now < expiresAt ? [] : [.paymentExpired]
        case (.absent, .expire), (.confirmed, .expire), (.captured, .expire), (.released, .expire),
            (.expired, .expire):
            return []

        case (.absent, .confirm), (.absent, .capture), (.absent, .refund): throw .unknownPayment
        }
    }

    mutating func apply(_ event: Event) {
        switch (self, event) {
        case (_, .paymentAuthorized(let customerId, let basketId, let amount, let code, let expiresAt)):
            self = .authorized(
                Hold(customerId: customerId, basketId: basketId, amountMinor: amount, authorisationCode: code),
                expiresAt: expiresAt)
        case (.authorized(let hold, _), .paymentConfirmed(let order)): self = .confirmed(hold, order)
        case (.authorized(let hold, _), .paymentCaptured(let order, let amount)),
            (.confirmed(let hold, _), .paymentCaptured(let order, let amount)),
            (.released(let hold, _), .paymentCaptured(let order, let amount)),
            (.expired(let hold), .paymentCaptured(let order, let amount)):
            self = .captured(hold, order, Taken(amountMinor: amount))
        case (.captured(let hold, let order, var taken), .paymentRefunded(let amount)):
            taken.refundedMinor = taken.refundedMinor + amount
            self = .captured(hold, order, taken)
        case (.authorized(let hold, _), .paymentReleased(let reason)),
            (.confirmed(let hold, _), .paymentReleased(let reason)):
            self = .released(hold, reason)
        case (.authorized(let hold, _), .paymentExpired): self = .expired(hold)
        default: preconditionFailure("\(event) happened to a payment that was \(self)")
        }
    }
}

extension Payment.Hold {
    /// Whether it pays for this order: it is the customer's, was made for the basket that became the order, and suffices.
    fileprivate func covers(_ order: OrderID, _ customer: CustomerID, _ total: Money) throws(Refusal) {
        guard customerId == customer else { throw .conflict("the payment is another customer's") }
        guard basketId == order.of(BasketID.self) else { throw .conflict("the payment was made for another basket") }
        guard amountMinor >= total else {
            throw .conflict("not enough was authorized: \(amountMinor) for a total of \(total)")
        }
    }
}

extension Payment {
    var status: PaymentStatus {
        switch self {
        case .absent, .authorized: .authorized
        case .confirmed: .confirmed
        case .captured(_, _, let taken): taken.refundedMinor < taken.amountMinor ? .captured : .refunded
        case .released: .released
        case .expired: .expired
        }
    }
}

extension Refusal {
    static let unknownPayment = Refusal.notFound("there is no such payment")
    static let boundElsewhere = Refusal.conflict("the payment is bound to another order")
    static let nothingToPay = Refusal.invalid(
        "there is nothing to pay for: the total must be above 0", field: "basketId")
}

extension Money {
    /// For amounts that were judged before they were written down.
    static func + (a: Money, b: Money) -> Money {
        guard let sum = a.adding(b) else { preconditionFailure("\(a.minor) and \(b.minor) do not fit together") }
        return sum
    }
}
