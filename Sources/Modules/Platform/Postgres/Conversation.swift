import DequeModule

/// Who asked what, in which order, and whose answer each result is: libpq's pipeline mode without libpq.
///
/// A request is one or more segments, each ended by a Sync: first those that prepare or forget statements, then its own
/// statements, which succeed or fail as one. libpq yields one result for each statement, then a NULL; one for a Sync, and
/// no NULL after it. A script (several statements in one text, which pipeline mode refuses) travels alone.
struct Conversation<Asked, Answer: Sendable> {
    typealias ID = UInt64

    enum Preparation: Equatable, Sendable {
        /// Prepares the statement with this index.
        case prepare(Int)
        /// Frees one that is not used any more; it does not matter if that fails.
        case forget
    }

    enum Form: Equatable, Sendable {
        case statements(Int, after: [Preparation])
        case script
    }

    enum Reply: Sendable {
        case answer(Answer), skipped, endOfStatement, sync
        // Rare and large: kept apart, so that the others are cheap to pass.
        indirect case failure(ServerError)
    }

    final class Failure: Sendable {
        let error: ServerError
        /// Which statement failed. One whose preparation failed counts.
        let statement: Int
        /// The statement was not run at all: its preparation had failed.
        let isInPreparation: Bool

        init(_ error: ServerError, statement: Int, isInPreparation: Bool = false) {
            (self.error, self.statement, self.isInPreparation) = (error, statement, isInPreparation)
        }
    }

    struct Outcome {
        var answers: [Answer] = []
        var failure: Failure?
    }

    enum Progress {
        case more
        case finished(Asked, Outcome)
        case violation(String)
    }

    enum Withdrawal {
        /// It had not been sent.
        case taken(Asked)
        /// It is with the server; `isNext`: whatever runs there now is this one, or nothing.
        case sent(isNext: Bool)
        case unknown
    }

    struct Flight {
        let id: ID
        var asked: Asked
        let form: Form
        var outcome = Outcome()
        fileprivate var segment = 0
        fileprivate var statement = 0
        fileprivate var reply: Answer?
        fileprivate var hasReply = false

        fileprivate var statementsInSegment: Int {
            switch form {
            case .statements(let count, let preparations): segment < preparations.count ? 1 : count
            case .script: 1
            }
        }
    }

    private var waiting = Deque<(id: ID, asked: Asked, isScript: Bool)>()
    private(set) var flights = Deque<Flight>()
    /// Nothing is sent while a cancel request is on its way: it names the session, and must not meet a later statement.
    var isHeld = false

    var waitingCount: Int { waiting.count }
    /// Whether the server owes a result.
    var isExpecting: Bool { !flights.isEmpty }

    mutating func ask(_ asked: Asked, id: ID, isScript: Bool = false, first: Bool = false) {
        if first { waiting.prepend((id, asked, isScript)) } else { waiting.append((id, asked, isScript)) }
    }

    /// Takes out the request to send now, if there is one. `sent` must follow.
    mutating func next() -> (id: ID, asked: Asked)? {
        guard !isHeld, let first = waiting.first, flights.count < Limits.requestsInFlight else { return nil }
        if first.isScript && !flights.isEmpty { return nil }
        if flights.last?.form == .script { return nil }
        waiting.removeFirst()
        return (first.id, first.asked)
    }

    mutating func sent(_ asked: Asked, id: ID, as form: Form) {
        flights.append(Flight(id: id, asked: asked, form: form))
    }

    mutating func received(_ reply: Reply) -> Progress {
        guard !flights.isEmpty else { return .violation("a result came that nobody had asked for") }
        switch reply {
        case .answer(let answer):
            flights[0].reply = answer
            flights[0].hasReply = true
        case .failure(let error):
            flights[0].fail(error)
            flights[0].hasReply = true
        case .skipped: flights[0].hasReply = true
        case .endOfStatement:
            guard flights[0].hasReply else { return .violation("a statement ended without a result") }
            flights[0].endStatement()
            if flights[0].form == .script { return finish() }
            guard flights[0].statement <= flights[0].statementsInSegment else {
                return .violation("a segment of \(flights[0].statementsInSegment) statements had another result")
            }
        case .sync:
            guard flights[0].statement == flights[0].statementsInSegment, flights[0].form != .script else {
                return .violation("a segment ended after \(flights[0].statement) statements")
            }
            if flights[0].endSegment() { return finish() }
        }
        return .more
    }

    private mutating func finish() -> Progress {
        let flight = flights.removeFirst()
        return .finished(flight.asked, flight.outcome)
    }

    /// Someone does not want to wait any longer.
    mutating func withdraw(_ id: ID) -> Withdrawal {
        if let index = waiting.firstIndex(where: { $0.id == id }) { return .taken(waiting.remove(at: index).asked) }
        guard let index = flights.firstIndex(where: { $0.id == id }) else { return .unknown }
        return .sent(isNext: index == 0)
    }

    mutating func update(_ id: ID, _ change: (inout Asked) -> Void) {
        guard let index = flights.firstIndex(where: { $0.id == id }) else { return }
        change(&flights[index].asked)
    }

    /// The session is gone. Returns what had been sent; what waits goes on waiting for the next session.
    mutating func lost() -> Deque<Flight> {
        defer {
            flights.removeAll()
            isHeld = false
        }
        return flights
    }

    /// Takes out everything that waits.
    mutating func giveUp() -> [Asked] {
        defer { waiting.removeAll() }
        return waiting.map(\.asked)
    }
}

extension Conversation.Flight {
    fileprivate mutating func fail(_ error: ServerError) {
        guard case .statements(_, let preparations) = form, segment < preparations.count else {
            if outcome.failure == nil { outcome.failure = .init(error, statement: statement) }
            return
        }
        guard case .prepare(let index) = preparations[segment], outcome.failure == nil else { return }
        outcome.failure = .init(error, statement: index, isInPreparation: true)
    }

    fileprivate mutating func endStatement() {
        let isOwn =
            switch form {
            case .statements(_, let preparations): segment == preparations.count
            case .script: true
            }
        if let reply, isOwn { outcome.answers.append(reply) }
        reply = nil
        hasReply = false
        statement += 1
    }

    /// Whether that was the last one.
    fileprivate mutating func endSegment() -> Bool {
        guard case .statements(_, let preparations) = form else { return false }
        segment += 1
        statement = 0
        return segment > preparations.count
    }
}
