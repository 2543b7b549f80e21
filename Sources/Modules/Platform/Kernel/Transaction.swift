public import FoundationEssentials

/// The unit of work a handler is lent. A handler cannot keep it, commit it or roll it back; it only collects.
///
/// What was told and said becomes visible together, when the handler has returned, or not at all, when it threw.
public protocol Transaction: ~Copyable {
    /// The mall's time: the same for everything in this unit of work.
    var now: Instant { get }
    var cause: Cause { get }
    /// When the message that is reacted to was said, perhaps long ago; now, where there is none.
    var happenedAt: Instant { get }

    /// An identifier for something new, derived from the command: a repeated command makes the same one.
    func newID<Noun>(_ type: ID<Noun>.Type) -> ID<Noun>

    /// Gives an aggregate a command. Returns its state afterwards; throws its `Refusal`, or `not_found`-kinds the decider makes.
    @discardableResult
    func tell<D: Decider>(_ decider: D.Type, _ id: ID<D.Noun>, _ command: D.Command) async throws -> D

    /// The state of an aggregate, nil if it has no history. The unit of work commits only if it is still at this state then.
    func state<D: Decider>(of decider: D.Type, _ id: ID<D.Noun>) async throws -> D?

    /// Says a message that no single event stands for, beside what the told aggregates announce.
    func say<M: Message, D: Decider>(_ message: M, by decider: D.Type, _ id: ID<D.Noun>) throws

    /// Asks another module. Ask before telling: an answer may take up to two seconds.
    func ask<Q: Query>(_ query: Q) async throws -> Q.Answer
}

/// What a query is answered from: states and tables, read only.
public protocol Reader: Sendable {
    func state<D: Decider>(of decider: D.Type, _ id: ID<D.Noun>) async throws -> (state: D, version: Version)?
    /// The stream's events with when and by whom, oldest first.
    func history<D: Decider>(of decider: D.Type, _ id: ID<D.Noun>) async throws -> [Happened<D.Event>]
    func rows(_ sql: SQL) async throws -> SQLRows
    /// Which aggregate holds a claim now.
    func holder(ofClaim scope: String, value: String) async throws -> UUID?
    func ask<Q: Query>(_ query: Q) async throws -> Q.Answer
    /// Writes to a table of the module's own that is only a cache: what is lost is looked up again.
    func remember(_ sql: SQL) async throws
}

/// An event of one stream, with when and why.
public struct Happened<Event: Sendable>: Sendable {
    public let event: Event
    public let type: String
    public let version: Version
    public let at: Instant
    public let cause: Cause

    public init(event: Event, type: String, version: Version, at: Instant, cause: Cause) {
        self.event = event
        self.type = type
        self.version = version
        self.at = at
        self.cause = cause
    }
}
