import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Depot
@testable import Stores

/// A depot beside two stores, and what can be done in it in one line.
struct Errands {
    let mall = MemoryMall(stores, depot)
    let bread: StoreID
    let books: StoreID
    let rye: ProductID
    let oat: ProductID
    let novel: ProductID

    init() async throws {
        func made<Noun>(_ outcome: StreamName?) throws -> ID<Noun> { ID(rawValue: try #require(outcome?.id)) }
        bread = try made(try await mall.send(CreateStore(name: "Bread", location: "Level 1, unit 12")).first)
        books = try made(try await mall.send(CreateStore(name: "Books", location: "Level 1, unit 7")).first)
        rye = try made(try await mall.send(AddProduct(id: bread, name: "Rye", priceMinor: Money(minor: 300))).first)
        oat = try made(try await mall.send(AddProduct(id: bread, name: "Oat", priceMinor: Money(minor: 200))).first)
        novel = try made(try await mall.send(AddProduct(id: books, name: "Novel", priceMinor: Money(minor: 900))).first)
    }

    func item(_ product: ProductID, _ quantity: Int, of store: StoreID? = nil) -> Item {
        Item(
            productId: product, storeId: store ?? (product == novel ? books : bread), storeName: "Bread",
            productName: "Rye", priceMinor: Money(minor: 300), quantity: quantity)
    }

    /// A list that waits for a robot.
    func list(_ items: [Item]? = nil, of order: OrderID = OrderID(rawValue: UUID())) async throws -> ListID {
        let items = items ?? [item(rye, 3), item(novel, 1)]
        let id = try await mall.send(CreateShoppingList(orderId: order, items: items)).reply.id
        try await mall.send(InitiateShopping(id: id))
        return id
    }

    /// A robot that is ready.
    func bot(_ name: String) async throws -> BotID {
        let id = try await mall.send(RegisterBot(name: name)).reply.id
        try await mall.send(GreetBot(id: id))
        return id
    }

    /// Has the robot fetch all of a list that asks for 3 rye and a novel, but bring this many rye.
    func fetch(_ list: ListID, _ bot: BotID, rye count: Int = 3, novel novels: Int = 1) async throws {
        try await mall.send(AssignShoppingList(id: list, botId: bot))
        var number = 0
        func next() -> Int {
            number += 1
            return number
        }
        try await mall.send(StartShopping(id: list, botId: bot, reportNo: next()))
        for (store, product, ordered, picked) in [(books, novel, 1, novels), (bread, rye, 3, count)] {
            try await mall.send(ArriveAtStop(id: list, botId: bot, reportNo: next(), storeId: store))
            if picked > 0 {
                try await mall.send(
                    PickItem(
                        id: list, botId: bot, reportNo: next(), storeId: store, productId: product, quantity: picked))
            }
            if picked < ordered {
                try await mall.send(
                    MarkUnavailable(
                        id: list, botId: bot, reportNo: next(), storeId: store, productId: product,
                        quantity: ordered - picked))
            }
        }
        try await mall.send(ReturnToDepot(id: list, botId: bot, reportNo: next()))
    }

    func status(_ list: ListID) async throws -> ListStatus { try await mall.ask(GetShoppingList(id: list)).status }
    func status(_ bot: BotID) async throws -> BotStatus { try await mall.ask(GetBot(id: bot)).status }

    func row(_ list: ListID) throws -> ListRow { try #require(try lists.rows(after: mall.log)[list.rawValue]) }
    func row(_ bot: BotID) throws -> BotRow { try #require(try fleet.rows(after: mall.log)[bot.rawValue]) }

    /// As ordering says it.
    func canceled(_ order: OrderID, _ reason: String = "rain") -> OrderCanceled {
        OrderCanceled(
            id: order, customerId: CustomerID(rawValue: UUID()), paymentId: PaymentID(rawValue: UUID()),
            reason: reason, by: .customer)
    }

    func rejected(_ order: OrderID) -> OrderRejected {
        OrderRejected(
            id: order, customerId: CustomerID(rawValue: UUID()), paymentId: PaymentID(rawValue: UUID()),
            totalMinor: Money(minor: 300), reason: "hail")
    }

    func completed(_ order: OrderID) -> OrderCompleted {
        OrderCompleted(
            id: order, customerId: CustomerID(rawValue: UUID()), invoiceId: InvoiceID(rawValue: UUID()))
    }
}
