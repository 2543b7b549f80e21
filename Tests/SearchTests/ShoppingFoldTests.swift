import Contracts
import Kernel
import Testing

@testable import Search

/// What the depot and payments say of an order, in its row.
struct ShoppingFoldTests {
    let story = Story()
    let order: OrderID = id(1)
    let list: ListID = id(7)
    let bot: BotID = id(5)
    let invoice: InvoiceID = id(6)
    let customer: CustomerID = id(9)

    var goods: [Item] {
        [item(1, "Rye Bread", quantity: 2), item(2, "Walnut Cake"), item(3, "Jam", of: 2, "Tea House")]
    }

    func row() throws -> OrderRow { try story.row(order) }

    /// An order of four units whose list is made.
    func placed() throws {
        try story.say(try created(order, goods))
        try story.say(listCreated())
    }
    func listCreated() -> ShoppingListCreated {
        ShoppingListCreated(
            id: list, orderId: order,
            stops: [
                Stop(
                    storeId: id(1), storeName: "Corner Books", location: "A1",
                    lines: [
                        StopLine(productId: id(1), productName: "Rye Bread", quantity: 2),
                        StopLine(productId: id(2), productName: "Walnut Cake", quantity: 1),
                    ]),
                Stop(
                    storeId: id(2), storeName: "Tea House", location: "B2",
                    lines: [StopLine(productId: id(3), productName: "Jam", quantity: 1)]),
            ])
    }
    func assigned(_ name: String = "Rosa") -> ShoppingListAssigned {
        ShoppingListAssigned(id: list, orderId: order, botId: bot, botName: name)
    }
    func picked(_ product: UInt8, of store: UInt8 = 1, _ quantity: Int = 1) -> ShoppingListItemPicked {
        ShoppingListItemPicked(
            id: list, orderId: order, botId: bot, storeId: id(store), productId: id(product), quantity: quantity)
    }
    func unavailable(_ product: UInt8, _ name: String, of store: UInt8 = 1) -> ShoppingListItemUnavailable {
        ShoppingListItemUnavailable(
            id: list, orderId: order, botId: bot, storeId: id(store), productId: id(product), productName: name,
            quantity: 1)
    }
    func released() -> ShoppingListReleased {
        ShoppingListReleased(
            id: list, orderId: order, botId: bot, reason: "battery low", attempts: 1, needsClerk: false)
    }
    func counted(_ bay: String? = "4") -> ShoppingListCompleted {
        ShoppingListCompleted(
            id: list, orderId: order, botId: bot,
            lines: [
                CountedLine(
                    productId: id(1), storeId: id(1), productName: "Rye Bread", ordered: 2, picked: 2, missing: 0),
                CountedLine(
                    productId: id(2), storeId: id(1), productName: "Walnut Cake", ordered: 1, picked: 0, missing: 1),
                CountedLine(productId: id(3), storeId: id(2), productName: "Jam", ordered: 1, picked: 1, missing: 0),
            ], bay: bay)
    }
    func adjusted() -> OrderItemsAdjusted {
        OrderItemsAdjusted(
            id: order, customerId: customer,
            removed: [Shortage(productId: id(2), storeId: id(1), productName: "Walnut Cake", quantity: 1)],
            items: [goods[0], goods[2]], totalMinor: Money(minor: 3_000))
    }
    func invoicePaid() -> InvoicePaid {
        InvoicePaid(
            id: invoice, orderId: order, customerId: customer, amountMinor: Money(minor: 4_000), method: .cardOnFile)
    }

    @Test func `progress is the share of units that were picked or could not be had`() throws {
        try placed()
        #expect(try row().progress == 0)
        try story.say(picked(1))
        #expect(try row().progress == 25)
        try story.say(picked(1))
        try story.say(unavailable(2, "Walnut Cake"))
        #expect(try row().progress == 75)
        try story.say(picked(3, of: 2))
        #expect(try row().progress == 100)
        #expect(try row().detail.shopping == shopping(ordered: 4, picked: 3, missing: 1))
    }

    func shopping(ordered: Int, picked: Int, missing: Int) -> OrderRow.Shopping {
        var shopping = OrderRow.Shopping()
        (shopping.ordered, shopping.picked, shopping.missing) = (ordered, picked, missing)
        return shopping
    }

    @Test func `an order has its robot's name from the assignment on, and none when the robot gave up`() throws {
        try placed()
        #expect(try row().botName == nil)
        try story.say(assigned())
        #expect(try row().botName == "Rosa")
        try story.say(released())
        #expect(try row().botName == nil)
        try story.say(assigned("Otto"))
        try story.say(counted())
        #expect(try row().botName == "Otto")
    }

    @Test func `a list that is given back begins again at nothing`() throws {
        try placed()
        try story.say(picked(1, 2))
        try story.say(unavailable(2, "Walnut Cake"))
        try story.say(released())
        #expect(try row().progress == 0)
        try story.say(picked(1, 2))
        #expect(try row().progress == 50)
    }

    @Test func `the clerk's count is the last word on progress`() throws {
        try placed()
        try story.say(picked(1))
        try story.say(counted())
        #expect(try row().progress == 100)
        #expect(try row().detail.shopping == shopping(ordered: 4, picked: 3, missing: 1))
    }

    @Test func `progress never leaves its range, whatever is reported`() throws {
        try story.say(picked(1, 5))
        #expect(try row().progress == 0)
        try story.say(try created(order, goods))
        try story.say(listCreated())
        #expect(try row().progress == 100)
    }

    @Test func `what could not be had is listed, and goods and total are those left`() throws {
        try placed()
        try story.say(adjusted())
        #expect(try row().goods?.totalMinor == Money(minor: 3_000))
        #expect(try row().goods?.items.map(\.productName) == ["Rye Bread", "Jam"])
        #expect(try row().detail.adjustments == adjusted().removed)
    }

    @Test func `an order is paid when its invoice is`() throws {
        try placed()
        try story.say(invoicePaid())
        #expect(try row().paid)
        #expect(try row().status == .pending)
    }

    @Test func `the timeline tells of the robot, the goods and the money`() throws {
        try placed()
        try story.say(
            InvoiceCreated(
                id: invoice, orderId: order, customerId: customer, paymentId: id(8), amountMinor: Money(minor: 4_000),
                authorizedMinor: Money(minor: 4_000)))
        try story.say(assigned())
        try story.say(released())
        try story.say(assigned("Otto"))
        try story.say(ShoppingListStarted(id: list, orderId: order, botId: bot))
        try story.say(picked(1, 2))
        try story.say(unavailable(2, "Walnut Cake"))
        try story.say(ShoppingListDelivered(id: list, orderId: order, botId: bot))
        try story.say(counted())
        try story.say(InvoiceAdjusted(id: invoice, orderId: order, amountMinor: Money(minor: 3_000)))
        try story.say(InvoiceCaptureRefused(id: invoice, orderId: order, reason: "card expired"))
        try story.say(invoicePaid())
        try story.say(
            InvoiceRefunded(
                id: invoice, orderId: order, amountMinor: Money(minor: 500), refundedMinor: Money(minor: 500),
                method: .cardOnFile, reason: "goodwill", isWhole: false))
        #expect(
            try row().detail.timeline.map { [$0.event, $0.note].compactMap(\.self).joined(separator: ": ") } == [
                "OrderCreated", "InvoiceCreated", "ShoppingListAssigned: Rosa", "ShoppingListReleased: battery low",
                "ShoppingListAssigned: Otto", "ShoppingListStarted", "ShoppingListItemUnavailable: 1 × Walnut Cake",
                "ShoppingListDelivered", "ShoppingListCompleted: 4", "InvoiceAdjusted",
                "InvoiceCaptureRefused: card expired", "InvoicePaid: card_on_file", "InvoiceRefunded: goodwill",
            ])
    }

    @Test func `a canceled list and its goods on the way back are in the timeline`() throws {
        try placed()
        try story.say(ShoppingListPutToBay(id: list, orderId: order, bay: "9"))
        try story.say(
            ShoppingListCanceled(id: list, orderId: order, botId: bot, reason: "changed my mind", hasGoods: true))
        try story.say(ShoppingListReturned(id: list, orderId: order))
        try story.say(InvoiceCanceled(id: invoice, orderId: order))
        #expect(
            try row().detail.timeline.dropFirst().map {
                [$0.event, $0.note].compactMap(\.self).joined(separator: ": ")
            }
                == [
                    "ShoppingListPutToBay: 9", "ShoppingListCanceled: changed my mind", "ShoppingListReturned",
                    "InvoiceCanceled",
                ])
    }

    @Test func `a long timeline keeps its beginning and its end`() throws {
        try placed()
        for round in 0..<200 { try story.say(assigned("bot \(round)")) }
        let timeline = try row().detail.timeline
        #expect(timeline.count == SearchLimits.moments)
        #expect(timeline.first?.event == "OrderCreated")
        #expect(timeline[1].note == "bot 0")
        #expect(timeline.last?.note == "bot 199")
    }

    @Test func `a row of an older day, with a timeline and nothing else, is read and folded on`() throws {
        let old = try Coding.decode(
            OrderRow.Detail.self,
            from: Array(#"{"timeline":[{"actor":"anna","at":"2026-01-01T00:00:00Z","event":"OrderCreated"}]}"#.utf8))
        #expect(old.timeline.count == 1)
        #expect(old.shopping.progress == 0)
        #expect(old.adjustments.isEmpty)
    }

    /// What three streams say of one order, each in its order, with their places in the log.
    func streams() throws -> [[Envelope]] {
        var position: Int64 = 0
        func say(_ event: some PublicEvent) throws -> Envelope {
            position += 1
            return try Story.envelope(event, position)
        }
        let creation = try say(try created(order, goods))
        let listed = try say(listCreated())
        let approval = try say(
            OrderApproved(id: order, customerId: customer, paymentId: id(8), shoppingId: list, totalMinor: .zero))
        let opened = try say(
            InvoiceCreated(
                id: invoice, orderId: order, customerId: customer, paymentId: id(8), amountMinor: Money(minor: 4_000),
                authorizedMinor: Money(minor: 4_000)))
        let tries = [
            try say(assigned()), try say(picked(1)), try say(released()), try say(assigned("Otto")),
            try say(ShoppingListStarted(id: list, orderId: order, botId: bot)),
        ]
        let start = try say(OrderStarted(id: order, customerId: customer, botId: bot))
        let reports = [
            try say(picked(1, 2)), try say(unavailable(2, "Walnut Cake")), try say(picked(3, of: 2)),
            try say(ShoppingListDelivered(id: list, orderId: order, botId: bot)), try say(counted()),
        ]
        let shortage = try say(adjusted())
        let ready = try say(
            OrderReadied(id: order, customerId: customer, paymentId: id(8), totalMinor: Money(minor: 3_000)))
        let money = [
            try say(InvoiceAdjusted(id: invoice, orderId: order, amountMinor: Money(minor: 3_000))),
            try say(invoicePaid()),
        ]
        let paid = try say(
            OrderPaid(id: order, customerId: customer, invoiceId: invoice, amountMinor: Money(minor: 3_000)))
        let end = try say(OrderCompleted(id: order, customerId: customer, invoiceId: invoice))
        return [[creation, approval, start, shortage, ready, paid, end], [listed] + tries + reports, [opened] + money]
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func `an order, its list and its invoice may be heard of in any order among each other`(seed: UInt64) throws {
        var random = Numbers(state: seed)
        var streams = try streams()
        let inOrder = Story()
        for envelope in streams.joined().sorted(by: { $0.position < $1.position }) { try inOrder.hear(envelope) }
        while !streams.isEmpty {
            let next = Int.random(in: 0..<streams.count, using: &random)
            try story.hear(streams[next].removeFirst())
            if streams[next].isEmpty { streams.remove(at: next) }
            if Int.random(in: 0..<3, using: &random) == 0 { try story.settle() }
        }
        let straight = try inOrder.row(order)
        #expect(try row() == straight)
        #expect(try row().status == .completed)
        #expect(try row().progress == 100)
        #expect(try row().paid)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `what ordering says of an order ends in its last status, shuffled as it may be`(seed: UInt64) throws {
        var random = Numbers(state: seed)
        let said = try streams()[0]
        let inOrder = Story()
        for envelope in said { try inOrder.hear(envelope) }
        for envelope in said.shuffled(using: &random) { try story.hear(envelope) }
        let straight = try inOrder.row(order)
        #expect(try row() == straight)
        #expect(try row().status == .completed)
    }
}
