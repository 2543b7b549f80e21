import Contracts
import Customers
import DomainTestSupport
import FoundationEssentials
import Kernel
import Stores
import Testing

@testable import Baskets

@Suite struct BasketsTests {
    let mall = MemoryMall(stores, customers(), baskets(abandonAfter: .seconds(600)))

    @Test func `row 15 and F-C3: an unknown customer starts no basket, a disabled one neither`() async throws {
        await #expect(throws: Refusal.notFound("there is no such customer")) {
            try await mall.send(StartBasket(customerId: CustomerID(rawValue: UUID())))
        }
        let ada = try await customer()
        try await mall.send(DisableCustomer(id: ada))
        await #expect(throws: Refusal.forbidden("the customer may not order")) {
            try await mall.send(StartBasket(customerId: ada))
        }
        #expect(try mall.said(BasketStarted.self).isEmpty)
    }

    @Test func `a basket names its customer aloud`() async throws {
        let ada = try await customer()
        let basket = try await start(ada)
        #expect(try mall.said(BasketStarted.self) == [BasketStarted(id: basket, customerId: ada, customerName: "Ada")])
    }

    @Test func `row 16: a product the cache does not know is asked of Stores, and not_found there`() async throws {
        let basket = try await start(try await customer())
        let rye = try await product(1000)
        try await mall.send(AddItem(id: basket, productId: rye, quantity: 2))
        let details = try await mall.ask(GetBasket(id: basket))
        #expect(details.items.map(\.storeName) == ["Bread"])
        #expect(details.totalMinor == Money(minor: 2000))
        await #expect(throws: Refusal.notFound("there is no such product")) {
            try await mall.send(AddItem(id: basket, productId: ProductID(rawValue: UUID()), quantity: 1))
        }
    }

    @Test func `row 18 and F-B3: a withdrawn product leaves the basket without being looked up`() async throws {
        let (basket, rye) = (try await start(try await customer()), try await product(1000))
        try await mall.send(AddItem(id: basket, productId: rye, quantity: 1))
        try await mall.send(RemoveProduct(id: rye))
        await #expect(throws: Refusal.conflict("Rye is no longer sold")) { try await checkout(basket) }
        try await mall.send(RemoveItem(id: basket, productId: rye, quantity: 1))
        #expect(try await mall.ask(GetBasket(id: basket)).items.isEmpty)
    }

    @Test func `row 20: a price that rose is shown, refused once, and paid at the second checkout`() async throws {
        let (basket, rye) = (try await start(try await customer()), try await product(1000))
        try await mall.send(AddItem(id: basket, productId: rye, quantity: 2))
        try await mall.send(IncreaseProductPrice(id: rye, priceMinor: Money(minor: 1250)))
        let change = PriceChange(
            productId: rye, productName: "Rye", oldPriceMinor: Money(minor: 1000), newPriceMinor: Money(minor: 1250))
        #expect(try await mall.ask(GetBasket(id: basket)).priceChanges == [change])
        #expect(try await checkout(basket) == .repriced(priceChanges: [change], totalMinor: Money(minor: 2500)))
        #expect(try mall.said(BasketCheckedOut.self).isEmpty)
        guard case .checkedOut(_, let code, let total) = try await checkout(basket) else {
            Issue.record("the second checkout was not one")
            return
        }
        #expect(total == Money(minor: 2500))
        let said = try #require(try mall.said(BasketCheckedOut.self).first)
        #expect(said.pickupCode == code)
        #expect(said.customerName == "Ada")
        #expect(said.items.map(\.priceMinor.minor) == [1250])
        #expect(try await mall.ask(FindBasketByPickupCode(pickupCode: code.lowercased() + " ")) == basket)
    }

    @Test func `row 21: an empty checkout is invalid, a second one and a change of a canceled basket are conflicts`()
        async throws
    {
        let ada = try await customer()
        let (basket, rye) = (try await start(ada), try await product(1000))
        await #expect(throws: Refusal.invalid("the basket is empty", field: "items")) { try await checkout(basket) }
        try await mall.send(AddItem(id: basket, productId: rye, quantity: 1))
        _ = try await checkout(basket)
        await #expect(throws: Refusal.conflict("the basket is checked out already")) { try await checkout(basket) }
        let other = try await start(ada)
        try await mall.send(CancelBasket(id: other, reason: "too dear"))
        await #expect(throws: Refusal.conflict("the basket was canceled")) {
            try await mall.send(AddItem(id: other, productId: rye, quantity: 1))
        }
        let details = try await mall.ask(GetBasket(id: other))
        #expect(details.status == .canceled)
        #expect(details.cancelReason == "too dear")
        #expect(throws: DecodingError.self) {
            try Coding.decode(CheckoutBasket.self, from: Array(#"{"id":"\#(basket)"}"#.utf8))
        }
    }

    @Test func `row 22: an untouched basket is abandoned after ten minutes, a touched one later`() async throws {
        let ada = try await customer()
        let (left, kept) = (try await start(ada), try await start(ada))
        try await mall.pass(.seconds(400))
        try await mall.send(AddItem(id: kept, productId: try await product(1), quantity: 1))
        try await mall.pass(.seconds(400))
        #expect(
            try mall.said(BasketCanceled.self) == [BasketCanceled(id: left, customerId: ada, reason: "abandoned")])
        try await mall.pass(.seconds(200))
        #expect(try await mall.ask(GetBasket(id: kept)).status == .canceled)
    }

    @Test func `row 8: a command for an unknown basket is not_found and begins no stream`() async throws {
        let id = BasketID(rawValue: UUID())
        let rye = try await product(1)
        let streams = mall.streamCount
        let commands: [() async throws -> Void] = [
            { try await mall.send(AddItem(id: id, productId: rye, quantity: 1)) },
            { try await mall.send(RemoveItem(id: id, productId: rye, quantity: 1)) },
            { try await mall.send(CancelBasket(id: id)) },
            { _ = try await checkout(id) },
            { _ = try await mall.ask(GetBasket(id: id)) },
        ]
        for command in commands {
            let refusal = await #expect(throws: Refusal.self) { try await command() }
            #expect(refusal?.kind == .notFound)
        }
        #expect(mall.streamCount == streams)
    }

    @Test func `a pickup code is free again when the order has ended, and an ended order heard twice does no harm`()
        async throws
    {
        let (basket, rye) = (try await start(try await customer()), try await product(1000))
        try await mall.send(AddItem(id: basket, productId: rye, quantity: 1))
        guard case .checkedOut(let order, let code, _) = try await checkout(basket) else {
            Issue.record("the checkout was not one")
            return
        }
        let customer = try await mall.ask(GetBasket(id: basket)).customerId
        try await mall.hear(
            OrderCompleted(id: order, customerId: customer, invoiceId: InvoiceID(rawValue: UUID())), times: 2)
        #expect(try await mall.ask(FindBasketByPickupCode(pickupCode: code)) == nil)
        #expect(mall.refused.isEmpty)
    }

    @Test func `the caches hear every event of stores and products, under names of their own`() throws {
        var heard: [String: Set<String>] = [:]
        for case .keeps(let table) in baskets().parts { heard[table.name] = Set(table.effects.keys) }
        #expect(
            heard == [
                "baskets.stores_cache": [
                    StoreCreated.name, StoreRebranded.name, StoreParticipatingToggled.name,
                    StoreParticipationRequested.name, StoreParticipationDenied.name,
                ],
                "baskets.products_cache": [
                    ProductAdded.name, ProductRebranded.name, ProductPriceIncreased.name, ProductPriceDecreased.name,
                    ProductRemoved.name,
                ],
            ])
    }

    private func customer() async throws -> CustomerID {
        try await mall.send(RegisterCustomer(name: "Ada", smsNumber: "0170 1234567")).reply.id
    }

    private func start(_ customer: CustomerID) async throws -> BasketID {
        BasketID(rawValue: try #require(try await mall.send(StartBasket(customerId: customer)).first).id)
    }

    private func product(_ price: Int64) async throws -> ProductID {
        let created = try await mall.send(CreateStore(name: "Bread", location: "A1"))
        let store = StoreID(rawValue: try #require(created.first).id)
        try await mall.send(EnableParticipation(id: store))
        let added = try await mall.send(AddProduct(id: store, name: "Rye", priceMinor: Money(minor: price)))
        return ProductID(rawValue: try #require(added.first).id)
    }

    @discardableResult
    private func checkout(_ basket: BasketID) async throws -> Checkout {
        try await mall.send(CheckoutBasket(id: basket, paymentId: PaymentID(rawValue: UUID()))).reply
    }
}
