import Contracts
public import Kernel

/// What customers are told by text message. Amounts are written in this currency.
public func notifications(currency: String = "EUR") -> Module {
    let wording = Wording(currency: Currency(currency))
    return Module("notifications") {
        reacts(to: OrderCreated.self) { event, tx in
            try await notify(event.customerId, .received, of: event.id, wording.received(event), tx)
        }
        reacts(to: OrderRejected.self) { event, tx in
            try await notify(event.customerId, .rejected, of: event.id, wording.rejected(event), tx)
        }
        reacts(to: OrderItemsAdjusted.self) { event, tx in
            try await notify(event.customerId, .adjusted, of: event.id, wording.adjusted(event), tx)
        }
        reacts(to: OrderReadied.self) { event, tx in
            let code = try await tx.ask(GetOrder(id: event.id)).pickupCode
            try await notify(event.customerId, .ready, of: event.id, wording.ready(event, pickupCode: code), tx)
        }
        reacts(to: OrderOverdue.self) { event, tx in
            let code = try await tx.ask(GetOrder(id: event.id)).pickupCode
            try await notify(event.customerId, .reminder, of: event.id, wording.reminder(pickupCode: code), tx)
        }
        reacts(to: OrderCanceled.self) { event, tx in
            try await notify(event.customerId, .canceled, of: event.id, wording.canceled(event), tx)
        }
        reacts(to: OrderCompleted.self) { event, tx in
            let total = try await tx.ask(GetOrder(id: event.id)).totalMinor
            try await notify(event.customerId, .completed, of: event.id, wording.completed(totalMinor: total), tx)
        }
        accepts(ResendNotification.self) { command, tx in
            guard let content = try await tx.state(of: Notification.self, command.id)?.content else {
                throw Refusal.unknownNotification
            }
            let phone = try await tx.ask(PhoneOf(customer: content.customerId))
            try await tx.tell(Notification.self, command.id, .resend(phone: phone))
            return Done()
        }
        ticks(Notification.self)
        announces(Notification.self) { id, state, event in
            if let content = state.content {
                switch event {
                case .notificationQueued, .notificationRetried, .notificationResent:
                    NotificationQueued(
                        id: id, orderId: content.orderId, customerId: content.customerId, kind: content.kind,
                        phone: content.phone, text: content.text, attempt: state.attempt)
                case .notificationSuppressed:
                    NotificationSuppressed(
                        id: id, orderId: content.orderId, customerId: content.customerId, kind: content.kind,
                        phone: content.phone, text: content.text)
                case .notificationDelayed(let error, _):
                    NotificationDelayed(
                        id: id, orderId: content.orderId, customerId: content.customerId, kind: content.kind,
                        attempts: state.attempt, error: error)
                case .notificationSent:
                    NotificationSent(
                        id: id, orderId: content.orderId, customerId: content.customerId, kind: content.kind,
                        attempts: state.attempt)
                case .notificationFailed(let error):
                    NotificationFailed(
                        id: id, orderId: content.orderId, customerId: content.customerId, kind: content.kind,
                        attempts: state.attempt, error: error)
                }
            }
        }

        answers(PhoneOf.self) { query, reader in try await query.answer(reader) }
        migrates(PhoneBook.migration)
        PhoneBook.numbers
        folds(messages)
        shows(messagesTopic)
    }
}

/// Hands texts to the SMS service, apart from whoever writes them: a service that is slow or cannot be reached delays nothing
/// but texts.
public let smsDesk = Module("notifications.sms") {
    reacts(to: NotificationQueued.self) { event, tx in
        // Heard again after its answer: the service would answer as before, but need not be asked.
        guard case .queued(_, let tries) = try await tx.state(of: Notification.self, event.id),
            tries.attempt == event.attempt
        else { return }
        let answer: TextAnswer
        do {
            answer = try await tx.ask(
                SendText(key: event.id, attempt: event.attempt, phone: event.phone, text: event.text))
        } catch let refusal as Refusal where refusal.kind == .unavailable {
            answer = .refused(reason: refusal.message)
        }
        switch answer {
        case .accepted: try await tx.tell(Notification.self, event.id, .delivered(attempt: event.attempt))
        case .refused(let reason):
            try await tx.tell(Notification.self, event.id, .refused(attempt: event.attempt, error: reason))
        }
    }
}

private func notify(
    _ customer: CustomerID, _ kind: NotificationKind, of order: OrderID, _ text: String,
    _ tx: borrowing any Transaction & ~Copyable
) async throws {
    let phone = try await tx.ask(PhoneOf(customer: customer))
    try await tx.tell(
        Notification.self, NotificationID(of: order, kind),
        .notify(
            Notification.Content(orderId: order, customerId: customer, kind: kind, phone: phone, text: text),
            of: tx.happenedAt))
}
