import Contracts
import Kernel

@testable import Notifications

private let noon = Instant(microseconds: 1_795_262_400_123_456)
private let (phone, text) = ("+491701234567", "Your order over 38.70 EUR is ready. Your pickup code is ABCDEF.")

extension Samples {
    static func notifications() throws -> [Sample] {
        try Sample.stored(Notification.self) { event in
            switch event {
            case nil:
                .notificationQueued(orderId: ID(4), customerId: ID(3), kind: .ready, phone: phone, text: text)
            case .notificationQueued:
                .notificationSuppressed(orderId: ID(4), customerId: ID(3), kind: .ready, phone: phone, text: text)
            case .notificationSuppressed: .notificationDelayed(error: "no network", until: noon)
            case .notificationDelayed: .notificationRetried(attempt: 2)
            case .notificationRetried: .notificationSent
            case .notificationSent: .notificationFailed(error: "no network")
            case .notificationFailed: .notificationResent(attempt: 6, phone: phone)
            case .notificationResent: nil
            }
        } + [
            .said(
                NotificationQueued(
                    id: ID(9), orderId: ID(4), customerId: ID(3), kind: .ready, phone: phone, text: text, attempt: 1)),
            .said(
                NotificationSuppressed(
                    id: ID(9), orderId: ID(4), customerId: ID(3), kind: .ready, phone: phone, text: text)),
            .said(
                NotificationDelayed(
                    id: ID(9), orderId: ID(4), customerId: ID(3), kind: .ready, attempts: 1, error: "no network")),
            .said(NotificationSent(id: ID(9), orderId: ID(4), customerId: ID(3), kind: .ready, attempts: 2)),
            .said(
                NotificationFailed(
                    id: ID(9), orderId: ID(4), customerId: ID(3), kind: .ready, attempts: 5, error: "no network")),
            .said(ResendNotification(id: ID(9))),
        ]
    }
}
