import Contracts
import EventLoop
import EventStore
import EventStoreTestSupport
import FoundationEssentials
import Kernel
import Logging
import Ordering
import Postgres
import PostgresTestSupport
import Testing

@testable import Payments

/// The till on the real log, where cashiers, timers and reactions are at work at the same time.
@Suite struct LogTests {
    @Test func `F-P5: of many cashiers one takes the money`() async throws {
        try await withTill { till in
            let (_, id) = try await till.approvedOrder()
            try await till.branch.perform(OpenShift(floatMinor: .zero))
            let done = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<12 {
                    group.addTask {
                        do {
                            try await till.pay(id, index < 6 ? .cardOnFile : .cash)
                            return true
                        } catch let refusal as Refusal where refusal.kind == .conflict {
                            return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(done == 1)
            try await till.settles()
            #expect(try await till.count("paymentsapi.InvoicePaid") == 1)
            let invoice = try await till.invoice(id)
            #expect(invoice.status == .paid)
            #expect(till.cards.balance == (invoice.method == .cash ? 0 : 2400))
            #expect(try await till.count("ordersapi.OrderPaid") == 1)
        }
    }

    @Test func `a card service that cannot be reached is asked again when its time has come`() async throws {
        try await withTill { till in
            let (order, id) = try await till.approvedOrder()
            till.cards.mood = .unreachable
            try await till.pay(id, .cardOnFile)
            try await till.settles()
            #expect(try await till.invoice(id).status == .capturing)
            till.cards.mood = .approving
            till.branch.clock.advance(by: .seconds(1))
            try await until("the invoice is paid") { try await till.invoice(id).status == .paid }
            try await until("the order is paid") {
                try await till.branch.dispatcher.questions.ask(GetOrder(id: order)).paid
            }
            #expect(till.cards.balance == 2400)
            try await till.settles()
            try await until("the row shows it") {
                try await till.branch.number(
                    "select count(*) from live.invoices where c_status = 'paid' and key = \(order.rawValue)") == 1
            }
        }
    }

    @Test func `row 60: however cancellations race payments, no money is kept for what nobody gets`() async throws {
        try await withTill { till in
            var orders: [(order: OrderID, invoice: InvoiceID)] = []
            for _ in 0..<10 { orders.append(try await till.approvedOrder()) }
            await withTaskGroup(of: Void.self) { group in
                for (order, id) in orders {
                    group.addTask { _ = try? await till.pay(id, .cardOnFile) }
                    group.addTask { _ = try? await till.branch.perform(CancelOrder(id: order, reason: "rain")) }
                }
            }
            try await till.settles()
            #expect(till.cards.balance == 0)
            for (order, id) in orders {
                #expect(try await till.branch.dispatcher.questions.ask(GetOrder(id: order)).status == .canceled)
                let invoice = try await till.invoice(id)
                #expect([.canceled, .refunded].contains(invoice.status))
                let payment = try await till.branch.dispatcher.questions.ask(GetPayment(id: invoice.paymentId))
                #expect([.released, .refunded].contains(payment.status))
            }
            #expect(try await till.branch.number("select count(*) from mall.dead_letters") == 0)
        }
    }
}

/// A till on a log of its own.
private struct LogTill: Sendable {
    let branch: Branch
    let cards: Cards

    func approvedOrder() async throws -> (order: OrderID, invoice: InvoiceID) {
        let basket = BasketID(rawValue: UUID())
        let order = basket.of(OrderID.self)
        let payment = PaymentID(
            rawValue: try #require(try await branch.perform(AuthorizePayment(basketId: basket)).subject).id)
        try await branch.perform(CheckOut(basket: basket, payment: payment))
        try await branch.perform(
            ConfirmPayment(id: payment, amountMinor: Till.total, orderId: order, customerId: Till.ada))
        try await until("the order is there") {
            try await count("ordersapi.OrderCreated", of: order) == 1
        }
        try await branch.perform(ApproveOrder(id: order, shoppingId: Till.list))
        let id = InvoiceID(of: order)
        try await until("the invoice is there") {
            try await branch.dispatcher.questions.ask(FindInvoice(orderId: order)) != nil
        }
        return (order, id)
    }

    func pay(_ id: InvoiceID, _ method: PaymentMethod) async throws {
        try await branch.perform(PayInvoice(id: id, method: method, expectedAmountMinor: Till.total))
    }

    func invoice(_ id: InvoiceID) async throws -> InvoiceDetails {
        try await branch.dispatcher.questions.ask(GetInvoice(id: id))
    }

    func settles() async throws {
        // What was settled may have led to more by the time it is looked at.
        try await until("everybody has heard everything") { try await branch.isSettled() }
    }

    func count(_ type: String) async throws -> Int {
        try await branch.number("select count(*) from mall.log where type = \(type)")
    }

    private func count(_ type: String, of order: OrderID) async throws -> Int {
        try await branch.number(
            """
            select count(*) from mall.log join mall.streams using (stream_no)
            where type = \(type) and stream_id = \(order.rawValue)
            """)
    }
}

private func withTill(_ body: @Sendable (LogTill) async throws -> Void) async throws {
    let template = try await TestDatabase.template("till") { database, loop in
        let connection = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
        let steps = [
            (module: "eventstore", migrations: eventStoreMigrations),
            (module: "invoices", migrations: invoices.storage.migrations),
            (module: "shifts", migrations: shifts.storage.migrations),
        ]
        try await Migrations(steps).run(on: connection, logger: TestCluster.quiet)
        await connection.close()
    }
    try await TestDatabase.with(template: template) { database, _ in
        let cards = Cards()
        let branch = Branch(
            database.configuration, modules: [ordering, payments, cardDesk, cards.module, Till.shop, checkouts],
            name: "till")
        branch.work()
        do {
            try await body(LogTill(branch: branch, cards: cards))
            await branch.close()
        } catch {
            await branch.close()
            throw error
        }
    }
}

/// Says what a basket says when it is checked out.
private let checkouts = Module("baskets") {
    accepts(CheckOut.self) { command, tx in
        try await tx.tell(Checkout.self, command.basket, .checkOut(command.payment))
        return Done()
    }
    announces(Checkout.self) { id, _, event in
        switch event {
        case .checkedOut(let payment):
            BasketCheckedOut(
                id: id, customerId: Till.ada, customerName: "Ada", paymentId: payment, items: Till.items,
                totalMinor: Till.total, pickupCode: "ABCDEF")
        }
    }
}

private struct CheckOut: PublicCommand {
    static let name = "tests.CheckOut"
    let basket: BasketID
    let payment: PaymentID
}

private enum Checkout: Decider {
    case open, over

    typealias Noun = Contracts.Noun.Basket
    static let category = "tests.Checkout"

    enum Command { case checkOut(PaymentID) }
    enum Event: Codable, Equatable { case checkedOut(payment: PaymentID) }

    init() { self = .open }

    func decide(_ command: Command, at _: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.open, .checkOut(let payment)): return [.checkedOut(payment: payment)]
        case (.over, .checkOut): return []
        }
    }

    mutating func apply(_: Event) { self = .over }
}
