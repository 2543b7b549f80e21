import Contracts
import FoundationEssentials
import Kernel
import Testing

@testable import Search

struct OrderFoldTests {
    let story = Story()
    let order: OrderID = id(1)
    let customer: CustomerID = id(9)

    func approved() -> OrderApproved {
        OrderApproved(
            id: order, customerId: customer, paymentId: id(8), shoppingId: id(7), totalMinor: Money(minor: 1_000))
    }
    func canceled() -> OrderCanceled {
        OrderCanceled(id: order, customerId: customer, paymentId: id(8), reason: "changed my mind", by: .customer)
    }

    @Test func `a new order is pending and has the number of its place in the log`() throws {
        try story.say(approved())
        let other: OrderID = id(2)
        try story.say(try created(other, [item(1, "Rye Bread", quantity: 3)]))
        let row = try story.row(other)
        #expect(row.status == .pending)
        #expect(row.placement?.number == 2)
        #expect(row.goods?.totalMinor == Money(minor: 3_000))
        #expect(!row.paid)
    }

    @Test func `each event moves the order to its status`() throws {
        try story.say(try created(order, [item(1, "Rye Bread")]))
        try story.say(approved())
        #expect(try story.row(order).status == .approved)
        try story.say(OrderStarted(id: order, customerId: customer, botId: id(5)))
        #expect(try story.row(order).status == .inProgress)
        try story.say(OrderPaid(id: order, customerId: customer, invoiceId: id(6), amountMinor: Money(minor: 1_000)))
        #expect(try story.row(order).status == .inProgress)
        #expect(try story.row(order).paid)
        try story.say(OrderReadied(id: order, customerId: customer, paymentId: id(8), totalMinor: Money(minor: 1_000)))
        #expect(try story.row(order).status == .ready)
        try story.say(OrderCompleted(id: order, customerId: customer, invoiceId: id(6)))
        #expect(try story.row(order).status == .completed)
    }

    @Test func `a rejection and a cancellation keep their reason`() throws {
        try story.say(try created(order, [item(1, "Rye Bread")]))
        try story.say(
            OrderRejected(
                id: order, customerId: customer, paymentId: id(8), totalMinor: Money(minor: 1_000),
                reason: "customer disabled"))
        #expect(try story.row(order).reason == "customer disabled")
        #expect(try story.row(order).status == .rejected)
        try story.say(canceled())
        #expect(try story.row(order).reason == "changed my mind")
    }

    @Test func `row 64, F-X4: statuses that overtake the creation are remembered, and the last one stays`() throws {
        try story.say(approved())
        try story.say(canceled())
        let early = try story.row(order)
        #expect(early.status == .canceled)
        #expect(early.placement == nil)
        let predicate = try OrderFilter().predicate()
        let hidden = try #require(story.rows[order.rawValue]?.columns)
        #expect(!predicate.matches(hidden))

        try story.say(try created(order, [item(1, "Rye Bread")]))
        let row = try story.row(order)
        #expect(row.status == .canceled)
        #expect(row.reason == "changed my mind")
        #expect(row.placement?.customerName == "Ada Lovelace")
        let shown = try #require(story.rows[order.rawValue]?.columns)
        #expect(predicate.matches(shown))
    }

    @Test func `an adjustment that overtakes the creation keeps its items and total`() throws {
        let left = [item(1, "Rye Bread")]
        try story.say(
            OrderItemsAdjusted(
                id: order, customerId: customer,
                removed: [Shortage(productId: id(2), storeId: id(1), productName: "Walnut Cake", quantity: 2)],
                items: left,
                totalMinor: Money(minor: 1_000)))
        try story.say(try created(order, left + [item(2, "Walnut Cake", quantity: 2)]))
        let row = try story.row(order)
        #expect(row.goods?.items == left)
        #expect(row.goods?.totalMinor == Money(minor: 1_000))
        #expect(row.detail.timeline.map(\.note) == ["2 × Walnut Cake", nil])
    }

    @Test func `a repeated creation changes neither number nor names`() throws {
        try story.say(try created(order, [item(1, "Rye Bread")]))
        let first = try story.row(order)
        try story.say(try created(order, by: "Somebody Else", [item(2, "Walnut Cake")]))
        let second = try story.row(order)
        #expect(second.placement == first.placement)
        #expect(second.goods == first.goods)
    }

    @Test func `old rows keep the name of the day, new rows have the new one`() throws {
        let later: OrderID = id(2)
        try story.say(try created(order, [item(1, "Rye Bread", of: 1, "Corner Books")]))
        try story.say(try created(later, [item(1, "Rye Bread", of: 1, "Corner Café")]))
        try story.say(OrderCompleted(id: order, customerId: customer, invoiceId: id(6)))
        #expect(try story.row(order).goods?.items.map(\.storeName) == ["Corner Books"])
        #expect(try story.row(later).goods?.items.map(\.storeName) == ["Corner Café"])
    }

    @Test func `the timeline says what happened, when and by whom`() throws {
        let at = Instant(microseconds: 1_700_000_000_000_000)
        try story.say(try created(order, [item(1, "Rye Bread")]), at: at, actor: "kiosk:entrance")
        try story.say(canceled(), at: at + .seconds(5), actor: "bob")
        #expect(
            try story.row(order).detail.timeline == [
                Moment(at: at, event: "OrderCreated", actor: "kiosk:entrance"),
                Moment(at: at + .seconds(5), event: "OrderCanceled", actor: "bob", note: "changed my mind"),
            ])
    }

    @Test func `a row is one flat object`() throws {
        try story.say(try created(order, [item(1, "Rye Bread")]))
        let row = try story.row(order)
        let stored = try #require(story.rows[order.rawValue])
        #expect(
            String(decoding: stored.value, as: UTF8.self) == """
                {"createdAt":"2023-11-14T22:13:21.000000Z","customerId":"\(customer)","customerName":"Ada Lovelace","items":[{\
                "priceMinor":1000,"productId":"\(id(1) as ProductID)","productName":"Rye Bread","quantity":1,\
                "storeId":"\(id(1) as StoreID)","storeName":"Corner Books"}],"number":1,"orderId":"\(order)","paid":false,\
                "progress":0,"status":"pending","totalMinor":1000,"updatedAt":"2023-11-14T22:13:21.000000Z"}
                """)
        #expect(row.detail.timeline.count == 1)
    }

    @Test func `the searched text has a line for each name, normalised, without what a database cannot hold`() throws {
        try story.say(
            try created(
                order, by: "  ADA\u{0} \n Lovelace ",
                [item(1, "Rye  BREAD"), item(2, "Cake", of: 2, "Ä & Ö"), item(3, "Jam")]))
        _ = try story.write()
        let columns = try #require(story.rows[order.rawValue]?.columns)
        #expect(columns["text"] == .text("ada lovelace\nrye bread\ncake\njam\ncorner books\nä & ö"))
    }
}
