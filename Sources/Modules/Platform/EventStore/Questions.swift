import EventLoop
public import FoundationEssentials
public import Kernel
import Postgres

/// Answers published queries: the only way one module learns another's state on the spot.
public struct Questions: Reader {
    let catalogue: Catalogue
    let aggregates: Aggregates
    let log: Log
    let pool: Pool

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
        try await aggregates.current(D.self, StreamName(category: D.category, id: id.rawValue))
    }

    public func history<D: Decider>(of _: D.Type, _ id: ID<D.Noun>) async throws -> [Happened<D.Event>] {
        try await log.history(StreamName(category: D.category, id: id.rawValue)).map { stored in
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
