/// What is done in several modules, step by step, or undone: a list of commands, and what has to be remembered to make them.
///
/// The value is that memory; its course is an aggregate (`Course`), named by `category`. Commands are messages that the
/// aggregate's stream says, replies are messages that participants say on it, deadlines are its timers.
public protocol Saga: Codable, Sendable, Equatable, SendableMetatype {
    associatedtype Noun
    static var category: String { get }
    static var steps: Steps<Self> { get }
}

/// The steps of a saga, in order.
public struct Steps<S: Saga>: Sendable {
    let list: [Step<S>]

    public init(@ListBuilder<Step<S>> _ steps: () -> [Step<S>]) {
        list = steps()
        precondition(list.contains { $0.ask != nil }, "a saga asks for something")
    }

    public var count: Int { list.count }

    /// Every command it may say.
    var commands: Set<String> { Set(list.flatMap { [$0.ask?.command, $0.undo?.command].compactMap(\.self) }) }

    /// The names of the replies it may hear.
    var replies: Set<String> {
        Set(
            list.flatMap { [$0.ask?.reply, $0.undo?.reply].compactMap(\.self) } + [
                SagaReply.success, SagaReply.failure,
            ])
    }
}

/// One step: what is asked for on the way forward, and what undoes it. Either may be missing.
public struct Step<S: Saga>: Sendable {
    struct Ask: Sendable {
        let command: String
        let reply: String?
        let make: @Sendable (S) -> any PublicCommand
        let learn: Learn?
    }

    struct Undo: Sendable {
        let command: String
        let reply: String?
        /// Nil if what is remembered says that there is nothing to undo.
        let make: @Sendable (S, Refusal) -> (any PublicCommand)?
    }

    /// How the payload of a reply is read, and what is remembered of it.
    struct Learn: Sendable {
        let read: @Sendable (SagaReply) throws -> [UInt8]
        let remember: @Sendable (inout S, [UInt8]) throws -> Void
    }

    let ask: Ask?
    let undo: Undo?
}

/// A step that only undoes: it is asked for when everything behind it is undone, and told why.
public func undo<S, U: PublicCommand>(_ make: @escaping @Sendable (S, Refusal) -> U?) -> Step<S> {
    Step(ask: nil, undo: Step.Undo(command: U.name, reply: U.replyName, make: make))
}

/// A step that leaves nothing to undo.
public func ask<S, C: PublicCommand>(_ make: @escaping @Sendable (S) -> C) -> Step<S> {
    Step(ask: Step.Ask(command: C.name, reply: C.replyName, make: make, learn: nil), undo: nil)
}

/// A step and what undoes it.
public func ask<S, C: PublicCommand, U: PublicCommand>(
    _ make: @escaping @Sendable (S) -> C, undo: @escaping @Sendable (S, Refusal) -> U?
) -> Step<S> {
    Step(
        ask: Step.Ask(command: C.name, reply: C.replyName, make: make, learn: nil),
        undo: Step.Undo(command: U.name, reply: U.replyName, make: undo))
}

/// A step whose reply is remembered, and what undoes it.
public func ask<S, C: PublicCommand, U: PublicCommand>(
    _ make: @escaping @Sendable (S) -> C, heard: @escaping @Sendable (inout S, C.Reply) -> Void,
    undo: @escaping @Sendable (S, Refusal) -> U?
) -> Step<S> {
    let learn = Step<S>.Learn { reply in
        try Coding.encode(reply.payload(C.Reply.self))
    } remember: { saga, payload in
        heard(&saga, try Coding.decode(C.Reply.self, from: payload))
    }
    return Step(
        ask: Step.Ask(command: C.name, reply: C.replyName, make: make, learn: learn),
        undo: Step.Undo(command: U.name, reply: U.replyName, make: undo))
}

/// Lets a saga say its commands, hear the replies and know the time; says its course aloud.
public func coordinates<S: Saga>(
    _: S.Type,
    @ListBuilder<any PublicEvent> _ translate:
        @escaping @Sendable (ID<S.Noun>, Course<S>, Course<S>.Event) -> [any PublicEvent]
) -> [Part] {
    [
        .announces(
            Announcement(category: S.category) { id, state, event in
                guard let state = state as? Course<S>, let event = event as? Course<S>.Event else {
                    preconditionFailure("\(S.category) was given another aggregate's event to announce")
                }
                let command = try state.command(after: event)
                return try (command.map { [$0] } ?? [])
                    + translate(ID(rawValue: id), state, event).map { try Spoken($0) }
            }),
        .coordinates(
            Coordination(category: S.category, commands: S.steps.commands, replies: S.steps.replies) { id, reply, tx in
                try await tx.tell(Course<S>.self, ID(rawValue: id), .hear(reply))
            }),
        ticks(Course<S>.self),
    ]
}
