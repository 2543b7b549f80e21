public import Kernel

/// A card stands for this amount; no money has moved.
public struct PaymentAuthorized: PublicEvent {
    public static let name = "paymentsapi.PaymentAuthorized"

    public let id: PaymentID
    public let customerId: CustomerID
    public let basketId: BasketID
    public let amountMinor: Money

    public init(id: PaymentID, customerId: CustomerID, basketId: BasketID, amountMinor: Money) {
        self.id = id
        self.customerId = customerId
        self.basketId = basketId
        self.amountMinor = amountMinor
    }
}

/// The card stands for nothing any more.
public struct PaymentReleased: PublicEvent {
    public static let name = "paymentsapi.PaymentReleased"

    public let id: PaymentID
    public let customerId: CustomerID
    public let basketId: BasketID
    public let amountMinor: Money
    public let reason: ReleaseReason

    public init(
        id: PaymentID, customerId: CustomerID, basketId: BasketID, amountMinor: Money, reason: ReleaseReason
    ) {
        self.id = id
        self.customerId = customerId
        self.basketId = basketId
        self.amountMinor = amountMinor
        self.reason = reason
    }
}

/// Holds the total of an open basket on its customer's card, in place of what was held for it before.
public struct AuthorizePayment: PublicCommand {
    public static let name = "paymentsapi.AuthorizePayment"

    public let basketId: BasketID

    public init(basketId: BasketID) {
        self.basketId = basketId
    }
}

public enum PaymentStatus: String, Codable, Sendable {
    case authorized, released, expired
}

/// Why a card is free again.
public enum ReleaseReason: String, Codable, Sendable {
    case basketCanceled = "basket_canceled"
    case orderCanceled = "order_canceled"
    case orderRejected = "order_rejected"
    /// Another authorisation took its place.
    case replaced
    case expired
}

/// A payment by its identifier; `not_found` if there is none.
public struct GetPayment: Query {
    public static let name = "paymentsapi.GetPayment"
    public typealias Answer = PaymentDetails

    public let id: PaymentID

    public init(id: PaymentID) {
        self.id = id
    }
}

public struct PaymentDetails: Codable, Sendable, Equatable {
    public let id: PaymentID
    public let customerId: CustomerID
    public let basketId: BasketID
    public let amountMinor: Money
    public let status: PaymentStatus
    public let version: Version

    public init(
        id: PaymentID, customerId: CustomerID, basketId: BasketID, amountMinor: Money, status: PaymentStatus,
        version: Version
    ) {
        self.id = id
        self.customerId = customerId
        self.basketId = basketId
        self.amountMinor = amountMinor
        self.status = status
        self.version = version
    }
}

/// Asks the card service to hold an amount. The payment's identifier is its key: asked again, it answers as before.
public struct AuthorizeCard: Query {
    public static let name = "paymentsapi.AuthorizeCard"
    public typealias Answer = CardAnswer

    public let payment: PaymentID
    public let customer: CustomerID
    public let amountMinor: Money

    public init(payment: PaymentID, customer: CustomerID, amountMinor: Money) {
        self.payment = payment
        self.customer = customer
        self.amountMinor = amountMinor
    }
}

/// What the card service said.
public enum CardAnswer: Sendable, Equatable {
    case approved(code: String)
    case refused(reason: String)
}
