import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Payments

@Suite struct CardCallTests {
    static let release = CardCall.Wish.release(paymentId: PaymentID(rawValue: UUID()))
    static let capture = CardCall.Wish.capture(
        invoiceId: InvoiceID(rawValue: UUID()), capture: 1, paymentId: nil, amountMinor: Money(minor: 900))

    @Test func `every state answers every command as the table says`() {
        let later = Instant.morning + .seconds(1)
        func postponed(_ wish: CardCall.Wish, _ asked: Int) -> CardCall.Event {
            .cardCallPostponed(wish: wish, asked: asked, until: later)
        }
        let table = table(
            of: CardCall.self, at: later,
            states: [
                "absent": [], "waiting": [postponed(Self.capture, 1)],
                "due": [postponed(Self.capture, 4), .cardCallDue],
                "due for the last time": [postponed(Self.capture, 5), .cardCallDue],
                "due for ever": [postponed(Self.release, 50), .cardCallDue],
                "ended": [postponed(Self.capture, 1), .cardCallDue, .cardCallEnded],
            ],
            commands: ["postpone": .postpone(Self.capture), "ask": .ask, "end": .end])
        #expect(
            table == """
                absent
                    postpone → cardCallPostponed
                    ask → -
                    end → -
                waiting
                    postpone → -
                    ask → cardCallDue
                    end → -
                due
                    postpone → cardCallGivenUp
                    ask → -
                    end → cardCallEnded
                due for the last time
                    postpone → cardCallGivenUp
                    ask → -
                    end → cardCallEnded
                due for ever
                    postpone → cardCallPostponed
                    ask → -
                    end → cardCallEnded
                ended
                    postpone → -
                    ask → -
                    end → -
                """)
    }

    @Test func `what a customer waits for is asked for after 1, 5, 30 and 120 seconds, and given up`() {
        #expect(Self.waits(Self.capture) == [1, 5, 30, 120])
    }

    @Test func `a card is let go, and money given back, however long it takes`() {
        #expect(Self.waits(Self.release).prefix(8) == [1, 5, 30, 120, 600, 600, 600, 600])
    }

    @Test func `no sequence of commands breaks a call`() {
        Seeded.check { random in
            wander(CardCall.self, using: &random) { random in
                switch Int.random(in: 0..<6, using: &random) {
                case 0, 1: .postpone(Bool.random(using: &random) ? Self.capture : Self.release)
                case 2: .end
                default: .ask
                }
            }
        }
    }

    /// How long it waits each time, in seconds, while the service cannot be reached; 20 times at most.
    private static func waits(_ wish: CardCall.Wish) -> [Int64] {
        var call = given(CardCall.self)
        var waits: [Int64] = []
        for _ in 0..<20 {
            call = call.after(.postpone(wish))
            guard let until = call.state.timers[CardCall.timer] else { break }
            waits.append((until - call.now).components.seconds)
            call = call.at(until).after(.ask)
        }
        return waits
    }
}
