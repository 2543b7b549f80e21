public import Kernel

public struct BasketStarted: PublicEvent {
    public static let name = "basketsapi.BasketStarted"

    public let id: BasketID
    public let customerId: CustomerID
    public let customerName: String

    public init(id: BasketID, customerId: CustomerID, customerName: String) {
        self.id = id
        self.customerId = customerId
        self.customerName = customerName
    }
}

/// A basket was given up by its customer, or left alone for too long.
public struct BasketCanceled: PublicEvent {
    public static let name = "basketsapi.BasketCanceled"

    public let id: BasketID
    public let customerId: CustomerID
    /// `abandoned` when nobody touched it; empty where nothing was said.
    public let reason: String

    public init(id: BasketID, customerId: CustomerID, reason: String) {
        self.id = id
        self.customerId = customerId
        self.reason = reason
    }
}

/// A customer wants these goods. The order that follows has the basket's identifier.
public struct BasketCheckedOut: PublicEvent {
    public static let name = "basketsapi.BasketCheckedOut"

    public let id: BasketID
    public let customerId: CustomerID
    public let customerName: String
    public let paymentId: PaymentID
    public let items: [Item]
    public let totalMinor: Money
    public let pickupCode: String

    public init(
        id: BasketID, customerId: CustomerID, customerName: String, paymentId: PaymentID, items: [Item],
        totalMinor: Money, pickupCode: String
    ) {
        self.id = id
        self.customerId = customerId
        self.customerName = customerName
        self.paymentId = paymentId
        self.items = items
        self.totalMinor = totalMinor
        self.pickupCode = pickupCode
    }
}

public struct StartBasket: PublicCommand {
    public static let name = "basketsapi.StartBasket"

    public let customerId: CustomerID

    public init(customerId: CustomerID) {
        self.customerId = customerId
    }
}

public struct AddItem: PublicCommand {
    public static let name = "basketsapi.AddItem"

    public let id: BasketID
    public let productId: ProductID
    public let quantity: Int

    public init(id: BasketID, productId: ProductID, quantity: Int) {
        self.id = id
        self.productId = productId
        self.quantity = quantity
    }
}

public struct RemoveItem: PublicCommand {
    public static let name = "basketsapi.RemoveItem"

    public let id: BasketID
    public let productId: ProductID
    public let quantity: Int

    public init(id: BasketID, productId: ProductID, quantity: Int) {
        self.id = id
        self.productId = productId
        self.quantity = quantity
    }
}

public struct CancelBasket: PublicCommand {
    public static let name = "basketsapi.CancelBasket"

    public let id: BasketID
    public let reason: String?

    public init(id: BasketID, reason: String? = nil) {
        self.id = id
        self.reason = reason
    }
}

public struct CheckoutBasket: PublicCommand {
    public static let name = "basketsapi.CheckoutBasket"
    public typealias Reply = Checkout

    public let id: BasketID
    public let paymentId: PaymentID

    public init(id: BasketID, paymentId: PaymentID) {
        self.id = id
        self.paymentId = paymentId
    }
}

/// What a checkout came to. The second is the one refusal that writes: the new prices are in the basket, and checking out
/// again accepts them.
public enum Checkout: Codable, Sendable, Equatable {
    case checkedOut(orderId: OrderID, pickupCode: String, totalMinor: Money)
    case repriced(priceChanges: [PriceChange], totalMinor: Money)
}

public enum BasketStatus: String, Codable, Sendable {
    case open
    case checkedOut = "checked_out"
    case canceled
}

/// A basket by its identifier, with what its lines cost now; `not_found` if there is none.
public struct GetBasket: Query {
    public static let name = "basketsapi.GetBasket"
    public typealias Answer = BasketDetails

    public let id: BasketID

    public init(id: BasketID) {
        self.id = id
    }
}

public struct BasketDetails: Codable, Sendable, Equatable {
    public let id: BasketID
    public let customerId: CustomerID
    public let customerName: String
    public let status: BasketStatus
    public let items: [Item]
    public let totalMinor: Money
    public let paymentId: PaymentID?
    public let pickupCode: String?
    public let cancelReason: String?
    /// Prices that a checkout would find changed now; empty unless the basket is open.
    public let priceChanges: [PriceChange]
    public let version: Version

    public init(
        id: BasketID, customerId: CustomerID, customerName: String, status: BasketStatus, items: [Item],
        totalMinor: Money, paymentId: PaymentID? = nil, pickupCode: String? = nil, cancelReason: String? = nil,
        priceChanges: [PriceChange], version: Version
    ) {
        self.id = id
        self.customerId = customerId
        self.customerName = customerName
        self.status = status
        self.items = items
        self.totalMinor = totalMinor
        self.paymentId = paymentId
        self.pickupCode = pickupCode
        self.cancelReason = cancelReason
        self.priceChanges = priceChanges
        self.version = version
    }
}

/// The checked-out basket, hence the order, that goods are handed over for; nil if no live order has this code.
public struct FindBasketByPickupCode: Query {
    public static let name = "basketsapi.FindBasketByPickupCode"
    public typealias Answer = BasketID?

    public let pickupCode: String

    public init(pickupCode: String) {
        self.pickupCode = pickupCode
    }
}
