import EventLoop
public import Kernel
import Logging
import Postgres

/// What one committed step of the projector changed.
public struct ProjectedBatch: Sendable {
    /// The mark before and after.
    public let from: Position
    public let to: Position
    /// When the last row of the log in it was written.
    public let asOf: Instant
    /// The changed rows of each projection.
    public let changes: [String: [RowChange]]
}

/// Folds the log into all live projections, in order, each batch in one transaction with the one mark of all of them.
///
/// So a single number says what every projection holds. A batch never ends inside the rows of one command. The projector
/// never parks: a message that a fold cannot digest is skipped for that projection, with an alarm.
public actor Projector {
    public static let name = "projector"

    private let loop: EventLoop
    private let pool: Pool
    private let tail: LogTail
    private let feed: LogFeed
    private let checkpoints: Checkpoints
    private let projections: [(definition: any Folding, folder: any Folder)]
    private let publish: @Sendable (ProjectedBatch) -> Void
    private let logger = Logger(label: "mallbots.projector")
    private var position = Position.start
    private var isKnown = false
    private var isPaused = false
    private var isRunning = false
    /// What waits to take the place of what is shown.
    private var swap: (shadows: [Shadow], reached: Position, done: CheckedContinuation<Void, any Error>)?
    /// Messages that a projection could not fold, since this process began.
    public private(set) var skipped = 0

    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// `publish` is called on the loop after each commit, in order and without gaps.
    init(
        on loop: EventLoop, projections: [any Folding], pool: Pool, tail: LogTail, feed: LogFeed,
        publish: @escaping @Sendable (ProjectedBatch) -> Void
    ) {
        self.loop = loop
        self.pool = pool
        self.tail = tail
        self.feed = feed
        self.publish = publish
        checkpoints = Checkpoints(pool: pool)
        self.projections = projections.map { ($0, $0.makeFolder()) }
    }

    /// Projects until the task is cancelled.
    func run() async {
        var failures = 0
        isKnown = false
        isRunning = true
        defer {
            isRunning = false
            swap?.done.resume(throwing: CancellationError())
            swap = nil
        }
        while !Task.isCancelled {
            do {
                let hint = await feed.hints
                if !isKnown { try await recall() }
                await swapIn()
                let rows = isPaused ? [] : try await tail.rows(after: position)
                if !rows.isEmpty { try await project(rows) }
                if rows.count < Limits.rowsPerRead {
                    await feed.wait(beyond: isPaused ? Position(.max) : position, since: hint, atMost: Limits.poll)
                }
                failures = 0
            } catch {
                if Task.isCancelled { return }
                isKnown = false
                failures += 1
                logger.warning("projecting stopped and starts again", metadata: ["error": "\(error)"])
                await loop.sleep(for: Limits.rest * min(failures, Limits.rests))
            }
        }
    }

    /// A paused projector folds nothing until it goes on.
    func pause(_ paused: Bool) { isPaused = paused }

    /// Reads again where it stands and every row it folds on, before the next batch.
    func forget() { isKnown = false }

    /// Folds projections anew, from the beginning of the log, while the old rows are shown and go on; `told` hears how far
    /// it is, and how far from the end.
    ///
    /// The new tables take the place of the old between two batches, in one transaction with the mark, unmoved, and with
    /// another epoch: pages begin anew. One of several processes that is not ahead is refused by the mark.
    func rebuild(
        _ names: Set<String>,
        _ told: @Sendable (_ reached: Position, _ behind: Int64, _ isLosing: Bool) async throws -> Void
    ) async throws {
        let shadows = projections.filter { names.contains($0.definition.name) }.map { Shadow($0.definition, pool) }
        do {
            for shadow in shadows { try await shadow.begin() }
            try await rebuild(shadows, told)
        } catch {
            // Whatever is left of it, whoever works next sweeps.
            for shadow in shadows { try? await shadow.end() }
            throw error
        }
    }

    private func rebuild(
        _ shadows: [Shadow], _ told: @Sendable (Position, Int64, Bool) async throws -> Void
    ) async throws {
        var chase = Chase()
        let log = Log(pool)
        var reached = Position.start
        while true {
            try Task.checkCancellation()
            let rows = try await log.rows(after: reached).prefix { $0.envelope.position <= position }
            guard let last = rows.last?.envelope.position else { break }
            for shadow in shadows { try await fold(Array(rows), by: shadow) }
            reached = last
            let behind = position.rawValue - reached.rawValue
            let wasLosing = chase.isLosing
            chase.look(behind: behind, at: .now)
            if chase.isLosing && !wasLosing {
                logger.warning(
                    "a rebuild does not catch up: the log grows as fast as it is folded",
                    metadata: ["reached": "\(reached)", "behind": "\(behind)"])
            }
            try await told(reached, behind, chase.isLosing)
        }
        for shadow in shadows { try await shadow.analyze() }
        try await withCheckedThrowingContinuation { done in
            if isRunning { swap = (shadows, reached, done) } else { done.resume(throwing: CancellationError()) }
        }
    }

    private func fold(_ rows: [LogRow], by shadow: Shadow) async throws {
        try await shadow.fold(rows) { skip($0, shadow.definition.name, $1) }
    }

    private func swapIn() async {
        guard let (shadows, reached, done) = swap else { return }
        swap = nil
        do {
            let log = Log(pool)
            var reached = reached
            while reached < position {
                let rows = try await log.rows(after: reached).prefix { $0.envelope.position <= position }
                guard let last = rows.last?.envelope.position else { break }
                for shadow in shadows { try await fold(Array(rows), by: shadow) }
                reached = last
            }
            let at = position
            try await pool.transaction { session in
                _ = try await session.query("select mall.advance(\(Self.name), \(at.rawValue), \(at.rawValue))")
                for shadow in shadows { try await shadow.takePlace(in: session) }
                _ = try await session.query("update mall.epoch set epoch = gen_random_uuid()")
            }
            for shadow in shadows {
                projections.first { $0.definition.name == shadow.definition.name }?.folder.forget()
            }
            done.resume()
        } catch {
            done.resume(throwing: error)
        }
    }

    private func recall() async throws {
        // Set before it is read: what is forgotten meanwhile is read once more.
        isKnown = true
        for (_, folder) in projections { folder.forget() }
        position = try await checkpoints.position(of: Self.name)
    }

    private func project(_ rows: [LogRow]) async throws {
        guard let last = rows.last?.envelope else { return }
        let batch = try await fold(rows)
        do {
            try await checkpoints.advance(
                Self.name, from: position, to: last.position,
                with: batch.flatMap { $0.definition.storage.store($0.changes.map(\.row)) })
            tell(batch, upTo: last)
        } catch let error as PostgresError where error.isOfData {
            // A row that its table cannot take. Each command alone, so that only this row's projection misses it.
            for (_, folder) in projections { folder.forget() }
            var rest = rows[...]
            while let first = rest.first?.envelope {
                let command = rest.prefix { $0.envelope.position <= first.commandEnd }
                rest = rest.dropFirst(command.count)
                try await projectAlone(Array(command))
            }
        }
    }

    private typealias Folded = [(definition: any Folding, changes: [RowChange])]

    private func fold(_ rows: [LogRow]) async throws -> Folded {
        let messages = rows.lazy.map(\.envelope).filter { $0.kind == .message }
        try await loadRows(for: Array(messages))
        for envelope in messages {
            for (definition, folder) in projections where definition.hears(envelope.type) {
                do { try folder.fold(envelope) } catch { skip(envelope, definition.name, error) }
            }
        }
        var batch: Folded = []
        for (definition, folder) in projections {
            let changes = try folder.takeChanges()
            if !changes.isEmpty { batch.append((definition, changes)) }
        }
        return batch
    }

    /// Folds one command; a projection whose table does not take its rows goes without.
    private func projectAlone(_ rows: [LogRow]) async throws {
        guard let last = rows.last?.envelope else { return }
        let batch = try await fold(rows)
        let from = position
        let kept = try await pool.transaction { session in
            _ = try await session.query(
                "select mall.advance(\(Self.name), \(from.rawValue), \(last.position.rawValue))")
            var kept: Folded = []
            for part in batch {
                do {
                    let statements = part.definition.storage.store(part.changes.map(\.row))
                    _ = try await session.savepoint { try await $0.pipeline(statements) }
                    kept.append(part)
                } catch let error as PostgresError where error.isOfData {
                    skip(last, part.definition.name, error)
                }
            }
            return kept
        }
        for (definition, folder) in projections where !kept.contains(where: { $0.definition.name == definition.name }) {
            folder.forget()
        }
        tell(kept, upTo: last)
    }

    private func tell(_ batch: Folded, upTo last: Envelope) {
        let from = position
        position = last.position
        publish(
            ProjectedBatch(
                from: from, to: position, asOf: last.at,
                changes: Dictionary(uniqueKeysWithValues: batch.map { ($0.definition.name, $0.changes) })))
    }

    /// Reads the rows that these messages are about and that memory does not hold, in one round trip.
    private func loadRows(for messages: [Envelope]) async throws {
        var statements: [SQL] = []
        var wanted: [(folder: any Folder, keys: [UUIDOf])] = []
        for (definition, folder) in projections {
            var keys = Set<UUIDOf>()
            for envelope in messages where definition.hears(envelope.type) {
                guard let key = try? folder.key(for: envelope), !folder.holds(key) else { continue }
                keys.insert(key)
            }
            if keys.isEmpty { continue }
            statements.append(definition.storage.load(Array(keys)))
            wanted.append((folder, Array(keys)))
        }
        if statements.isEmpty { return }
        let results = try await pool.pipeline(statements)
        for ((folder, keys), rows) in zip(wanted, results) {
            let stored = try rows.map { try StoredRow(withoutColumns: $0) }
            try folder.load(stored, absent: Array(Set(keys).subtracting(stored.map(\.key))))
        }
    }

    private func skip(_ envelope: Envelope, _ projection: String, _ error: any Error) {
        skipped += 1
        logger.critical(
            "a message could not be folded and was skipped; rebuild the projection once its fold is mended",
            metadata: [
                "projection": "\(projection)", "type": "\(envelope.type)", "position": "\(envelope.position)",
                "error": "\(error)",
            ])
    }
}

extension PostgresError {
    /// Whether it is what was to be stored that is at fault: a value its column cannot hold, or a constraint (classes 22, 23).
    fileprivate var isOfData: Bool { state.map { $0.category == "22" || $0.category == "23" } ?? false }
}

extension StoredRow {
    /// The bodies of a row, for folding on: the columns are computed anew from them.
    fileprivate init(withoutColumns row: SQLRow) throws {
        let isDeleted: Bool = try row[2]
        self.init(
            key: try row[0], position: Position(try row[1]),
            columns: isDeleted ? nil : Columns(names: ColumnNames([]), values: []), value: try row[3],
            detail: try row[4],
            cause: try row[5])
    }

    /// A whole row, as a projection's `select` answers it, its cells beginning at column `offset`.
    public init(_ row: SQLRow, of projection: any Folding, offset: Int = 0) throws {
        var values: [ColumnValue] = []
        let isDeleted: Bool = try row[offset + 2]
        if !isDeleted {
            for (index, column) in projection.columns.enumerated() {
                values.append(try row.columnValue(offset + 6 + index, column.kind))
            }
        }
        self.init(
            key: try row[offset], position: Position(try row[offset + 1]),
            columns: isDeleted ? nil : Columns(names: projection.columnNames, values: values),
            value: try row[offset + 3],
            detail: try row[offset + 4], cause: try row[offset + 5])
    }
}

extension SQLRow {
    fileprivate func columnValue(_ index: Int, _ kind: ColumnKind) throws -> ColumnValue {
        if isNull(index) { return .null }
        switch kind {
        case .bool: return .bool(try self[index])
        case .int: return .int(try self[index])
        case .text: return .text(try self[index])
        case .uuid: return .uuid(try self[index])
        case .uuids: return .uuids(try self[index])
        }
    }
}
