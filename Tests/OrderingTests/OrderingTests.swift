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
        ]
        for command in commands {
            let refusal = await #expect(throws: Refusal.self) { try await command() }
            #expect(refusal?.kind == .notFound)
        }
        #expect(mall.streamCount == 0)
    }
}
