public import Kernel

/// A checkout became an order; nobody has agreed to it yet.
public struct OrderCreated: PublicEvent {
    public static let name = "ordersapi.OrderCreated"

    public let id: OrderID
    public let customerId: CustomerID
    public let customerName: String
    public let paymentId: PaymentID
    public let shoppingId: ListID?
    public let items: [Item]
    public let totalMinor: Money
    public let pickupCode: String

    public init(
        id: OrderID, customerId: CustomerID, customerName: String, paymentId: PaymentID, shoppingId: ListID? = nil,
        items: [Item], totalMinor: Money, pickupCode: String
    ) {
        self.id = id
        self.customerId = customerId
        self.customerName = customerName
        self.paymentId = paymentId
        self.shoppingId = shoppingId
        self.items = items
        self.totalMinor = totalMinor
        self.pickupCode = pickupCode
    }
}

public struct OrderApproved: PublicEvent {
    public static let name = "ordersapi.OrderApproved"

    public let id: OrderID
    public let customerId: CustomerID
    public let paymentId: PaymentID
    public let shoppingId: ListID
    public let totalMinor: Money

    public init(id: OrderID, customerId: CustomerID, paymentId: PaymentID, shoppingId: ListID, totalMinor: Money) {
        self.id = id
        self.customerId = customerId
        self.paymentId = paymentId
        self.shoppingId = shoppingId
        self.totalMinor = totalMinor
    }
}

public struct OrderRejected: PublicEvent {
    public static let name = "ordersapi.OrderRejected"

    public let id: OrderID
    public let customerId: CustomerID
    public let paymentId: PaymentID
    public let totalMinor: Money
    public let reason: String

    public init(id: OrderID, customerId: CustomerID, paymentId: PaymentID, totalMinor: Money, reason: String) {
        self.id = id
        self.customerId = customerId
        self.paymentId = paymentId
        self.totalMinor = totalMinor
        self.reason = reason
    }
}

/// A robot is on its way.
public struct OrderStarted: PublicEvent {
    public static let name = "ordersapi.OrderStarted"

    public let id: OrderID
    public let customerId: CustomerID
    public let botId: BotID

    public init(id: OrderID, customerId: CustomerID, botId: BotID) {
        self.id = id
        self.customerId = customerId
        self.botId = botId
    }
}

/// Some goods could not be had; the order goes on without them.
public struct OrderItemsAdjusted: PublicEvent {
    public static let name = "ordersapi.OrderItemsAdjusted"

    public let id: OrderID
    public let customerId: CustomerID
    public let removed: [Shortage]
    /// What is left.
    public let items: [Item]
    /// Of what is left.
    public let totalMinor: Money

    public init(id: OrderID, customerId: CustomerID, removed: [Shortage], items: [Item], totalMinor: Money) {
        self.id = id
        self.customerId = customerId
        self.removed = removed
        self.items = items
        self.totalMinor = totalMinor
    }
}

/// All goods that will ever come are at the depot.
public struct OrderReadied: PublicEvent {
    public static let name = "ordersapi.OrderReadied"

    public let id: OrderID
    public let customerId: CustomerID
    public let paymentId: PaymentID
    public let totalMinor: Money

    public init(id: OrderID, customerId: CustomerID, paymentId: PaymentID, totalMinor: Money) {
        self.id = id
        self.customerId = customerId
        self.paymentId = paymentId
        self.totalMinor = totalMinor
    }
}

public struct OrderPaid: PublicEvent {
    public static let name = "ordersapi.OrderPaid"

    public let id: OrderID
    public let customerId: CustomerID
    public let invoiceId: InvoiceID
    public let amountMinor: Money

    public init(id: OrderID, customerId: CustomerID, invoiceId: InvoiceID, amountMinor: Money) {
        self.id = id
        self.customerId = customerId
        self.invoiceId = invoiceId
        self.amountMinor = amountMinor
    }
}

/// The goods were handed over.
public struct OrderCompleted: PublicEvent {
    public static let name = "ordersapi.OrderCompleted"

    public let id: OrderID
    public let customerId: CustomerID
    public let invoiceId: InvoiceID

    public init(id: OrderID, customerId: CustomerID, invoiceId: InvoiceID) {
        self.id = id
        self.customerId = customerId
        self.invoiceId = invoiceId
    }
}

/// Ready for a day, and nobody has come for it.
public struct OrderOverdue: PublicEvent {
    public static let name = "ordersapi.OrderOverdue"

    public let id: OrderID
    public let customerId: CustomerID

    public init(id: OrderID, customerId: CustomerID) {
        self.id = id
        self.customerId = customerId
    }
}

public struct OrderCanceled: PublicEvent {
    public static let name = "ordersapi.OrderCanceled"

    public let id: OrderID
    public let customerId: CustomerID
    public let paymentId: PaymentID
    /// Empty where nothing was said.
    public let reason: String
    public let by: CanceledBy

    public init(id: OrderID, customerId: CustomerID, paymentId: PaymentID, reason: String, by: CanceledBy) {
        self.id = id
        self.customerId = customerId
        self.paymentId = paymentId
        self.reason = reason
        self.by = by
    }
}

/// Staff must give a reason. A customer may cancel until the order is ready.
public struct CancelOrder: PublicCommand {
    public static let name = "ordersapi.CancelOrder"

    public let id: OrderID
    public let reason: String?

    public init(id: OrderID, reason: String? = nil) {
        self.id = id
        self.reason = reason
    }
}

public struct RejectOrder: PublicCommand {
    public static let name = "ordersapi.RejectOrder"

    public let id: OrderID
    public let reason: String

    public init(id: OrderID, reason: String) {
        self.id = id
        self.reason = reason
    }
}

public struct ApproveOrder: PublicCommand {
    public static let name = "ordersapi.ApproveOrder"

    public let id: OrderID
    public let shoppingId: ListID

    public init(id: OrderID, shoppingId: ListID) {
        self.id = id
        self.shoppingId = shoppingId
    }
}

/// The goods are handed over. Refused unless the order is ready and paid.
public struct CompleteOrder: PublicCommand {
    public static let name = "ordersapi.CompleteOrder"

    public let id: OrderID

    public init(id: OrderID) {
        self.id = id
    }
}

public enum OrderStatus: String, Codable, Sendable, CaseIterable {
    case pending, rejected, approved
    case inProgress = "in-progress"
    case ready, completed, canceled
}

/// Who ended an order: the mall itself does when nothing of it can be had.
public enum CanceledBy: String, Codable, Sendable {
    case customer, staff, mall
}

/// Units of one line that could not be had.
public struct Shortage: Codable, Sendable, Equatable {
    public let productId: ProductID
    public let storeId: StoreID
    public let productName: String
    public let quantity: Int

    public init(productId: ProductID, storeId: StoreID, productName: String, quantity: Int) {
        self.productId = productId
        self.storeId = storeId
        self.productName = productName
        self.quantity = quantity
    }
}

/// One entry of an order's timeline.
public struct Moment: Codable, Sendable, Equatable {
    public let at: Instant
    /// The event's name without its module: `OrderCreated`.
    public let event: String
    public let actor: String
    public let note: String?

    public init(at: Instant, event: String, actor: String, note: String? = nil) {
        self.at = at
        self.event = event
        self.actor = actor
        self.note = note
    }
}

/// An order by its identifier, pending from the moment its basket was checked out; `not_found` if there is none.
public struct GetOrder: Query {
    public static let name = "ordersapi.GetOrder"
    public typealias Answer = OrderDetails

    public let id: OrderID

    public init(id: OrderID) {
        self.id = id
    }
}

public struct OrderDetails: Codable, Sendable, Equatable {
    public let id: OrderID
    public let customerId: CustomerID
    public let customerName: String
    public let paymentId: PaymentID
    public let shoppingId: ListID?
    public let invoiceId: InvoiceID?
    public let items: [Item]
    public let totalMinor: Money
    public let status: OrderStatus
    public let paid: Bool
    public let pickupCode: String
    public let rejectReason: String?
    public let cancelReason: String?
    public let adjustments: [Shortage]
    public let timeline: [Moment]
    /// 0 while only the basket knows of it.
    public let version: Version

    public init(
        id: OrderID, customerId: CustomerID, customerName: String, paymentId: PaymentID, shoppingId: ListID? = nil,
        invoiceId: InvoiceID? = nil, items: [Item], totalMinor: Money, status: OrderStatus, paid: Bool,
        pickupCode: String, rejectReason: String? = nil, cancelReason: String? = nil, adjustments: [Shortage],
        timeline: [Moment], version: Version
    ) {
        self.id = id
        self.customerId = customerId
        self.customerName = customerName
        self.paymentId = paymentId
        self.shoppingId = shoppingId
        self.invoiceId = invoiceId
        self.items = items
        self.totalMinor = totalMinor
        self.status = status
        self.paid = paid
        self.pickupCode = pickupCode
        self.rejectReason = rejectReason
        self.cancelReason = cancelReason
        self.adjustments = adjustments
        self.timeline = timeline
        self.version = version
    }
}
