import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Payments

@Suite struct InvoiceTests {
    static let (ada, order, payment) = (PaymentTests.ada, PaymentTests.order, PaymentID(rawValue: UUID()))
    static let shift = ShiftID(rawValue: UUID())
    static let created = Invoice.Event.invoiceCreated(
        orderId: order, customerId: ada, paymentId: payment, amountMinor: Money(minor: 900),
        authorizedMinor: Money(minor: 1000))
    static let capturing = [
        created, .invoiceCapturing(method: .cardOnFile, amountMinor: Money(minor: 900), capture: 1),
    ]
    static let paid = [created, .invoicePaid(method: .cash, amountMinor: Money(minor: 900), shiftId: shift)]
    static let create = Invoice.Command.create(
        order, ada, payment, amount: Money(minor: 900), authorized: Money(minor: 1000))

    @Test func `every state answers every command as the table says`() {
        let table = table(
            of: Invoice.self,
            states: [
                "absent": [],
                "foretold": [Self.adjusted(500)],
                "pending": [Self.created],
                "pending, refused once": Self.capturing + [.invoiceCaptureRefused(reason: "no")],
                "capturing": Self.capturing,
                "capturing, adjusted": Self.capturing + [Self.adjusted(500)],
                "capturing, cancel noted": Self.capturing + [.invoiceCancelNoted(reason: "rain")],
                "paid": Self.paid,
                "paid, partly refunded": Self.paid + [Self.refunded(600)],
                "refunded": Self.paid + [Self.refunded(900)],
                "canceled": [Self.created, .invoiceCanceled(orderId: Self.order)],
                "canceled before it was created": [.invoiceCanceled(orderId: Self.order)],
            ],
            commands: [
                "create": Self.create, "adjust to 500": .adjust(Self.order, Money(minor: 500)),
                "adjust to 1000": .adjust(Self.order, Money(minor: 1000)),
                "adjust to 1001": .adjust(Self.order, Money(minor: 1001)),
                "adjust to -1": .adjust(Self.order, Money(minor: -1)),
                "pay in cash": .pay(.cash, expected: Money(minor: 900), into: Self.shift),
                "pay by the card on file": .pay(.cardOnFile, expected: Money(minor: 900), into: nil),
                "pay by another card": .pay(.card, expected: Money(minor: 900), into: nil),
                "pay what was due before": .pay(.cash, expected: Money(minor: 901), into: Self.shift),
                "approve": .approve(capture: 1), "approve another try": .approve(capture: 2),
                "refuse": .refuse(capture: 1, reason: "no"), "refuse another try": .refuse(capture: 2, reason: "no"),
                "cancel": .cancel(Self.order, reason: "rain"),
                "refund 300": .refund(Money(minor: 300), reason: "bruised"),
                "refund 301": .refund(Money(minor: 301), reason: "bruised"),
                "refund 0": .refund(.zero, reason: "bruised"),
                "refund without a reason": .refund(Money(minor: 1), reason: " "),
            ])
        #expect(
            table == """
                absent
                    create → invoiceCreated
                    adjust to 500 → invoiceAdjusted
                    adjust to 1000 → invoiceAdjusted
                    adjust to 1001 → invoiceAdjusted
                    adjust to -1 → invalid: an amount due is not below 0
                    pay in cash → not_found: there is no such invoice
                    pay by the card on file → not_found: there is no such invoice
                    pay by another card → not_found: there is no such invoice
                    pay what was due before → not_found: there is no such invoice
                    approve → -
                    approve another try → -
                    refuse → -
                    refuse another try → -
                    cancel → invoiceCanceled
                    refund 300 → not_found: there is no such invoice
                    refund 301 → not_found: there is no such invoice
                    refund 0 → not_found: there is no such invoice
                    refund without a reason → not_found: there is no such invoice
                foretold
                    create → invoiceCreated, invoiceAdjusted
                    adjust to 500 → -
                    adjust to 1000 → invoiceAdjusted
                    adjust to 1001 → invoiceAdjusted
                    adjust to -1 → invalid: an amount due is not below 0
                    pay in cash → not_found: there is no such invoice
                    pay by the card on file → not_found: there is no such invoice
                    pay by another card → not_found: there is no such invoice
                    pay what was due before → not_found: there is no such invoice
                    approve → -
                    approve another try → -
                    refuse → -
                    refuse another try → -
                    cancel → invoiceCanceled
                    refund 300 → not_found: there is no such invoice
                    refund 301 → not_found: there is no such invoice
                    refund 0 → not_found: there is no such invoice
                    refund without a reason → not_found: there is no such invoice
                pending
                    create → -
                    adjust to 500 → invoiceAdjusted
                    adjust to 1000 → invoiceAdjusted
                    adjust to 1001 → conflict: the card stands for 10.00 EUR only
                    adjust to -1 → invalid: an amount due is not below 0
                    pay in cash → invoicePaid
                    pay by the card on file → invoiceCapturing
                    pay by another card → invoiceCapturing
                    pay what was due before → conflict: the amount due is 9.00 EUR now
                    approve → -
                    approve another try → -
                    refuse → -
                    refuse another try → -
                    cancel → invoiceCanceled
                    refund 300 → conflict: the invoice is not paid yet
                    refund 301 → conflict: the invoice is not paid yet
                    refund 0 → conflict: the invoice is not paid yet
                    refund without a reason → conflict: the invoice is not paid yet
                pending, refused once
                    create → -
                    adjust to 500 → invoiceAdjusted
                    adjust to 1000 → invoiceAdjusted
                    adjust to 1001 → conflict: the card stands for 10.00 EUR only
                    adjust to -1 → invalid: an amount due is not below 0
                    pay in cash → invoicePaid
                    pay by the card on file → invoiceCapturing
                    pay by another card → invoiceCapturing
                    pay what was due before → conflict: the amount due is 9.00 EUR now
                    approve → -
                    approve another try → -
                    refuse → -
                    refuse another try → -
                    cancel → invoiceCanceled
                    refund 300 → conflict: the invoice is not paid yet
                    refund 301 → conflict: the invoice is not paid yet
                    refund 0 → conflict: the invoice is not paid yet
                    refund without a reason → conflict: the invoice is not paid yet
                capturing
                    create → -
                    adjust to 500 → invoiceAdjusted
                    adjust to 1000 → conflict: what is paid does not become dearer
                    adjust to 1001 → conflict: what is paid does not become dearer
                    adjust to -1 → invalid: an amount due is not below 0
                    pay in cash → conflict: the invoice is being paid already
                    pay by the card on file → conflict: the invoice is being paid already
                    pay by another card → conflict: the invoice is being paid already
                    pay what was due before → conflict: the invoice is being paid already
                    approve → invoicePaid
                    approve another try → -
                    refuse → invoiceCaptureRefused
                    refuse another try → -
                    cancel → invoiceCancelNoted
                    refund 300 → conflict: the invoice is not paid yet
                    refund 301 → conflict: the invoice is not paid yet
                    refund 0 → conflict: the invoice is not paid yet
                    refund without a reason → conflict: the invoice is not paid yet
                capturing, adjusted
                    create → -
                    adjust to 500 → -
                    adjust to 1000 → conflict: what is paid does not become dearer
                    adjust to 1001 → conflict: what is paid does not become dearer
                    adjust to -1 → invalid: an amount due is not below 0
                    pay in cash → conflict: the invoice is being paid already
                    pay by the card on file → conflict: the invoice is being paid already
                    pay by another card → conflict: the invoice is being paid already
                    pay what was due before → conflict: the invoice is being paid already
                    approve → invoicePaid, invoiceRefunded
                    approve another try → -
                    refuse → invoiceCaptureRefused
                    refuse another try → -
                    cancel → invoiceCancelNoted
                    refund 300 → conflict: the invoice is not paid yet
                    refund 301 → conflict: the invoice is not paid yet
                    refund 0 → conflict: the invoice is not paid yet
                    refund without a reason → conflict: the invoice is not paid yet
                capturing, cancel noted
                    create → -
                    adjust to 500 → invoiceAdjusted
                    adjust to 1000 → conflict: what is paid does not become dearer
                    adjust to 1001 → conflict: what is paid does not become dearer
                    adjust to -1 → invalid: an amount due is not below 0
                    pay in cash → conflict: the invoice is being paid already
                    pay by the card on file → conflict: the invoice is being paid already
                    pay by another card → conflict: the invoice is being paid already
                    pay what was due before → conflict: the invoice is being paid already
                    approve → invoicePaid, invoiceRefunded
                    approve another try → -
                    refuse → invoiceCaptureRefused, invoiceCanceled
                    refuse another try → -
                    cancel → -
                    refund 300 → conflict: the invoice is not paid yet
                    refund 301 → conflict: the invoice is not paid yet
                    refund 0 → conflict: the invoice is not paid yet
                    refund without a reason → conflict: the invoice is not paid yet
                paid
                    create → -
                    adjust to 500 → invoiceAdjusted, invoiceRefunded
                    adjust to 1000 → conflict: what is paid does not become dearer
                    adjust to 1001 → conflict: what is paid does not become dearer
                    adjust to -1 → invalid: an amount due is not below 0
                    pay in cash → conflict: the invoice is paid already
                    pay by the card on file → conflict: the invoice is paid already
                    pay by another card → conflict: the invoice is paid already
                    pay what was due before → conflict: the invoice is paid already
                    approve → -
                    approve another try → -
                    refuse → -
                    refuse another try → -
                    cancel → invoiceRefunded
                    refund 300 → invoiceRefunded
                    refund 301 → invoiceRefunded
                    refund 0 → invalid: the amount must be above 0
                    refund without a reason → invalid: a reason is required
                paid, partly refunded
                    create → -
                    adjust to 500 → invoiceAdjusted, invoiceRefunded
                    adjust to 1000 → conflict: what is paid does not become dearer
                    adjust to 1001 → conflict: what is paid does not become dearer
                    adjust to -1 → invalid: an amount due is not below 0
                    pay in cash → conflict: the invoice is paid already
                    pay by the card on file → conflict: the invoice is paid already
                    pay by another card → conflict: the invoice is paid already
                    pay what was due before → conflict: the invoice is paid already
                    approve → -
                    approve another try → -
                    refuse → -
                    refuse another try → -
                    cancel → invoiceRefunded
                    refund 300 → invoiceRefunded
                    refund 301 → conflict: only 3.00 EUR of what was paid is left
                    refund 0 → invalid: the amount must be above 0
                    refund without a reason → invalid: a reason is required
                refunded
                    create → -
                    adjust to 500 → -
                    adjust to 1000 → -
                    adjust to 1001 → -
                    adjust to -1 → -
                    pay in cash → conflict: the invoice was paid and refunded: nothing is due
                    pay by the card on file → conflict: the invoice was paid and refunded: nothing is due
                    pay by another card → conflict: the invoice was paid and refunded: nothing is due
                    pay what was due before → conflict: the invoice was paid and refunded: nothing is due
                    approve → -
                    approve another try → -
                    refuse → -
                    refuse another try → -
                    cancel → -
                    refund 300 → conflict: everything that was paid has gone back already
                    refund 301 → conflict: everything that was paid has gone back already
                    refund 0 → conflict: everything that was paid has gone back already
                    refund without a reason → conflict: everything that was paid has gone back already
                canceled
                    create → -
                    adjust to 500 → -
                    adjust to 1000 → -
                    adjust to 1001 → -
                    adjust to -1 → -
                    pay in cash → conflict: the invoice was canceled: nothing is due
                    pay by the card on file → conflict: the invoice was canceled: nothing is due
                    pay by another card → conflict: the invoice was canceled: nothing is due
                    pay what was due before → conflict: the invoice was canceled: nothing is due
                    approve → -
                    approve another try → -
                    refuse → -
                    refuse another try → -
                    cancel → -
                    refund 300 → conflict: the invoice was canceled: nothing was paid
                    refund 301 → conflict: the invoice was canceled: nothing was paid
                    refund 0 → conflict: the invoice was canceled: nothing was paid
                    refund without a reason → conflict: the invoice was canceled: nothing was paid
                canceled before it was created
                    create → invoiceCreated, invoiceCanceled
                    adjust to 500 → -
                    adjust to 1000 → -
                    adjust to 1001 → -
                    adjust to -1 → -
                    pay in cash → not_found: there is no such invoice
                    pay by the card on file → not_found: there is no such invoice
                    pay by another card → not_found: there is no such invoice
                    pay what was due before → not_found: there is no such invoice
                    approve → -
                    approve another try → -
                    refuse → -
                    refuse another try → -
                    cancel → -
                    refund 300 → not_found: there is no such invoice
                    refund 301 → not_found: there is no such invoice
                    refund 0 → not_found: there is no such invoice
                    refund without a reason → not_found: there is no such invoice
                """)
    }

    @Test func `F-P4: an order has one invoice, with an identifier of its own`() {
        let (one, other) = (OrderID(rawValue: UUID()), OrderID(rawValue: UUID()))
        #expect(InvoiceID(of: one) == InvoiceID(of: one))
        #expect(InvoiceID(of: one) != InvoiceID(of: other))
        #expect(InvoiceID(of: one).rawValue != one.rawValue)
    }

    @Test
    func `F-P3 and row 61: a cancellation that comes before the approval leaves an invoice that was never payable`() {
        let invoice = given(Invoice.self).after(.cancel(Self.order, reason: "rain")).after(Self.create)
        #expect(invoice.state.bill?.amountMinor == Money(minor: 900))
        #expect(invoice.refusal(of: Self.pay(.cash, 900)) == .conflict("the invoice was canceled: nothing is due"))
    }

    @Test func `F-P4: an amount that is heard of before the approval is what is due`() {
        let invoice = given(Invoice.self).after(.adjust(Self.order, Money(minor: 500))).after(Self.create)
        #expect(invoice.refusal(of: Self.pay(.cash, 900)) == .conflict("the amount due is 5.00 EUR now"))
        #expect(invoice.when(Self.pay(.cash, 500)) == .success([Self.received(.cash, 500)]))
    }

    @Test func `row 49: what was too much of a payment goes back, and not more than is left of it`() {
        let invoice = given(Invoice.self, Self.paid)
        #expect(
            invoice.when(.adjust(Self.order, Money(minor: 700)))
                == .success([
                    Self.adjusted(700), .invoiceRefunded(amountMinor: Money(minor: 200), reason: Invoice.shortage),
                ]))
        let generous = invoice.after(.refund(Money(minor: 800), reason: "bruised"))
        #expect(
            generous.when(.adjust(Self.order, Money(minor: 700)))
                == .success([
                    Self.adjusted(700), .invoiceRefunded(amountMinor: Money(minor: 100), reason: Invoice.shortage),
                ]))
    }

    @Test func `an order that shrinks or is canceled while its card is asked is settled by the answer`() {
        let capturing = given(Invoice.self, Self.capturing)
        #expect(
            capturing.after(.adjust(Self.order, Money(minor: 500))).when(.approve(capture: 1))
                == .success([
                    Self.received(.cardOnFile, 900),
                    .invoiceRefunded(amountMinor: Money(minor: 400), reason: Invoice.shortage),
                ]))
        let canceled = capturing.after(.cancel(Self.order, reason: "rain"))
        #expect(
            canceled.when(.approve(capture: 1))
                == .success([
                    Self.received(.cardOnFile, 900),
                    .invoiceRefunded(amountMinor: Money(minor: 900), reason: "rain"),
                ]))
        #expect(
            canceled.when(.refuse(capture: 1, reason: "no"))
                == .success([.invoiceCaptureRefused(reason: "no"), .invoiceCanceled(orderId: Self.order)]))
    }

    @Test func `a card that nobody has confirmed pays for nothing`() {
        let create = Invoice.Command.create(
            Self.order, Self.ada, Self.payment, amount: Money(minor: 900), authorized: .zero)
        let invoice = given(Invoice.self).after(create)
        #expect(invoice.refusal(of: Self.pay(.cardOnFile, 900)) == .noCardOnFile)
        #expect(invoice.refusal(of: Self.pay(.card, 900)) == nil)
    }

    @Test func `where nothing is due, no card is asked`() {
        let invoice = given(Invoice.self, [Self.created, Self.adjusted(0)])
        for method in PaymentMethod.allCases {
            #expect(invoice.when(Self.pay(method, 0)) == .success([Self.received(method, 0)]))
        }
        #expect(
            invoice.after(Self.pay(.cash, 0)).when(.cancel(Self.order, reason: "rain"))
                == .success([.invoiceCanceled(orderId: Self.order)]))
    }

    @Test func `for any sequence of commands, what was received less what went back is what is due`() {
        Seeded.check { random in
            var state = Invoice()
            var (received, back, goodwill) = (Int64(0), Int64(0), Int64(0))
            var payments = 0
            for _ in 0..<40 {
                let command = Self.command(&random, state)
                guard let events = try? state.decide(command, at: .morning) else { continue }
                for event in events {
                    state.apply(event)
                    switch event {
                    case .invoicePaid(_, let amount, _):
                        received += amount.minor
                        payments += 1
                    case .invoiceRefunded(let amount, _):
                        back += amount.minor
                        if case .refund = command { goodwill += amount.minor }
                    case .invoiceCreated, .invoiceAdjusted, .invoiceCapturing, .invoiceCaptureRefused,
                        .invoiceCancelNoted, .invoiceCanceled:
                        break
                    }
                }
                #expect(payments <= 1)
                switch state {
                case .absent, .foretold, .pending, .capturing: #expect((received, back) == (0, 0))
                case .paid(let bill, _):
                    // What was given out of kindness may anticipate a shortage, and is not given twice.
                    let due = bill.amountMinor.minor
                    #expect((max(0, due - goodwill)...due).contains(received - back))
                case .canceled, .refunded: #expect(received == back)
                }
            }
        }
    }

    private static func command(_ random: inout Seeded, _ state: Invoice) -> Invoice.Command {
        let amount = Int64.random(in: -1...1001, using: &random)
        let due = state.bill?.amountMinor.minor ?? 900
        return switch Int.random(in: 0..<16, using: &random) {
        case 0, 1, 2: create
        case 3, 4: .adjust(order, Money(minor: amount))
        case 5: pay(.cash, due)
        case 6, 7: pay(.cardOnFile, due)
        case 8: pay(.card, due)
        case 9: pay(.cash, amount)
        case 10, 11: .approve(capture: Int.random(in: 1...3, using: &random))
        case 12: .refuse(capture: Int.random(in: 1...3, using: &random), reason: "no")
        case 13: Int.random(in: 0..<4, using: &random) == 0 ? .cancel(order, reason: "rain") : create
        default: .refund(Money(minor: amount / 4), reason: "bruised")
        }
    }

    private static func pay(_ method: PaymentMethod, _ expected: Int64) -> Invoice.Command {
        .pay(method, expected: Money(minor: expected), into: nil)
    }

    private static func received(_ method: PaymentMethod, _ amount: Int64) -> Invoice.Event {
        .invoicePaid(method: method, amountMinor: Money(minor: amount), shiftId: nil)
    }

    static func adjusted(_ due: Int64) -> Invoice.Event {
        .invoiceAdjusted(orderId: order, amountMinor: Money(minor: due))
    }

    static func refunded(_ amount: Int64) -> Invoice.Event {
        .invoiceRefunded(amountMinor: Money(minor: amount), reason: "bruised")
    }
}
