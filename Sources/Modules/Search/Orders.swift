import Contracts
import FoundationEssentials
public import Kernel

/// All orders, folded from what ordering says of them.
///
/// An event may overtake the creation of its order: it is remembered, and the creation then only adds what it knows.
public let orders = Projection("orders", of: OrderRow.self, storage: OrderStorage()) {
    on(OrderCreated.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row, status: row?.status ?? .pending) { row in
            guard row.placement == nil else { return }
            row.placement = OrderRow.Placement(
                number: envelope.position.rawValue, customerId: event.customerId, customerName: event.customerName,
                createdAt: envelope.at)
            row.goods = row.goods ?? OrderRow.Goods(items: event.items, totalMinor: event.totalMinor)
        }
    }
    on(OrderApproved.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row, status: .approved)
    }
    on(OrderRejected.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row, status: .rejected, event.reason) { $0.reason = said(event.reason) }
    }
    on(OrderStarted.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row, status: .inProgress)
    }
    on(OrderItemsAdjusted.self, \.id) { row, event, envelope in
        let missing = event.removed.map { "\($0.quantity) × \($0.productName)" }.joined(separator: ", ")
        note(envelope, event.id, in: &row, status: row?.status ?? .pending, missing) { row in
            row.goods = OrderRow.Goods(items: event.items, totalMinor: event.totalMinor)
        }
    }
    on(OrderReadied.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row, status: .ready)
    }
    on(OrderPaid.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row, status: row?.status ?? .pending) { $0.paid = true }
    }
    on(OrderCanceled.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row, status: .canceled, event.reason) { $0.reason = said(event.reason) }
    }
    on(OrderCompleted.self, \.id) { row, event, envelope in
        note(envelope, event.id, in: &row, status: .completed)
    }
}

/// Enters an event into the order's row and timeline.
private func note(
    _ envelope: Envelope, _ id: OrderID, in row: inout OrderRow?, status: OrderStatus, _ remark: String = "",
    _ change: (inout OrderRow) -> Void = { _ in }
) {
    var order = row ?? OrderRow(orderId: id, status: status, at: envelope.at)
    order.status = status
    order.updatedAt = max(order.updatedAt, envelope.at)
    let event = envelope.type.drop { $0 != "." }.dropFirst()
    order.detail.timeline.append(
        Moment(at: envelope.at, event: String(event), actor: envelope.cause.actor, note: said(remark)))
    change(&order)
    row = order
}

private func said(_ text: String) -> String? { text.isEmpty ? nil : text }
