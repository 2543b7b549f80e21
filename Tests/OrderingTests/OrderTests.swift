import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Ordering

@Suite struct OrderTests {
    static let (ada, payment, bread) = (
        CustomerID(rawValue: UUID()), PaymentID(rawValue: UUID()), StoreID(rawValue: UUID())
    )
    static let (list, invoice, bot) = (ListID(rawValue: UUID()), InvoiceID(rawValue: UUID()), BotID(rawValue: UUID()))
    static let items = [item("Rye", 1000, 3), item("Oat", 250, 1)]
    static let total = Money(minor: 3250)
    static let created = Order.Event.orderCreated(
        customerId: ada, customerName: "Ada", paymentId: payment, items: items, totalMinor: total, pickupCode: "ABCDEF")
    static let approved = [created, .orderApproved(shoppingId: list)]
    static let overdueAt = Instant.morning + .seconds(24 * 3600)
    static let ready =
        approved + [
            .orderStarted(botId: bot), .orderReadied(totalMinor: total), .orderPickupAwaited(until: overdueAt),
        ]
    static let paid = Order.Event.orderPaid(invoiceId: invoice, amountMinor: total)

    @Test func `every state answers every command as the table says`() {
        let table = table(
            of: Order.self, at: Self.overdueAt,
            states: [
                "absent": [], "pending": [Self.created],
                "pending, start noted": [Self.created, .orderStartNoted(botId: Self.bot)], "approved": Self.approved,
                "in-progress": Self.approved + [.orderStarted(botId: Self.bot)], "ready": Self.ready,
                "ready, overdue": Self.ready + [.orderOverdue], "ready, paid": Self.ready + [Self.paid],
                "completed": Self.ready + [Self.paid, .orderCompleted(invoiceId: Self.invoice)],
                "rejected": [Self.created, .orderRejected(reason: "no card")],
                "canceled": [Self.created, .orderCanceled(reason: "", by: .customer)],
            ],
            commands: [
                "create": .create(
                    customerId: Self.ada, customerName: "Ada", paymentId: Self.payment, items: Self.items,
                    pickupCode: "ABCDEF"),
                "approve": .approve(Self.list), "approve another list": .approve(ListID(rawValue: UUID())),
                "reject": .reject(reason: "no card"), "start": .start(Self.bot), "ready": .ready(missing: []),
                "recordPayment": .recordPayment(Self.invoice, Self.total), "handOver": .handOver,
                "cancel by customer": .cancel(reason: nil, by: .customer),
                "cancel by staff": .cancel(reason: "rain", by: .staff), "remind": .remind,
            ])
        #expect(
            table == """
                absent
                    create → orderCreated
                    approve → not_found: there is no such order
                    approve another list → not_found: there is no such order
                    reject → not_found: there is no such order
                    start → not_found: there is no such order
                    ready → not_found: there is no such order
                    recordPayment → not_found: there is no such order
                    handOver → not_found: there is no such order
                    cancel by customer → not_found: there is no such order
                    cancel by staff → not_found: there is no such order
                    remind → -
                pending
                    create → -
                    approve → orderApproved
                    approve another list → orderApproved
                    reject → orderRejected
                    start → orderStartNoted
                    ready → unavailable: the order is not approved yet
                    recordPayment → orderPaid
                    handOver → conflict: the order is not collected yet
                    cancel by customer → orderCanceled
                    cancel by staff → orderCanceled
                    remind → -
                pending, start noted
                    create → -
                    approve → orderApproved, orderStarted
                    approve another list → orderApproved, orderStarted
                    reject → orderRejected
                    start → -
                    ready → unavailable: the order is not approved yet
                    recordPayment → orderPaid
                    handOver → conflict: the order is not collected yet
                    cancel by customer → orderCanceled
                    cancel by staff → orderCanceled
                    remind → -
                approved
                    create → -
                    approve → -
                    approve another list → conflict: the order has another shopping list
                    reject → orderCanceled
                    start → orderStarted
                    ready → orderReadied, orderPickupAwaited
                    recordPayment → orderPaid
                    handOver → conflict: the order is not collected yet
                    cancel by customer → orderCanceled
                    cancel by staff → orderCanceled
                    remind → -
                in-progress
                    create → -
                    approve → -
                    approve another list → conflict: the order has another shopping list
                    reject → orderCanceled
                    start → -
                    ready → orderReadied, orderPickupAwaited
                    recordPayment → orderPaid
                    handOver → conflict: the order is not collected yet
                    cancel by customer → orderCanceled
                    cancel by staff → orderCanceled
                    remind → -
                ready
                    create → -
                    approve → -
                    approve another list → conflict: the order has another shopping list
                    reject → conflict: the order is gathered already
                    start → -
                    ready → -
                    recordPayment → orderPaid
                    handOver → conflict: the order is not paid yet
                    cancel by customer → forbidden: the order is ready: only the staff at the depot can cancel it now
                    cancel by staff → orderCanceled
                    remind → orderOverdue
                ready, overdue
                    create → -
                    approve → -
                    approve another list → conflict: the order has another shopping list
                    reject → conflict: the order is gathered already
                    start → -
                    ready → -
                    recordPayment → orderPaid
                    handOver → conflict: the order is not paid yet
                    cancel by customer → forbidden: the order is ready: only the staff at the depot can cancel it now
                    cancel by staff → orderCanceled
                    remind → -
                ready, paid
                    create → -
                    approve → -
                    approve another list → conflict: the order has another shopping list
                    reject → conflict: the order is gathered already
                    start → -
                    ready → -
                    recordPayment → -
                    handOver → orderCompleted
                    cancel by customer → forbidden: the order is ready: only the staff at the depot can cancel it now
                    cancel by staff → orderCanceled
                    remind → orderOverdue
                completed
                    create → -
                    approve → -
                    approve another list → conflict: the order has another shopping list
                    reject → conflict: the order is gathered already
                    start → -
                    ready → -
                    recordPayment → -
                    handOver → -
                    cancel by customer → conflict: the order was handed over already
                    cancel by staff → conflict: the order was handed over already
                    remind → -
                rejected
                    create → -
                    approve → conflict: the order was rejected
                    approve another list → conflict: the order was rejected
                    reject → -
                    start → -
                    ready → -
                    recordPayment → -
                    handOver → conflict: the order was rejected
                    cancel by customer → conflict: the order was rejected
                    cancel by staff → conflict: the order was rejected
                    remind → -
                canceled
                    create → -
                    approve → conflict: the order was canceled
                    approve another list → conflict: the order was canceled
                    reject → -
                    start → -
                    ready → -
                    recordPayment → -
                    handOver → conflict: the order was canceled
                    cancel by customer → conflict: the order was canceled already
                    cancel by staff → conflict: the order was canceled already
                    remind → -
                """)
    }

    @Test func `an order without lines is not made`() {
        let refusal = given(Order.self).refusal(
            of: .create(customerId: Self.ada, customerName: "Ada", paymentId: Self.payment, items: [], pickupCode: "A"))
        #expect(refusal?.field == "items")
    }

    @Test func `F-O8: an order knows names, prices and its total from the start`() throws {
        let facts = try #require(given(Order.self, [Self.created]).state.facts)
        #expect(facts.totalMinor == Self.total)
        #expect(facts.items.map(\.productName) == ["Rye", "Oat"])
        #expect(facts.items.map(\.storeName) == ["Bread", "Bread"])
    }

    @Test func `F-O4 and row 58: staff must say why, and cancel what is ready; a customer may not`() {
        for reason in [nil, "", "  \n"] {
            for past in [[Self.created], Self.approved, Self.ready] {
                #expect(
                    given(Order.self, past).refusal(of: .cancel(reason: reason, by: .staff))
                        == .invalid("a reason is required", field: "reason"))
            }
        }
        #expect(
            given(Order.self, Self.ready).when(.cancel(reason: " rain ", by: .staff))
                == .success([.orderCanceled(reason: "rain", by: .staff)]))
        #expect(given(Order.self, Self.ready).refusal(of: .cancel(reason: "rain", by: .customer))?.kind == .forbidden)
        let long = String(repeating: "x", count: 501)
        #expect(given(Order.self, Self.ready).refusal(of: .cancel(reason: long, by: .staff))?.field == "reason")
    }

    @Test func `F-O2: a canceled order is not approved, an unpaid one not handed over`() {
        let canceled = given(Order.self, [Self.created, .orderCanceled(reason: "", by: .customer)])
        #expect(canceled.refusal(of: .approve(Self.list)) == .conflict("the order was canceled"))
        #expect(given(Order.self, Self.ready).refusal(of: .handOver) == .conflict("the order is not paid yet"))
        #expect(
            given(Order.self, Self.approved + [Self.paid]).refusal(of: .handOver)
                == .conflict("the order is not collected yet"))
    }

    @Test func `a start that overtakes the approval follows it`() {
        let noted = given(Order.self, [Self.created]).after(.start(Self.bot))
        #expect(noted.state.status == .pending)
        #expect(
            noted.when(.approve(Self.list))
                == .success([.orderApproved(shoppingId: Self.list), .orderStarted(botId: Self.bot)]))
        #expect(noted.after(.approve(Self.list)).state.status == .inProgress)
    }

    @Test func `row 48: what is missing is taken off, the rest is ready at a lower total`() {
        let left = [Self.items[0].counting(2)]
        let missing = [shortage(0, 1), shortage(1, 1)]
        #expect(
            given(Order.self, Self.approved).when(.ready(missing: missing))
                == .success([
                    .orderItemsAdjusted(removed: missing, items: left, totalMinor: Money(minor: 2000)),
                    .orderReadied(totalMinor: Money(minor: 2000)), .orderPickupAwaited(until: Self.overdueAt),
                ]))
        let after = given(Order.self, Self.approved).after(.ready(missing: missing)).state.facts
        #expect(after?.adjustments == missing)
        #expect(after?.totalMinor == Money(minor: 2000))
    }

    @Test func `row 50: an order of which nothing can be had is canceled by the mall`() {
        #expect(
            given(Order.self, Self.approved).when(.ready(missing: [shortage(0, 3), shortage(1, 1)]))
                == .success([.orderCanceled(reason: "nothing_available", by: .mall)]))
    }

    @Test func `goods that wait for a day are overdue, once, and not before`() {
        let order = given(Order.self, Self.approved).after(.ready(missing: []))
        #expect(order.state.timers == [Order.reminder: Self.overdueAt])
        #expect(Order.command(for: Order.reminder) != nil)
        #expect(order.at(Self.overdueAt + .seconds(-1)).when(.remind) == .success([]))
        let overdue = order.at(Self.overdueAt).after(.remind)
        #expect(order.at(Self.overdueAt).when(.remind) == .success([.orderOverdue]))
        #expect(overdue.state.timers.isEmpty)
        #expect(overdue.when(.remind) == .success([]))
        #expect(overdue.after(.recordPayment(Self.invoice, Self.total)).after(.handOver).state.status == .completed)
        #expect(order.after(.cancel(reason: "rain", by: .staff)).state.timers.isEmpty)
    }

    @Test func `more cannot be missing than was ordered`() {
        #expect(given(Order.self, Self.approved).refusal(of: .ready(missing: [shortage(0, 4)]))?.kind == .invalid)
        #expect(
            given(Order.self, Self.approved).refusal(of: .ready(missing: [shortage(1, 1), shortage(1, 1)]))?.kind
                == .invalid)
    }

    @Test func `no sequence of commands breaks an order, and no ended order ever changes`() {
        Seeded.check { random in
            var state = Order()
            for step in 0..<40 {
                let now = Instant.morning + .seconds(Int64(step) * 10_000)
                let ended: Bool =
                    switch state {
                    case .completed, .rejected, .canceled: true
                    default: false
                    }
                guard let events = try? state.decide(Self.command(&random), at: now) else { continue }
                #expect(!ended || events.isEmpty)
                for event in events { state.apply(event) }
            }
        }
    }

    private static func command(_ random: inout Seeded) -> Order.Command {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: .create(customerId: ada, customerName: "Ada", paymentId: payment, items: items, pickupCode: "ABCDEF")
        case 1: .approve(list)
        case 2: .approve(ListID(rawValue: UUID()))
        case 3: .reject(reason: "no card")
        case 4: .start(bot)
        case 5:
            .ready(missing: [
                Shortage(
                    productId: items[0].productId, storeId: bread, productName: "Rye",
                    quantity: Int.random(in: -1...4, using: &random))
            ])
        case 6: .recordPayment(invoice, total)
        case 7: .handOver
        case 8: .remind
        default: .cancel(reason: nil, by: .customer)
        }
    }

    private func shortage(_ line: Int, _ quantity: Int) -> Shortage {
        let item = Self.items[line]
        return Shortage(
            productId: item.productId, storeId: item.storeId, productName: item.productName, quantity: quantity)
    }

    static func item(_ name: String, _ price: Int64, _ quantity: Int) -> Item {
        Item(
            productId: ProductID(rawValue: UUID()), storeId: bread, storeName: "Bread", productName: name,
            priceMinor: Money(minor: price), quantity: quantity)
    }
}
