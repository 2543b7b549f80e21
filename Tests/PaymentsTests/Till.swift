import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Ordering
import Synchronization
import Testing

@testable import Payments

/// A card service that keeps its promise: under one key money moves once.
final class Cards: Sendable {
    enum Mood { case approving, refusing, unreachable }

    struct State {
        var mood = Mood.approving
        /// Every question, answered or not.
        var asked: [String] = []
        var answers: [String: CardAnswer] = [:]
        /// What it took, less what it gave back.
        var balance = Int64(0)
    }

    private let state = Mutex(State())

    var mood: Mood {
        get { state.withLock(\.mood) }
        set { state.withLock { $0.mood = newValue } }
    }
    var asked: [String] { state.withLock(\.asked) }
    var balance: Int64 { state.withLock(\.balance) }

    var module: Module {
        Module("cards") {
            answers(AuthorizeCard.self) { query, _ in try self.answer("authorize", "\(query.payment)", 0) }
            answers(CaptureCard.self) { query, _ in try self.answer("capture", query.key, query.amountMinor.minor) }
            answers(RefundCard.self) { query, _ in try self.answer("refund", query.key, -query.amountMinor.minor) }
            answers(ReleaseCard.self) { query, _ in try self.answer("release", "\(query.payment)", 0) }
        }
    }

    private func answer(_ operation: String, _ key: String, _ amount: Int64) throws(Refusal) -> CardAnswer {
        let answer: CardAnswer? = state.withLock { state in
            state.asked.append(operation)
            if state.mood == .unreachable { return nil }
            if let answer = state.answers["\(operation) \(key)"] { return answer }
            let answer: CardAnswer = state.mood == .refusing ? .refused(reason: "unlucky") : .approved(code: "OK")
            if state.mood == .approving { state.balance += amount }
            state.answers["\(operation) \(key)"] = answer
            return answer
        }
        guard let answer else { throw .unavailable("the card service cannot be reached") }
        return answer
    }
}

/// A desk where orders are paid: Ordering and Payments whole, beside baskets of two breads and four rolls.
struct Till {
    static let (ada, grace) = (CustomerID(rawValue: UUID()), "staff:grace")
    static let (list, bot) = (ListID(rawValue: UUID()), BotID(rawValue: UUID()))
    static let items = [item("Rye", 1000, 2), item("Roll", 100, 4)]
    static let total = Money(minor: 2400)

    let cards: Cards
    let mall: MemoryMall

    init() {
        cards = Cards()
        mall = MemoryMall(ordering, payments, cardDesk, cards.module, Self.shop)
    }

    /// Every basket is Ada's, open, and holds the same.
    static let shop = Module("shop") {
        answers(GetBasket.self) { query, _ in
            BasketDetails(
                id: query.id, customerId: ada, customerName: "Ada", status: .open, items: items, totalMinor: total,
                priceChanges: [], version: 1)
        }
        answers(GetCustomer.self) { query, _ in
            CustomerDetails(id: query.id, name: "Ada", smsNumber: "+491701", enabled: true, version: 1)
        }
    }

    /// A card that is held for a basket.
    func authorize(_ basket: BasketID = BasketID(rawValue: UUID())) async throws -> PaymentID {
        PaymentID(rawValue: try #require(try await mall.send(AuthorizePayment(basketId: basket)).first).id)
    }

    /// An order that is approved, as the saga approves it: its card is confirmed first.
    func approvedOrder() async throws -> (order: OrderID, payment: PaymentID, invoice: InvoiceID) {
        let basket = BasketID(rawValue: UUID())
        let order = basket.of(OrderID.self)
        let payment = try await authorize(basket)
        try await mall.hear(
            BasketCheckedOut(
                id: basket, customerId: Self.ada, customerName: "Ada", paymentId: payment, items: Self.items,
                totalMinor: Self.total, pickupCode: "ABCDEF"))
        try await mall.send(
            ConfirmPayment(id: payment, amountMinor: Self.total, orderId: order, customerId: Self.ada))
        try await mall.send(ApproveOrder(id: order, shoppingId: Self.list))
        return (order, payment, InvoiceID(of: order))
    }

    /// The clerk has counted, and so many rolls and breads are missing.
    func completeList(_ order: OrderID, rolls: Int = 0, breads: Int = 0) async throws {
        let lines = zip(Self.items, [breads, rolls]).map { item, missing in
            CountedLine(
                productId: item.productId, storeId: item.storeId, productName: item.productName,
                ordered: item.quantity, picked: item.quantity - missing, missing: missing)
        }
        try await mall.hear(
            ShoppingListCompleted(id: Self.list, orderId: order, botId: Self.bot, lines: lines, bay: "B1"))
    }

    func pay(_ invoice: InvoiceID, _ method: PaymentMethod, _ amount: Money = total) async throws {
        try await mall.send(
            PayInvoice(id: invoice, method: method, expectedAmountMinor: amount), by: Self.grace)
    }

    func openShift(float: Int64 = 10_000, by cashier: String = grace) async throws -> ShiftID {
        try await mall.send(OpenShift(floatMinor: Money(minor: float)), by: cashier).reply.id
    }

    func invoice(_ id: InvoiceID) async throws -> InvoiceDetails { try await mall.ask(GetInvoice(id: id)) }
    func status(_ payment: PaymentID) async throws -> PaymentStatus {
        try await mall.ask(GetPayment(id: payment)).status
    }
    func row(_ order: OrderID) throws -> InvoiceRow? { try invoices.rows(after: mall.log)[order.rawValue] }
    func shift(_ id: ShiftID) throws -> ShiftRow { try #require(try shifts.rows(after: mall.log)[id.rawValue]) }

    private static func item(_ name: String, _ price: Int64, _ quantity: Int) -> Item {
        Item(
            productId: ProductID(rawValue: UUID()), storeId: StoreID(rawValue: UUID()), storeName: "Bread",
            productName: name, priceMinor: Money(minor: price), quantity: quantity)
    }
}
