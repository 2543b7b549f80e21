import FoundationEssentials
import Kernel
import Postgres

/// Reads single streams of the log. What is asked for at the same time is read together.
struct Streams: Sendable {
    private struct Head: Sendable {
        let version: Version
        let snapshot: Snapshot?
    }

    private let pool: Pool
    private let heads: Lookup<(name: StreamName, withSnapshot: Bool), Head?>
    private let tails: Lookup<(name: StreamName, after: Version), [StoredEvent]>

    init(_ pool: Pool) {
        self.pool = pool
        heads = Lookup(on: pool.loop) { keys in
            try await pool.query(
                """
                select s.version, p.version, p.schema, p.state
                from unnest(\(keys.map(\.name.category)), \(keys.map(\.name.id)), \(keys.map(\.withSnapshot)))
                    with ordinality u(category, id, with_snapshot, place)
                left join lateral (
                    select stream_no, version from mall.streams s
                    where s.category = u.category and s.stream_id = u.id offset 0) s on true
                left join lateral (
                    select version, schema, state from mall.snapshots p
                    where u.with_snapshot and p.stream_no = s.stream_no offset 0) p on true
                order by u.place
                """
            ).map { row in
                if row.isNull(0) { return nil }
                return Head(
                    version: Int(try row[0, as: Int32.self]),
                    snapshot: row.isNull(1)
                        ? nil
                        : Snapshot(
                            version: Int(try row[1, as: Int32.self]), schema: Int(try row[2, as: Int32.self]),
                            state: try row[3]))
            }
        }
        tails = Lookup(on: pool.loop) { keys in
            var tails = [[StoredEvent]](repeating: [], count: keys.count)
            let rows = try await pool.query(
                """
                select u.place, l.version, l.type, l.body, l.at, l.correlation_id, l.causation_id, l.actor
                from unnest(\(keys.map(\.name.category)), \(keys.map(\.name.id)), \(keys.map { Int32($0.after) }))
                    with ordinality u(category, id, after, place)
                cross join lateral (
                    select stream_no from mall.streams s
                    where s.category = u.category and s.stream_id = u.id offset 0) s
                cross join lateral (
                    select * from mall.log l
                    where l.stream_no = s.stream_no and l.kind = 0 and l.version > u.after offset 0) l
                order by u.place, l.version
                """)
            for row in rows {
                tails[Int(try row[0, as: Int64.self]) - 1].append(
                    StoredEvent(
                        version: Int(try row[1, as: Int32.self]), type: try row[2], body: try row[3], at: try row[4],
                        cause: Cause(correlation: try row[5], causation: try row[6], actor: try row[7])))
            }
            return tails
        }
    }

    /// A stream's snapshot and the events behind it; nil if it has not begun.
    func stream(_ name: StreamName) async throws -> (snapshot: Snapshot?, events: [StoredEvent])? {
        guard let head = try await heads.value(of: (name, withSnapshot: true)) else { return nil }
        if let snapshot = head.snapshot, snapshot.version == head.version { return (snapshot, []) }
        return (head.snapshot, try await tails.value(of: (name, after: head.snapshot?.version ?? 0)))
    }

    /// All events of a stream, oldest first, whatever its snapshot says.
    func history(_ name: StreamName) async throws -> [StoredEvent] {
        try await tails.value(of: (name, after: 0))
    }

    /// The version a stream is at; nil if it has not begun.
    func version(_ name: StreamName) async throws -> Version? {
        try await heads.value(of: (name, withSnapshot: false))?.version
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
