import Contracts
import FoundationEssentials
import Kernel
import Testing

@testable import Busywork

/// A log written by hand, and what the ledger says of it.
@Suite struct LedgerTests {
    private struct Story {
        var ledger = Ledger()
        private var position: Int64 = 0

        mutating func say(_ message: some PublicEvent, at seconds: Int64 = 0) throws {
            position += 1
            try ledger.take(
                Envelope(
                    position: Position(position), commandEnd: Position(position), id: UUID(),
                    stream: StreamName(category: "test", id: UUID()), version: 1, kind: .message,
                    type: type(of: message).name, body: Coding.body(of: message),
                    cause: Cause(correlation: UUID(), causation: UUID(), actor: "test"),
                    at: Instant(microseconds: seconds * 1_000_000)))
        }

        func found(after seconds: Int64 = 1) -> [String] {
            ledger.violations(at: Instant(microseconds: seconds * 1_000_000)).map { String($0.prefix(1)) }
        }
    }

    private let order = OrderID(rawValue: UUID())
    private let list = ListID(rawValue: UUID())
    private let invoice = InvoiceID(rawValue: UUID())
    private let payment = PaymentID(rawValue: UUID())
    private let customer = CustomerID(rawValue: UUID())
    private let robot = BotID(rawValue: UUID())
    private let total = Money(minor: 1_000)

    private func placed() throws -> Story {
        var story = Story()
        try story.say(
            PaymentAuthorized(
                id: payment, customerId: customer, basketId: order.of(BasketID.self), amountMinor: total))
        try story.say(
            BasketCheckedOut(
                id: order.of(BasketID.self), customerId: customer, customerName: "Mira", paymentId: payment, items: [],
                totalMinor: total, pickupCode: "ABCDEF"))
        try story.say(
            OrderCreated(
                id: order, customerId: customer, customerName: "Mira", paymentId: payment, shoppingId: nil, items: [],
                totalMinor: total, pickupCode: "ABCDEF"))
        return story
    }

    private func approved() throws -> Story {
        var story = try placed()
        try story.say(ShoppingListCreated(id: list, orderId: order, stops: []))
        try story.say(
            PaymentConfirmed(id: payment, customerId: customer, orderId: order, amountMinor: total))
        try story.say(ShoppingListInitiated(id: list, orderId: order))
        try story.say(
            OrderApproved(
                id: order, customerId: customer, paymentId: payment, shoppingId: list, totalMinor: total))
        try story.say(
            InvoiceCreated(
                id: invoice, orderId: order, customerId: customer, paymentId: payment, amountMinor: total,
                authorizedMinor: total))
        return story
    }

    private func completed() throws -> Story {
        var story = try approved()
        try story.say(PaymentCaptured(id: payment, customerId: customer, orderId: order, amountMinor: total))
        try story.say(
            InvoicePaid(
                id: invoice, orderId: order, customerId: customer, amountMinor: total, method: .cardOnFile))
        try story.say(
            ShoppingListCompleted(id: list, orderId: order, botId: robot, lines: [], bay: "B 1"))
        try story.say(OrderReadied(id: order, customerId: customer, paymentId: payment, totalMinor: total))
        try story.say(
            NotificationQueued(
                id: NotificationID(rawValue: UUID()), orderId: order, customerId: customer, kind: .ready,
                phone: "+49", text: "", attempt: 1))
        try story.say(OrderCompleted(id: order, customerId: customer, invoiceId: invoice))
        return story
    }

    @Test func `a life without trouble adds up at every step`() throws {
        #expect(try placed().found() == [])
        #expect(try approved().found() == [])
        #expect(try completed().found() == [])
    }

    @Test func `a basket without an order, a second order, list or invoice are told`() throws {
        var story = Story()
        try story.say(
            BasketCheckedOut(
                id: order.of(BasketID.self), customerId: customer, customerName: "Mira", paymentId: payment, items: [],
                totalMinor: total, pickupCode: "ABCDEF"))
        #expect(story.found() == ["1"])
        story = try approved()
        try story.say(ShoppingListCreated(id: ListID(rawValue: UUID()), orderId: order, stops: []))
        #expect(story.found() == ["1"])
        story = try approved()
        try story.say(
            InvoiceCreated(
                id: InvoiceID(rawValue: UUID()), orderId: order, customerId: customer, paymentId: payment,
                amountMinor: total, authorizedMinor: total))
        #expect(story.found() == ["1"])
    }

    @Test func `money that was given back behind a handover is told`() throws {
        var story = try completed()
        try story.say(
            InvoiceRefunded(
                id: invoice, orderId: order, amountMinor: Money(minor: 1), refundedMinor: Money(minor: 1),
                method: .cardOnFile, reason: "", isWhole: false))
        #expect(story.found() == ["2", "2"])
    }

    @Test func `what is canceled leaves no list, payable invoice or held card behind`() throws {
        var story = try approved()
        try story.say(
            OrderCanceled(id: order, customerId: customer, paymentId: payment, reason: "", by: .customer))
        #expect(story.found() == ["3", "3", "3"])
        try story.say(ShoppingListCanceled(id: list, orderId: order, botId: nil, reason: "", hasGoods: false))
        try story.say(InvoiceCanceled(id: invoice, orderId: order))
        try story.say(
            PaymentReleased(
                id: payment, customerId: customer, basketId: order.of(BasketID.self), amountMinor: total,
                reason: .orderCanceled))
        #expect(story.found() == [])
    }

    @Test func `an active robot whose list names another is told`() throws {
        var story = try approved()
        try story.say(BotRegistered(id: robot, name: "R"))
        try story.say(BotActivated(id: robot, listId: list))
        #expect(story.found() == ["4"])
        try story.say(ShoppingListAssigned(id: list, orderId: order, botId: robot, botName: "R"))
        #expect(story.found() == [])
    }

    @Test func `who waits too long is told, unless something was broken a moment ago`() throws {
        let story = try placed()
        #expect(story.found(after: 59) == [])
        #expect(story.found(after: 61) == ["5"])
        #expect(story.ledger.violations(at: Instant(microseconds: 61_000_000), excused: true) == [])
    }

    @Test
    func `a list that waits beside a robot with nothing to do is told, one beside a robot between two lists is not`()
        throws
    {
        var story = try approved()
        try story.say(ShoppingListInitiated(id: list, orderId: order), at: 0)
        try story.say(BotIdled(id: robot), at: 590)
        #expect(story.found(after: 601) == [])
        #expect(story.found(after: 651) == ["5"])
        try story.say(BotActivated(id: robot, listId: ListID(rawValue: UUID())), at: 651)
        #expect(!story.found(after: 652).contains("5"))
    }

    @Test func `a text that was sent twice, and one that was not, are told`() throws {
        var story = try approved()
        try story.say(OrderReadied(id: order, customerId: customer, paymentId: payment, totalMinor: total))
        #expect(story.found() == ["6"])
        for _ in 0..<2 {
            try story.say(
                NotificationSent(
                    id: NotificationID(rawValue: UUID()), orderId: order, customerId: customer, kind: .ready,
                    attempts: 1))
        }
        #expect(story.found() == ["6"])
    }
}
