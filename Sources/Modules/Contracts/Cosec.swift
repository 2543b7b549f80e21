public import Kernel

/// The making of an order began. A saga has the identifier of its order.
public struct SagaStarted: PublicEvent {
    public static let name = "cosecapi.SagaStarted"

    public let id: OrderID
    /// `cosec.CreateOrder`.
    public let saga: String
    public let customerId: CustomerID
    public let customerName: String

    public init(id: OrderID, saga: String, customerId: CustomerID, customerName: String) {
        self.id = id
        self.saga = saga
        self.customerId = customerId
        self.customerName = customerName
    }
}

/// The saga asked for a step, for the first time or once more.
public struct SagaStepped: PublicEvent {
    public static let name = "cosecapi.SagaStepped"

    public let id: OrderID
    public let step: Int
    /// The name of the command that was said.
    public let command: String
    public let direction: SagaDirection
    /// From 1.
    public let attempt: Int

    public init(id: OrderID, step: Int, command: String, direction: SagaDirection, attempt: Int) {
        self.id = id
        self.step = step
        self.command = command
        self.direction = direction
        self.attempt = attempt
    }
}

/// A step was refused: what was done is undone from here on.
public struct SagaTurned: PublicEvent {
    public static let name = "cosecapi.SagaTurned"

    public let id: OrderID
    public let step: Int
    public let error: String

    public init(id: OrderID, step: Int, error: String) {
        self.id = id
        self.step = step
        self.error = error
    }
}

/// Undoing does not come to its end without a person.
public struct SagaStuck: PublicEvent {
    public static let name = "cosecapi.SagaStuck"

    public let id: OrderID
    public let step: Int
    public let error: String

    public init(id: OrderID, step: Int, error: String) {
        self.id = id
        self.step = step
        self.error = error
    }
}

/// All steps were done.
public struct SagaCompleted: PublicEvent {
    public static let name = "cosecapi.SagaCompleted"

    public let id: OrderID

    public init(id: OrderID) {
        self.id = id
    }
}

/// Everything is undone.
public struct SagaCompensated: PublicEvent {
    public static let name = "cosecapi.SagaCompensated"

    public let id: OrderID
    /// What was refused.
    public let error: String

    public init(id: OrderID, error: String) {
        self.id = id
        self.error = error
    }
}

/// Has a stuck saga try its step once more.
public struct RetrySagaStep: PublicCommand {
    public static let name = "cosecapi.RetrySagaStep"

    public let id: OrderID

    public init(id: OrderID) {
        self.id = id
    }
}

/// Has a saga that goes forward, or is stuck, be undone.
public struct AbortSaga: PublicCommand {
    public static let name = "cosecapi.AbortSaga"

    public let id: OrderID
    public let reason: String

    public init(id: OrderID, reason: String) {
        self.id = id
        self.reason = reason
    }
}

public enum SagaDirection: String, Codable, Sendable {
    case forward, backward
}

public enum SagaStatus: String, Codable, Sendable, CaseIterable {
    case running, compensating, stuck, completed, compensated
}

/// The saga of an order; `not_found` if there is none.
public struct GetSaga: Query {
    public static let name = "cosecapi.GetSaga"
    public typealias Answer = SagaDetails

    public let id: OrderID

    public init(id: OrderID) {
        self.id = id
    }
}

public struct SagaDetails: Codable, Sendable, Equatable {
    public let id: OrderID
    public let saga: String
    public let status: SagaStatus
    public let step: Int
    public let direction: SagaDirection
    /// Of the current step.
    public let attempts: Int
    public let lastError: String?
    public let shoppingId: ListID?
    public let version: Version

    public init(
        id: OrderID, saga: String, status: SagaStatus, step: Int, direction: SagaDirection, attempts: Int,
        lastError: String? = nil, shoppingId: ListID? = nil, version: Version
    ) {
        self.id = id
        self.saga = saga
        self.status = status
        self.step = step
        self.direction = direction
        self.attempts = attempts
        self.lastError = lastError
        self.shoppingId = shoppingId
        self.version = version
    }
}
