import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Payments

/// Where the money is, after anything.
@Suite struct BalanceTests {
    @Test func `facts in any order, repeated, with payments in between, never leave goods' money where none is due`()
        async throws
    {
        for seed in 0..<40 as Range<UInt64> {
            var random = Seeded(seed: seed)
            let cards = Cards()
            let mall = MemoryMall(payments, cardDesk, cards.module)
            let (order, payment) = (OrderID(rawValue: UUID()), PaymentID(rawValue: UUID()))
            let approved = OrderApproved(
                id: order, customerId: Till.ada, paymentId: payment, shoppingId: Till.list, totalMinor: Till.total)
            let adjusted = OrderItemsAdjusted(
                id: order, customerId: Till.ada, removed: [], items: [Till.items[0]], totalMinor: Money(minor: 2000))
            let canceled = OrderCanceled(
                id: order, customerId: Till.ada, paymentId: payment, reason: "", by: .customer)
            let isCanceled = Bool.random(using: &random)
            var facts: [Int] = [0, 0, 1, 1, 3, 4, 5, 3, 4] + (isCanceled ? [2, 2] : [])
            facts.shuffle(using: &random)
            for fact in facts {
                switch fact {
                case 0: try await mall.hear(approved)
                case 1: try await mall.hear(adjusted)
                case 2: try await mall.hear(canceled)
                case 5: cards.mood = cards.mood == .unreachable ? .approving : .unreachable
                default:
                    let due = try await mall.ask(FindInvoice(orderId: order))?.amountMinor ?? .zero
                    _ = try? await mall.send(
                        PayInvoice(id: InvoiceID(of: order), method: .card, expectedAmountMinor: due))
                }
            }
            cards.mood = .approving
            try await mall.pass(.seconds(1200))
            let invoice = try #require(try await mall.ask(FindInvoice(orderId: order)))
            let isPaid = invoice.status == .paid
            #expect(cards.balance == (isPaid ? 2000 : 0), "seed \(seed)")
            #expect(invoice.status != .capturing)
            if isCanceled { #expect([.canceled, .refunded].contains(invoice.status), "seed \(seed)") }
            #expect(mall.refused.isEmpty, "seed \(seed)")
        }
    }

    @Test func `for any day at the till, cards and drawers hold exactly what was paid and not given back`() async throws
    {
        for seed in 0..<30 as Range<UInt64> {
            var random = Seeded(seed: seed)
            let till = Till()
            let shift = try await till.openShift()
            var orders: [(order: OrderID, payment: PaymentID, invoice: InvoiceID)] = []
            for _ in 0..<3 { orders.append(try await till.approvedOrder()) }
            for _ in 0..<30 {
                let (order, _, id) = orders[Int.random(in: 0..<3, using: &random)]
                let due = try await till.invoice(id).amountMinor
                switch Int.random(in: 0..<9, using: &random) {
                case 0, 1:
                    let method = PaymentMethod.allCases[Int.random(in: 0..<3, using: &random)]
                    _ = try? await till.pay(id, method, due)
                case 2:
                    // A refund that was refused would wait for somebody, so only a payment is.
                    guard till.cards.mood == .approving else { break }
                    till.cards.mood = .refusing
                    _ = try? await till.pay(id, .cardOnFile, due)
                    till.cards.mood = .approving
                case 8: till.cards.mood = till.cards.mood == .approving ? .unreachable : .approving
                case 3: try await till.mall.pass(.seconds(Int64.random(in: 1...200, using: &random)))
                case 4:
                    try await till.completeList(order, rolls: Int.random(in: 0...4, using: &random))
                case 5:
                    _ = try? await till.mall.send(
                        RefundInvoice(
                            id: id, amountMinor: Money(minor: Int64.random(in: 1...900, using: &random)),
                            reason: "bruised"), by: Till.grace)
                case 6: _ = try? await till.mall.send(CompleteOrder(id: order))
                case 7 where Int.random(in: 0..<4, using: &random) == 0:
                    _ = try? await till.mall.send(CancelOrder(id: order, reason: "rain"))
                default: break
                }
            }
            till.cards.mood = .approving
            try await till.mall.pass(.seconds(3600))
            var left = Int64(0)
            for (order, payment, id) in orders {
                let (invoice, status) = (
                    try await till.invoice(id), try await till.mall.ask(GetOrder(id: order)).status
                )
                left += invoice.paidMinor.minor - invoice.refundedMinor.minor
                let held = try await till.status(payment)
                #expect(invoice.status != .capturing)
                if status == .completed { #expect([.paid, .refunded].contains(invoice.status), "seed \(seed)") }
                if status == .canceled {
                    #expect([.canceled, .refunded].contains(invoice.status), "seed \(seed)")
                    #expect([.released, .refunded].contains(held), "seed \(seed)")
                }
            }
            #expect(till.cards.balance + (try till.shift(shift).expectedMinor.minor) - 10_000 == left, "seed \(seed)")
            #expect(till.mall.refused.isEmpty, "seed \(seed)")
        }
    }
}
