import Contracts
import Kernel

extension OrderDetails {
    init(_ id: OrderID, _ order: Order, _ facts: Order.Facts, _ timeline: [Moment], _ version: Version) {
        self.init(
            id: id, customerId: facts.customerId, customerName: facts.customerName, paymentId: facts.paymentId,
            shoppingId: facts.shoppingId, invoiceId: facts.paid?.invoiceId, items: facts.items,
            totalMinor: facts.totalMinor, status: order.status, paid: facts.paid != nil, pickupCode: facts.pickupCode,
            rejectReason: order.rejectReason, cancelReason: order.cancelReason, adjustments: facts.adjustments,
            timeline: timeline, version: version)
    }
}

extension Order {
    var status: OrderStatus {
        switch self {
        case .absent, .pending: .pending
        case .approved: .approved
        case .inProgress: .inProgress
        case .ready: .ready
        case .completed: .completed
        case .rejected: .rejected
        case .canceled: .canceled
        }
    }

    fileprivate var rejectReason: String? { if case .rejected(_, let reason) = self { reason } else { nil } }
    fileprivate var cancelReason: String? { if case .canceled(_, let reason, _) = self { reason } else { nil } }
}

extension Moment {
    /// Nil for what is nobody's business: that a robot was faster than the approval, and how long goods wait.
    init?(_ happened: Happened<Order.Event>) {
        switch happened.event {
        case .orderStartNoted, .orderPickupAwaited: return nil
        case .orderCreated, .orderApproved, .orderRejected, .orderStarted, .orderItemsAdjusted, .orderReadied,
            .orderOverdue, .orderPaid, .orderCompleted, .orderCanceled:
            break
        }
        let note: String? =
            switch happened.event {
            case .orderRejected(let reason): reason
            case .orderCanceled(let reason, _): reason.isEmpty ? nil : reason
            case .orderItemsAdjusted(let removed, _, _):
                removed.map { "\($0.quantity) × \($0.productName)" }.joined(separator: ", ")
            case .orderCreated, .orderApproved, .orderStartNoted, .orderStarted, .orderReadied,
                .orderPickupAwaited, .orderOverdue, .orderPaid, .orderCompleted:
                nil
            }
        self.init(
            at: happened.at, event: String(happened.type.drop { $0 != "." }.dropFirst()), actor: happened.cause.actor,
            note: note)
    }
}
