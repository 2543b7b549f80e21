import FoundationEssentials
import Kernel
import Postgres

/// Reads the log: one stream's events, or everything in order.
struct Log: Sendable {
    let pool: Pool

    init(_ pool: Pool) { self.pool = pool }

    /// A stream's snapshot and the events behind it; nil if it has not begun.
    func stream(_ name: StreamName) async throws -> (snapshot: Snapshot?, events: [StoredEvent])? {
        let heads = try await pool.query(
            """
            select s.stream_no, p.version, p.schema, p.state
            from mall.streams s left join mall.snapshots p using (stream_no)
            where s.category = \(name.category) and s.stream_id = \(name.id)
            """)
        guard let head = heads.first else { return nil }
        let number: Int64 = try head[0]
        let snapshot =
            try head.isNull(1)
            ? nil
            : Snapshot(version: Int(head[1, as: Int32.self]), schema: Int(head[2, as: Int32.self]), state: head[3])
        return (snapshot, try await events(ofStream: number, after: snapshot?.version ?? 0))
    }

    /// All events of a stream, oldest first, whatever its snapshot says.
    func history(_ name: StreamName) async throws -> [StoredEvent] {
        let heads = try await pool.query(
            "select stream_no from mall.streams where category = \(name.category) and stream_id = \(name.id)")
        guard let head = heads.first else { return [] }
        return try await events(ofStream: head[0], after: 0)
    }

    /// The version a stream is at; nil if it has not begun.
    func version(_ name: StreamName) async throws -> Version? {
        try await pool.query(
            "select version from mall.streams where category = \(name.category) and stream_id = \(name.id)"
        ).first.map { Int(try $0[0, as: Int32.self]) }
    }

    private func events(ofStream number: Int64, after version: Version) async throws -> [StoredEvent] {
        try await pool.query(
            """
            select version, type, body, at, correlation_id, causation_id, actor from mall.log
            where stream_no = \(number) and kind = 0 and version > \(Int32(version)) order by version
            """
        ).map { row in
            StoredEvent(
                version: Int(try row[0, as: Int32.self]), type: try row[1], body: try row[2], at: try row[3],
                cause: Cause(correlation: try row[4], causation: try row[5], actor: try row[6]))
        }
    }

    /// Keeps a snapshot, unless a newer one is there.
    func keep(_ snapshot: Snapshot, of name: StreamName) async throws {
        _ = try await pool.query(
            """
            insert into mall.snapshots (stream_no, version, schema, state)
            select stream_no, \(Int32(snapshot.version)), \(Int32(snapshot.schema)), \(snapshot.state)
            from mall.streams where category = \(name.category) and stream_id = \(name.id)
            on conflict (stream_no) do update
            set version = excluded.version, schema = excluded.schema, state = excluded.state
            where mall.snapshots.version < excluded.version or mall.snapshots.schema <> excluded.schema
            """)
    }

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

/// A state that saves folding the events before it.
struct Snapshot: Sendable {
    let version: Version
    /// The decider's `snapshotVersion` when it was made.
    let schema: Int
    let state: [UInt8]
}

/// An event as it is stored.
struct StoredEvent: Sendable {
    let version: Version
    let type: String
    let body: [UInt8]
    let at: Instant
    let cause: Cause
}

/// A row of the log with the number of its stream, by which failures are parked.
struct LogRow: Sendable {
    let envelope: Envelope
    let stream: Int64

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
