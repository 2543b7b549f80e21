import Baskets
import Contracts
import Customers
import DomainTestSupport
import FoundationEssentials
import Kernel
import Ordering
import Stores
import Testing

@testable import Payments

/// All modules that know of money before an order is approved, beside a card service that refuses amounts ending in 13.
@Suite struct PaymentsTests {
    let mall = MemoryMall(
        stores, customers(), baskets(), ordering, payments,
        Module("cards") {
            answers(AuthorizeCard.self) { query, _ in
                query.amountMinor.minor % 100 == 13 ? .refused(reason: "unlucky") : .approved(code: "OK")
            }
        })

    @Test func `F-P6: customer and amount of an authorisation come from the basket`() async throws {
        let (ada, basket) = try await filledBasket(price: 1000)
        let payment = try await authorize(basket)
        #expect(
            try mall.said(PaymentAuthorized.self) == [
                PaymentAuthorized(id: payment, customerId: ada, basketId: basket, amountMinor: Money(minor: 2000))
            ])
        #expect(try await mall.ask(GetPayment(id: payment)).status == .authorized)
    }

    @Test func `F-P6: nothing is authorised for an unknown, empty or ended basket, or for who may not order`()
        async throws
    {
        let refusals: [(Refusal.Kind, () async throws -> BasketID)] = [
            (.notFound, { BasketID(rawValue: UUID()) }),
            (.invalid, { try await startBasket(try await customer("0170 1000001")) }),
            (.invalid, { try await filledBasket(price: 0, number: "0170 1000002").basket }),
            (
                .conflict,
                {
                    let basket = try await filledBasket(price: 1, number: "0170 1000003").basket
                    try await mall.send(CancelBasket(id: basket))
                    return basket
                }
            ),
            (
                .forbidden,
                {
                    let (ada, basket) = try await filledBasket(price: 1, number: "0170 1000004")
                    try await mall.send(DisableCustomer(id: ada))
                    return basket
                }
            ),
        ]
        for (kind, basket) in refusals {
            let basket = try await basket()
            let refusal = await #expect(throws: Refusal.self) { try await authorize(basket) }
            #expect(refusal?.kind == kind)
        }
        #expect(try mall.said(PaymentAuthorized.self).isEmpty)
    }

    @Test func `a refused card leaves nothing and says why`() async throws {
        let (_, basket) = try await filledBasket(price: 13, quantity: 1)
        await #expect(throws: Refusal.conflict("the card was refused: unlucky")) { try await authorize(basket) }
        #expect(try mall.said(PaymentAuthorized.self).isEmpty)
    }

    @Test func `a basket is covered by one payment: another takes its place`() async throws {
        let (ada, basket) = try await filledBasket(price: 1000)
        let first = try await authorize(basket)
        let second = try await authorize(basket)
        #expect(first != second)
        #expect(
            try mall.said(PaymentReleased.self) == [
                PaymentReleased(
                    id: first, customerId: ada, basketId: basket, amountMinor: Money(minor: 2000), reason: .replaced)
            ])
        #expect(try await mall.ask(GetPayment(id: second)).status == .authorized)
    }

    @Test func `row 22 and F-P6: an abandoned basket frees the card`() async throws {
        let (_, basket) = try await filledBasket(price: 1000)
        let payment = try await authorize(basket)
        try await mall.pass(.seconds(600))
        #expect(try await mall.ask(GetPayment(id: payment)).status == .released)
        #expect(try mall.said(PaymentReleased.self).map(\.reason) == [.basketCanceled])
    }

    @Test func `F-P6: an authorisation that nobody uses expires after 24 hours`() async throws {
        let (_, basket) = try await filledBasket(price: 1000)
        let payment = try await authorize(basket)
        _ = try await checkout(basket, payment)
        try await mall.pass(.seconds(24 * 3600 - 1))
        #expect(try await mall.ask(GetPayment(id: payment)).status == .authorized)
        try await mall.pass(.seconds(1))
        #expect(try await mall.ask(GetPayment(id: payment)).status == .expired)
        #expect(try mall.said(PaymentReleased.self).map(\.reason) == [.expired])
    }

    @Test func `a canceled order frees its card, and a rejected one too`() async throws {
        for (number, reason) in [("0170 1", ReleaseReason.orderCanceled), ("0170 2", .orderRejected)] {
            let (_, basket) = try await filledBasket(price: 1000, number: number + "000000")
            let payment = try await authorize(basket)
            let order = try await checkout(basket, payment)
            if reason == .orderCanceled {
                try await mall.send(CancelOrder(id: order), by: "kiosk:north")
            } else {
                try await mall.send(RejectOrder(id: order, reason: "no"))
            }
            #expect(try await mall.ask(GetPayment(id: payment)).status == .released)
            #expect(try mall.said(PaymentReleased.self).last?.reason == reason)
        }
    }

    @Test func `row 27: an order that named another's payment, or none, frees nothing`() async throws {
        let (_, hers) = try await filledBasket(price: 1000, number: "0170 1000000")
        let held = try await authorize(hers)
        let (_, his) = try await filledBasket(price: 1000, number: "0170 2000000")
        try await mall.send(RejectOrder(id: try await checkout(his, held), reason: "not his payment"))
        #expect(try await mall.ask(GetPayment(id: held)).status == .authorized)
        let (_, bare) = try await filledBasket(price: 1000, number: "0170 3000000")
        let order = try await checkout(bare, PaymentID(rawValue: UUID()))
        try await mall.send(RejectOrder(id: order, reason: "unknown payment"))
        #expect(try mall.said(PaymentReleased.self).isEmpty)
        #expect(mall.refused.isEmpty)
    }

    @Test func `everything heard a second time changes nothing`() async throws {
        let (_, basket) = try await filledBasket(price: 1000)
        let order = try await checkout(basket, try await authorize(basket))
        try await mall.send(CancelOrder(id: order, reason: "rain"))
        let length = mall.log.count
        try await mall.hearAgain()
        #expect(mall.log.count == length)
        #expect(mall.refused.isEmpty)
    }

    private func customer(_ number: String = "0170 1234567") async throws -> CustomerID {
        try await mall.send(RegisterCustomer(name: "Ada", smsNumber: number)).reply.id
    }

    private func startBasket(_ customer: CustomerID) async throws -> BasketID {
        BasketID(rawValue: try #require(try await mall.send(StartBasket(customerId: customer)).first).id)
    }

    private func filledBasket(
        price: Int64, quantity: Int = 2, number: String = "0170 1234567"
    ) async throws -> (customer: CustomerID, basket: BasketID) {
        let created = try await mall.send(CreateStore(name: "Bread", location: "A1"))
        let store = StoreID(rawValue: try #require(created.first).id)
        try await mall.send(EnableParticipation(id: store))
        let added = try await mall.send(AddProduct(id: store, name: "Rye", priceMinor: Money(minor: price)))
        let ada = try await customer(number)
        let basket = try await startBasket(ada)
        let rye = ProductID(rawValue: try #require(added.first).id)
        try await mall.send(AddItem(id: basket, productId: rye, quantity: quantity))
        return (ada, basket)
    }

    @discardableResult
    private func authorize(_ basket: BasketID) async throws -> PaymentID {
        PaymentID(rawValue: try #require(try await mall.send(AuthorizePayment(basketId: basket)).first).id)
    }

    private func checkout(_ basket: BasketID, _ payment: PaymentID) async throws -> OrderID {
        let reply = try await mall.send(CheckoutBasket(id: basket, paymentId: payment)).reply
        guard case .checkedOut(let order, _, _) = reply else { throw Refusal.conflict("repriced") }
        return order
    }
}
