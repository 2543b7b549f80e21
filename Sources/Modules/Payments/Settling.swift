import Contracts
import Kernel

/// Tells an invoice something, and in the same unit its payment and the drawer what follows from it: they never disagree.
///
/// `drawer` is where cash comes from that is given back on purpose; without it, it comes from where it went.
@discardableResult
func settle(
    _ id: InvoiceID, _ command: Invoice.Command, drawer: ShiftID? = nil, _ tx: borrowing any Transaction & ~Copyable
) async throws -> Invoice {
    let before = try await tx.state(of: Invoice.self, id) ?? Invoice()
    let after = try await tx.tell(Invoice.self, id, command)
    guard let bill = after.bill else { return after }
    let basket = bill.orderId.of(BasketID.self)
    if let receipt = after.receipt, before.receipt == nil {
        if receipt.method == .cardOnFile, receipt.amountMinor > .zero {
            try await tx.tell(Payment.self, bill.paymentId, .capture(bill.orderId, receipt.amountMinor))
        } else {
            try await tx.tell(
                Payment.self, bill.paymentId,
                .release(basketId: basket, customerId: bill.customerId, .paidOtherwise))
        }
        if let shift = receipt.shiftId { try await tx.tell(Shift.self, shift, .move(id, receipt.amountMinor)) }
    }
    if let receipt = after.receipt {
        let back = receipt.refundedMinor - (before.receipt?.refundedMinor ?? .zero)
        if back > .zero { try await giveBack(back, of: receipt, id, bill, drawer, tx) }
    }
    // What a cancellation had to leave alone while the card service was asked.
    if case .capturing = before, case .canceled = after {
        try await tx.tell(
            Payment.self, bill.paymentId, .release(basketId: basket, customerId: bill.customerId, .orderCanceled))
    }
    return after
}

private func giveBack(
    _ amount: Money, of receipt: Invoice.Receipt, _ id: InvoiceID, _ bill: Invoice.Bill, _ drawer: ShiftID?,
    _ tx: borrowing any Transaction & ~Copyable
) async throws {
    switch receipt.method {
    case .cardOnFile: try await tx.tell(Payment.self, bill.paymentId, .refund(bill.orderId, amount))
    // The card service alone knows of it.
    case .card: break
    case .cash:
        if let drawer {
            try await tx.tell(Shift.self, drawer, .move(id, Money.zero - amount))
        } else if let shift = receipt.shiftId, let held = try await tx.state(of: Shift.self, shift),
            held.canGive(amount)
        {
            try await tx.tell(Shift.self, shift, .move(id, Money.zero - amount))
        }
    }
}
