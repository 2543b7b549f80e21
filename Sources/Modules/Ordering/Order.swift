import Contracts
import Kernel

/// The promise to gather goods and hand them over. It ends completed, canceled or rejected, and never changes then.
enum Order: Decider {
    case absent
    case pending(Facts, startedBy: BotID?)
    case approved(Facts)
    case inProgress(Facts, BotID)
    /// Until it is overdue, once.
    case ready(Facts, overdueAt: Instant?)
    case completed(Facts)
    case rejected(Facts, reason: String)
    case canceled(Facts, reason: String, by: CanceledBy)

    struct Facts: Codable, Equatable {
        let customerId: CustomerID
        let customerName: String
        let paymentId: PaymentID
        var items: [Item]
        var totalMinor: Money
        let pickupCode: String
        var shoppingId: ListID?
        var paid: Paid?
        var adjustments: [Shortage] = []
    }

    struct Paid: Codable, Equatable {
        let invoiceId: InvoiceID
        let amountMinor: Money
    }

    typealias Noun = Contracts.Noun.Order
    static let category = "ordering.Order"
    static let snapshotVersion = 2
    static let reminder = "overdue"
    /// How long goods wait for their customer before somebody is told.
    static let patience = Duration.seconds(24 * 3600)
    /// The reason of an order of which nothing could be had.
    static let nothingAvailable = "nothing_available"

    enum Command {
        case create(
            customerId: CustomerID, customerName: String, paymentId: PaymentID, items: [Item], pickupCode: String)
        case approve(ListID)
        case reject(reason: String)
        case start(BotID)
        /// The list is completed; these units of it could not be had.
        case ready(missing: [Shortage])
        case recordPayment(InvoiceID, Money)
        case handOver
        case cancel(reason: String?, by: CanceledBy)
        /// Nobody has come for it.
        case remind
    }

    enum Event: Codable, Equatable {
        case orderCreated(
            customerId: CustomerID, customerName: String, paymentId: PaymentID, items: [Item], totalMinor: Money,
            pickupCode: String)
        case orderApproved(shoppingId: ListID)
        case orderRejected(reason: String)
        /// A robot was faster than the approval, which is to be followed by the start.
        case orderStartNoted(botId: BotID)
        case orderStarted(botId: BotID)
        case orderItemsAdjusted(removed: [Shortage], items: [Item], totalMinor: Money)
        case orderReadied(totalMinor: Money)
        case orderPickupAwaited(until: Instant)
        case orderOverdue
        case orderPaid(invoiceId: InvoiceID, amountMinor: Money)
        case orderCompleted(invoiceId: InvoiceID)
        case orderCanceled(reason: String, by: CanceledBy)
    }

    init() { self = .absent }

    /// What is true of the order in whatever state; nil before there is one.
    var facts: Facts? {
        switch self {
        case .absent: nil
        case .pending(let facts, _), .approved(let facts), .inProgress(let facts, _), .ready(let facts, _),
            .completed(let facts), .rejected(let facts, _), .canceled(let facts, _, _):
            facts
        }
    }

    var timers: [String: Instant] {
        guard case .ready(_, let overdueAt?) = self else { return [:] }
        return [Self.reminder: overdueAt]
    }

    static func command(for timer: String) -> Command? { timer == reminder ? .remind : nil }

    func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .create(let customerId, let customerName, let paymentId, let items, let pickupCode)):
            guard !items.isEmpty else { throw .invalid("an order has at least one line", field: "items") }
            return [
                .orderCreated(
                    customerId: customerId, customerName: customerName, paymentId: paymentId, items: items,
                    totalMinor: try items.total(), pickupCode: pickupCode)
            ]
        // A checkout that is heard twice.
        case (.pending, .create), (.approved, .create), (.inProgress, .create), (.ready, .create),
            (.completed, .create), (.rejected, .create), (.canceled, .create):
            return []

        case (.pending(_, let bot), .approve(let list)):
            return [.orderApproved(shoppingId: list)] + (bot.map { [.orderStarted(botId: $0)] } ?? [])
        case (.approved(let facts), .approve(let list)), (.inProgress(let facts, _), .approve(let list)),
            (.ready(let facts, _), .approve(let list)), (.completed(let facts), .approve(let list)):
            guard facts.shoppingId == list else { throw .conflict("the order has another shopping list") }
            return []
        case (.rejected, .approve): throw .conflict("the order was rejected")
        case (.canceled, .approve): throw .conflict("the order was canceled")

        case (.pending, .reject(let reason)):
            return [.orderRejected(reason: try Text.note(reason, field: "reason"))]
        case (.rejected, .reject), (.canceled, .reject): return []
        // The saga gave up before it heard of the approval, and has undone what the order stands on.
        case (.approved, .reject(let reason)), (.inProgress, .reject(let reason)):
            return [.orderCanceled(reason: try Text.note(reason, field: "reason"), by: .mall)]
        case (.ready, .reject), (.completed, .reject): throw .conflict("the order is gathered already")

        case (.approved, .start(let bot)): return [.orderStarted(botId: bot)]
        case (.pending(_, let known), .start(let bot)): return known == bot ? [] : [.orderStartNoted(botId: bot)]
        // A list that a lost robot gave back is assigned again; the order is in progress all the while.
        case (.inProgress, .start), (.ready, .start), (.completed, .start), (.rejected, .start), (.canceled, .start):
            return []

        case (.approved(let facts), .ready(let missing)), (.inProgress(let facts, _), .ready(let missing)):
            return try facts.readied(without: missing, at: now)
        // A list is offered before the order is approved. Heard again a little later, it is.
        case (.pending, .ready): throw .unavailable("the order is not approved yet")
        case (.ready, .ready), (.completed, .ready), (.rejected, .ready), (.canceled, .ready): return []

        case (.pending(let facts, _), .recordPayment(let invoice, let amount)),
            (.approved(let facts), .recordPayment(let invoice, let amount)),
            (.inProgress(let facts, _), .recordPayment(let invoice, let amount)),
            (.ready(let facts, _), .recordPayment(let invoice, let amount)):
            return facts.paid == nil ? [.orderPaid(invoiceId: invoice, amountMinor: amount)] : []
        // The money that comes for an order nobody will get is given back by Payments.
        case (.completed, .recordPayment), (.rejected, .recordPayment), (.canceled, .recordPayment): return []

        case (.ready(let facts, _), .handOver):
            guard let paid = facts.paid else { throw .conflict("the order is not paid yet") }
            return [.orderCompleted(invoiceId: paid.invoiceId)]
        case (.completed, .handOver): return []
        case (.pending, .handOver), (.approved, .handOver), (.inProgress, .handOver):
            throw .conflict("the order is not collected yet")
        case (.rejected, .handOver): throw .conflict("the order was rejected")
        case (.canceled, .handOver): throw .conflict("the order was canceled")

        case (.pending, .cancel(let reason, let by)), (.approved, .cancel(let reason, let by)),
            (.inProgress, .cancel(let reason, let by)):
            return [.orderCanceled(reason: try Self.judged(reason, by), by: by)]
        case (.ready, .cancel(_, .customer)):
            throw .forbidden("the order is ready: only the staff at the depot can cancel it now")
        case (.ready, .cancel(let reason, let by)):
            return [.orderCanceled(reason: try Self.judged(reason, by), by: by)]
        case (.completed, .cancel): throw .conflict("the order was handed over already")
        case (.rejected, .cancel): throw .conflict("the order was rejected")
        case (.canceled, .cancel): throw .conflict("the order was canceled already")

        case (.ready(_, let overdueAt?), .remind): return now < overdueAt ? [] : [.orderOverdue]
        case (.absent, .remind), (.pending, .remind), (.approved, .remind), (.inProgress, .remind),
            (.ready(_, nil), .remind), (.completed, .remind), (.rejected, .remind), (.canceled, .remind):
            return []

        case (.absent, .approve), (.absent, .reject), (.absent, .start), (.absent, .ready), (.absent, .recordPayment),
            (.absent, .handOver), (.absent, .cancel):
            throw .unknownOrder
        }
    }

    private static func judged(_ reason: String?, _ by: CanceledBy) throws(Refusal) -> String {
        let reason = try Text.note(reason, field: "reason")
        guard by != .staff || !reason.isEmpty else { throw .invalid("a reason is required", field: "reason") }
        return reason
    }

    mutating func apply(_ event: Event) {
        if case .orderCreated(let customerId, let customerName, let paymentId, let items, let total, let code) = event {
            self = .pending(
                Facts(
                    customerId: customerId, customerName: customerName, paymentId: paymentId, items: items,
                    totalMinor: total, pickupCode: code),
                startedBy: nil)
            return
        }
        guard var facts else { preconditionFailure("an order's history begins with \(event), not with its creation") }
        switch event {
        case .orderCreated: break
        case .orderApproved(let list):
            facts.shoppingId = list
            self = .approved(facts)
        case .orderRejected(let reason): self = .rejected(facts, reason: reason)
        case .orderStartNoted(let bot): self = .pending(facts, startedBy: bot)
        case .orderStarted(let bot): self = .inProgress(facts, bot)
        case .orderItemsAdjusted(let removed, let items, let total):
            facts.adjustments += removed
            facts.items = items
            facts.totalMinor = total
            replace(facts)
        case .orderReadied: self = .ready(facts, overdueAt: nil)
        case .orderPickupAwaited(let until): self = .ready(facts, overdueAt: until)
        case .orderOverdue: self = .ready(facts, overdueAt: nil)
        case .orderPaid(let invoice, let amount):
            facts.paid = Paid(invoiceId: invoice, amountMinor: amount)
            replace(facts)
        case .orderCompleted: self = .completed(facts)
        case .orderCanceled(let reason, let by): self = .canceled(facts, reason: reason, by: by)
        }
    }

    /// Other facts, the same state.
    private mutating func replace(_ facts: Facts) {
        self =
            switch self {
            case .absent: preconditionFailure("an order that does not exist has no facts")
            case .pending(_, let bot): .pending(facts, startedBy: bot)
            case .approved: .approved(facts)
            case .inProgress(_, let bot): .inProgress(facts, bot)
            case .ready(_, let overdueAt): .ready(facts, overdueAt: overdueAt)
            case .completed: .completed(facts)
            case .rejected(_, let reason): .rejected(facts, reason: reason)
            case .canceled(_, let reason, let by): .canceled(facts, reason: reason, by: by)
            }
    }
}

extension Order.Facts {
    /// Ready with what there is; canceled where there is nothing.
    func readied(without missing: [Shortage], at now: Instant) throws(Refusal) -> [Order.Event] {
        var left = items
        var removed: [Shortage] = []
        for shortage in missing where shortage.quantity > 0 {
            guard let index = left.firstIndex(where: { $0.productId == shortage.productId }),
                shortage.quantity <= left[index].quantity
            else { throw .invalid("more is missing than was ordered of \(shortage.productName)", field: "missing") }
            let item = left[index]
            removed.append(
                Shortage(
                    productId: item.productId, storeId: item.storeId, productName: item.productName,
                    quantity: shortage.quantity))
            left[index] = item.counting(item.quantity - shortage.quantity)
        }
        left.removeAll { $0.quantity == 0 }
        let awaited = Order.Event.orderPickupAwaited(until: now + Order.patience)
        guard !removed.isEmpty else { return [.orderReadied(totalMinor: totalMinor), awaited] }
        guard !left.isEmpty else { return [.orderCanceled(reason: Order.nothingAvailable, by: .mall)] }
        let total = try left.total()
        return [
            .orderItemsAdjusted(removed: removed, items: left, totalMinor: total), .orderReadied(totalMinor: total),
            awaited,
        ]
    }
}

extension Refusal {
    static let unknownOrder = Refusal.notFound("there is no such order")
}
