/// What can go wrong between a statement and its rows. All of them are failures of the world; a rule that a constraint
/// guards is told apart by SQLSTATE and the constraint's name.
public enum PostgresError: Error, Sendable {
    /// The server refused a statement; nothing of its segment took effect.
    case server(ServerError)
    /// The connection went away. If the outcome is unknown, the statement may have been committed.
    case connectionLost(outcomeUnknown: Bool, reason: String)
    /// Nothing was sent: no connection, or too many are waiting.
    case unavailable(String)
    /// The statement's own time limit passed and it was cancelled; it took no effect.
    case timedOut(after: Duration, statement: String)

    public var state: SQLState? {
        if case .server(let error) = self { error.state } else { nil }
    }

    public var isConnectionLost: Bool {
        if case .connectionLost = self { true } else { false }
    }

    /// Whether trying again may succeed and cannot do anything twice.
    public var isRetryable: Bool {
        switch self {
        case .server(let error): error.state.isTransient
        case .connectionLost(let outcomeUnknown, _): !outcomeUnknown
        case .unavailable: true
        case .timedOut: false
        }
    }
}

/// A server's refusal, field by field (PostgreSQL manual, 55.8).
public struct ServerError: Error, Sendable, Equatable {
    public var state: SQLState
    public var message: String
    public var detail: String?
    public var hint: String?
    public var constraint: String?
    public var table: String?
    /// The text of the statement that failed.
    public var statement: String?
    /// Where in the text, in characters from 1.
    public var position: String?
    public var context: String?

    public init(state: SQLState, message: String) { (self.state, self.message) = (state, message) }
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .server(let error): "\(error)"
        case .connectionLost(let outcomeUnknown, let reason):
            "connection lost, outcome \(outcomeUnknown ? "unknown" : "known: nothing was committed"): \(reason)"
        case .unavailable(let reason): "database unavailable: \(reason)"
        case .timedOut(let limit, let statement): "statement canceled after \(limit): \(statement)"
        }
    }
}

extension ServerError: CustomStringConvertible {
    public var description: String {
        var text = "\(state) \(message)"
        for (label, value) in [
            ("detail", detail), ("hint", hint), ("constraint", constraint), ("table", table), ("position", position),
            ("context", context), ("statement", statement),
        ] {
            if let value { text += "; \(label): \(value)" }
        }
        return text
    }
}
