import EventLoop
public import FoundationEssentials
public import Kernel
import Postgres

/// Answers published queries: the only way one module learns another's state on the spot.
public struct Questions: Reader {
    let catalogue: Catalogue
    let aggregates: Aggregates
    let streams: Streams
    let pool: Pool
    /// A stream that memory holds at this version at least, and that therefore need not be looked up.
    private var known: (name: StreamName, version: Version)?

    init(catalogue: Catalogue, aggregates: Aggregates, streams: Streams, pool: Pool) {
        (self.catalogue, self.aggregates, self.streams, self.pool) = (catalogue, aggregates, streams, pool)
    }

    /// To ask about what a command has just changed: its subject is answered as the command left it, or newer.
    public func after(_ outcome: Outcome) -> Questions {
        var copy = self
        if let name = outcome.written, let version = outcome.subject?.version { copy.known = (name, version) }
        return copy
    }

    public func ask<Q: Query>(_ query: Q) async throws -> Q.Answer {
        guard let answering = catalogue.answerings[Q.name] else {
            preconditionFailure("nobody answers \(Q.name); \(catalogue.answerings.keys.sorted()) are answered")
        }
        guard let answer = try await answering.answer(query, self) as? Q.Answer else {
            preconditionFailure("\(Q.name) was answered with another query's answer")
        }
        return answer
    }

    public func state<D: Decider>(of _: D.Type, _ id: ID<D.Noun>) async throws -> (state: D, version: Version)? {
        let name = StreamName(category: D.category, id: id.rawValue)
        if let known, known.name == name, let held = await aggregates.held(D.self, name), held.version >= known.version
        {
            return held
        }
        return try await aggregates.current(D.self, name)
    }

    public func history<D: Decider>(of _: D.Type, _ id: ID<D.Noun>) async throws -> [Happened<D.Event>] {
        try await streams.history(StreamName(category: D.category, id: id.rawValue)).map { stored in
            Happened(
                event: try Coding.event(of: D.self, type: stored.type, body: stored.body), type: stored.type,
                version: stored.version, at: stored.at, cause: stored.cause)
        }
    }

    public func rows(_ sql: SQL) async throws -> SQLRows { try await pool.query(sql) }

    public func holder(ofClaim scope: String, value: String) async throws -> UUID? {
        try await pool.query("select holder from mall.claims where scope = \(scope) and value = \(value)").first.map {
            try $0[0]
        }
    }

    public func remember(_ sql: SQL) async throws { _ = try await pool.query(sql) }
}
