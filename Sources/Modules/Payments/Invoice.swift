import Contracts
import FoundationEssentials
import Kernel

/// The demand for payment of one order. It asks for money once, and gives back what was too much.
///
/// What is due and what was received are two amounts: the first follows the order, the second only refunds. While the card
/// service is asked, the order may shrink or be canceled; that is remembered and settled by the answer.
enum Invoice: Decider {
    case absent
    /// The amount was heard of before the approval.
    case foretold(OrderID, Money)
    case pending(Bill)
    case capturing(Bill, Capture)
    case paid(Bill, Receipt)
    /// Nothing is due. Without a bill the cancellation has overtaken the approval.
    case canceled(OrderID, Bill?)
    /// Everything has gone back.
    case refunded(Bill, Receipt)

    struct Bill: Codable, Equatable {
        let orderId: OrderID
        let customerId: CustomerID
        let paymentId: PaymentID
        var amountMinor: Money
        let authorizedMinor: Money
        /// How often a card was tried.
        var captures = 0
    }

    /// A card being tried.
    struct Capture: Codable, Equatable {
        let method: PaymentMethod
        let amountMinor: Money
        /// Why the invoice is to be canceled whatever the answer.
        var canceled: String?
    }

    struct Receipt: Codable, Equatable {
        let method: PaymentMethod
        let amountMinor: Money
        /// The drawer that the cash went into.
        let shiftId: ShiftID?
        var refundedMinor = Money.zero

        var leftMinor: Money { amountMinor - refundedMinor }
    }

    typealias Noun = Contracts.Noun.Invoice
    static let category = "payments.Invoice"
    /// Why the difference goes back when an order shrinks.
    static let shortage = "not everything could be had"

    enum Command {
        case create(OrderID, CustomerID, PaymentID, amount: Money, authorized: Money)
        case adjust(OrderID, Money)
        case pay(PaymentMethod, expected: Money, into: ShiftID?)
        /// The card service gave the money of the try with this number.
        case approve(capture: Int)
        case refuse(capture: Int, reason: String)
        case cancel(OrderID, reason: String)
        case refund(Money, reason: String)
    }

    enum Event: Codable, Equatable {
        case invoiceCreated(
            orderId: OrderID, customerId: CustomerID, paymentId: PaymentID, amountMinor: Money, authorizedMinor: Money)
        case invoiceAdjusted(orderId: OrderID, amountMinor: Money)
        case invoiceCapturing(method: PaymentMethod, amountMinor: Money, capture: Int)
        case invoiceCaptureRefused(reason: String)
        case invoiceCancelNoted(reason: String)
        case invoicePaid(method: PaymentMethod, amountMinor: Money, shiftId: ShiftID?)
        case invoiceRefunded(amountMinor: Money, reason: String)
        case invoiceCanceled(orderId: OrderID)
    }

    init() { self = .absent }

    var bill: Bill? {
        switch self {
        case .absent, .foretold: nil
        case .pending(let bill), .capturing(let bill, _), .paid(let bill, _), .refunded(let bill, _): bill
        case .canceled(_, let bill): bill
        }
    }

    /// What was received; nil if nothing ever was.
    var receipt: Receipt? {
        switch self {
        case .absent, .foretold, .pending, .capturing, .canceled: nil
        case .paid(_, let receipt), .refunded(_, let receipt): receipt
        }
    }

    func decide(_ command: Command, at _: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .create(let order, let customer, let payment, let amount, let authorized)):
            return [.created(order, customer, payment, amount, authorized)]
        case (.foretold(_, let due), .create(let order, let customer, let payment, let amount, let authorized)):
            return [
                .created(order, customer, payment, amount, authorized),
                .invoiceAdjusted(orderId: order, amountMinor: due),
            ]
        // The order was canceled before its approval was heard of. There is an invoice, and it was never payable.
        case (.canceled(_, nil), .create(let order, let customer, let payment, let amount, let authorized)):
            return [.created(order, customer, payment, amount, authorized), .invoiceCanceled(orderId: order)]
        case (.pending, .create), (.capturing, .create), (.paid, .create), (.canceled, .create), (.refunded, .create):
            return []

        case (.absent, .adjust(let order, let due)):
            return [.invoiceAdjusted(orderId: order, amountMinor: try due.notNegative())]
        case (.foretold(_, let known), .adjust(let order, let due)):
            return known == due ? [] : [.invoiceAdjusted(orderId: order, amountMinor: try due.notNegative())]
        case (.pending(let bill), .adjust(_, let due)):
            guard try due.notNegative() <= max(bill.amountMinor, bill.authorizedMinor) else {
                throw .conflict("the card stands for \(bill.authorizedMinor) only")
            }
            return bill.amountMinor == due ? [] : [.invoiceAdjusted(orderId: bill.orderId, amountMinor: due)]
        case (.capturing(let bill, _), .adjust(_, let due)):
            guard try due.notNegative() <= bill.amountMinor else { throw .dearerAfterPayment }
            return bill.amountMinor == due ? [] : [.invoiceAdjusted(orderId: bill.orderId, amountMinor: due)]
        case (.paid(let bill, let receipt), .adjust(_, let due)):
            guard try due.notNegative() <= bill.amountMinor else { throw .dearerAfterPayment }
            guard due < bill.amountMinor else { return [] }
            let back = min(bill.amountMinor - due, receipt.leftMinor)
            return [.invoiceAdjusted(orderId: bill.orderId, amountMinor: due)]
                + (back > .zero ? [.invoiceRefunded(amountMinor: back, reason: Self.shortage)] : [])
        case (.canceled, .adjust), (.refunded, .adjust): return []

        case (.pending(let bill), .pay(let method, let expected, let shift)):
            guard expected == bill.amountMinor else {
                throw .conflict("the amount due is \(bill.amountMinor) now")
            }
            // Nothing is due, so no card has to be asked.
            if method == .cash || bill.amountMinor == .zero {
                return [.invoicePaid(method: method, amountMinor: bill.amountMinor, shiftId: shift)]
            }
            guard method == .card || bill.amountMinor <= bill.authorizedMinor else {
                throw .noCardOnFile
            }
            return [
                .invoiceCapturing(method: method, amountMinor: bill.amountMinor, capture: bill.captures + 1)
            ]
        case (.capturing, .pay): throw .conflict("the invoice is being paid already")
        case (.paid, .pay): throw .conflict("the invoice is paid already")
        case (.canceled(_, .some), .pay): throw .conflict("the invoice was canceled: nothing is due")
        case (.refunded, .pay): throw .conflict("the invoice was paid and refunded: nothing is due")

        case (.capturing(let bill, let capture), .approve(let number)) where number == bill.captures:
            return capture.received(for: bill)
        case (.capturing(let bill, let capture), .refuse(let number, let reason)) where number == bill.captures:
            return [.invoiceCaptureRefused(reason: reason)]
                + (capture.canceled == nil ? [] : [.invoiceCanceled(orderId: bill.orderId)])
        // An answer to a question that is settled.
        case (.absent, .approve), (.foretold, .approve), (.pending, .approve), (.capturing, .approve),
            (.paid, .approve), (.canceled, .approve), (.refunded, .approve),
            (.absent, .refuse), (.foretold, .refuse), (.pending, .refuse), (.capturing, .refuse),
            (.paid, .refuse), (.canceled, .refuse), (.refunded, .refuse):
            return []

        case (.absent, .cancel(let order, _)), (.foretold(let order, _), .cancel):
            return [.invoiceCanceled(orderId: order)]
        case (.pending(let bill), .cancel): return [.invoiceCanceled(orderId: bill.orderId)]
        case (.capturing(_, let capture), .cancel(_, let reason)):
            return capture.canceled == nil ? [.invoiceCancelNoted(reason: reason)] : []
        case (.paid(let bill, let receipt), .cancel(_, let reason)):
            guard receipt.leftMinor > .zero else { return [.invoiceCanceled(orderId: bill.orderId)] }
            return [.invoiceRefunded(amountMinor: receipt.leftMinor, reason: reason)]
        case (.canceled, .cancel), (.refunded, .cancel): return []

        case (.paid(_, let receipt), .refund(let amount, let reason)):
            let reason = try Text.note(reason, field: "reason")
            guard !reason.isEmpty else { throw .invalid("a reason is required", field: "reason") }
            guard amount > .zero else {
                throw .invalid("the amount must be above 0", field: "amountMinor")
            }
            guard amount <= receipt.leftMinor else {
                throw .conflict("only \(receipt.leftMinor) of what was paid is left")
            }
            return [.invoiceRefunded(amountMinor: amount, reason: reason)]
        case (.pending, .refund), (.capturing, .refund): throw .conflict("the invoice is not paid yet")
        case (.canceled(_, .some), .refund): throw .conflict("the invoice was canceled: nothing was paid")
        case (.refunded, .refund): throw .conflict("everything that was paid has gone back already")

        case (.absent, .pay), (.foretold, .pay), (.canceled(_, nil), .pay),
            (.absent, .refund), (.foretold, .refund), (.canceled(_, nil), .refund):
            throw .unknownInvoice
        }
    }

    mutating func apply(_ event: Event) {
        switch (self, event) {
        case (.absent, .invoiceCreated(let order, let customer, let payment, let amount, let authorized)),
            (.foretold, .invoiceCreated(let order, let customer, let payment, let amount, let authorized)),
            (.canceled(_, nil), .invoiceCreated(let order, let customer, let payment, let amount, let authorized)):
            self = .pending(
                Bill(
                    orderId: order, customerId: customer, paymentId: payment, amountMinor: amount,
                    authorizedMinor: authorized))
        case (.absent, .invoiceAdjusted(let order, let due)), (.foretold, .invoiceAdjusted(let order, let due)):
            self = .foretold(order, due)
        case (.pending(var bill), .invoiceAdjusted(_, let due)):
            bill.amountMinor = due
            self = .pending(bill)
        case (.capturing(var bill, let capture), .invoiceAdjusted(_, let due)):
            bill.amountMinor = due
            self = .capturing(bill, capture)
        case (.paid(var bill, let receipt), .invoiceAdjusted(_, let due)):
            bill.amountMinor = due
            self = .paid(bill, receipt)
        case (.pending(var bill), .invoiceCapturing(let method, let amount, let number)):
            bill.captures = number
            self = .capturing(bill, Capture(method: method, amountMinor: amount))
        case (.capturing(let bill, _), .invoiceCaptureRefused): self = .pending(bill)
        case (.capturing(let bill, var capture), .invoiceCancelNoted(let reason)):
            capture.canceled = reason
            self = .capturing(bill, capture)
        case (.pending(let bill), .invoicePaid(let method, let amount, let shift)),
            (.capturing(let bill, _), .invoicePaid(let method, let amount, let shift)):
            self = .paid(bill, Receipt(method: method, amountMinor: amount, shiftId: shift))
        case (.paid(let bill, var receipt), .invoiceRefunded(let amount, _)):
            receipt.refundedMinor = receipt.refundedMinor + amount
            self = receipt.leftMinor > .zero ? .paid(bill, receipt) : .refunded(bill, receipt)
        case (.absent, .invoiceCanceled(let order)), (.foretold, .invoiceCanceled(let order)):
            self = .canceled(order, nil)
        case (.pending(let bill), .invoiceCanceled(let order)), (.paid(let bill, _), .invoiceCanceled(let order)):
            self = .canceled(order, bill)
        default: preconditionFailure("\(event) happened to an invoice that was \(self)")
        }
    }
}

extension Invoice.Capture {
    /// The money is there: what has become too much of it meanwhile goes back at once.
    fileprivate func received(for bill: Invoice.Bill) -> [Invoice.Event] {
        let paid = Invoice.Event.invoicePaid(method: method, amountMinor: amountMinor, shiftId: nil)
        if let canceled { return [paid, .invoiceRefunded(amountMinor: amountMinor, reason: canceled)] }
        guard bill.amountMinor < amountMinor else { return [paid] }
        return [paid, .invoiceRefunded(amountMinor: amountMinor - bill.amountMinor, reason: Invoice.shortage)]
    }
}

extension Invoice.Event {
    fileprivate static func created(
        _ order: OrderID, _ customer: CustomerID, _ payment: PaymentID, _ amount: Money, _ authorized: Money
    ) -> Invoice.Event {
        .invoiceCreated(
            orderId: order, customerId: customer, paymentId: payment, amountMinor: amount, authorizedMinor: authorized)
    }
}

extension Money {
    fileprivate func notNegative() throws(Refusal) -> Money {
        guard self >= .zero else { throw .invalid("an amount due is not below 0", field: "amountMinor") }
        return self
    }
}

extension Refusal {
    static let noCardOnFile = Refusal.conflict("no card on file stands for this amount: take another card, or cash")
    static let unknownInvoice = Refusal.notFound("there is no such invoice")
    fileprivate static let dearerAfterPayment = Refusal.conflict("what is paid does not become dearer")
}

extension InvoiceID {
    /// The one invoice of an order: the order's identifier with the version 8 (RFC 9562 §5.8), which no other identifier has.
    init(of order: OrderID) {
        var bytes = order.rawValue.uuid
        bytes.6 = bytes.6 & 0x0f | 0x80
        self.init(rawValue: UUID(uuid: bytes))
    }
}
