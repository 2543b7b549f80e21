public import Kernel

/// A decider with a past, ready to be told something: `given(Store.self, [...]).when(.enable)`.
public func given<D: Decider>(_ decider: D.Type, _ past: [D.Event] = []) -> Given<D> {
    Given(state: past.reduce(into: D()) { $0.apply($1) })
}

public struct Given<D: Decider> {
    public let state: D
    public var now = Instant.morning

    public func when(_ command: D.Command) -> Result<[D.Event], Refusal> {
        Result { () throws(Refusal) in try state.decide(command, at: now) }
    }

    /// The kind of the refusal; nil if the command was carried out.
    public func refusal(of command: D.Command) -> Refusal? {
        if case .failure(let refusal) = when(command) { refusal } else { nil }
    }

    /// The same, at another time.
    public func at(_ now: Instant) -> Given<D> { Given(state: state, now: now) }

    /// What is true after the command; a refused one changes nothing.
    public func after(_ command: D.Command) -> Given<D> {
        guard case .success(let events) = when(command) else { return self }
        return Given(state: events.reduce(into: state) { $0.apply($1) }, now: now)
    }
}

extension Instant {
    /// When tests happen: 2026-11-21T08:00:00Z.
    public static let morning = Instant(microseconds: 1_795_248_000_000_000)
}
