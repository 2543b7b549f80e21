import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Payments

@Suite struct PaymentTests {
    static let (ada, basket) = (CustomerID(rawValue: UUID()), BasketID(rawValue: UUID()))
    static let expiresAt = Instant.morning + .seconds(86_400)
    static let authorized = Payment.Event.paymentAuthorized(
        customerId: ada, basketId: basket, amountMinor: Money(minor: 900), authorisationCode: "OK-1",
        expiresAt: expiresAt)

    @Test func `every state answers every command as the table says`() {
        let table = table(
            of: Payment.self, at: Self.expiresAt,
            states: [
                "absent": [], "authorized": [Self.authorized],
                "released": [Self.authorized, .paymentReleased(reason: .replaced)],
                "expired": [Self.authorized, .paymentExpired],
            ],
            commands: [
                "authorize": Self.authorize(900), "release": Self.release(Self.basket, Self.ada),
                "release for another basket": Self.release(BasketID(rawValue: UUID()), Self.ada),
                "release for another customer": Self.release(Self.basket, CustomerID(rawValue: UUID())),
                "expire": .expire,
            ])
        #expect(
            table == """
                absent
                    authorize → paymentAuthorized
                    release → -
                    release for another basket → -
                    release for another customer → -
                    expire → -
                authorized
                    authorize → conflict: the payment was authorized already
                    release → paymentReleased
                    release for another basket → -
                    release for another customer → -
                    expire → paymentExpired
                released
                    authorize → conflict: the payment was authorized already
                    release → -
                    release for another basket → -
                    release for another customer → -
                    expire → -
                expired
                    authorize → conflict: the payment was authorized already
                    release → -
                    release for another basket → -
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

    @Test func `no sequence of commands breaks a payment`() {
        Seeded.check { random in
            wander(Payment.self, steps: 200, using: &random) { random in
                switch Int.random(in: 0..<20, using: &random) {
                case 0..<10: .expire
                case 10..<18: Self.authorize(Int64.random(in: -1...2, using: &random))
                default: Self.release(Self.basket, Self.ada)
                }
            }
        }
    }

    static func authorize(_ amount: Int64) -> Payment.Command {
        .authorize(
            Payment.Hold(
                customerId: ada, basketId: basket, amountMinor: Money(minor: amount), authorisationCode: "OK-1"))
    }

    static func release(_ basket: BasketID, _ customer: CustomerID) -> Payment.Command {
        .release(basketId: basket, customerId: customer, .orderCanceled)
    }
}
