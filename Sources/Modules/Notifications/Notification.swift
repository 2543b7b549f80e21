import Contracts
import Kernel

/// One text about one order: what a customer is told of one kind goes out once, or not at all.
enum Notification: Decider {
    case absent
    /// Handed to the service; its answer is waited for.
    case queued(Content, Tries)
    /// The service did not take it; the next try waits.
    case waiting(Content, Tries, error: String, until: Instant)
    case sent(Content, Tries)
    case failed(Content, Tries, error: String)
    /// Too old to be worth a text.
    case suppressed(Content)

    struct Content: Codable, Equatable {
        let orderId: OrderID
        let customerId: CustomerID
        let kind: NotificationKind
        /// In E.164.
        var phone: String
        let text: String
    }

    struct Tries: Codable, Equatable {
        /// Of the current try, from 1 and ever rising.
        var attempt = 1
        /// Since somebody has wanted it sent.
        var count = 1
    }

    typealias Noun = Contracts.Noun.Notification
    static let category = "notifications.Notification"
    static let retry = "retry"
    /// How long to wait after each try but the last.
    static let pauses: [Duration] = [.seconds(5), .seconds(30), .seconds(120), .seconds(600)]
    /// How old a fact may be when it is first heard.
    static let age = Duration.seconds(30 * 60)

    enum Command {
        case notify(Content, of: Instant)
        case tryAgain
        case delivered(attempt: Int)
        case refused(attempt: Int, error: String)
        /// A person wants it sent once more, to the number that the customer has now.
        case resend(phone: String)
    }

    enum Event: Codable, Equatable {
        case notificationQueued(
            orderId: OrderID, customerId: CustomerID, kind: NotificationKind, phone: String, text: String)
        case notificationSuppressed(
            orderId: OrderID, customerId: CustomerID, kind: NotificationKind, phone: String, text: String)
        case notificationDelayed(error: String, until: Instant)
        case notificationRetried(attempt: Int)
        case notificationSent
        case notificationFailed(error: String)
        case notificationResent(attempt: Int, phone: String)
    }

    init() { self = .absent }

    /// What it says and to whom; nil before there is one.
    var content: Content? {
        switch self {
        case .absent: nil
        case .queued(let content, _), .waiting(let content, _, _, _), .sent(let content, _),
            .failed(let content, _, _), .suppressed(let content):
            content
        }
    }

    /// The number of the latest try; 0 where there was none.
    var attempt: Int {
        switch self {
        case .absent, .suppressed: 0
        case .queued(_, let tries), .waiting(_, let tries, _, _), .sent(_, let tries), .failed(_, let tries, _):
            tries.attempt
        }
    }

    var timers: [String: Instant] {
        guard case .waiting(_, _, _, let until) = self else { return [:] }
        return [Self.retry: until]
    }

    static func command(for timer: String) -> Command? { timer == retry ? .tryAgain : nil }

    func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .notify(let new, let happened)):
            guard now - happened <= Self.age else {
                return [
                    .notificationSuppressed(
                        orderId: new.orderId, customerId: new.customerId, kind: new.kind, phone: new.phone,
                        text: new.text)
                ]
            }
            return [
                .notificationQueued(
                    orderId: new.orderId, customerId: new.customerId, kind: new.kind, phone: new.phone, text: new.text)
            ]
        case (.queued, .notify), (.waiting, .notify), (.sent, .notify), (.failed, .notify), (.suppressed, .notify):
            return []

        case (.queued(_, let tries), .delivered(let attempt)):
            return attempt == tries.attempt ? [.notificationSent] : []
        case (.queued(_, let tries), .refused(let attempt, let error)):
            guard attempt == tries.attempt else { return [] }
            guard tries.count <= Self.pauses.count else { return [.notificationFailed(error: error)] }
            return [.notificationDelayed(error: error, until: now + Self.pauses[tries.count - 1])]
        // Of an earlier try, heard again.
        case (.absent, .delivered), (.waiting, .delivered), (.sent, .delivered), (.failed, .delivered),
            (.suppressed, .delivered):
            return []
        case (.absent, .refused), (.waiting, .refused), (.sent, .refused), (.failed, .refused), (.suppressed, .refused):
            return []

        case (.waiting(_, let tries, _, let until), .tryAgain):
            return now < until ? [] : [.notificationRetried(attempt: tries.attempt + 1)]
        case (.absent, .tryAgain), (.queued, .tryAgain), (.sent, .tryAgain), (.failed, .tryAgain),
            (.suppressed, .tryAgain):
            return []

        case (.sent(_, let tries), .resend(let phone)), (.failed(_, let tries, _), .resend(let phone)):
            return [.notificationResent(attempt: tries.attempt + 1, phone: phone)]
        case (.queued, .resend), (.waiting, .resend): throw .conflict("the text is on its way already")
        case (.suppressed, .resend): throw .conflict("the text is out of date")
        case (.absent, .resend): throw .unknownNotification
        }
    }

    mutating func apply(_ event: Event) {
        switch (self, event) {
        case (.absent, .notificationQueued(let order, let customer, let kind, let phone, let text)):
            self = .queued(
                Content(orderId: order, customerId: customer, kind: kind, phone: phone, text: text), Tries())
        case (.absent, .notificationSuppressed(let order, let customer, let kind, let phone, let text)):
            self = .suppressed(
                Content(orderId: order, customerId: customer, kind: kind, phone: phone, text: text))
        case (.queued(let content, let tries), .notificationDelayed(let error, let until)):
            self = .waiting(content, tries, error: error, until: until)
        case (.waiting(let content, let tries, _, _), .notificationRetried(let attempt)):
            self = .queued(content, Tries(attempt: attempt, count: tries.count + 1))
        case (.queued(let content, let tries), .notificationSent): self = .sent(content, tries)
        case (.queued(let content, let tries), .notificationFailed(let error)):
            self = .failed(content, tries, error: error)
        case (.sent(var content, _), .notificationResent(let attempt, let phone)),
            (.failed(var content, _, _), .notificationResent(let attempt, let phone)):
            content.phone = phone
            self = .queued(content, Tries(attempt: attempt, count: 1))
        default: preconditionFailure("\(event) happened to a notification that was \(self)")
        }
    }
}

extension Refusal {
    static let unknownNotification = Refusal.notFound("there is no such text")
}
