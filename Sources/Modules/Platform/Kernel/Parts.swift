public import FoundationEssentials

/// The untyped identifier of a stream.
public typealias UUIDOf = UUID

/// The one handler of a command. Two modules that accept the same command stop the program at start.
public func accepts<C: PublicCommand>(_: C.Type, _ handle: @escaping Handler<C, C.Reply>) -> Part {
    .accepts(
        Acceptance(command: C.name, reply: C.replyName) { bytes, tx in
            let command: C
            do { command = try Coding.decode(C.self, from: bytes) } catch { throw Refusal(decoding: error) }
            return try Coding.encode(await handle(command, tx))
        })
}

/// A listener that answers a public event by telling its own aggregates. It may hear a message again, and late.
public func reacts<E: PublicEvent>(to _: E.Type, _ handle: @escaping Handler<E, Void>) -> Part {
    .reacts(Reaction(event: E.name) { bytes, tx in try await handle(Coding.decode(E.self, from: bytes), tx) })
}

/// Says the events of an aggregate aloud. The switch inside is total: a new event does not compile until somebody decides
/// whether it is said.
public func announces<D: Decider>(
    _: D.Type,
    @ListBuilder<any PublicEvent> _ translate: @escaping @Sendable (ID<D.Noun>, D, D.Event) -> [any PublicEvent]
) -> Part {
    .announces(
        Announcement(category: D.category) { id, state, event in
            guard let state = state as? D, let event = event as? D.Event else {
                preconditionFailure("\(D.category) was given another aggregate's event to announce")
            }
            return try translate(ID(rawValue: id), state, event).map { try Spoken($0) }
        })
}

/// Lets due timers of an aggregate become the commands it names for them.
public func ticks<D: Decider>(_: D.Type) -> Part {
    .ticks(
        Ticking(category: D.category) { id, timer, tx in
            guard let command = D.command(for: timer) else { return }
            try await tx.tell(D.self, ID(rawValue: id), command)
        })
}

/// A table kept from messages.
public func keeps(_ name: String, @ListBuilder<Effect> _ effects: () -> [Effect]) -> Part {
    .keeps(Table(name, effects))
}

/// What a message does to a table: statements that bind the message's values.
public func on<M: Message>(_: M.Type, _ effect: @escaping @Sendable (M, Envelope) -> SQL) -> Effect {
    Effect(message: M.name) { envelope in [effect(try envelope.message(M.self), envelope)] }
}

/// A projection that the live layer shows.
public func folds(_ projection: some Folding) -> Part { .folds(projection) }

/// A topic that pages may open views of.
public func shows(_ topic: Topic) -> Part { .shows(topic) }

/// The answer to a published query.
public func answers<Q: Query>(
    _: Q.Type, _ answer: @escaping @Sendable (Q, any Reader) async throws -> Q.Answer
) -> Part {
    .answers(
        Answering(query: Q.name) { query, reader in
            guard let query = query as? Q else { preconditionFailure("\(Q.name) was asked with another query") }
            return try await answer(query, reader)
        })
}

/// The module's own tables, step by step.
public func migrates(_ migrations: Migration...) -> Part { .migrates(migrations) }
