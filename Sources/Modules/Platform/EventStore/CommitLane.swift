import DequeModule
public import EventLoop
import FoundationEssentials
import Kernel
import Logging
public import Postgres

/// The one way into the log of this process: commands queue in memory, and whenever the lane is idle everything queued goes
/// to the database as one call.
///
/// One transaction per command would hold the log's lock through every flush to disk (455 commands a second with 16
/// callers); a batch shares both (7,801 with 64). The order of commands on one stream is the order they came in.
public actor CommitLane {
    private struct Waiting {
        let unit: CommitUnit
        let continuation: CheckedContinuation<CommitResult, any Error>
    }

    private let loop: EventLoop
    private let pool: Pool
    private let feed: LogFeed
    private let logger = Logger(label: "mallbots.lane")
    private var queue = Deque<Waiting>()
    private var isRunning = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    public init(on loop: EventLoop, pool: Pool, feed: LogFeed) {
        self.loop = loop
        self.pool = pool
        self.feed = feed
    }

    /// How many commands wait.
    public var depth: Int { queue.count }

    /// Forgets how far the log reached: its past was replaced.
    func reset() async { await feed.reset() }

    /// The log reaches to `position`, by somebody else's transaction of this process. Called on the loop.
    nonisolated func reached(_ position: Position) { feed.advance(to: position, with: nil) }

    /// Writes a command, or says why not. Throws only when the database cannot be asked.
    func commit(_ unit: CommitUnit) async throws -> CommitResult {
        guard queue.count < Limits.commandsWaiting else {
            throw Refusal.unavailable("too many commands are waiting")
        }
        return try await withCheckedThrowingContinuation { continuation in
            queue.append(Waiting(unit: unit, continuation: continuation))
            if !isRunning {
                isRunning = true
                loop.spawn { await self.run() }
            }
        }
    }

    private func run() async {
        while !queue.isEmpty {
            let batch = takeBatch()
            do {
                let results = try await write(batch.map(\.unit))
                for (waiting, result) in zip(batch, results) { waiting.continuation.resume(returning: result) }
            } catch let error as PostgresError where !error.isOfTheWorld && batch.count > 1 {
                await writeSingly(batch, after: error)
            } catch {
                for waiting in batch { waiting.continuation.resume(throwing: Self.refusal(error) ?? error) }
                // What waits behind would wait as long for the same answer.
                failWaiting(with: error)
            }
        }
        isRunning = false
    }

    private func failWaiting(with error: any Error) {
        guard let error = error as? PostgresError, error.isOfTheWorld else { return }
        let waiting = queue
        queue.removeAll()
        for waiting in waiting { waiting.continuation.resume(throwing: error) }
    }

    /// Whatever is queued and can go together: commands that touch what an earlier one of the batch writes wait.
    private func takeBatch() -> [Waiting] {
        var batch: [Waiting] = []
        var left = Deque<Waiting>()
        var written = Set<StreamName>()
        var touched = Set<StreamName>()
        var claims = Set<Claim>()
        var ids = Set<UUID>()
        var bytes = 0
        while batch.count < Limits.commandsPerBatch, bytes < Limits.bytesPerBatch, let waiting = queue.popFirst() {
            let unit = waiting.unit
            let fits =
                (unit.id.map { !ids.contains($0) } ?? true)
                && !unit.streams.contains { written.contains($0.name) || $0.count > 0 && touched.contains($0.name) }
                && !unit.claims.contains { claims.contains($0.claim) }
            // What does not fit still holds its place: later commands on its streams stay behind it.
            for stream in unit.streams {
                touched.insert(stream.name)
                if stream.count > 0 { written.insert(stream.name) }
            }
            for change in unit.claims { claims.insert(change.claim) }
            if let id = unit.id { ids.insert(id) }
            if fits {
                batch.append(waiting)
                bytes += unit.rows.reduce(0) { $0 + $1.body.count }
            } else {
                left.append(waiting)
            }
        }
        if !left.isEmpty { queue.prepend(contentsOf: left) }
        return batch
    }

    /// A statement's own error fails the whole batch, so its commands are tried one by one; the one at fault fails alone.
    private func writeSingly(_ batch: [Waiting], after error: PostgresError) async {
        logger.error("a batch failed; its commands are written singly", metadata: ["error": "\(error)"])
        var left = Deque(batch)
        while let waiting = left.popFirst() {
            do {
                waiting.continuation.resume(returning: try await write([waiting.unit])[0])
            } catch let error as PostgresError where error.isOfTheWorld {
                waiting.continuation.resume(throwing: error)
                for waiting in left { waiting.continuation.resume(throwing: error) }
                return failWaiting(with: error)
            } catch {
                waiting.continuation.resume(throwing: Self.refusal(error) ?? error)
            }
        }
    }

    /// A value that no column can hold, such as a text with a NUL, is its sender's fault (class 22, data exception).
    private static func refusal(_ error: any Error) -> Refusal? {
        guard let state = (error as? PostgresError)?.state, state.category == "22" else { return nil }
        return .invalid("a value in it cannot be stored")
    }

    /// Sends a batch. When the connection is lost the outcome is unknown; the same ids are sent again, and what was written
    /// is answered as done before.
    private func write(_ units: [CommitUnit]) async throws -> [CommitResult] {
        let batch = Batch(units)
        let statement = batch.statement
        var resends = 0
        while true {
            do {
                return try read(await pool.query(statement), batch)
            } catch let error as PostgresError where error.isWorthResending && resends < Limits.resends {
                resends += 1
                logger.warning("a batch is sent again under the same ids", metadata: ["error": "\(error)"])
            }
        }
    }

    private func read(_ rows: SQLRows, _ batch: Batch) throws -> [CommitResult] {
        let units = batch.units
        precondition(rows.count == units.count, "write_batch answered \(rows.count) of \(units.count) commands")
        var head = Position.start
        let results = try zip(units, rows).map { unit, row -> CommitResult in
            let position = Position(try row[1])
            switch try row[0, as: Int32.self] {
            case 0:
                if !unit.rows.isEmpty { head = max(head, position) }
                return .done(position)
            case 2:
                head = max(head, position)
                return .doneBefore(position, answer: try row[2], digest: try row[3])
            case 3: return .claimTaken(try row[4])
            default: return .conflict
            }
        }
        if head > .start {
            let wasPlain = rows.first.map { !$0.isNull(5) } ?? false
            feed.advance(to: head, with: wasPlain ? try batch.written(upTo: head, streams: rows[0][5]) : nil)
        }
        return results
    }

    static func statement(_ units: [CommitUnit]) -> SQL { Batch(units).statement }
}

extension PostgresError {
    /// Whether no statement is at fault: the server is away, or chose to undo what was asked.
    var isOfTheWorld: Bool {
        switch self {
        case .connectionLost, .unavailable, .timedOut: true
        case .server(let error): error.state.isTransient
        }
    }

    /// Whether the same may succeed at once; ids keep it from being done twice.
    fileprivate var isWorthResending: Bool {
        switch self {
        case .connectionLost: true
        case .server(let error): error.state.isTransient
        case .unavailable, .timedOut: false
        }
    }
}
