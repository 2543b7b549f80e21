import Contracts
public import Kernel

/// What is held on customers' cards, what orders cost, and what was paid for them.
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
    accepts(ConfirmPayment.self) { command, tx in
        try await tx.tell(
            Payment.self, command.id, .confirm(command.orderId, command.customerId, total: command.amountMinor))
        return Done()
    }
    accepts(ReleasePayment.self) { command, tx in
        try await tx.tell(
            Payment.self, command.id,
            .release(basketId: command.orderId.of(BasketID.self), customerId: nil, .orderRejected))
        return Done()
    }
    reacts(to: BasketCanceled.self) { event, tx in
        let cover = try await tx.tell(Cover.self, event.id, .close)
        guard let payment = cover.payment else { return }
        try await tx.tell(
            Payment.self, payment, .release(basketId: event.id, customerId: event.customerId, .basketCanceled))
    }
    ticks(Payment.self)
    announces(Payment.self) { id, state, event in
        if let hold = state.hold {
            switch event {
            case .paymentAuthorized:
                PaymentAuthorized(
                    id: id, customerId: hold.customerId, basketId: hold.basketId, amountMinor: hold.amountMinor)
            case .paymentConfirmed(let order):
                PaymentConfirmed(
                    id: id, customerId: hold.customerId, orderId: order, amountMinor: hold.amountMinor)
            case .paymentCaptured(let order, let amount):
                PaymentCaptured(id: id, customerId: hold.customerId, orderId: order, amountMinor: amount)
            // The invoice says it.
            case .paymentRefunded: []
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
            throw Refusal.unknownPayment
        }
        return PaymentDetails(
            id: query.id, customerId: hold.customerId, basketId: hold.basketId, amountMinor: hold.amountMinor,
            status: found.state.status, version: found.version)
    }

    reacts(to: OrderApproved.self) { event, tx in
        let payment = try await tx.state(of: Payment.self, event.paymentId) ?? Payment()
        try await settle(
            InvoiceID(of: event.id),
            .create(
                event.id, event.customerId, event.paymentId, amount: event.totalMinor,
                authorized: payment.amount(for: event.id)), tx)
    }
    reacts(to: OrderItemsAdjusted.self) { event, tx in
        try await settle(InvoiceID(of: event.id), .adjust(event.id, event.totalMinor), tx)
    }
    reacts(to: OrderRejected.self) { event, tx in
        try await tx.tell(
            Payment.self, event.paymentId,
            .release(basketId: event.id.of(BasketID.self), customerId: event.customerId, .orderRejected))
    }
    reacts(to: OrderCanceled.self) { event, tx in
        let reason = event.reason.isEmpty ? "the order was canceled" : event.reason
        let invoice = try await settle(InvoiceID(of: event.id), .cancel(event.id, reason: reason), tx)
        // While the card service is asked for the money, its answer decides what becomes of the card.
        if case .capturing = invoice { return }
        try await tx.tell(
            Payment.self, event.paymentId,
            .release(basketId: event.id.of(BasketID.self), customerId: event.customerId, .orderCanceled))
    }
    accepts(PayInvoice.self) { command, tx in
        var drawer: ShiftID?
        switch command.method {
        case .card: break
        case .cash:
            guard try await tx.state(of: Invoice.self, command.id) != nil else { throw Refusal.unknownInvoice }
            drawer = try await tx.ask(FindDrawer(cashier: tx.cause.actor))
            if drawer == nil { throw Refusal.noDrawer }
        case .cardOnFile:
            // The card may have been let go since the invoice was made out.
            if case .pending(let bill) = try await tx.state(of: Invoice.self, command.id) {
                let payment = try await tx.state(of: Payment.self, bill.paymentId) ?? Payment()
                if payment.amount(for: bill.orderId) < bill.amountMinor { throw Refusal.noCardOnFile }
            }
        }
        try await settle(
            command.id, .pay(command.method, expected: command.expectedAmountMinor, into: drawer), tx)
        return Done()
    }
    accepts(RefundInvoice.self) { command, tx in
        var drawer = try await tx.ask(FindDrawer(cashier: tx.cause.actor))
        if drawer == nil, let receipt = try await tx.state(of: Invoice.self, command.id)?.receipt,
            receipt.method == .cash
        {
            // A supervisor has no drawer: it comes from where it went.
            guard let shift = receipt.shiftId, try await tx.state(of: Shift.self, shift)?.isOpen == true else {
                throw Refusal.noDrawer
            }
            drawer = shift
        }
        try await settle(
            command.id, .refund(command.amountMinor, reason: command.reason), drawer: drawer, tx)
        return Done()
    }
    announces(Invoice.self) { id, state, event in
        switch event {
        case .invoiceCreated(let order, let customer, let payment, let amount, let authorized):
            InvoiceCreated(
                id: id, orderId: order, customerId: customer, paymentId: payment, amountMinor: amount,
                authorizedMinor: authorized)
        case .invoiceAdjusted(let order, let amount): InvoiceAdjusted(id: id, orderId: order, amountMinor: amount)
        case .invoiceCanceled(let order): InvoiceCanceled(id: id, orderId: order)
        case .invoiceCancelNoted: []
        case .invoiceCapturing(let method, let amount, _):
            if let bill = state.bill {
                InvoiceCapturing(id: id, orderId: bill.orderId, method: method, amountMinor: amount)
            }
        case .invoiceCaptureRefused(let reason):
            if let bill = state.bill { InvoiceCaptureRefused(id: id, orderId: bill.orderId, reason: reason) }
        case .invoicePaid(let method, let amount, _):
            if let bill = state.bill {
                InvoicePaid(
                    id: id, orderId: bill.orderId, customerId: bill.customerId, amountMinor: amount, method: method)
            }
        case .invoiceRefunded(let amount, let reason):
            if let bill = state.bill, let receipt = state.receipt {
                InvoiceRefunded(
                    id: id, orderId: bill.orderId, amountMinor: amount, refundedMinor: receipt.refundedMinor,
                    method: receipt.method, reason: reason, isWhole: receipt.leftMinor == .zero)
            }
        }
    }
    answers(GetInvoice.self) { query, reader in
        guard let invoice = try await details(query.id, reader) else { throw Refusal.unknownInvoice }
        return invoice
    }
    answers(FindInvoice.self) { query, reader in try await details(InvoiceID(of: query.orderId), reader) }
    folds(invoices)
    shows(invoicesTopic)

    accepts(OpenShift.self) { command, tx in
        let id = tx.newID(ShiftID.self)
        try await tx.tell(Shift.self, id, .open(cashier: tx.cause.actor, float: command.floatMinor))
        return OpenedShift(id: id)
    }
    accepts(CloseShift.self) { command, tx in
        try await tx.tell(Shift.self, command.id, .close(by: tx.cause.actor, counted: command.countedMinor))
        return Done()
    }
    announces(Shift.self) { id, state, event in
        switch event {
        case .shiftOpened(let cashier, let float): ShiftOpened(id: id, cashier: cashier, floatMinor: float)
        case .shiftMoved(let invoice, let amount, let expected):
            ShiftMoved(id: id, invoiceId: invoice, amountMinor: amount, expectedMinor: expected)
        case .shiftClosed(let expected, let counted):
            ShiftClosed(id: id, cashier: state.cashier, expectedMinor: expected, countedMinor: counted)
        }
    }
    answers(FindDrawer.self) { query, reader in
        try await reader.holder(ofClaim: Shift.scope, value: query.cashier).map { ShiftID(rawValue: $0) }
    }
    folds(shifts)
    shows(shiftsTopic)
}

private func details(_ id: InvoiceID, _ reader: any Reader) async throws -> InvoiceDetails? {
    guard let found = try await reader.state(of: Invoice.self, id), let bill = found.state.bill else { return nil }
    let receipt = found.state.receipt
    return InvoiceDetails(
        id: id, orderId: bill.orderId, customerId: bill.customerId, paymentId: bill.paymentId,
        status: found.state.status, amountMinor: bill.amountMinor, authorizedMinor: bill.authorizedMinor,
        paidMinor: receipt?.amountMinor ?? .zero, refundedMinor: receipt?.refundedMinor ?? .zero,
        method: receipt?.method, version: found.version)
}

extension Invoice {
    fileprivate var status: InvoiceStatus {
        switch self {
        case .absent, .foretold, .pending: .pending
        case .capturing: .capturing
        case .paid: .paid
        case .canceled: .canceled
        case .refunded: .refunded
        }
    }
}
