public import Kernel

/// A text is to be sent, for the first time or once more.
public struct NotificationQueued: PublicEvent {
    public static let name = "notificationsapi.NotificationQueued"

    public let id: NotificationID
    public let orderId: OrderID
    public let customerId: CustomerID
    public let kind: NotificationKind
    /// In E.164.
    public let phone: String
    public let text: String
    /// From 1.
    public let attempt: Int

    public init(
        id: NotificationID, orderId: OrderID, customerId: CustomerID, kind: NotificationKind, phone: String,
        text: String, attempt: Int
    ) {
        self.id = id
        self.orderId = orderId
        self.customerId = customerId
        self.kind = kind
        self.phone = phone
        self.text = text
        self.attempt = attempt
    }
}

public struct NotificationSent: PublicEvent {
    public static let name = "notificationsapi.NotificationSent"

    public let id: NotificationID
    public let orderId: OrderID
    public let customerId: CustomerID
    public let kind: NotificationKind
    public let attempts: Int

    public init(id: NotificationID, orderId: OrderID, customerId: CustomerID, kind: NotificationKind, attempts: Int) {
        self.id = id
        self.orderId = orderId
        self.customerId = customerId
        self.kind = kind
        self.attempts = attempts
    }
}

/// The service did not take the text; it is tried again later.
public struct NotificationDelayed: PublicEvent {
    public static let name = "notificationsapi.NotificationDelayed"

    public let id: NotificationID
    public let orderId: OrderID
    public let customerId: CustomerID
    public let kind: NotificationKind
    public let attempts: Int
    public let error: String

    public init(
        id: NotificationID, orderId: OrderID, customerId: CustomerID, kind: NotificationKind, attempts: Int,
        error: String
    ) {
        self.id = id
        self.orderId = orderId
        self.customerId = customerId
        self.kind = kind
        self.attempts = attempts
        self.error = error
    }
}

/// The last try failed; nobody will try again unless somebody asks for it.
public struct NotificationFailed: PublicEvent {
    public static let name = "notificationsapi.NotificationFailed"

    public let id: NotificationID
    public let orderId: OrderID
    public let customerId: CustomerID
    public let kind: NotificationKind
    public let attempts: Int
    public let error: String

    public init(
        id: NotificationID, orderId: OrderID, customerId: CustomerID, kind: NotificationKind, attempts: Int,
        error: String
    ) {
        self.id = id
        self.orderId = orderId
        self.customerId = customerId
        self.kind = kind
        self.attempts = attempts
        self.error = error
    }
}

/// What was to be said is too old to be worth a text.
public struct NotificationSuppressed: PublicEvent {
    public static let name = "notificationsapi.NotificationSuppressed"

    public let id: NotificationID
    public let orderId: OrderID
    public let customerId: CustomerID
    public let kind: NotificationKind
    public let phone: String
    public let text: String

    public init(
        id: NotificationID, orderId: OrderID, customerId: CustomerID, kind: NotificationKind, phone: String,
        text: String
    ) {
        self.id = id
        self.orderId = orderId
        self.customerId = customerId
        self.kind = kind
        self.phone = phone
        self.text = text
    }
}

/// Tries a failed or sent text once more.
public struct ResendNotification: PublicCommand {
    public static let name = "notificationsapi.ResendNotification"

    public let id: NotificationID

    public init(id: NotificationID) {
        self.id = id
    }
}

/// What a customer is told. One of each at most goes out for an order.
public enum NotificationKind: String, Codable, Sendable, CaseIterable {
    case received, rejected, adjusted, ready, reminder, canceled, completed
}

public enum NotificationStatus: String, Codable, Sendable, CaseIterable {
    case queued, sent, failed, suppressed
}

/// Asks the SMS service to deliver a text. The notification is its key: asked again, it delivers once.
public struct SendText: Query, Equatable {
    public static let name = "notificationsapi.SendText"
    public typealias Answer = TextAnswer

    public let key: NotificationID
    public let attempt: Int
    public let phone: String
    public let text: String

    public init(key: NotificationID, attempt: Int, phone: String, text: String) {
        self.key = key
        self.attempt = attempt
        self.phone = phone
        self.text = text
    }
}

/// What the SMS service said.
public enum TextAnswer: Sendable, Equatable {
    case accepted
    case refused(reason: String)
}
