import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Payments

/// Orders that are paid, short, canceled and handed over. F-O3, F-O5, F-P2 to F-P5, F-P7 and F-P8 are settled here.
@Suite struct TillTests {
    let till = Till()

    @Test func `F-P7 and row 25: an approved order has a pending invoice, and its card is bound to it`() async throws {
        let (order, payment, id) = try await till.approvedOrder()
        let invoice = try await till.invoice(id)
        #expect(invoice.status == .pending)
        #expect(invoice.amountMinor == Till.total)
        #expect(invoice.authorizedMinor == Till.total)
        #expect(invoice.paymentId == payment)
        #expect(try await till.mall.ask(FindInvoice(orderId: order)) == invoice)
        #expect(try await till.status(payment) == .confirmed)
        #expect(till.mall.refused.isEmpty)
    }

    @Test func `F-P8: the invoice of an order that has none is nil, and an unknown invoice not_found`() async throws {
        #expect(try await till.mall.ask(FindInvoice(orderId: OrderID(rawValue: UUID()))) == nil)
        await #expect(throws: Refusal.unknownInvoice) { try await till.invoice(InvoiceID(rawValue: UUID())) }
        // Of cash as well, and before anybody is told to open a shift.
        for method in [PaymentMethod.card, .cardOnFile, .cash] {
            await #expect(throws: Refusal.unknownInvoice) { try await till.pay(InvoiceID(rawValue: UUID()), method) }
        }
        await #expect(throws: Refusal.unknownInvoice) {
            try await till.mall.send(
                RefundInvoice(id: InvoiceID(rawValue: UUID()), amountMinor: Till.total, reason: "bruised"))
        }
        #expect(till.mall.streamCount == 0)
    }

    @Test func `F-P1 and row 27: a payment is confirmed for its customer's order from its basket, and says why not`()
        async throws
    {
        let basket = BasketID(rawValue: UUID())
        let (order, another) = (basket.of(OrderID.self), OrderID(rawValue: UUID()))
        let payment = try await till.authorize(basket)
        func confirm(_ id: PaymentID, _ amount: Int64, _ order: OrderID, _ customer: CustomerID) async throws {
            try await till.mall.send(
                ConfirmPayment(
                    id: id, amountMinor: Money(minor: amount), orderId: order, customerId: customer))
        }
        let refusals: [(Refusal, PaymentID, Int64, OrderID, CustomerID)] = [
            (.unknownPayment, PaymentID(rawValue: UUID()), 2400, order, Till.ada),
            (
                .conflict("not enough was authorized: 24.00 EUR for a total of 24.01 EUR"), payment, 2401, order,
                Till.ada
            ),
            (.conflict("the payment is another customer's"), payment, 2400, order, PaymentTests.hers),
            (.conflict("the payment was made for another basket"), payment, 2400, another, Till.ada),
        ]
        for (refusal, id, amount, order, customer) in refusals {
            await #expect(throws: refusal) { try await confirm(id, amount, order, customer) }
        }
        #expect(try await till.status(payment) == .authorized)
        try await confirm(payment, 2400, order, Till.ada)
        try await confirm(payment, 2400, order, Till.ada)
        #expect(try till.mall.said(PaymentConfirmed.self).count == 1)
        await #expect(throws: Refusal.boundElsewhere) { try await confirm(payment, 2400, another, Till.ada) }
    }

    @Test func `row 27: an undone confirmation frees the card of this order alone, once`() async throws {
        let (order, payment, _) = try await till.approvedOrder()
        try await till.mall.send(ReleasePayment(id: payment, orderId: OrderID(rawValue: UUID())))
        #expect(try await till.status(payment) == .confirmed)
        for _ in 0..<2 { try await till.mall.send(ReleasePayment(id: payment, orderId: order)) }
        try await till.mall.send(ReleasePayment(id: PaymentID(rawValue: UUID()), orderId: order))
        #expect(try await till.status(payment) == .released)
        #expect(try till.mall.said(PaymentReleased.self).count == 1)
        await #expect(throws: Refusal.noCardOnFile) { try await till.pay(InvoiceID(of: order), .cardOnFile) }
    }

    @Test func `F-P2, F-O5 and row 51: who pays on arrival is charged, and gets nothing before it is collected`()
        async throws
    {
        let (order, payment, id) = try await till.approvedOrder()
        try await till.pay(id, .cardOnFile)
        #expect(try await till.invoice(id).status == .paid)
        #expect(try await till.status(payment) == .captured)
        #expect(till.cards.balance == 2400)
        let details = try await till.mall.ask(GetOrder(id: order))
        #expect((details.paid, details.status, details.invoiceId) == (true, .approved, id))
        await #expect(throws: Refusal.conflict("the order is not collected yet")) {
            try await till.mall.send(CompleteOrder(id: order))
        }
        #expect(try till.mall.said(PaymentReleased.self).isEmpty)
    }

    @Test func `F-O5, row 52 and row 56: goods that are ready and paid are handed over, once`() async throws {
        let (order, _, id) = try await till.approvedOrder()
        try await till.completeList(order)
        await #expect(throws: Refusal.conflict("the order is not paid yet")) {
            try await till.mall.send(CompleteOrder(id: order))
        }
        try await till.pay(id, .cardOnFile)
        let first = try await till.mall.send(CompleteOrder(id: order))
        let again = try await till.mall.send(CompleteOrder(id: order))
        #expect(first.version == again.version)
        #expect(
            try till.mall.said(OrderCompleted.self) == [OrderCompleted(id: order, customerId: Till.ada, invoiceId: id)])
    }

    @Test func `F-P5 and row 53: one of two cashiers takes the money, and only what is due`() async throws {
        let (order, _, id) = try await till.approvedOrder()
        try await till.pay(id, .cardOnFile)
        await #expect(throws: Refusal.conflict("the invoice is paid already")) { try await till.pay(id, .cardOnFile) }
        #expect(try till.mall.said(InvoicePaid.self).count == 1)
        #expect(till.cards.balance == 2400)

        let (short, _, lowered) = try await till.approvedOrder()
        try await till.completeList(short, rolls: 1)
        await #expect(throws: Refusal.conflict("the amount due is 23.00 EUR now")) {
            try await till.pay(lowered, .cardOnFile)
        }
        try await till.pay(lowered, .cardOnFile, Money(minor: 2300))
        #expect(order != short)
    }

    @Test func `row 54: a refused card leaves the invoice pending; cash is taken, and the held card let go`()
        async throws
    {
        let (order, payment, id) = try await till.approvedOrder()
        let shift = try await till.openShift()
        till.cards.mood = .refusing
        try await till.pay(id, .cardOnFile)
        #expect(try await till.invoice(id).status == .pending)
        #expect(try till.row(order)?.lastRefusal == "unlucky")
        till.cards.mood = .approving
        try await till.pay(id, .cash)
        #expect(try await till.invoice(id).status == .paid)
        #expect(try await till.status(payment) == .released)
        #expect(try till.mall.said(PaymentReleased.self).map(\.reason) == [.paidOtherwise])
        #expect(till.cards.asked == ["authorize", "capture", "release"])
        #expect(try till.shift(shift).expectedMinor == Money(minor: 12_400))
        #expect(try till.row(order)?.lastRefusal == nil)
    }

    @Test func `another card than the bound one pays, and the bound one is let go`() async throws {
        let (_, payment, id) = try await till.approvedOrder()
        try await till.pay(id, .card)
        #expect(try await till.invoice(id).method == .card)
        #expect(try await till.status(payment) == .released)
        try await till.mall.send(RefundInvoice(id: id, amountMinor: Money(minor: 400), reason: "bruised"))
        #expect(till.cards.balance == 2000)
    }

    @Test func `rows 48 and 49: what is missing lowers the invoice, or goes back if it was paid`() async throws {
        let (unpaid, _, pending) = try await till.approvedOrder()
        try await till.completeList(unpaid, rolls: 1)
        #expect(try await till.invoice(pending).amountMinor == Money(minor: 2300))

        let (order, payment, id) = try await till.approvedOrder()
        try await till.pay(id, .cardOnFile)
        try await till.completeList(order, breads: 1)
        let invoice = try await till.invoice(id)
        #expect((invoice.status, invoice.amountMinor.minor, invoice.refundedMinor.minor) == (.paid, 1400, 1000))
        #expect(till.cards.balance == 1400)
        #expect(try await till.status(payment) == .captured)
        let row = try #require(try till.row(order))
        #expect(row.adjustments.map(\.amountMinor.minor) == [1400])
        #expect(row.refunds.map(\.reason) == [Invoice.shortage])
        #expect(try await till.mall.ask(GetOrder(id: order)).status == .ready)
    }

    @Test(arguments: [false, true])
    func `row 50: where nothing can be had, the order is canceled and the money is free`(isPaid: Bool) async throws {
        let (order, payment, id) = try await till.approvedOrder()
        if isPaid { try await till.pay(id, .cardOnFile) }
        try await till.completeList(order, rolls: 4, breads: 2)
        #expect(try await till.mall.ask(GetOrder(id: order)).cancelReason == "nothing_available")
        #expect(try await till.invoice(id).status == (isPaid ? .refunded : .canceled))
        #expect(try await till.status(payment) == (isPaid ? .refunded : .released))
        #expect(till.cards.balance == 0)
    }

    @Test func `F-O3, F-P3 and row 57: a canceled order leaves neither a payable invoice nor a held card`() async throws
    {
        let (order, payment, id) = try await till.approvedOrder()
        try await till.mall.send(CancelOrder(id: order), by: "kiosk:north")
        #expect(try await till.invoice(id).status == .canceled)
        #expect(try await till.status(payment) == .released)
        #expect(till.cards.asked.last == "release")
        await #expect(throws: Refusal.conflict("the invoice was canceled: nothing is due")) {
            try await till.pay(id, .card)
        }
    }

    @Test func `rows 58 and 60: who cancels what is ready and paid gives the money back, and never after the goods`()
        async throws
    {
        let (order, payment, id) = try await till.approvedOrder()
        try await till.pay(id, .cardOnFile)
        try await till.completeList(order)
        try await till.mall.send(CancelOrder(id: order, reason: "rain"))
        #expect(try await till.invoice(id).status == .refunded)
        #expect(try await till.status(payment) == .refunded)
        #expect(till.cards.balance == 0)
        await #expect(throws: Refusal.conflict("the order was canceled")) {
            try await till.mall.send(CompleteOrder(id: order))
        }

        let (other, _, sold) = try await till.approvedOrder()
        try await till.pay(sold, .cardOnFile)
        try await till.completeList(other)
        try await till.mall.send(CompleteOrder(id: other))
        await #expect(throws: Refusal.conflict("the order was handed over already")) {
            try await till.mall.send(CancelOrder(id: other, reason: "rain"))
        }
        #expect(till.cards.balance == 2400)
    }

    @Test func `row 61: a cancellation that Payments hears of before the approval leaves nothing payable`() async throws
    {
        let payments = MemoryMall(payments)
        let order = OrderID(rawValue: UUID())
        let payment = PaymentID(rawValue: UUID())
        try await payments.hear(
            OrderCanceled(id: order, customerId: Till.ada, paymentId: payment, reason: "", by: .customer), times: 2)
        #expect(try await payments.ask(FindInvoice(orderId: order)) == nil)
        try await payments.hear(
            OrderApproved(
                id: order, customerId: Till.ada, paymentId: payment, shoppingId: Till.list, totalMinor: Till.total),
            times: 2)
        #expect(try await payments.ask(FindInvoice(orderId: order))?.status == .canceled)
        await #expect(throws: Refusal.conflict("the invoice was canceled: nothing is due")) {
            try await payments.send(
                PayInvoice(id: InvoiceID(of: order), method: .card, expectedAmountMinor: Till.total))
        }
        #expect(payments.refused.isEmpty)
    }

    @Test func `a card service that cannot be reached is asked again, with the money still taken once`() async throws {
        let (_, _, id) = try await till.approvedOrder()
        till.cards.mood = .unreachable
        try await till.pay(id, .cardOnFile)
        try await till.mall.pass(.seconds(6))
        #expect(try await till.invoice(id).status == .capturing)
        #expect(till.cards.asked == ["authorize", "capture", "capture", "capture"])
        await #expect(throws: Refusal.conflict("the invoice is being paid already")) {
            try await till.pay(id, .card)
        }
        till.cards.mood = .approving
        try await till.mall.pass(.seconds(30))
        #expect(try await till.invoice(id).status == .paid)
        try await till.mall.pass(.seconds(3600))
        #expect(till.cards.balance == 2400)
        #expect(till.mall.refused.isEmpty)
    }

    @Test func `a card service that stays away is given up after five questions, and cash is taken`() async throws {
        let (order, _, id) = try await till.approvedOrder()
        _ = try await till.openShift()
        till.cards.mood = .unreachable
        try await till.pay(id, .cardOnFile)
        try await till.mall.pass(.seconds(155))
        #expect(try await till.invoice(id).status == .capturing)
        try await till.mall.pass(.seconds(1))
        #expect(try await till.invoice(id).status == .pending)
        #expect(try till.row(order)?.lastRefusal == "the card service cannot be reached")
        #expect(till.cards.asked.filter { $0 == "capture" }.count == 5)
        try await till.pay(id, .cash)
        #expect(try await till.invoice(id).status == .paid)
    }

    @Test(arguments: [Cards.Mood.approving, .refusing])
    func `row 60: an order that is canceled while its card is asked is settled by the answer`(mood: Cards.Mood)
        async throws
    {
        let (order, payment, id) = try await till.approvedOrder()
        till.cards.mood = .unreachable
        try await till.pay(id, .cardOnFile)
        try await till.mall.send(CancelOrder(id: order, reason: "rain"))
        // The card is not let go while it is asked for the money.
        #expect(try await till.status(payment) == .confirmed)
        till.cards.mood = mood
        try await till.mall.pass(.seconds(1))
        #expect(try await till.invoice(id).status == (mood == .approving ? .refunded : .canceled))
        #expect(try await till.status(payment) == (mood == .approving ? .refunded : .released))
        #expect(till.cards.balance == 0)
        #expect(try await till.mall.ask(GetOrder(id: order)).status == .canceled)
        #expect(till.mall.refused.isEmpty)
    }

    @Test func `a card is let go, and money given back, when the service can be reached again`() async throws {
        let (order, _, _) = try await till.approvedOrder()
        let (other, _, paid) = try await till.approvedOrder()
        try await till.pay(paid, .cardOnFile)
        till.cards.mood = .unreachable
        for order in [order, other] { try await till.mall.send(CancelOrder(id: order, reason: "rain")) }
        try await till.mall.pass(.seconds(3600))
        #expect(till.cards.balance == 2400)
        till.cards.mood = .approving
        try await till.mall.pass(.seconds(600))
        #expect(till.cards.balance == 0)
        #expect(till.cards.asked.suffix(2).sorted() == ["refund", "release"])
    }

    @Test func `money that the card service does not give back is an alarm, not a silence`() async throws {
        let (_, _, id) = try await till.approvedOrder()
        try await till.pay(id, .cardOnFile)
        till.cards.mood = .refusing
        try await till.mall.send(RefundInvoice(id: id, amountMinor: Till.total, reason: "bruised"))
        #expect(till.mall.refused.map(\.message) == [InvoiceRefunded.name])
    }

    @Test func `a refund is given up to what was paid and not above`() async throws {
        let (_, _, id) = try await till.approvedOrder()
        func refund(_ amount: Int64, _ reason: String = "bruised") async throws {
            try await till.mall.send(RefundInvoice(id: id, amountMinor: Money(minor: amount), reason: reason))
        }
        await #expect(throws: Refusal.conflict("the invoice is not paid yet")) { try await refund(1) }
        try await till.pay(id, .cardOnFile)
        // The same amount twice is given twice.
        for _ in 0..<2 { try await refund(500) }
        #expect(till.cards.balance == 1400)
        await #expect(throws: Refusal.invalid("a reason is required", field: "reason")) { try await refund(1, "") }
        await #expect(throws: Refusal.conflict("only 14.00 EUR of what was paid is left")) { try await refund(1401) }
        try await refund(1400)
        await #expect(throws: Refusal.conflict("everything that was paid has gone back already")) {
            try await refund(1)
        }
        #expect(try till.mall.said(InvoiceRefunded.self).map(\.isWhole) == [false, false, true])
        #expect(try await till.invoice(id).status == .refunded)
        #expect(till.cards.balance == 0)
    }

    @Test func `cash goes into the open drawer of who takes it, and comes out of it`() async throws {
        let (order, _, id) = try await till.approvedOrder()
        await #expect(throws: Refusal.noDrawer) { try await till.pay(id, .cash) }
        let shift = try await till.openShift()
        await #expect(throws: Refusal.conflict("you have an open shift already")) { try await till.openShift() }
        try await till.pay(id, .cash)
        // What is missing goes back from where it came, whoever has counted it.
        try await till.completeList(order, rolls: 1)
        #expect(try till.shift(shift).expectedMinor == Money(minor: 12_300))
        // So does what somebody without a drawer gives back.
        try await till.mall.send(
            RefundInvoice(id: id, amountMinor: Money(minor: 100), reason: "late"), by: "supervisor")
        #expect(try till.shift(shift).expectedMinor == Money(minor: 12_200))
        let hers = try await till.openShift(float: 500, by: "staff:hedy")
        await #expect(throws: Refusal.conflict("only 5.00 EUR is in the drawer")) {
            try await till.mall.send(
                RefundInvoice(id: id, amountMinor: Money(minor: 501), reason: "bruised"), by: "staff:hedy")
        }
        try await till.mall.send(
            RefundInvoice(id: id, amountMinor: Money(minor: 300), reason: "bruised"), by: "staff:hedy")
        #expect(try till.shift(hers).expectedMinor == Money(minor: 200))
        await #expect(throws: Refusal.forbidden("the shift is another cashier's")) {
            try await till.mall.send(CloseShift(id: shift, countedMinor: .zero), by: "staff:hedy")
        }
        try await till.mall.send(CloseShift(id: shift, countedMinor: Money(minor: 12_290)), by: Till.grace)
        let row = try till.shift(shift)
        #expect((row.expectedMinor.minor, row.countedMinor?.minor, row.movements) == (12_200, 12_290, 3))
        #expect(row.closedAt == .morning)
        await #expect(throws: Refusal.noDrawer) { try await till.pay(id, .cash) }
        await #expect(throws: Refusal.noDrawer) {
            try await till.mall.send(
                RefundInvoice(id: id, amountMinor: Money(minor: 100), reason: "late"), by: "supervisor")
        }
        _ = try await till.openShift()
        #expect(till.cards.balance == 0)
    }

    @Test func `an invoice shows from its creation, with its order's number, and is found by what people know of it`()
        async throws
    {
        let basket = BasketID(rawValue: UUID())
        try await till.mall.hear(
            BasketCheckedOut(
                id: basket, customerId: Till.ada, customerName: "Ada", paymentId: try await till.authorize(basket),
                items: Till.items, totalMinor: Till.total, pickupCode: "ABCDEF"))
        let (order, payment, id) = try await till.approvedOrder()
        func found(_ filter: String) throws -> [UUID] {
            let predicate = try invoicesTopic.filter(Array(filter.utf8))
            let names = ColumnNames(InvoiceRow.columns.map(\.name))
            return try invoices.rows(after: till.mall.log).filter { _, row in
                predicate.matches(Columns(names: names, values: InvoiceRow.columns.map { $0.value(row) }))
            }.map(\.key)
        }
        #expect(try found("{}") == [order.rawValue])
        #expect(
            try found(#"{"status":["pending"],"order":"\#(order)","customer":"\#(Till.ada)","text":"ada abc"}"#).count
                == 1)
        #expect(try found(#"{"status":["paid"]}"#).isEmpty)
        #expect(try found(#"{"text":"grace"}"#).isEmpty)
        #expect(throws: Refusal.self) { try found(#"{"status":["owed"]}"#) }
        let row = try #require(try till.row(order))
        #expect((row.id, row.paymentId, row.status) == (id, payment, .pending))
        #expect(row.number == till.mall.log.last { $0.type == OrderCreated.name }?.position.rawValue)
        #expect(row.version == (try await till.invoice(id).version))
        #expect(try shiftsTopic.filter(Array(#"{"open":true}"#.utf8)) == .among("open", [.bool(true)]))
    }

    @Test func `everything heard a second time changes nothing`() async throws {
        let (order, _, id) = try await till.approvedOrder()
        _ = try await till.openShift()
        till.cards.mood = .refusing
        try await till.pay(id, .cardOnFile)
        till.cards.mood = .approving
        try await till.pay(id, .cardOnFile)
        try await till.completeList(order, rolls: 1)
        try await till.mall.send(CancelOrder(id: order, reason: "rain"))
        let length = till.mall.log.count
        try await till.mall.hearAgain()
        #expect(till.mall.log.count == length)
        #expect(till.cards.balance == 0)
        #expect(till.mall.refused.isEmpty)
    }
}
