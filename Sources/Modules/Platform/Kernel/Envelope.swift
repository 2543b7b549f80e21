public import FoundationEssentials

/// A place in the log: dense, from 1, in commit order. 0 is before the first row.
public struct Position: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: Int64

    public init(_ rawValue: Int64) { self.rawValue = rawValue }

    public static let start = Position(0)
    public static func < (a: Position, b: Position) -> Bool { a.rawValue < b.rawValue }
    public var description: String { String(rawValue) }

    public init(from decoder: any Decoder) throws { rawValue = try decoder.singleValueContainer().decode(Int64.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// How many events a stream has.
public typealias Version = Int

/// The name of one stream.
public struct StreamName: Hashable, Sendable, CustomStringConvertible {
    public let category: String
    public let id: UUID

    public init(category: String, id: UUID) {
        self.category = category
        self.id = id
    }

    public var description: String { "\(category)-\(id.lowercase)" }
}

/// Who caused something and what it belongs to. It travels from a command to everything that follows from it.
public struct Cause: Hashable, Sendable, Codable {
    /// One identifier for all that follows from one wish, from the first call to the last message.
    public let correlation: UUID
    /// The message or command directly before.
    public let causation: UUID
    /// Who wished it: a staff member's name, `kiosk:NAME`, or the listener or timer that acted.
    public let actor: String

    public init(correlation: UUID, causation: UUID, actor: String) {
        self.correlation = correlation
        self.causation = causation
        self.actor = actor
    }
}

/// One row of the log: what was said or what happened, and everything about when, where and why.
public struct Envelope: Sendable {
    public enum Kind: Int16, Sendable {
        case event = 0
        case message = 1
    }

    public let position: Position
    /// The position of the last row that the same command wrote. A reader may pause only there.
    public let commandEnd: Position
    public let id: UUID
    public let stream: StreamName
    /// The version of the stream after the event; a message carries that of the event before it.
    public let version: Version
    public let kind: Kind
    public let type: String
    /// JSON, with the schema version under `v`.
    public let body: [UInt8]
    public let cause: Cause
    public let at: Instant

    public init(
        position: Position, commandEnd: Position, id: UUID, stream: StreamName, version: Version, kind: Kind,
        type: String,
        body: [UInt8], cause: Cause, at: Instant
    ) {
        self.position = position
        self.commandEnd = commandEnd
        self.id = id
        self.stream = stream
        self.version = version
        self.kind = kind
        self.type = type
        self.body = body
        self.cause = cause
        self.at = at
    }

    /// The message in it. Fails if the body is not one of this type.
    public func message<M: Message>(_: M.Type = M.self) throws -> M { try Coding.decode(M.self, from: body) }
}
