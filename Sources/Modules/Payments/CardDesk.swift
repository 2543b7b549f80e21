import Contracts
public import Kernel

/// Asks the card service for what invoices and payments want of it, apart from them: a service that is slow or cannot be
/// reached keeps nobody from paying cash.
public let cardDesk = Module("payments.card") {
    reacts(to: InvoiceCapturing.self) { event, tx in
        guard let capture = try await tx.ask(FindCapture(id: event.id)) else { return }
        try await ask(for: capture, tx)
    }
    reacts(to: InvoiceRefunded.self) { event, tx in
        guard event.method != .cash else { return }
        let payment = event.method == .cardOnFile ? try await tx.ask(GetInvoice(id: event.id)).paymentId : nil
        // The sum of all refunds rises with each: there is one of every sum.
        let key = "\(event.id) refund \(event.refundedMinor.minor)"
        try await ask(for: .refund(key: key, paymentId: payment, amountMinor: event.amountMinor), tx)
    }
    reacts(to: PaymentReleased.self) { event, tx in
        try await ask(for: .release(paymentId: event.id), tx)
    }
    reacts(to: CardCallDue.self) { event, tx in
        guard let answer = try await answer(to: event.wish, tx) else {
            let call = try await tx.tell(CardCall.self, event.id, .postpone(event.wish))
            if call.hasEnded { try await conclude(event.wish, .refused(reason: unreachable), tx) }
            return
        }
        try await tx.tell(CardCall.self, event.id, .end)
        try await conclude(event.wish, answer, tx)
    }
    ticks(CardCall.self)
    announces(CardCall.self) { id, state, event in
        switch event {
        case .cardCallDue: if case .due(let wish, _) = state { CardCallDue(id: id, wish: wish) }
        case .cardCallPostponed, .cardCallEnded, .cardCallGivenUp: []
        }
    }

    answers(FindCapture.self) { query, reader in
        guard case .capturing(let bill, let capture) = try await reader.state(of: Invoice.self, query.id)?.state else {
            return nil
        }
        return .capture(
            invoiceId: query.id, capture: bill.captures,
            paymentId: capture.method == .cardOnFile ? bill.paymentId : nil, amountMinor: capture.amountMinor)
    }
}

/// What an invoice is asking the card service for; nil if it is not. Asked, and not looked at by whoever asks the service:
/// the invoice stays free meanwhile.
struct FindCapture: Query {
    static let name = "payments.FindCapture"
    typealias Answer = CardCall.Wish?

    let id: InvoiceID
}

private let unreachable = "the card service cannot be reached"

private func ask(for wish: CardCall.Wish, _ tx: borrowing any Transaction & ~Copyable) async throws {
    if let answer = try await answer(to: wish, tx) {
        try await conclude(wish, answer, tx)
    } else {
        try await tx.tell(CardCall.self, tx.newID(ID<CardCall.Noun>.self), .postpone(wish))
    }
}

/// Nil if the service cannot be reached. What it is asked under one key, it does once.
private func answer(
    to wish: CardCall.Wish, _ tx: borrowing any Transaction & ~Copyable
) async throws -> CardAnswer? {
    do {
        switch wish {
        case .capture(let invoice, let capture, let payment, let amount):
            return try await tx.ask(
                CaptureCard(key: "\(invoice) capture \(capture)", payment: payment, amountMinor: amount))
        case .refund(let key, let payment, let amount):
            return try await tx.ask(RefundCard(key: key, payment: payment, amountMinor: amount))
        case .release(let payment): return try await tx.ask(ReleaseCard(payment: payment))
        }
    } catch let refusal as Refusal where refusal.kind == .unavailable {
        return nil
    }
}

private func conclude(
    _ wish: CardCall.Wish, _ answer: CardAnswer, _ tx: borrowing any Transaction & ~Copyable
) async throws {
    switch (wish, answer) {
    case (.capture(let invoice, let capture, _, _), .approved):
        try await settle(invoice, .approve(capture: capture), tx)
    case (.capture(let invoice, let capture, _, _), .refused(let reason)):
        try await settle(invoice, .refuse(capture: capture, reason: reason), tx)
    // Somebody has to give it back by hand: an alarm, and a dead letter that can be tried again.
    case (.refund(let key, _, let amount), .refused(let reason)):
        throw Refusal.conflict("the card service does not give back \(amount) (\(key)): \(reason)")
    // What it does not hold any more needs no letting go.
    case (.refund, .approved), (.release, .approved), (.release, .refused): break
    }
}
