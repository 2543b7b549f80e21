public import Kernel

/// Somebody asked for something and was refused.
public struct CommandRefused: PublicEvent {
    public static let name = "adminapi.CommandRefused"

    /// The command's name; the route where the request was none.
    public let action: String
    /// What it was about, where it named something.
    public let subject: String?
    /// The kind of the refusal.
    public let outcome: Refusal.Kind
    public let message: String

    public init(action: String, subject: String? = nil, outcome: Refusal.Kind, message: String) {
        self.action = action
        self.subject = subject
        self.outcome = outcome
        self.message = message
    }
}

/// An account was made or changed.
public struct StaffPut: PublicEvent {
    public static let name = "adminapi.StaffPut"

    public let user: String
    public let roles: [String]
    public let stores: [StoreID]

    public init(user: String, roles: [String], stores: [StoreID]) {
        self.user = user
        self.roles = roles
        self.stores = stores
    }
}

public struct StaffRemoved: PublicEvent {
    public static let name = "adminapi.StaffRemoved"

    public let user: String

    public init(user: String) {
        self.user = user
    }
}

/// A kiosk has another token; one it had is worth nothing any more.
public struct KioskTokenMade: PublicEvent {
    public static let name = "adminapi.KioskTokenMade"

    public let kiosk: String

    public init(kiosk: String) {
        self.kiosk = kiosk
    }
}

/// A robot has another token; the one it had is worth nothing any more.
public struct RobotTokenRenewed: PublicEvent {
    public static let name = "adminapi.RobotTokenRenewed"

    public let botId: BotID
    public let botName: String

    public init(botId: BotID, botName: String) {
        self.botId = botId
        self.botName = botName
    }
}

/// A dead letter is tried once more.
public struct DeadLetterReplayed: PublicEvent {
    public static let name = "adminapi.DeadLetterReplayed"

    public let consumer: String
    public let position: Position

    public init(consumer: String, position: Position) {
        self.consumer = consumer
        self.position = position
    }
}

/// A dead letter has no effect and never will.
public struct DeadLetterDiscarded: PublicEvent {
    public static let name = "adminapi.DeadLetterDiscarded"

    public let consumer: String
    public let position: Position
    public let reason: String

    public init(consumer: String, position: Position, reason: String) {
        self.consumer = consumer
        self.position = position
        self.reason = reason
    }
}

/// Projections are to be folded anew from the beginning of the log.
public struct RebuildAsked: PublicEvent {
    public static let name = "adminapi.RebuildAsked"

    public let projections: [String]

    public init(projections: [String]) {
        self.projections = projections
    }
}
