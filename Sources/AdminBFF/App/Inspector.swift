import Busywork
import EventLoop
import FoundationEssentials
import Kernel
import Postgres

/// Looks at what a running system has stored and says what does not hold: the ledger's rules over the log, and that every
/// projection holds the rows that folding the log anew gives.
///
/// It follows the log, so that a look costs what was written since the one before. All it sees is of one moment.
actor Inspector {
    private let loop: EventLoop
    private let pool: Pool
    private let projections: [(definition: any Folding, folder: any Folder)]
    private var ledger = Ledger()
    private let patience: Ledger.Patience
    /// The rows that folding gives, by projection and key.
    private var expected: [[UUID: StoredRow]]

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(on loop: EventLoop, pool: Pool, projections: [any Folding], patience: Ledger.Patience = Ledger.Patience()) {
        (self.loop, self.pool, self.patience) = (loop, pool, patience)
        self.projections = projections.map { ($0, $0.makeFolder()) }
        expected = projections.map { _ in [:] }
    }

    /// Waits until every consumer has heard everything and looks then. Nil if that moment does not come in time, or the
    /// database cannot be asked.
    func look(within limit: Duration, all: Bool, excused: Bool) async -> [String]? {
        let deadline = ContinuousClock.now + limit
        repeat {
            if let sight = try? await see(all: all) { return judge(sight, all: all, excused: excused) }
            await loop.sleep(for: .milliseconds(50))
        } while ContinuousClock.now < deadline && !Task.isCancelled
        return nil
    }

    /// What keeps the system from being quiet.
    func unrest() async -> String {
        do {
            let rows = try await pool.query(
                """
                select consumer || ' is ' || ((select max(position) from mall.log) - position)::text || ' behind'
                from mall.checkpoints where position < (select max(position) from mall.log)
                union all
                select 'parked: ' || consumer || ' at ' || position::text || ', ' || error from mall.parked limit 10
                """)
            return try rows.map { try $0[0, as: String.self] }.joined(separator: "; ")
        } catch {
            return "\(error)"
        }
    }

    /// What is stored, at one moment.
    private struct Sight: Sendable {
        let now: Instant
        let log: [Envelope]
        let rows: [[StoredRow]]
        let deadLetters: [String]
    }

    private func see(all: Bool) async throws -> Sight? {
        let (start, definitions) = (ledger.position, projections.map(\.definition))
        return try await pool.transaction { session -> Sight? in
            _ = try await session.query("set transaction isolation level repeatable read read only")
            let quiet = try await session.query(
                """
                select not exists (select from mall.parked)
                    and not exists (select from mall.checkpoints where position < (select max(position) from mall.log)),
                    now()
                """)
            guard let row = quiet.first, try row[0, as: Bool.self] else { return nil }
            let log = try await session.query(
                """
                select l.position, l.command_end, l.id, s.category, s.stream_id, l.version, l.kind, l.type,
                       case when l.kind = 1 then l.body else ''::bytea end,
                       l.correlation_id, l.causation_id, l.actor, l.at
                from mall.log l join mall.streams s using (stream_no)
                where l.position > \(start.rawValue) order by l.position
                """
            ).map(Envelope.init(row:))
            var rows: [[StoredRow]] = []
            for definition in definitions {
                rows.append(
                    try await session.query(definition.storage.changed(since: all ? .start : start)).map { row in
                        try StoredRow(row, of: definition)
                    })
            }
            let letters = try await session.query(
                "select consumer || ' at ' || position::text || ': ' || error from mall.dead_letters where resolved is null"
            ).map { try $0[0, as: String.self] }
            return Sight(now: try row[1], log: log, rows: rows, deadLetters: letters)
        }
    }

    private func judge(_ sight: Sight, all: Bool, excused: Bool) -> [String] {
        var found: [String] = []
        for envelope in sight.log {
            do { try ledger.take(envelope) } catch {
                found.append("a message cannot be read: \(envelope.type) \(error)")
            }
        }
        found += ledger.violations(at: sight.now, patience, excused: excused)
        if !excused { found += sight.deadLetters.map { "5: a dead letter: \($0)" } }
        for index in projections.indices { found += compare(index, sight, all: all) }
        return found
    }

    /// 7: what a projection holds is what the log gives.
    private func compare(_ index: Int, _ sight: Sight, all: Bool) -> [String] {
        let (definition, folder) = projections[index]
        var changed: Set<UUID> = []
        do {
            for envelope in sight.log where envelope.kind == .message && definition.hears(envelope.type) {
                guard let key = try folder.key(for: envelope) else { continue }
                if !folder.holds(key) {
                    if let row = expected[index][key] {
                        try folder.load([row], absent: [])
                    } else {
                        try folder.load([], absent: [key])
                    }
                }
                try folder.fold(envelope)
            }
            for change in try folder.takeChanges() {
                expected[index][change.row.key] = change.row
                changed.insert(change.row.key)
            }
        } catch {
            return ["7: \(definition.name) cannot be folded: \(error)"]
        }
        let stored = Dictionary(sight.rows[index].map { ($0.key, $0) }, uniquingKeysWith: { _, last in last })
        let keys = changed.union(stored.keys).union(all ? Set(expected[index].keys) : [])
        return keys.compactMap { key in
            let (wanted, held) = (expected[index][key], stored[key])
            if let wanted, let held, wanted.holdsSame(as: held) { return nil }
            if held == nil, wanted?.isDeleted ?? true { return nil }
            return "7: \(definition.name) \(key.lowercase) holds \(held.shown), and the log gives \(wanted.shown)"
        }
    }
}

extension StoredRow {
    fileprivate func holdsSame(as other: StoredRow) -> Bool {
        if isDeleted || other.isDeleted { return isDeleted == other.isDeleted }
        return position == other.position && value == other.value && detail == other.detail
    }
}

extension StoredRow? {
    fileprivate var shown: String {
        guard let self else { return "nothing" }
        if self.isDeleted { return "a row deleted at \(self.position)" }
        return
            "\(String(decoding: self.value, as: UTF8.self)) \(String(decoding: self.detail, as: UTF8.self)) of \(self.position)"
    }
}

extension Envelope {
    fileprivate init(row: SQLRow) throws {
        self.init(
            position: Position(try row[0]), commandEnd: Position(try row[1]), id: try row[2],
            stream: StreamName(category: try row[3], id: try row[4]), version: Int(try row[5, as: Int32.self]),
            kind: try row[6, as: Int16.self] == 0 ? .event : .message, type: try row[7], body: try row[8],
            cause: Cause(correlation: try row[9], causation: try row[10], actor: try row[11]), at: try row[12])
    }
}
