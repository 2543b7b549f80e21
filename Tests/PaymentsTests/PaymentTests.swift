import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Payments

@Suite struct PaymentTests {
    static let (ada, basket) = (CustomerID(rawValue: UUID()), BasketID(rawValue: UUID()))
    static let order = basket.of(OrderID.self)
    static let (another, hers) = (OrderID(rawValue: UUID()), CustomerID(rawValue: UUID()))
    static let expiresAt = Instant.morning + .seconds(86_400)
    static let authorized = Payment.Event.paymentAuthorized(
        customerId: ada, basketId: basket, amountMinor: Money(minor: 900), authorisationCode: "OK-1",
        expiresAt: expiresAt)

    static let confirmed = [authorized, .paymentConfirmed(orderId: order)]
    static let captured = confirmed + [.paymentCaptured(orderId: order, amountMinor: Money(minor: 900))]

    @Test func `every state answers every command as the table says`() {
        let table = table(
            of: Payment.self, at: Self.expiresAt,
            states: [
                "absent": [], "authorized": [Self.authorized], "confirmed": Self.confirmed,
                "captured": Self.captured,
                "partly refunded": Self.captured + [.paymentRefunded(amountMinor: Money(minor: 400))],
                "refunded": Self.captured + [.paymentRefunded(amountMinor: Money(minor: 900))],
                "released": [Self.authorized, .paymentReleased(reason: .replaced)],
                "expired": [Self.authorized, .paymentExpired],
            ],
            commands: [
                "authorize": Self.authorize(900),
                "confirm": .confirm(Self.order, Self.ada, total: Money(minor: 900)),
                "confirm for less": .confirm(Self.order, Self.ada, total: Money(minor: 1)),
                "confirm for more": .confirm(Self.order, Self.ada, total: Money(minor: 901)),
                "confirm for another customer": .confirm(Self.order, Self.hers, total: Money(minor: 900)),
                "confirm for another order": .confirm(Self.another, Self.ada, total: Money(minor: 900)),
                "capture": .capture(Self.order, Money(minor: 900)),
                "capture for another order": .capture(Self.another, Money(minor: 900)),
                "refund 500": .refund(Self.order, Money(minor: 500)),
                "refund 501": .refund(Self.order, Money(minor: 501)),
                "refund for another order": .refund(Self.another, Money(minor: 500)),
                "release": Self.release(Self.basket, Self.ada), "release for its order": Self.release(Self.basket, nil),
                "release for another basket": Self.release(BasketID(rawValue: UUID()), Self.ada),
                "release for another order": Self.release(Self.another.of(BasketID.self), nil),
                "release for another customer": Self.release(Self.basket, Self.hers),
                "expire": .expire,
            ])
        #expect(
            table == """
                absent
                    authorize → paymentAuthorized
                    confirm → not_found: there is no such payment
                    confirm for less → not_found: there is no such payment
                    confirm for more → not_found: there is no such payment
                    confirm for another customer → not_found: there is no such payment
                    confirm for another order → not_found: there is no such payment
                    capture → not_found: there is no such payment
                    capture for another order → not_found: there is no such payment
                    refund 500 → not_found: there is no such payment
                    refund 501 → not_found: there is no such payment
                    refund for another order → not_found: there is no such payment
                    release → -
                    release for its order → -
                    release for another basket → -
                    release for another order → -
                    release for another customer → -
                    expire → -
                authorized
                    authorize → conflict: the payment was authorized already
                    confirm → paymentConfirmed
                    confirm for less → paymentConfirmed
                    confirm for more → conflict: not enough was authorized: 9.00 EUR for a total of 9.01 EUR
                    confirm for another customer → conflict: the payment is another customer's
                    confirm for another order → conflict: the payment was made for another basket
                    capture → paymentCaptured
                    capture for another order → conflict: the payment is bound to another order
                    refund 500 → conflict: nothing was captured
                    refund 501 → conflict: nothing was captured
                    refund for another order → conflict: nothing was captured
                    release → paymentReleased
                    release for its order → paymentReleased
                    release for another basket → -
                    release for another order → -
                    release for another customer → -
                    expire → paymentExpired
                confirmed
                    authorize → conflict: the payment was authorized already
                    confirm → -
                    confirm for less → -
                    confirm for more → conflict: not enough was authorized: 9.00 EUR for a total of 9.01 EUR
                    confirm for another customer → conflict: the payment is another customer's
                    confirm for another order → conflict: the payment is bound to another order
                    capture → paymentCaptured
                    capture for another order → conflict: the payment is bound to another order
                    refund 500 → conflict: nothing was captured
                    refund 501 → conflict: nothing was captured
                    refund for another order → conflict: nothing was captured
                    release → paymentReleased
                    release for its order → paymentReleased
                    release for another basket → -
                    release for another order → -
                    release for another customer → -
                    expire → -
                captured
                    authorize → conflict: the payment was authorized already
                    confirm → -
                    confirm for less → -
                    confirm for more → conflict: not enough was authorized: 9.00 EUR for a total of 9.01 EUR
                    confirm for another customer → conflict: the payment is another customer's
                    confirm for another order → conflict: the payment is bound to another order
                    capture → -
                    capture for another order → conflict: the payment is bound to another order
                    refund 500 → paymentRefunded
                    refund 501 → paymentRefunded
                    refund for another order → conflict: the payment is bound to another order
                    release → -
                    release for its order → -
                    release for another basket → -
                    release for another order → -
                    release for another customer → -
                    expire → -
                partly refunded
                    authorize → conflict: the payment was authorized already
                    confirm → -
                    confirm for less → -
                    confirm for more → conflict: not enough was authorized: 9.00 EUR for a total of 9.01 EUR
                    confirm for another customer → conflict: the payment is another customer's
                    confirm for another order → conflict: the payment is bound to another order
                    capture → -
                    capture for another order → conflict: the payment is bound to another order
                    refund 500 → paymentRefunded
                    refund 501 → conflict: not that much was captured and is left
                    refund for another order → conflict: the payment is bound to another order
                    release → -
                    release for its order → -
                    release for another basket → -
                    release for another order → -
                    release for another customer → -
                    expire → -
                refunded
                    authorize → conflict: the payment was authorized already
                    confirm → -
                    confirm for less → -
                    confirm for more → conflict: not enough was authorized: 9.00 EUR for a total of 9.01 EUR
                    confirm for another customer → conflict: the payment is another customer's
                    confirm for another order → conflict: the payment is bound to another order
                    capture → -
                    capture for another order → conflict: the payment is bound to another order
                    refund 500 → conflict: not that much was captured and is left
                    refund 501 → conflict: not that much was captured and is left
                    refund for another order → conflict: the payment is bound to another order
                    release → -
                    release for its order → -
                    release for another basket → -
                    release for another order → -
                    release for another customer → -
                    expire → -
                released
                    authorize → conflict: the payment was authorized already
                    confirm → conflict: the payment was released
                    confirm for less → conflict: the payment was released
                    confirm for more → conflict: the payment was released
                    confirm for another customer → conflict: the payment was released
                    confirm for another order → conflict: the payment was released
                    capture → paymentCaptured
                    capture for another order → conflict: the payment is bound to another order
                    refund 500 → conflict: nothing was captured
                    refund 501 → conflict: nothing was captured
                    refund for another order → conflict: nothing was captured
                    release → -
                    release for its order → -
                    release for another basket → -
                    release for another order → -
                    release for another customer → -
                    expire → -
                expired
                    authorize → conflict: the payment was authorized already
                    confirm → conflict: the payment has expired
                    confirm for less → conflict: the payment has expired
                    confirm for more → conflict: the payment has expired
                    confirm for another customer → conflict: the payment has expired
                    confirm for another order → conflict: the payment has expired
                    capture → paymentCaptured
                    capture for another order → conflict: the payment is bound to another order
                    refund 500 → conflict: nothing was captured
                    refund 501 → conflict: nothing was captured
                    refund for another order → conflict: nothing was captured
                    release → -
                    release for its order → -
                    release for another basket → -
                    release for another order → -
                    release for another customer → -
                    expire → -
                """)
    }

    @Test func `every state of a cover answers every command as the table says`() {
        let payment = PaymentID(rawValue: UUID())
        let table = table(
            of: Cover.self,
            states: [
                "none": [], "held": [.coverHeld(paymentId: payment)],
                "closed": [.coverHeld(paymentId: payment), .coverClosed], "closed before it was held": [.coverClosed],
            ],
            commands: [
                "hold": .hold(payment), "hold another": .hold(PaymentID(rawValue: UUID())), "close": .close,
            ])
        #expect(
            table == """
                none
                    hold → coverHeld
                    hold another → coverHeld
                    close → coverClosed
                held
                    hold → -
                    hold another → coverHeld
                    close → coverClosed
                closed
                    hold → conflict: the basket was canceled
                    hold another → conflict: the basket was canceled
                    close → -
                closed before it was held
                    hold → conflict: the basket was canceled
                    hold another → conflict: the basket was canceled
                    close → -
                """)
    }

    @Test(arguments: [0, -1, .min])
    func `F-P6: an amount that is not above 0 is not authorised`(amount: Int64) {
        #expect(given(Payment.self).refusal(of: Self.authorize(amount))?.kind == .invalid)
    }

    @Test func `F-P6: an authorisation ends after 24 hours and not before`() {
        let payment = given(Payment.self).after(Self.authorize(900))
        #expect(payment.state.timers == ["expire": Self.expiresAt])
        #expect(payment.at(Self.expiresAt + .seconds(-1)).when(.expire) == .success([]))
        #expect(payment.at(Self.expiresAt).when(.expire) == .success([.paymentExpired]))
        #expect(payment.after(Self.release(Self.basket, Self.ada)).state.timers.isEmpty)
    }

    @Test func `F-P6: a confirmed payment does not expire`() {
        let payment = given(Payment.self, Self.confirmed)
        #expect(payment.state.timers.isEmpty)
        #expect(payment.at(Self.expiresAt).when(.expire) == .success([]))
    }

    @Test(arguments: [(899, false), (900, true)])
    func `F-P1 and row 27: a payment of 900 pays for an order of 900, and one unit less does not`(
        amount: Int64, isEnough: Bool
    ) {
        let payment = given(Payment.self).after(Self.authorize(amount))
        let confirmation = payment.when(.confirm(Self.order, Self.ada, total: Money(minor: 900)))
        #expect((try? confirmation.get()) == (isEnough ? [.paymentConfirmed(orderId: Self.order)] : nil))
    }

    @Test func `no sequence of commands breaks a payment, takes its money twice or gives back more than it took`() {
        Seeded.check { random in
            var state = Payment()
            var (taken, back) = (Int64(0), Int64(0))
            for _ in 0..<40 {
                let now = Instant.morning + .seconds(Int64.random(in: 0...100_000, using: &random))
                guard let events = try? state.decide(Self.command(&random), at: now) else { continue }
                for event in events {
                    state.apply(event)
                    if case .paymentCaptured(_, let amount) = event {
                        #expect(taken == 0)
                        taken = amount.minor
                    }
                    if case .paymentRefunded(let amount) = event { back += amount.minor }
                }
                _ = state.timers
                #expect((0...taken).contains(back))
            }
        }
    }

    private static func command(_ random: inout Seeded) -> Payment.Command {
        let order = Int.random(in: 0..<4, using: &random) == 0 ? another : order
        let amount = Money(minor: Int64.random(in: -1...901, using: &random))
        return switch Int.random(in: 0..<8, using: &random) {
        case 0, 1: authorize(Int64.random(in: 0...900, using: &random))
        case 2: .confirm(order, ada, total: amount)
        case 3: .capture(order, Money(minor: 900))
        case 4, 5: .refund(order, amount)
        case 6: release(order.of(BasketID.self), ada)
        default: .expire
        }
    }

    static func authorize(_ amount: Int64) -> Payment.Command {
        .authorize(
            Payment.Hold(
                customerId: ada, basketId: basket, amountMinor: Money(minor: amount), authorisationCode: "OK-1"))
    }

    static func release(_ basket: BasketID, _ customer: CustomerID?) -> Payment.Command {
        .release(basketId: basket, customerId: customer, .orderCanceled)
    }
}
