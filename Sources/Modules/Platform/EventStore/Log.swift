import FoundationEssentials
import Kernel
import Postgres

/// Reads the log in order.
struct Log: Sendable {
    let pool: Pool

    init(_ pool: Pool) { self.pool = pool }

    /// The rows behind `position`, in order, at most `limit` and whole commands only.
    ///
    /// Events stand for nothing but their place here: their bodies are the business of their own aggregate.
    func rows(after position: Position, limit: Int = Limits.rowsPerRead) async throws -> [LogRow] {
        let rows = try await pool.query(
            """
            select l.position, l.command_end, l.id, s.category, s.stream_id, l.version, l.kind, l.type,
                   case when l.kind = 1 then l.body else ''::bytea end,
                   l.correlation_id, l.causation_id, l.actor, l.at, l.stream_no
            from mall.log l join mall.streams s using (stream_no)
            where l.position > \(position.rawValue) and l.position <= coalesce(
                (select command_end from mall.log where position = \(position.rawValue + Int64(limit))),
                (select max(position) from mall.log), 0)
            order by l.position
            """)
        return try rows.map(LogRow.init)
    }

    /// The rows at these positions.
    func rows(at positions: [Position]) async throws -> [LogRow] {
        try await pool.query(
            """
            select l.position, l.command_end, l.id, s.category, s.stream_id, l.version, l.kind, l.type, l.body,
                   l.correlation_id, l.causation_id, l.actor, l.at, l.stream_no
            from mall.log l join mall.streams s using (stream_no)
            where l.position = any(\(positions.map(\.rawValue))) order by l.position
            """
        ).map(LogRow.init)
    }
}

/// A row of the log with the number of its stream, by which failures are parked.
struct LogRow: Sendable {
    let envelope: Envelope
    let stream: Int64

    init(_ envelope: Envelope, stream: Int64) { (self.envelope, self.stream) = (envelope, stream) }

    init(_ row: SQLRow) throws {
        let category: String = try row[3]
        guard let kind = Envelope.Kind(rawValue: try row[6]) else {
            throw SQLMismatch(expected: "a kind of row, 0 or 1", found: "another")
        }
        envelope = Envelope(
            position: Position(try row[0]), commandEnd: Position(try row[1]), id: try row[2],
            stream: StreamName(category: category, id: try row[4]), version: Int(try row[5, as: Int32.self]),
            kind: kind,
            type: try row[7], body: try row[8],
            cause: Cause(correlation: try row[9], causation: try row[10], actor: try row[11]), at: try row[12])
        stream = try row[13]
    }
}
