import Contracts
public import Kernel

/// The life of an order, from its basket's checkout to the handover.
public let ordering = Module("ordering") {
    reacts(to: BasketCheckedOut.self) { event, tx in
        try await tx.tell(
            Order.self, event.id.of(OrderID.self),
            .create(
                customerId: event.customerId, customerName: event.customerName, paymentId: event.paymentId,
                items: event.items, pickupCode: event.pickupCode))
    }
    accepts(ApproveOrder.self) { command, tx in
        try await tx.tell(Order.self, command.id, .approve(command.shoppingId))
        return Done()
    }
    accepts(RejectOrder.self) { command, tx in
        try await tx.tell(Order.self, command.id, .reject(reason: command.reason))
        return Done()
    }
    accepts(CancelOrder.self) { command, tx in
        // Who speaks through a kiosk is a customer; whose order it is, the kiosk's gateway has checked.
        let by: CanceledBy = tx.cause.actor.hasPrefix("kiosk:") ? .customer : .staff
        try await tx.tell(Order.self, command.id, .cancel(reason: command.reason, by: by))
        return Done()
    }
    reacts(to: ShoppingListAssigned.self) { event, tx in
        try await tx.tell(Order.self, event.orderId, .start(event.botId))
    }
    reacts(to: ShoppingListCompleted.self) { event, tx in
        let missing = event.lines.filter { $0.missing > 0 }.map {
            Shortage(
                productId: $0.productId, storeId: $0.storeId, productName: $0.productName, quantity: $0.missing)
        }
        try await tx.tell(Order.self, event.orderId, .ready(missing: missing))
    }
    reacts(to: InvoicePaid.self) { event, tx in
        try await tx.tell(Order.self, event.orderId, .recordPayment(event.id, event.amountMinor))
    }
    accepts(CompleteOrder.self) { command, tx in
        try await tx.tell(Order.self, command.id, .handOver)
        return Done()
    }
    ticks(Order.self)
    announces(Order.self) { id, state, event in
        if let facts = state.facts {
            switch event {
            case .orderCreated:
                OrderCreated(
                    id: id, customerId: facts.customerId, customerName: facts.customerName,
                    paymentId: facts.paymentId, shoppingId: facts.shoppingId, items: facts.items,
                    totalMinor: facts.totalMinor, pickupCode: facts.pickupCode)
            case .orderApproved(let list):
                OrderApproved(
                    id: id, customerId: facts.customerId, paymentId: facts.paymentId, shoppingId: list,
                    totalMinor: facts.totalMinor)
            case .orderRejected(let reason):
                OrderRejected(
                    id: id, customerId: facts.customerId, paymentId: facts.paymentId, totalMinor: facts.totalMinor,
                    reason: reason)
            case .orderStartNoted: []
            case .orderStarted(let bot): OrderStarted(id: id, customerId: facts.customerId, botId: bot)
            case .orderItemsAdjusted(let removed, let items, let total):
                OrderItemsAdjusted(
                    id: id, customerId: facts.customerId, removed: removed, items: items, totalMinor: total)
            case .orderReadied(let total):
                OrderReadied(
                    id: id, customerId: facts.customerId, paymentId: facts.paymentId, totalMinor: total)
            case .orderPickupAwaited: []
            case .orderOverdue: OrderOverdue(id: id, customerId: facts.customerId)
            case .orderPaid(let invoice, let amount):
                OrderPaid(id: id, customerId: facts.customerId, invoiceId: invoice, amountMinor: amount)
            case .orderCompleted(let invoice):
                OrderCompleted(id: id, customerId: facts.customerId, invoiceId: invoice)
            case .orderCanceled(let reason, let by):
                OrderCanceled(
                    id: id, customerId: facts.customerId, paymentId: facts.paymentId, reason: reason, by: by)
            }
        }
    }

    answers(GetOrder.self) { query, reader in
        if let found = try await reader.state(of: Order.self, query.id), let facts = found.state.facts {
            let history = try await reader.history(of: Order.self, query.id)
            return OrderDetails(query.id, found.state, facts, history.compactMap(Moment.init), found.version)
        }
        return try await pending(query.id, reader)
    }
}

/// The order that a checkout has promised and the log has not brought yet: whoever checked out never reads `not_found`.
private func pending(_ id: OrderID, _ reader: any Reader) async throws -> OrderDetails {
    let basket: BasketDetails
    do { basket = try await reader.ask(GetBasket(id: id.of(BasketID.self))) } catch let refusal as Refusal {
        throw refusal.kind == .notFound ? Refusal.unknownOrder : refusal
    }
    guard basket.status == .checkedOut, let payment = basket.paymentId, let code = basket.pickupCode else {
        throw Refusal.unknownOrder
    }
    return OrderDetails(
        id: id, customerId: basket.customerId, customerName: basket.customerName, paymentId: payment,
        items: basket.items, totalMinor: basket.totalMinor, status: .pending, paid: false, pickupCode: code,
        adjustments: [], timeline: [], version: 0)
}
