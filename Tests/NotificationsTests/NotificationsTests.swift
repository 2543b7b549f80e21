import Contracts
import Customers
import DomainTestSupport
import Kernel
import Ordering
import Synchronization
import Testing

@testable import Notifications

/// Everybody a text needs, and an SMS service that does as it is told.
@Suite struct NotificationsTests {
    final class Service: Sendable {
        private struct State {
            var asked: [SendText] = []
            var answers: [Result<TextAnswer, Refusal>] = []
        }

        private let state = Mutex(State())
        /// Every time it was asked, in order.
        var asked: [SendText] { state.withLock(\.asked) }

        /// What it answers next; it accepts when it was told nothing.
        func answer(_ answers: [Result<TextAnswer, Refusal>]) { state.withLock { $0.answers = answers } }

        var module: Module {
            Module("sms") {
                answers(SendText.self) { query, _ in
                    try self.state.withLock { state in
                        state.asked.append(query)
                        return state.answers.isEmpty ? .accepted : try state.answers.removeFirst().get()
                    }
                }
            }
        }
    }

    static let basket = BasketID(1)
    static let order = basket.of(OrderID.self)
    let service = Service()
    let mall: MemoryMall

    init() { mall = MemoryMall(notifications(), smsDesk, customers(), ordering, service.module) }

    /// Registers Ada and checks out her basket.
    func checkout() async throws -> CustomerID {
        let ada = try await mall.send(RegisterCustomer(name: "Ada", smsNumber: "0170 1234567")).reply.id
        let rye = Item(
            productId: ID(3), storeId: ID(4), storeName: "Bread", productName: "Rye", priceMinor: Money(minor: 645),
            quantity: 2)
        try await mall.hear(
            BasketCheckedOut(
                id: Self.basket, customerId: ada, customerName: "Ada", paymentId: ID(6), items: [rye],
                totalMinor: Money(minor: 1290), pickupCode: "ABCDEF"))
        return ada
    }

    var texts: [String] { service.asked.map(\.text) }

    @Test func `F-N1: a customer is told that an order was received, by the number they gave`() async throws {
        let ada = try await checkout()
        #expect(
            service.asked == [
                SendText(
                    key: NotificationID(of: Self.order, .received), attempt: 1, phone: "+491701234567",
                    text:
                        "We have received your order over 12.90 EUR. Your pickup code is ABCDEF. We write again when it is ready."
                )
            ])
        #expect(try mall.said(NotificationSent.self).map(\.customerId) == [ada])
    }

    @Test func `F-N1: a customer is told every turn of an order, once each however often it is heard`() async throws {
        let ada = try await checkout()
        let (order, payment, total) = (Self.order, PaymentID(6), Money(minor: 645))
        let left: [Item] = []
        for _ in 1...2 {
            try await mall.hear(
                OrderItemsAdjusted(
                    id: order, customerId: ada,
                    removed: [Shortage(productId: ID(3), storeId: ID(4), productName: "Rye", quantity: 1)], items: left,
                    totalMinor: total))
            try await mall.hear(OrderReadied(id: order, customerId: ada, paymentId: payment, totalMinor: total))
            try await mall.hear(OrderOverdue(id: order, customerId: ada))
            try await mall.hear(OrderCompleted(id: order, customerId: ada, invoiceId: ID(7)))
            try await mall.hear(
                OrderRejected(
                    id: order, customerId: ada, paymentId: payment, totalMinor: total, reason: "not enough authorised"))
            try await mall.hear(
                OrderCanceled(id: order, customerId: ada, paymentId: payment, reason: "the roof leaks", by: .staff))
        }
        try await mall.hearAgain()
        #expect(
            texts.dropFirst() == [
                "Not to be had today: 1 × Rye. The rest comes, for 6.45 EUR.",
                "Your order over 6.45 EUR is ready. Your pickup code is ABCDEF.",
                "Your order is still waiting for you at the depot. Your pickup code is ABCDEF.",
                "Thank you. You have paid 12.90 EUR and have received your goods.",
                "We cannot take your order: not enough authorised. Please ask at the desk.",
                "Your order is canceled: the roof leaks. You pay nothing.",
            ])
        #expect(mall.refused.isEmpty)
    }

    @Test func `F-N1, row 67: whoever replays last week texts nobody`() async throws {
        let ada = try await checkout()
        let before = texts.count
        try await mall.pass(.seconds(7 * 86_400))
        try await mall.hear(OrderOverdue(id: Self.order, customerId: ada), saidAt: .morning)
        #expect(texts.count == before)
        #expect(try mall.said(NotificationSuppressed.self).map(\.kind) == [.reminder])
        let rows = try messages.rows(after: mall.log)
        #expect(rows[NotificationID(of: Self.order, .reminder).rawValue]?.status == .suppressed)
    }

    @Test func `row 66: a service that fails twice has the text on the third try, and once`() async throws {
        service.answer([.success(.refused(reason: "busy")), .failure(.unavailable("away"))])
        _ = try await checkout()
        #expect(service.asked.count == 1)
        try await mall.pass(.seconds(5))
        #expect(service.asked.count == 2)
        try await mall.pass(.seconds(600))
        #expect(service.asked.map(\.attempt) == [1, 2, 3])
        #expect(try mall.said(NotificationSent.self).map(\.attempts) == [3])
        #expect(try mall.said(NotificationDelayed.self).map(\.error) == ["busy", "away"])
    }

    @Test func `row 66: a text that always fails is failed, and staff may send it again`() async throws {
        service.answer(Array(repeating: .success(.refused(reason: "no network")), count: 5))
        let ada = try await checkout()
        try await mall.pass(.seconds(3600))
        let id = NotificationID(of: Self.order, .received)
        #expect(try mall.said(NotificationFailed.self).map(\.error) == ["no network"])
        var row = try #require(try messages.rows(after: mall.log)[id.rawValue])
        #expect((row.status, row.attempts, row.lastError) == (.failed, 5, "no network"))

        // To the number that the customer has now.
        try await mall.send(ChangeSmsNumber(id: ada, smsNumber: "0170 7654321"))
        try await mall.send(ResendNotification(id: id))
        #expect(service.asked.last?.phone == "+491707654321")
        #expect(service.asked.last?.attempt == 6)
        row = try #require(try messages.rows(after: mall.log)[id.rawValue])
        #expect((row.status, row.attempts, row.phone) == (.sent, 6, "+491707654321"))
        #expect(row.sentAt == mall.now)
        await #expect(throws: Refusal.unknownNotification) {
            try await mall.send(ResendNotification(id: NotificationID(9)))
        }
    }

    @Test func `F-X1: whoever texts listens beside whoever else hears of orders`() async throws {
        let heard = Mutex(0)
        let mall = MemoryMall([
            notifications(), smsDesk, customers(), ordering, service.module,
            Module("search") { reacts(to: OrderCreated.self) { _, _ in heard.withLock { $0 += 1 } } },
        ])
        let ada = try await mall.send(RegisterCustomer(name: "Ada", smsNumber: "0170 1234567")).reply.id
        try await mall.hear(
            OrderCreated(
                id: Self.order, customerId: ada, customerName: "Ada", paymentId: ID(6), items: [],
                totalMinor: Money(minor: 1), pickupCode: "ABCDEF"))
        #expect(heard.withLock(\.self) == 1)
        #expect(service.asked.count == 1)
    }

    @Test func `amounts are written as their currency has it`() {
        #expect(Wording(currency: Currency("EUR")).amount(Money(minor: 5)) == "0.05 EUR")
        #expect(Wording(currency: Currency("EUR")).amount(Money(minor: -1290)) == "-12.90 EUR")
        #expect(Wording(currency: Currency("JPY")).amount(Money(minor: 1290)) == "1290 JPY")
        #expect(Wording(currency: Currency("KWD")).amount(Money(minor: 1290)) == "1.290 KWD")
    }
}
