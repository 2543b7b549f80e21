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

/// The card stands for one order from now on, and for no other.
public struct PaymentConfirmed: PublicEvent {
    public static let name = "paymentsapi.PaymentConfirmed"

    public let id: PaymentID
    public let customerId: CustomerID
    public let orderId: OrderID
    public let amountMinor: Money

    public init(id: PaymentID, customerId: CustomerID, orderId: OrderID, amountMinor: Money) {
        self.id = id
        self.customerId = customerId
        self.orderId = orderId
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

    public init(id: PaymentID, customerId: CustomerID, basketId: BasketID, amountMinor: Money, reason: ReleaseReason) {
        self.id = id
        self.customerId = customerId
        self.basketId = basketId
        self.amountMinor = amountMinor
        self.reason = reason
    }
}

/// Money has moved from the card.
public struct PaymentCaptured: PublicEvent {
    public static let name = "paymentsapi.PaymentCaptured"

    public let id: PaymentID
    public let customerId: CustomerID
    public let orderId: OrderID
    public let amountMinor: Money

    public init(id: PaymentID, customerId: CustomerID, orderId: OrderID, amountMinor: Money) {
        self.id = id
        self.customerId = customerId
        self.orderId = orderId
        self.amountMinor = amountMinor
    }
}

public struct InvoiceCreated: PublicEvent {
    public static let name = "paymentsapi.InvoiceCreated"

    public let id: InvoiceID
    public let orderId: OrderID
    public let customerId: CustomerID
    public let paymentId: PaymentID
    public let amountMinor: Money
    /// What the bound card stands for: the amount never rises above it.
    public let authorizedMinor: Money

    public init(
        id: InvoiceID, orderId: OrderID, customerId: CustomerID, paymentId: PaymentID, amountMinor: Money,
        authorizedMinor: Money
    ) {
        self.id = id
        self.orderId = orderId
        self.customerId = customerId
        self.paymentId = paymentId
        self.amountMinor = amountMinor
        self.authorizedMinor = authorizedMinor
    }
}

/// Another amount is due, or was due before it was paid.
public struct InvoiceAdjusted: PublicEvent {
    public static let name = "paymentsapi.InvoiceAdjusted"

    public let id: InvoiceID
    public let orderId: OrderID
    public let amountMinor: Money

    public init(id: InvoiceID, orderId: OrderID, amountMinor: Money) {
        self.id = id
        self.orderId = orderId
        self.amountMinor = amountMinor
    }
}

/// The card service was asked for the money and has not answered yet.
public struct InvoiceCapturing: PublicEvent {
    public static let name = "paymentsapi.InvoiceCapturing"

    public let id: InvoiceID
    public let orderId: OrderID
    public let method: PaymentMethod
    public let amountMinor: Money

    public init(id: InvoiceID, orderId: OrderID, method: PaymentMethod, amountMinor: Money) {
        self.id = id
        self.orderId = orderId
        self.method = method
        self.amountMinor = amountMinor
    }
}

/// The card service refused; the invoice can be paid another way.
public struct InvoiceCaptureRefused: PublicEvent {
    public static let name = "paymentsapi.InvoiceCaptureRefused"

    public let id: InvoiceID
    public let orderId: OrderID
    public let reason: String

    public init(id: InvoiceID, orderId: OrderID, reason: String) {
        self.id = id
        self.orderId = orderId
        self.reason = reason
    }
}

public struct InvoicePaid: PublicEvent {
    public static let name = "paymentsapi.InvoicePaid"

    public let id: InvoiceID
    public let orderId: OrderID
    public let customerId: CustomerID
    public let amountMinor: Money
    public let method: PaymentMethod

    public init(id: InvoiceID, orderId: OrderID, customerId: CustomerID, amountMinor: Money, method: PaymentMethod) {
        self.id = id
        self.orderId = orderId
        self.customerId = customerId
        self.amountMinor = amountMinor
        self.method = method
    }
}

/// Nothing is due any more, and nothing was paid.
public struct InvoiceCanceled: PublicEvent {
    public static let name = "paymentsapi.InvoiceCanceled"

    public let id: InvoiceID
    public let orderId: OrderID

    public init(id: InvoiceID, orderId: OrderID) {
        self.id = id
        self.orderId = orderId
    }
}

/// Money went back: the difference of a shortage, a goodwill, or all of it.
public struct InvoiceRefunded: PublicEvent {
    public static let name = "paymentsapi.InvoiceRefunded"

    public let id: InvoiceID
    public let orderId: OrderID
    /// Of this refund.
    public let amountMinor: Money
    /// Of all refunds of the invoice.
    public let refundedMinor: Money
    /// How it was paid, and so how it goes back.
    public let method: PaymentMethod
    public let reason: String
    /// Whether everything that was paid has gone back.
    public let isWhole: Bool

    public init(
        id: InvoiceID, orderId: OrderID, amountMinor: Money, refundedMinor: Money, method: PaymentMethod,
        reason: String, isWhole: Bool
    ) {
        self.id = id
        self.orderId = orderId
        self.amountMinor = amountMinor
        self.refundedMinor = refundedMinor
        self.method = method
        self.reason = reason
        self.isWhole = isWhole
    }
}

/// A cashier counted the drawer and began.
public struct ShiftOpened: PublicEvent {
    public static let name = "paymentsapi.ShiftOpened"

    public let id: ShiftID
    public let cashier: String
    public let floatMinor: Money

    public init(id: ShiftID, cashier: String, floatMinor: Money) {
        self.id = id
        self.cashier = cashier
        self.floatMinor = floatMinor
    }
}

/// Money went into or out of the drawer.
public struct ShiftMoved: PublicEvent {
    public static let name = "paymentsapi.ShiftMoved"

    public let id: ShiftID
    public let invoiceId: InvoiceID
    /// Below 0 for a refund.
    public let amountMinor: Money
    /// What should be in the drawer now.
    public let expectedMinor: Money

    public init(id: ShiftID, invoiceId: InvoiceID, amountMinor: Money, expectedMinor: Money) {
        self.id = id
        self.invoiceId = invoiceId
        self.amountMinor = amountMinor
        self.expectedMinor = expectedMinor
    }
}

public struct ShiftClosed: PublicEvent {
    public static let name = "paymentsapi.ShiftClosed"

    public let id: ShiftID
    public let cashier: String
    public let expectedMinor: Money
    public let countedMinor: Money

    public init(id: ShiftID, cashier: String, expectedMinor: Money, countedMinor: Money) {
        self.id = id
        self.cashier = cashier
        self.expectedMinor = expectedMinor
        self.countedMinor = countedMinor
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

/// Binds a payment to an order. Refused unless it is the customer's, made for this basket, and covers the total.
public struct ConfirmPayment: PublicCommand {
    public static let name = "paymentsapi.ConfirmPayment"

    public let id: PaymentID
    public let amountMinor: Money
    public let orderId: OrderID
    public let customerId: CustomerID

    public init(id: PaymentID, amountMinor: Money, orderId: OrderID, customerId: CustomerID) {
        self.id = id
        self.amountMinor = amountMinor
        self.orderId = orderId
        self.customerId = customerId
    }
}

/// Frees a card that stands for this order. One that is free already stays so, silently.
public struct ReleasePayment: PublicCommand {
    public static let name = "paymentsapi.ReleasePayment"

    public let id: PaymentID
    public let orderId: OrderID

    public init(id: PaymentID, orderId: OrderID) {
        self.id = id
        self.orderId = orderId
    }
}

/// Takes what is due. Cash is paid at once; a card is captured, which may take a while and may be refused.
public struct PayInvoice: PublicCommand {
    public static let name = "paymentsapi.PayInvoice"

    public let id: InvoiceID
    public let method: PaymentMethod
    /// What the cashier and the customer saw; refused if something else is due by now.
    public let expectedAmountMinor: Money

    public init(id: InvoiceID, method: PaymentMethod, expectedAmountMinor: Money) {
        self.id = id
        self.method = method
        self.expectedAmountMinor = expectedAmountMinor
    }
}

/// Gives back a part, or all, of what was paid.
public struct RefundInvoice: PublicCommand {
    public static let name = "paymentsapi.RefundInvoice"

    public let id: InvoiceID
    public let amountMinor: Money
    public let reason: String

    public init(id: InvoiceID, amountMinor: Money, reason: String) {
        self.id = id
        self.amountMinor = amountMinor
        self.reason = reason
    }
}

/// A cashier has one open shift at most.
public struct OpenShift: PublicCommand {
    public static let name = "paymentsapi.OpenShift"
    public typealias Reply = OpenedShift

    public let floatMinor: Money

    public init(floatMinor: Money) {
        self.floatMinor = floatMinor
    }
}

public struct OpenedShift: Codable, Sendable, Equatable {
    public let id: ShiftID

    public init(id: ShiftID) {
        self.id = id
    }
}

public struct CloseShift: PublicCommand {
    public static let name = "paymentsapi.CloseShift"

    public let id: ShiftID
    public let countedMinor: Money

    public init(id: ShiftID, countedMinor: Money) {
        self.id = id
        self.countedMinor = countedMinor
    }
}

public enum PaymentStatus: String, Codable, Sendable {
    case authorized, confirmed, captured, refunded, released, expired
}

public enum PaymentMethod: String, Codable, Sendable, CaseIterable {
    /// The card that the kiosk authorised.
    case cardOnFile = "card_on_file"
    /// Another card, at the desk.
    case card
    case cash
}

public enum InvoiceStatus: String, Codable, Sendable, CaseIterable {
    case pending, capturing, paid, canceled, refunded
}

/// Why a card is free again.
public enum ReleaseReason: String, Codable, Sendable {
    case basketCanceled = "basket_canceled"
    case orderCanceled = "order_canceled"
    case orderRejected = "order_rejected"
    /// Another authorisation took its place.
    case replaced
    /// The order was paid some other way.
    case paidOtherwise = "paid_otherwise"
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

/// An invoice by its identifier; `not_found` if there is none.
public struct GetInvoice: Query {
    public static let name = "paymentsapi.GetInvoice"
    public typealias Answer = InvoiceDetails

    public let id: InvoiceID

    public init(id: InvoiceID) {
        self.id = id
    }
}

/// The invoice of an order; nil if there is none yet.
public struct FindInvoice: Query {
    public static let name = "paymentsapi.FindInvoice"
    public typealias Answer = InvoiceDetails?

    public let orderId: OrderID

    public init(orderId: OrderID) {
        self.orderId = orderId
    }
}

public struct InvoiceDetails: Codable, Sendable, Equatable {
    public let id: InvoiceID
    public let orderId: OrderID
    public let customerId: CustomerID
    public let paymentId: PaymentID
    public let status: InvoiceStatus
    public let amountMinor: Money
    public let authorizedMinor: Money
    public let paidMinor: Money
    public let refundedMinor: Money
    public let method: PaymentMethod?
    public let version: Version

    public init(
        id: InvoiceID, orderId: OrderID, customerId: CustomerID, paymentId: PaymentID, status: InvoiceStatus,
        amountMinor: Money, authorizedMinor: Money, paidMinor: Money, refundedMinor: Money,
        method: PaymentMethod? = nil, version: Version
    ) {
        self.id = id
        self.orderId = orderId
        self.customerId = customerId
        self.paymentId = paymentId
        self.status = status
        self.amountMinor = amountMinor
        self.authorizedMinor = authorizedMinor
        self.paidMinor = paidMinor
        self.refundedMinor = refundedMinor
        self.method = method
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

/// Asks the card service for money: what was held, or another card's. `key` is one per try, and asked again answers as
/// before.
public struct CaptureCard: Query {
    public static let name = "paymentsapi.CaptureCard"
    public typealias Answer = CardAnswer

    public let key: String
    /// Nil for another card than the one that was authorised.
    public let payment: PaymentID?
    public let amountMinor: Money

    public init(key: String, payment: PaymentID? = nil, amountMinor: Money) {
        self.key = key
        self.payment = payment
        self.amountMinor = amountMinor
    }
}

/// Asks the card service to give money back. `key` as in `CaptureCard`.
public struct RefundCard: Query {
    public static let name = "paymentsapi.RefundCard"
    public typealias Answer = CardAnswer

    public let key: String
    public let payment: PaymentID?
    public let amountMinor: Money

    public init(key: String, payment: PaymentID? = nil, amountMinor: Money) {
        self.key = key
        self.payment = payment
        self.amountMinor = amountMinor
    }
}

/// Asks the card service to hold nothing any more.
public struct ReleaseCard: Query {
    public static let name = "paymentsapi.ReleaseCard"
    public typealias Answer = CardAnswer

    public let payment: PaymentID

    public init(payment: PaymentID) {
        self.payment = payment
    }
}

/// What the card service said.
public enum CardAnswer: Sendable, Equatable {
    case approved(code: String)
    case refused(reason: String)
}
