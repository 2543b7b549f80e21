import Contracts
public import Kernel

/// What is held on customers' cards.
public let payments = Module("payments") {
    accepts(AuthorizePayment.self) { command, tx in
        // Whose card and how much come from the basket and never from the caller.
        let basket = try await tx.ask(GetBasket(id: command.basketId))
        guard basket.status == .open else { throw Refusal.conflict("the basket is not open any more") }
        guard !basket.items.isEmpty else { throw Refusal.invalid("the basket is empty", field: "basketId") }
        guard basket.totalMinor > .zero else { throw Refusal.nothingToPay }
        let customer = try await tx.ask(GetCustomer(id: basket.customerId))
        guard customer.enabled else { throw Refusal.forbidden("the customer may not order") }
        let before = try await tx.state(of: Cover.self, basket.id)?.payment

        let id = tx.newID(PaymentID.self)
        let answer = try await tx.ask(
            AuthorizeCard(payment: id, customer: customer.id, amountMinor: basket.totalMinor))
        let code: String
        switch answer {
        case .approved(let approval): code = approval
        case .refused(let reason): throw Refusal.conflict("the card was refused: \(reason)")
        }
        let hold = Payment.Hold(
            customerId: customer.id, basketId: basket.id, amountMinor: basket.totalMinor, authorisationCode: code)
        try await tx.tell(Payment.self, id, .authorize(hold))
        try await tx.tell(Cover.self, basket.id, .hold(id))
        if let before {
            try await tx.tell(
                Payment.self, before, .release(basketId: basket.id, customerId: customer.id, .replaced))
        }
        return Done()
    }
    reacts(to: BasketCanceled.self) { event, tx in
        let cover = try await tx.tell(Cover.self, event.id, .close)
        guard let payment = cover.payment else { return }
        try await tx.tell(
            Payment.self, payment, .release(basketId: event.id, customerId: event.customerId, .basketCanceled))
    }
    reacts(to: OrderCanceled.self) { event, tx in
        try await tx.tell(
            Payment.self, event.paymentId,
            .release(basketId: event.id.of(BasketID.self), customerId: event.customerId, .orderCanceled))
    }
    reacts(to: OrderRejected.self) { event, tx in
        try await tx.tell(
            Payment.self, event.paymentId,
            .release(basketId: event.id.of(BasketID.self), customerId: event.customerId, .orderRejected))
    }
    ticks(Payment.self)
    announces(Payment.self) { id, state, event in
        if let hold = state.hold {
            switch event {
            case .paymentAuthorized:
                PaymentAuthorized(
                    id: id, customerId: hold.customerId, basketId: hold.basketId, amountMinor: hold.amountMinor)
            case .paymentReleased(let reason):
                PaymentReleased(
                    id: id, customerId: hold.customerId, basketId: hold.basketId, amountMinor: hold.amountMinor,
                    reason: reason)
            case .paymentExpired:
                PaymentReleased(
                    id: id, customerId: hold.customerId, basketId: hold.basketId, amountMinor: hold.amountMinor,
                    reason: .expired)
            }
        }
    }
    announces(Cover.self) { _, _, event in
        switch event {
        case .coverHeld, .coverClosed: []
        }
    }

    answers(GetPayment.self) { query, reader in
        guard let found = try await reader.state(of: Payment.self, query.id), let hold = found.state.hold else {
            throw Refusal.notFound("there is no such payment")
        }
        return PaymentDetails(
            id: query.id, customerId: hold.customerId, basketId: hold.basketId, amountMinor: hold.amountMinor,
            status: found.state.status, version: found.version)
    }
}

extension Payment {
    fileprivate var status: PaymentStatus {
        switch self {
        case .absent, .authorized: .authorized
        case .released: .released
        case .expired: .expired
        }
    }
}

extension Refusal {
    static let nothingToPay = Refusal.invalid(
        "there is nothing to pay for: the total must be above 0", field: "basketId")
}
