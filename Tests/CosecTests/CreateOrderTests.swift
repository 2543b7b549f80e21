import Contracts
import DomainTestSupport
import Kernel
import Testing

@testable import Cosec
@testable import Ordering

/// The saga among modules: the real Ordering, and a crew for everybody else.
@Suite struct CreateOrderTests {
    let crew = Crew()
    let mall: MemoryMall
    static let order = Run.order.id

    init() { mall = MemoryMall([cosec, ordering] + crew.modules) }

    /// A basket is checked out, and everything follows.
    func checkout(in mall: MemoryMall? = nil) async throws {
        let order = Run.order
        try await (mall ?? self.mall).hear(
            BasketCheckedOut(
                id: order.id.of(BasketID.self), customerId: order.customerId, customerName: order.customerName,
                paymentId: order.paymentId, items: order.items, totalMinor: order.totalMinor,
                pickupCode: order.pickupCode))
    }

    var saga: SagaDetails { get async throws { try await mall.ask(GetSaga(id: Self.order)) } }
    var details: OrderDetails { get async throws { try await mall.ask(GetOrder(id: Self.order)) } }

    @Test func `row 25: all is well, and the order is approved`() async throws {
        try await checkout()
        #expect(crew.done == ["AuthorizeCustomer", "CreateShoppingList", "ConfirmPayment", "InitiateShopping"])
        let details = try await details
        #expect(details.status == .approved)
        #expect(details.shoppingId == crew.list)
        let saga = try await saga
        #expect(saga.status == .completed)
        #expect(saga.shoppingId == crew.list)
        #expect(try mall.said(SagaCompleted.self).map(\.id) == [Self.order])
        #expect(try mall.said(SagaStepped.self).map(\.step) == [1, 2, 3, 4, 5])
    }

    @Test func `a participant is told everything it needs`() async throws {
        try await checkout()
        #expect(
            try mall.said(ConfirmPayment.self) == [
                ConfirmPayment(
                    id: Run.order.paymentId, amountMinor: Run.order.totalMinor, orderId: Self.order,
                    customerId: Run.order.customerId)
            ])
        #expect(
            try mall.said(CreateShoppingList.self) == [CreateShoppingList(orderId: Self.order, items: Run.order.items)])
        #expect(try mall.said(InitiateShopping.self) == [InitiateShopping(id: crew.list)])
    }

    @Test func `row 26: a customer who may not order is rejected, and there is nothing else to undo`() async throws {
        crew.refuse(AuthorizeCustomer.self, .forbidden("the customer may not order"))
        try await checkout()
        #expect(crew.done == [])
        try await expectRejected("the customer may not order")
    }

    @Test func `row 28: a list that cannot be made rejects the order, and the reason says why`() async throws {
        crew.refuse(CreateShoppingList.self, .conflict("Rye is not sold any more"))
        try await checkout()
        #expect(crew.done == ["AuthorizeCustomer"])
        try await expectRejected("Rye is not sold any more")
    }

    @Test(arguments: [
        Refusal.notFound("there is no such payment"), .conflict("not enough is authorised"),
        .conflict("the payment is bound to another order"), .forbidden("the payment is another customer's"),
    ])
    func `row 27, F-P1, F-O4: a payment that is refused cancels the list and rejects the order, saying why`(
        refusal: Refusal
    ) async throws {
        crew.refuse(ConfirmPayment.self, refusal)
        try await checkout()
        // A payment that was not confirmed is not this order's to release.
        #expect(crew.done == ["AuthorizeCustomer", "CreateShoppingList", "CancelShoppingList"])
        #expect(try mall.said(CancelShoppingList.self).map(\.id) == [crew.list])
        try await expectRejected(refusal.message)
    }

    @Test func `a list that cannot be initiated releases the payment, cancels the list and rejects the order`()
        async throws
    {
        crew.refuse(InitiateShopping.self, .conflict("the depot is closed"))
        try await checkout()
        #expect(
            crew.done == [
                "AuthorizeCustomer", "CreateShoppingList", "ConfirmPayment", "ReleasePayment", "CancelShoppingList",
            ])
        try await expectRejected("the depot is closed")
    }

    @Test func `F-O3: an order canceled before its approval is undone, and stays canceled`() async throws {
        cancel(during: InitiateShopping.self)
        try await checkout()
        #expect(crew.done.suffix(2) == ["ReleasePayment", "CancelShoppingList"])
        try await expectCanceled()
    }

    @Test func `F-O3: so it is where the payment was released by the cancellation`() async throws {
        cancel(during: CreateShoppingList.self)
        crew.refuse(ConfirmPayment.self, .conflict("the payment was released"))
        try await checkout()
        #expect(crew.done == ["AuthorizeCustomer", "CreateShoppingList", "CancelShoppingList"])
        try await expectCanceled()
    }

    @Test func `row 29: an order canceled during each step in turn is canceled, with nothing left of it`() async throws
    {
        let before = CreateOrderTests()
        before.cancel(during: AuthorizeCustomer.self)
        let (list, payment) = (CreateOrderTests(), CreateOrderTests())
        list.cancel(during: CreateShoppingList.self)
        payment.cancel(during: ConfirmPayment.self)
        for test in [before, list, payment] {
            try await test.checkout()
            #expect(test.crew.done.contains("CancelShoppingList"))
            #expect(test.crew.done.contains("ReleasePayment"))
            try await test.expectCanceled()
        }
    }

    @Test func `row 30: every command and reply twice and shuffled is as if once`() async throws {
        let first = UInt64.random(in: 0 ... .max)
        print("disorder by the seeds from \(first)")
        for round in 0..<40 as Range<UInt64> {
            for refused in [false, true] {
                let crew = Crew()
                if refused { crew.refuse(InitiateShopping.self, .conflict("the depot is closed")) }
                let mall = MemoryMall([cosec, ordering] + crew.modules, disorder: first &+ round)
                try await checkout(in: mall)
                #expect(Set(crew.done).count == crew.done.count)
                #expect(
                    try await mall.ask(GetSaga(id: Self.order)).status == (refused ? .compensated : .completed))
                #expect(try await mall.ask(GetOrder(id: Self.order)).status == (refused ? .rejected : .approved))
                #expect(mall.refused.isEmpty)
            }
        }
    }

    @Test func `F-K2: an order heard twice is one saga`() async throws {
        try await checkout()
        try await mall.hear(Run.order, times: 2)
        try await mall.hearAgain()
        #expect(try mall.said(SagaStarted.self).count == 1)
        #expect(crew.done.count == 4)
    }

    @Test func `row 31: a participant that is away is asked again until it answers, or given up`() async throws {
        crew.refuse(CreateShoppingList.self, .unavailable("the depot is away"), times: 2)
        try await checkout()
        #expect(try await saga.step == 2)
        #expect(try await details.status == .pending)
        try await mall.pass(.seconds(61))
        #expect(try await saga.status == .completed)
        #expect(try mall.said(SagaStepped.self).filter { $0.step == 2 }.map(\.attempt) == [1, 2, 3])

        let other = CreateOrderTests()
        other.crew.refuse(CreateShoppingList.self, .unavailable("the depot is away"), times: 99)
        try await other.checkout()
        try await other.mall.pass(.seconds(149))
        #expect(try await other.saga.status == .running)
        try await other.mall.pass(.seconds(1))
        try await other.expectRejected("no answer came in time")
    }

    @Test func `row 32: an undo that is refused ten times is stuck, and an administrator's retry finishes it`()
        async throws
    {
        crew.refuse(InitiateShopping.self, .conflict("the depot is closed"))
        crew.refuse(ReleasePayment.self, .conflict("the bank says no"), times: 10)
        try await checkout()
        try await mall.pass(.seconds(600))
        let stuck = try await saga
        #expect((stuck.status, stuck.step, stuck.attempts) == (.stuck, 3, 10))
        #expect(stuck.lastError == "the bank says no")
        #expect(try mall.said(SagaStuck.self).map(\.error) == ["the bank says no"])
        #expect(try await details.status == .pending)

        try await mall.send(RetrySagaStep(id: Self.order))
        try await expectRejected("the depot is closed")
        await #expect(throws: Refusal.conflict("the saga is not stuck")) {
            try await mall.send(RetrySagaStep(id: Self.order))
        }
    }

    @Test func `an administrator aborts a saga that waits, and must say why`() async throws {
        crew.refuse(ConfirmPayment.self, .unavailable("the bank is away"), times: 99)
        try await checkout()
        await #expect(throws: Refusal.invalid("a reason is required", field: "reason")) {
            try await mall.send(AbortSaga(id: Self.order, reason: " "))
        }
        try await mall.send(AbortSaga(id: Self.order, reason: "the bank is on strike"))
        // Whether the payment was confirmed is not known, so it is released.
        #expect(crew.done.suffix(2) == ["ReleasePayment", "CancelShoppingList"])
        try await expectRejected("the bank is on strike")
    }

    @Test func `row 8: a saga that there never was is not_found`() async throws {
        let unknown = OrderID(9)
        let asks: [() async throws -> Void] = [
            { _ = try await mall.ask(GetSaga(id: unknown)) },
            { try await mall.send(RetrySagaStep(id: unknown)) },
            { try await mall.send(AbortSaga(id: unknown, reason: "rain")) },
        ]
        for ask in asks {
            let refusal = await #expect(throws: Refusal.self) { try await ask() }
            #expect(refusal?.kind == .notFound)
        }
        #expect(mall.streamCount == 0)
    }

    @Test func `administrators see every saga with its step, its tries and what went wrong`() async throws {
        crew.refuse(InitiateShopping.self, .conflict("the depot is closed"))
        crew.refuse(ReleasePayment.self, .conflict("the bank says no"), times: 10)
        try await checkout()
        func row() throws -> SagaRow? { try sagas.rows(after: mall.log)[Self.order.rawValue] }
        var row1 = try #require(try row())
        #expect((row1.status, row1.direction, row1.step) == (.compensating, .backward, 3))
        #expect(row1.command == ReleasePayment.name)
        #expect(row1.lastError == "the depot is closed")
        #expect(row1.customerName == "Ada")
        try await mall.pass(.seconds(600))
        row1 = try #require(try row())
        #expect((row1.status, row1.attempts, row1.lastError) == (.stuck, 10, "the bank says no"))
        try await mall.send(RetrySagaStep(id: Self.order))
        row1 = try #require(try row())
        #expect(row1.status == .compensated)
        #expect(row1.version == (try await saga.version))
    }

    @Test func `an order that is approved unheard, and undone meanwhile, is canceled and keeps nobody waiting`()
        async throws
    {
        crew.refuse(InitiateShopping.self, .unavailable("the depot is away"), times: 99)
        try await checkout()
        try await mall.send(ApproveOrder(id: Self.order, shoppingId: crew.list))
        try await mall.pass(.seconds(600))
        #expect(crew.done.suffix(2) == ["ReleasePayment", "CancelShoppingList"])
        try await expectCanceled()
        #expect(try mall.said(OrderCanceled.self).map(\.by) == [.mall])
    }

    @Test func `an approval or an undoing that comes after the order's end is answered and changes nothing`()
        async throws
    {
        try await checkout()
        try await mall.send(CancelOrder(id: Self.order, reason: "rain"))
        let rows = mall.log.count
        await #expect(throws: Refusal.conflict("the order was canceled")) {
            try await mall.send(ApproveOrder(id: Self.order, shoppingId: crew.list))
        }
        try await mall.send(RejectOrder(id: Self.order, reason: "late"))
        #expect(mall.log.count == rows)

        let other = CreateOrderTests()
        other.crew.refuse(AuthorizeCustomer.self, .forbidden("the customer may not order"))
        try await other.checkout()
        await #expect(throws: Refusal.conflict("the order was rejected")) {
            try await other.mall.send(ApproveOrder(id: Self.order, shoppingId: crew.list))
        }
        try await other.mall.send(RejectOrder(id: Self.order, reason: "late"))
        try await other.expectRejected("the customer may not order")
    }

    private func cancel<C: PublicCommand>(during _: C.Type) {
        crew.during(C.self) { tx in try await tx.tell(Order.self, Self.order, .cancel(reason: nil, by: .customer)) }
    }

    private func expectRejected(_ reason: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let (details, saga) = (try await details, try await saga)
        #expect(details.status == .rejected, sourceLocation: sourceLocation)
        #expect(details.rejectReason == reason, sourceLocation: sourceLocation)
        #expect(saga.status == .compensated, sourceLocation: sourceLocation)
    }

    private func expectCanceled(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        #expect(try await details.status == .canceled, sourceLocation: sourceLocation)
        #expect(try await saga.status == .compensated, sourceLocation: sourceLocation)
        #expect(try mall.said(OrderRejected.self).isEmpty, sourceLocation: sourceLocation)
    }
}
