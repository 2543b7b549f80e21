/// A handler of one message, lent a unit of work.
public typealias Handler<M, Reply> = @Sendable (M, borrowing any Transaction & ~Copyable) async throws -> Reply

/// A module, as data: everything it accepts, reacts to, announces, keeps and answers.
public struct Module: Sendable {
    public let name: String
    public let parts: [Part]

    public init(_ name: String, @ListBuilder<Part> _ parts: () -> [Part]) {
        self.name = name
        self.parts = parts()
    }
}

/// One line of a module's declaration, its types erased behind closures that kept them.
public enum Part: Sendable {
    case accepts(Acceptance)
    case reacts(Reaction)
    case announces(Announcement)
    case keeps(Table)
    case folds(any Folding)
    case shows(Topic)
    case answers(Answering)
    case migrates([Migration])
    case ticks(Ticking)
    case coordinates(Coordination)
}

/// A command and the one who carries it out.
public struct Acceptance: Sendable {
    public let command: String
    /// How a reply with something in it is named on the stream of a saga that asked.
    public let reply: String?
    /// Decodes the command, runs the handler, encodes the reply.
    public let handle: @Sendable ([UInt8], borrowing any Transaction & ~Copyable) async throws -> [UInt8]

    /// The one who carries out what nobody does: a saga that asks for it is refused, and does not wait for ever.
    public static func nobody(_ command: String) -> Acceptance {
        Acceptance(command: command, reply: nil) { _, _ in
            throw Refusal.notFound("nobody carries out \(command)")
        }
    }
}

/// A listener whose effects are appends: it tells aggregates and says messages.
public struct Reaction: Sendable {
    public let event: String
    public let handle: @Sendable ([UInt8], borrowing any Transaction & ~Copyable) async throws -> Void
}

/// How the events of one aggregate are said aloud.
public struct Announcement: Sendable {
    public let category: String
    /// The public messages of one event, given the state after it.
    public let translate: @Sendable (_ id: UUIDOf, _ state: any Sendable, _ event: any Sendable) throws -> [Spoken]
}

/// A message on its way into the log.
public struct Spoken: Sendable {
    public let type: String
    public let body: [UInt8]

    public init(_ message: some Message) throws {
        type = Swift.type(of: message).name
        body = try Coding.body(of: message)
    }

    init(type: String, body: [UInt8]) {
        self.type = type
        self.body = body
    }
}

/// A saga: what its streams say and hear.
public struct Coordination: Sendable {
    public let category: String
    /// The names of the commands it says.
    public let commands: Set<String>
    /// The names of the replies it hears on its own stream.
    public let replies: Set<String>
    public let hear: @Sendable (UUIDOf, SagaReply, borrowing any Transaction & ~Copyable) async throws -> Void
}

/// A published query and its answer.
public struct Answering: Sendable {
    public let query: String
    public let answer: @Sendable (any Sendable, any Reader) async throws -> any Sendable
}

/// What an aggregate's due timers become: commands to itself.
public struct Ticking: Sendable {
    public let category: String
    public let tick:
        @Sendable (_ id: UUIDOf, _ timer: String, borrowing any Transaction & ~Copyable) async throws -> Void
}

/// A table that a module keeps from messages, in log order, in the transaction that advances its mark. It never appends.
public struct Table: Sendable {
    public let name: String
    /// The statements of one message, by the message's name.
    public let effects: [String: @Sendable (Envelope) throws -> [SQL]]

    public init(_ name: String, @ListBuilder<Effect> _ effects: () -> [Effect]) {
        self.name = name
        self.effects = Dictionary(uniqueKeysWithValues: effects().map { ($0.message, $0.apply) })
    }
}

/// What one message does to a table.
public struct Effect: Sendable {
    public let message: String
    public let apply: @Sendable (Envelope) throws -> [SQL]
}

/// A step forward of a module's tables. Steps are never changed once they have run anywhere.
public struct Migration: Sendable {
    public let number: Int
    public let name: String
    /// One or more statements.
    public let sql: String

    public init(_ number: Int, _ name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }
}

@resultBuilder
public enum ListBuilder<Element> {
    public static func buildExpression(_ element: Element) -> [Element] { [element] }
    public static func buildExpression(_ elements: [Element]) -> [Element] { elements }
    public static func buildBlock(_ parts: [Element]...) -> [Element] { parts.flatMap(\.self) }
    public static func buildEither(first: [Element]) -> [Element] { first }
    public static func buildEither(second: [Element]) -> [Element] { second }
    public static func buildOptional(_ part: [Element]?) -> [Element] { part ?? [] }
}
