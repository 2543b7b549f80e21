import Contracts
import DomainTestSupport
import Kernel
import Testing

@testable import Notifications

@Suite struct NotificationTests {
    static let content = Notification.Content(
        orderId: ID(1), customerId: ID(2), kind: .ready, phone: "+491701234567", text: "It is ready.")
    static let queued = Notification.Event.notificationQueued(
        orderId: ID(1), customerId: ID(2), kind: .ready, phone: "+491701234567", text: "It is ready.")
    static let suppressed = Notification.Event.notificationSuppressed(
        orderId: ID(1), customerId: ID(2), kind: .ready, phone: "+491701234567", text: "It is ready.")
    static let later = Instant.morning + .seconds(5)
    static let delayed = Notification.Event.notificationDelayed(error: "no network", until: later)

    @Test func `every state answers every command as the table says`() {
        let table = table(
            of: Notification.self, at: Self.later,
            states: [
                "absent": [], "queued": [Self.queued], "waiting": [Self.queued, Self.delayed],
                "sent": [Self.queued, .notificationSent],
                "failed": [Self.queued, .notificationFailed(error: "no network")], "suppressed": [Self.suppressed],
            ],
            commands: [
                "notify": .notify(Self.content, of: .morning), "tryAgain": .tryAgain,
                "delivered": .delivered(attempt: 1), "refused": .refused(attempt: 1, error: "no network"),
                "delivered late": .delivered(attempt: 7), "resend": .resend(phone: "+491707654321"),
            ])
        #expect(
            table == """
                absent
                    notify → notificationQueued
                    tryAgain → -
                    delivered → -
                    refused → -
                    delivered late → -
                    resend → not_found: there is no such text
                queued
                    notify → -
                    tryAgain → -
                    delivered → notificationSent
                    refused → notificationDelayed
                    delivered late → -
                    resend → conflict: the text is on its way already
                waiting
                    notify → -
                    tryAgain → notificationRetried
                    delivered → -
                    refused → -
                    delivered late → -
                    resend → conflict: the text is on its way already
                sent
                    notify → -
                    tryAgain → -
                    delivered → -
                    refused → -
                    delivered late → -
                    resend → notificationResent
                failed
                    notify → -
                    tryAgain → -
                    delivered → -
                    refused → -
                    delivered late → -
                    resend → notificationResent
                suppressed
                    notify → -
                    tryAgain → -
                    delivered → -
                    refused → -
                    delivered late → -
                    resend → conflict: the text is out of date
                """)
    }

    @Test func `a fact of half an hour ago is told, an older one is not`() {
        let now = Instant.morning + Notification.age
        let absent = given(Notification.self).at(now)
        #expect(absent.when(.notify(Self.content, of: .morning)) == .success([Self.queued]))
        let older = Instant(microseconds: Instant.morning.microseconds - 1)
        #expect(absent.when(.notify(Self.content, of: older)) == .success([Self.suppressed]))
    }

    @Test func `the fifth refusal in a row is the last, and somebody who wants it again has five tries more`() {
        var text = given(Notification.self, [Self.queued])
        for attempt in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] {
            #expect(text.state.attempt == attempt)
            text = text.after(.refused(attempt: attempt, error: "no network"))
            if attempt % 5 == 0 {
                #expect(text.state.timers.isEmpty)
                guard case .failed = text.state else { return #expect(Bool(false), "\(text.state)") }
                text = text.after(.resend(phone: "+491707654321"))
            } else {
                let due = text.state.timers[Notification.retry] ?? text.now
                #expect(due - text.now == Notification.pauses[(attempt - 1) % 5])
                text = text.at(due).after(.tryAgain)
            }
        }
        #expect(text.state.content?.phone == "+491707654321")
    }

    @Test func `random commands reach no illegal state`() {
        Seeded.check { random in
            wander(Notification.self, using: &random) { random in
                switch Int.random(in: 0..<5, using: &random) {
                case 0: .notify(Self.content, of: .morning)
                case 1: .tryAgain
                case 2: .delivered(attempt: Int.random(in: 1...3, using: &random))
                case 3: .refused(attempt: Int.random(in: 1...6, using: &random), error: "no network")
                default: .resend(phone: "+491707654321")
                }
            }
        }
    }

    @Test func `every kind about every order is a text of its own, and the same each time`() {
        let orders = (1...50).map { OrderID($0) }
        let ids = orders.flatMap { order in NotificationKind.allCases.map { NotificationID(of: order, $0) } }
        #expect(Set(ids).count == 350)
        #expect(NotificationID(of: ID(1), .ready).description == "00000000-0000-8004-8000-000000000001")
    }
}

extension ID {
    /// An identifier that every run knows.
    init(_ number: UInt8) {
        self.init(rawValue: UUIDOf(uuid: (0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number)))
    }
}
