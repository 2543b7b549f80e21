import Contracts
public import Kernel

/// What the mall has said aloud so far, kept as a bookkeeper would who trusts nobody: from the log's messages alone, and
/// by rules of its own. It says what does not add up once nothing is under way any more.
public struct Ledger: Sendable {
    struct Order: Sendable {
        var count = 0
        let at: Instant
        var status: OrderStatus
        let payment: PaymentID
        var total: Money
        var wasApproved = false
        var wasReadied = false
    }

    struct List: Sendable {
        let order: OrderID
        var status: ListStatus
        var bot: BotID?
        var availableSince: Instant?
        var needsClerk = false
    }

    struct Invoice: Sendable {
        let order: OrderID
        var status: InvoiceStatus
        var received: Int64 = 0
        var refunded: Int64 = 0
    }

    struct Hold: Sendable {
        let basket: BasketID
        var isHeld = true
        var orders: Set<OrderID> = []
    }

    struct Bot: Sendable {
        var status: BotStatus
        var list: ListID?
        /// When it came to be as it is.
        var since: Instant
    }

    struct TextKey: Hashable, Sendable {
        let order: OrderID
        let kind: NotificationKind
    }

    private(set) var baskets: Set<OrderID> = []
    private(set) var orders: [OrderID: Order] = [:]
    private(set) var lists: [ListID: List] = [:]
    private(set) var invoices: [InvoiceID: Invoice] = [:]
    private(set) var holds: [PaymentID: Hold] = [:]
    private(set) var bots: [BotID: Bot] = [:]
    private(set) var texts: [TextKey: (queued: Int, sent: Int)] = [:]
    private(set) var stuck: Set<OrderID> = []
    public private(set) var position = Position.start

    public init() {}

    /// Takes a row of the log; rows are taken in order, and each once.
    public mutating func take(_ envelope: Envelope) throws {
        position = envelope.position
        guard envelope.kind == .message else { return }
        try takeOrder(envelope)
        try takeList(envelope)
        try takeMoney(envelope)
        try takeText(envelope)
    }

    private mutating func takeOrder(_ envelope: Envelope) throws {
        switch envelope.type {
        case BasketCheckedOut.name:
            baskets.insert(try envelope.message(BasketCheckedOut.self).id.of(OrderID.self))
        case OrderCreated.name:
            let event = try envelope.message(OrderCreated.self)
            var order =
                orders[event.id]
                ?? Order(at: envelope.at, status: .pending, payment: event.paymentId, total: event.totalMinor)
            order.count += 1
            orders[event.id] = order
        case OrderApproved.name:
            let id = try envelope.message(OrderApproved.self).id
            orders[id]?.status = .approved
            orders[id]?.wasApproved = true
        case OrderRejected.name: orders[try envelope.message(OrderRejected.self).id]?.status = .rejected
        case OrderStarted.name: orders[try envelope.message(OrderStarted.self).id]?.status = .inProgress
        case OrderItemsAdjusted.name:
            let event = try envelope.message(OrderItemsAdjusted.self)
            orders[event.id]?.total = event.totalMinor
        case OrderReadied.name:
            let id = try envelope.message(OrderReadied.self).id
            orders[id]?.status = .ready
            orders[id]?.wasReadied = true
        case OrderCompleted.name: orders[try envelope.message(OrderCompleted.self).id]?.status = .completed
        case OrderCanceled.name: orders[try envelope.message(OrderCanceled.self).id]?.status = .canceled
        case SagaStuck.name: stuck.insert(try envelope.message(SagaStuck.self).id)
        case SagaStepped.name: stuck.remove(try envelope.message(SagaStepped.self).id)
        case SagaCompensated.name: stuck.remove(try envelope.message(SagaCompensated.self).id)
        case SagaCompleted.name: stuck.remove(try envelope.message(SagaCompleted.self).id)
        default: break
        }
    }

    private mutating func takeList(_ envelope: Envelope) throws {
        switch envelope.type {
        case ShoppingListCreated.name:
            let event = try envelope.message(ShoppingListCreated.self)
            lists[event.id] = List(order: event.orderId, status: .pending)
        case ShoppingListInitiated.name:
            let id = try envelope.message(ShoppingListInitiated.self).id
            lists[id]?.status = .available
            lists[id]?.availableSince = envelope.at
        case ShoppingListAssigned.name:
            let event = try envelope.message(ShoppingListAssigned.self)
            lists[event.id]?.status = .assigned
            lists[event.id]?.bot = event.botId
        case ShoppingListStarted.name: lists[try envelope.message(ShoppingListStarted.self).id]?.status = .active
        case ShoppingListDelivered.name: lists[try envelope.message(ShoppingListDelivered.self).id]?.status = .delivered
        case ShoppingListReleased.name:
            let event = try envelope.message(ShoppingListReleased.self)
            lists[event.id]?.status = .available
            lists[event.id]?.availableSince = envelope.at
            lists[event.id]?.bot = nil
            lists[event.id]?.needsClerk = event.needsClerk
        case ShoppingListCompleted.name:
            let id = try envelope.message(ShoppingListCompleted.self).id
            lists[id]?.status = .completed
            lists[id]?.bot = nil
        case ShoppingListCanceled.name:
            let id = try envelope.message(ShoppingListCanceled.self).id
            lists[id]?.status = .canceled
            lists[id]?.bot = nil
        case BotRegistered.name: setBot(try envelope.message(BotRegistered.self).id, .offline, envelope)
        case BotOnline.name: setBot(try envelope.message(BotOnline.self).id, .idle, envelope)
        case BotIdled.name: setBot(try envelope.message(BotIdled.self).id, .idle, envelope)
        case BotActivated.name:
            let event = try envelope.message(BotActivated.self)
            setBot(event.id, .active, envelope, event.listId)
        case BotRecalled.name: setBot(try envelope.message(BotRecalled.self).id, .recalled, envelope)
        case BotOffline.name: setBot(try envelope.message(BotOffline.self).id, .offline, envelope)
        case BotLost.name: setBot(try envelope.message(BotLost.self).id, .lost, envelope)
        case BotRetired.name: setBot(try envelope.message(BotRetired.self).id, .retired, envelope)
        default: break
        }
    }

    private mutating func setBot(_ id: BotID, _ status: BotStatus, _ envelope: Envelope, _ list: ListID? = nil) {
        bots[id] = Bot(status: status, list: list, since: envelope.at)
    }

    private mutating func takeMoney(_ envelope: Envelope) throws {
        switch envelope.type {
        case PaymentAuthorized.name:
            let event = try envelope.message(PaymentAuthorized.self)
            holds[event.id] = Hold(basket: event.basketId)
        case PaymentConfirmed.name:
            let event = try envelope.message(PaymentConfirmed.self)
            holds[event.id]?.orders.insert(event.orderId)
        case PaymentReleased.name: holds[try envelope.message(PaymentReleased.self).id]?.isHeld = false
        case PaymentCaptured.name: holds[try envelope.message(PaymentCaptured.self).id]?.isHeld = false
        case InvoiceCreated.name:
            let event = try envelope.message(InvoiceCreated.self)
            invoices[event.id] = Invoice(order: event.orderId, status: .pending)
        case InvoiceCapturing.name: invoices[try envelope.message(InvoiceCapturing.self).id]?.status = .capturing
        case InvoiceCaptureRefused.name:
            invoices[try envelope.message(InvoiceCaptureRefused.self).id]?.status = .pending
        case InvoicePaid.name:
            let event = try envelope.message(InvoicePaid.self)
            invoices[event.id]?.status = .paid
            invoices[event.id]?.received += event.amountMinor.minor
        case InvoiceCanceled.name: invoices[try envelope.message(InvoiceCanceled.self).id]?.status = .canceled
        case InvoiceRefunded.name:
            let event = try envelope.message(InvoiceRefunded.self)
            invoices[event.id]?.refunded += event.amountMinor.minor
            if event.isWhole { invoices[event.id]?.status = .refunded }
        default: break
        }
    }

    private mutating func takeText(_ envelope: Envelope) throws {
        switch envelope.type {
        case NotificationQueued.name:
            let event = try envelope.message(NotificationQueued.self)
            texts[TextKey(order: event.orderId, kind: event.kind), default: (0, 0)].queued += 1
        case NotificationSuppressed.name:
            let event = try envelope.message(NotificationSuppressed.self)
            texts[TextKey(order: event.orderId, kind: event.kind), default: (0, 0)].queued += 1
        case NotificationSent.name:
            let event = try envelope.message(NotificationSent.self)
            texts[TextKey(order: event.orderId, kind: event.kind), default: (0, 0)].sent += 1
        default: break
        }
    }
}
