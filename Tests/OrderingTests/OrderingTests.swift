import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Ordering

@Suite struct OrderingTests {
    static let basket = BasketID(rawValue: UUID())
    static let order = basket.of(OrderID.self)
    static let checkout = BasketCheckedOut(
        id: basket, customerId: OrderTests.ada, customerName: "Ada", paymentId: OrderTests.payment,
        items: OrderTests.items, totalMinor: OrderTests.total, pickupCode: "ABCDEF")

    /// Ordering, beside baskets of which one is checked out.
    let mall = MemoryMall(
        ordering,
        Module("baskets") {
            answers(GetBasket.self) { query, _ in
                guard query.id == basket else { throw Refusal.notFound("there is no such basket") }
                return BasketDetails(
                    id: basket, customerId: checkout.customerId, customerName: "Ada", status: .checkedOut,
                    items: checkout.items, totalMinor: checkout.totalMinor, paymentId: checkout.paymentId,
                    pickupCode: "ABCDEF", priceChanges: [], version: 3)
            }
        })

    @Test func `F-O6: a checkout becomes an order with the basket's identifier, once however often it is heard`()
        async throws
    {
        try await mall.hear(Self.checkout, times: 2)
        let said = try mall.said(OrderCreated.self)
        #expect(said.count == 1)
        #expect(said.first?.id == Self.order)
        #expect(said.first?.items == Self.checkout.items)
        #expect(said.first?.totalMinor == Self.checkout.totalMinor)
        #expect(said.first?.pickupCode == "ABCDEF")
        #expect(mall.refused.isEmpty)
    }

    @Test func `row 83: an order is pending from the moment of its checkout, an unknown one not_found`() async throws {
        let early = try await mall.ask(GetOrder(id: Self.order))
        #expect(early.status == .pending)
        #expect(early.totalMinor == Self.checkout.totalMinor)
        #expect(early.version == 0)
        try await mall.hear(Self.checkout)
        #expect(try await mall.ask(GetOrder(id: Self.order)).version == 1)
        await #expect(throws: Refusal.unknownOrder) { try await mall.ask(GetOrder(id: OrderID(rawValue: UUID()))) }
    }

    @Test func `F-O1: approval and rejection are said aloud`() async throws {
        try await mall.hear(Self.checkout)
        try await mall.send(ApproveOrder(id: Self.order, shoppingId: OrderTests.list))
        try await mall.send(ApproveOrder(id: Self.order, shoppingId: OrderTests.list))
        #expect(try mall.said(OrderApproved.self).map(\.totalMinor) == [OrderTests.total])

        let other = MemoryMall(ordering)
        try await other.hear(Self.checkout)
        try await other.send(RejectOrder(id: Self.order, reason: "not enough authorised"))
        try await other.send(RejectOrder(id: Self.order, reason: "again"))
        #expect(try other.said(OrderRejected.self).map(\.reason) == ["not enough authorised"])
        #expect(try await other.ask(GetOrder(id: Self.order)).rejectReason == "not enough authorised")
    }

    @Test func `F-O4: who cancels is told from where the wish came`() async throws {
        try await mall.hear(Self.checkout)
        await #expect(throws: Refusal.invalid("a reason is required", field: "reason")) {
            try await mall.send(CancelOrder(id: Self.order), by: "admin")
        }
        try await mall.send(CancelOrder(id: Self.order), by: "kiosk:north")
        #expect(
            try mall.said(OrderCanceled.self) == [
                OrderCanceled(
                    id: Self.order, customerId: OrderTests.ada, paymentId: OrderTests.payment, reason: "", by: .customer
                )
            ])
    }

    @Test func `row 59: what has ended is not canceled`() async throws {
        try await mall.hear(Self.checkout)
        try await mall.send(CancelOrder(id: Self.order, reason: "rain"))
        await #expect(throws: Refusal.conflict("the order was canceled already")) {
            try await mall.send(CancelOrder(id: Self.order, reason: "rain"))
        }
        await #expect(throws: Refusal.conflict("the order was canceled")) {
            try await mall.send(ApproveOrder(id: Self.order, shoppingId: OrderTests.list))
        }
    }

    @Test func `an order tells its story with when, who and why`() async throws {
        try await mall.hear(Self.checkout)
        try await mall.pass(.seconds(60))
        try await mall.send(CancelOrder(id: Self.order, reason: "rain"), by: "grace")
        let details = try await mall.ask(GetOrder(id: Self.order))
        #expect(details.status == .canceled)
        #expect(details.cancelReason == "rain")
        #expect(
            details.timeline == [
                Moment(at: .morning, event: "OrderCreated", actor: "elsewhere"),
                Moment(at: .morning + .seconds(60), event: "OrderCanceled", actor: "grace", note: "rain"),
            ])
    }

    @Test func `F-O7: an order is in progress when its list is assigned, and stays so when another robot gets it`()
        async throws
    {
        try await mall.hear(Self.checkout)
        // The list is offered before the order is approved; a robot may be faster.
        try await mall.hear(assigned(OrderTests.bot))
        #expect(try await mall.ask(GetOrder(id: Self.order)).status == .pending)
        try await mall.send(ApproveOrder(id: Self.order, shoppingId: OrderTests.list))
        #expect(try await mall.ask(GetOrder(id: Self.order)).status == .inProgress)
        try await mall.hear(assigned(BotID(rawValue: UUID())))
        #expect(
            try mall.said(OrderStarted.self) == [
                OrderStarted(id: Self.order, customerId: OrderTests.ada, botId: OrderTests.bot)
            ])
    }

    @Test func `F-O5: the depot readies an order, Payments pays it, the desk hands it over`() async throws {
        try await approve()
        try await mall.hear(completed(missing: [0, 0]), times: 2)
        try await mall.hear(Self.paid, times: 2)
        try await mall.send(CompleteOrder(id: Self.order))
        try await mall.send(CompleteOrder(id: Self.order))
        #expect(try mall.said(OrderReadied.self).map(\.totalMinor) == [OrderTests.total])
        #expect(try mall.said(OrderPaid.self).map(\.invoiceId) == [OrderTests.invoice])
        #expect(try mall.said(OrderCompleted.self).map(\.invoiceId) == [OrderTests.invoice])
        let details = try await mall.ask(GetOrder(id: Self.order))
        #expect((details.status, details.paid, details.invoiceId) == (.completed, true, OrderTests.invoice))
        #expect(
            details.timeline.map(\.event) == [
                "OrderCreated", "OrderApproved", "OrderReadied", "OrderPaid", "OrderCompleted",
            ])
        #expect(mall.refused.isEmpty)
    }

    @Test
    func `F-O5 and rows 51 and 52: goods are handed over when they are ready and paid, and it says what is missing`()
        async throws
    {
        try await approve()
        await #expect(throws: Refusal.conflict("the order is not collected yet")) {
            try await mall.send(CompleteOrder(id: Self.order))
        }
        try await mall.hear(completed(missing: [0, 0]))
        await #expect(throws: Refusal.conflict("the order is not paid yet")) {
            try await mall.send(CompleteOrder(id: Self.order))
        }
        #expect(try mall.said(OrderCompleted.self).isEmpty)
    }

    @Test func `row 48: lines the clerk could not count are taken off before the order is ready`() async throws {
        try await approve()
        try await mall.hear(completed(missing: [1, 1]))
        let adjusted = try #require(try mall.said(OrderItemsAdjusted.self).first)
        #expect(adjusted.removed.map(\.productName) == ["Rye", "Oat"])
        #expect(adjusted.totalMinor == Money(minor: 2000))
        #expect(try mall.said(OrderReadied.self).map(\.totalMinor) == [Money(minor: 2000)])
    }

    @Test func `row 50: an order of which nothing came is canceled by the mall`() async throws {
        try await approve()
        try await mall.hear(completed(missing: [3, 1]))
        let canceled = try mall.said(OrderCanceled.self)
        #expect(canceled.map(\.reason) == ["nothing_available"])
        #expect(canceled.map(\.by) == [.mall])
        #expect(try mall.said(OrderReadied.self).isEmpty)
    }

    @Test func `goods that nobody has come for in a day are overdue, once`() async throws {
        try await approve()
        try await mall.hear(completed(missing: [0, 0]))
        try await mall.pass(.seconds(24 * 3600 - 1))
        #expect(try mall.said(OrderOverdue.self).isEmpty)
        try await mall.pass(.seconds(1))
        try await mall.pass(.seconds(7 * 24 * 3600))
        #expect(try mall.said(OrderOverdue.self) == [OrderOverdue(id: Self.order, customerId: OrderTests.ada)])
        #expect(try await mall.ask(GetOrder(id: Self.order)).timeline.last?.event == "OrderOverdue")
    }

    @Test func `row 60: facts of depot and till that come after the end change nothing`() async throws {
        try await approve()
        try await mall.send(CancelOrder(id: Self.order, reason: "rain"))
        let length = mall.log.filter { $0.kind == .event }.count
        try await mall.hear(assigned(OrderTests.bot))
        try await mall.hear(completed(missing: [3, 1]))
        try await mall.hear(Self.paid)
        #expect(mall.log.filter { $0.kind == .event }.count == length)
        #expect(mall.refused.isEmpty)
    }

    @Test func `a list that is completed before the approval is heard again later, and not lost`() async throws {
        try await mall.hear(Self.checkout)
        try await mall.hear(completed(missing: [0, 0]))
        #expect(mall.refused.map(\.refusal.kind) == [.unavailable])
    }

    private static let paid = InvoicePaid(
        id: OrderTests.invoice, orderId: order, customerId: OrderTests.ada, amountMinor: OrderTests.total, method: .cash
    )

    private func approve() async throws {
        try await mall.hear(Self.checkout)
        try await mall.send(ApproveOrder(id: Self.order, shoppingId: OrderTests.list))
    }

    private func assigned(_ bot: BotID) -> ShoppingListAssigned {
        ShoppingListAssigned(id: OrderTests.list, orderId: Self.order, botId: bot, botName: "R2")
    }

    private func completed(missing: [Int]) -> ShoppingListCompleted {
        let lines = zip(OrderTests.items, missing).map { item, missing in
            CountedLine(
                productId: item.productId, storeId: item.storeId, productName: item.productName,
                ordered: item.quantity, picked: item.quantity - missing, missing: missing)
        }
        return ShoppingListCompleted(
            id: OrderTests.list, orderId: Self.order, botId: OrderTests.bot, lines: lines, bay: "B1")
    }

    @Test func `a start that was only noted is no part of the story`() {
        let id = UUID()
        func moment(_ event: Order.Event, _ type: String) -> Moment? {
            Moment(
                Happened(
                    event: event, type: type, version: 2, at: .morning,
                    cause: Cause(correlation: id, causation: id, actor: "depot")))
        }
        #expect(moment(.orderStartNoted(botId: OrderTests.bot), "ordering.OrderStartNoted") == nil)
        #expect(moment(.orderStarted(botId: OrderTests.bot), "ordering.OrderStarted")?.event == "OrderStarted")
    }

    @Test func `row 8: a command for an unknown order is not_found and begins no stream`() async throws {
        let id = OrderID(rawValue: UUID())
        let commands: [() async throws -> Void] = [
            { try await mall.send(CancelOrder(id: id, reason: "rain")) },
            { try await mall.send(ApproveOrder(id: id, shoppingId: OrderTests.list)) },
            { try await mall.send(RejectOrder(id: id, reason: "no")) },
            { try await mall.send(CompleteOrder(id: id)) },
        ]
        for command in commands {
            let refusal = await #expect(throws: Refusal.self) { try await command() }
            #expect(refusal?.kind == .notFound)
        }
        #expect(mall.streamCount == 0)
    }
}
