import Crypto
import EventLoop
import FoundationEssentials
import Kernel
import Logging
import Postgres

/// Gives each message of the log its effect on one listener: exactly once in effect, in order for each stream.
///
/// A listener is a module's reactions, whose effects are appends under a command id made from the message's, or a table,
/// whose effects are its own rows, written with the mark. A message that fails is parked, with those of its stream behind it,
/// and tried again later; the others flow on. What never succeeds is a dead letter.
actor Consumer {
    enum Listener: Sendable {
        case reactions([String: Reaction])
        case table(Table)
    }

    private enum Fate {
        case done
        /// Worth another try later.
        case failed(String)
        /// Refused or unreadable: trying again would not help.
        case hopeless(String)
    }

    let name: String
    private let loop: EventLoop
    private let listener: Listener
    private let dispatcher: Dispatcher
    private let log: Log
    private let tail: LogTail
    private let feed: LogFeed
    private let pool: Pool
    private let clock: MallClock
    private let checkpoints: Checkpoints
    private let logger: Logger
    private var position = Position.start
    /// The streams that have parked messages: theirs is not to be overtaken.
    private var parked = Set<Int64>()
    private var isPaused = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(
        _ name: String, _ listener: Listener, on loop: EventLoop, dispatcher: Dispatcher, tail: LogTail, feed: LogFeed, pool: Pool,
        clock: MallClock
    ) {
        self.name = name
        self.listener = listener
        self.loop = loop
        self.dispatcher = dispatcher
        self.tail = tail
        self.feed = feed
        self.pool = pool
        self.clock = clock
        log = Log(pool)
        checkpoints = Checkpoints(pool: pool)
        var logger = Logger(label: "mallbots.consumer")
        logger[metadataKey: "consumer"] = "\(name)"
        self.logger = logger
    }

    /// Consumes until the task is cancelled.
    func run() async {
        var failures = 0
        var isKnown = false
        while !Task.isCancelled {
            do {
                if !isKnown {
                    position = try await checkpoints.position(of: name)
                    parked = try await parkedStreams()
                    isKnown = true
                }
                let worked = try await step()
                failures = 0
                if !worked { await feed.wait(beyond: isPaused ? Position(.max) : position, atMost: Limits.poll) }
            } catch {
                if Task.isCancelled { return }
                // Fenced or cut off: where it stands is read again. Nothing was half done.
                isKnown = false
                failures += 1
                logger.warning("consuming stopped and starts again", metadata: ["error": "\(error)"])
                await loop.sleep(for: Limits.poll * min(failures, 20))
            }
        }
    }

    /// For tests: a paused consumer hears nothing until it goes on.
    func pause(_ paused: Bool) {
        isPaused = paused
    }

    private func step() async throws -> Bool {
        if isPaused { return false }
        if !parked.isEmpty { try await retryParked() }
        let rows = try await tail.rows(after: position)
        guard let last = rows.last else { return false }
        let heard = rows.filter { $0.envelope.kind == .message && listens(to: $0.envelope.type) }
        try await consume(heard, upTo: last.envelope.position)
        return true
    }

    private func listens(to type: String) -> Bool {
        switch listener {
        case .reactions(let reactions): reactions[type] != nil
        case .table(let table): table.effects[type] != nil
        }
    }

    private func consume(_ rows: [LogRow], upTo end: Position) async throws {
        var effects: [SQL] = []
        switch listener {
        case .reactions:
            effects = await react(to: rows).flatMap { park($0.row, $0.fate) }
        case .table(let table):
            let free = rows.filter { !parked.contains($0.stream) }
            let behind = rows.filter { parked.contains($0.stream) }.flatMap { park($0, .failed("waits behind another message")) }
            do {
                let statements = try free.flatMap { try table.effects[$0.envelope.type]?($0.envelope) ?? [] }
                try await checkpoints.advance(name, from: position, to: end, with: statements + behind)
                position = end
                return
            } catch let error as PostgresError where error.state == Checkpoints.fenced || error.isConnectionLost {
                throw error
            } catch {
                // One of them is at fault: each alone, so that the others have their effect.
                logger.warning("a batch failed; its messages are applied singly", metadata: ["error": "\(error)"])
                effects = behind
                for row in free {
                    let fate = parked.contains(row.stream) ? .failed("waits behind another message") : await attempt(row)
                    effects += park(row, fate)
                }
            }
        }
        try await checkpoints.advance(name, from: position, to: end, with: effects)
        position = end
    }

    /// Streams side by side, each in its order.
    private func react(to rows: [LogRow]) async -> [(row: LogRow, fate: Fate)] {
        if rows.isEmpty { return [] }
        var streams: [Int64: [LogRow]] = [:]
        for row in rows { streams[row.stream, default: []].append(row) }
        let parked = parked
        return await withTaskGroup(of: [(row: LogRow, fate: Fate)].self) { group in
            var fates: [(row: LogRow, fate: Fate)] = []
            var waiting = Array(streams.values)[...]
            func start() {
                guard let rows = waiting.popFirst() else { return }
                group.addTask {
                    var isBlocked = parked.contains(rows[0].stream)
                    var fates: [(row: LogRow, fate: Fate)] = []
                    for row in rows {
                        let fate = isBlocked ? .failed("waits behind another message") : await self.attempt(row)
                        if case .failed = fate { isBlocked = true }
                        fates.append((row, fate))
                    }
                    return fates
                }
            }
            for _ in 0..<Limits.streamsAtOnce { start() }
            while let done = await group.next() {
                fates += done
                start()
            }
            return fates
        }
    }

    /// Gives one message its effect.
    private func attempt(_ row: LogRow) async -> Fate {
        let envelope = row.envelope
        do {
            switch listener {
            case .table(let table):
                _ = try await pool.pipeline(try table.effects[envelope.type]?(envelope) ?? [])
            case .reactions(let reactions):
                guard let reaction = reactions[envelope.type] else { return .done }
                let id = uuid5(namespace: envelope.id, name: name)
                do {
                    let cause = Cause(
                        correlation: envelope.cause.correlation, causation: envelope.id, actor: envelope.cause.actor)
                    _ = try await dispatcher.perform(
                        CommandRequest(id: id, mayRepeat: false, cause: cause), digest: Array(envelope.type.utf8)
                    ) { tx in
                        try await reaction.handle(envelope.body, tx)
                        return []
                    }
                } catch let refusal as Refusal {
                    // Decided on what came after its own effect: it was done before the mark could be moved.
                    if try await dispatcher.wasDone(id) { return .done }
                    throw refusal
                }
            }
            return .done
        } catch let refusal as Refusal {
            switch refusal.kind {
            case .unavailable, .stale, .internal: return .failed("\(refusal.kind): \(refusal.message)")
            case .invalid, .unauthenticated, .forbidden, .notFound, .conflict:
                return .hopeless("\(refusal.kind): \(refusal.message)")
            }
        } catch let error as DecodingError {
            return .hopeless("\(error)")
        } catch {
            return .failed("\(error)")
        }
    }

    /// What a fate leaves in the tables of failures.
    private func park(_ row: LogRow, _ fate: Fate) -> [SQL] {
        let now = clock.now
        switch fate {
        case .done: return []
        case .hopeless(let error): return [deadLetter(row, attempts: 1, error, firstAt: now)]
        case .failed(let error):
            let isFirst = parked.insert(row.stream).inserted
            if isFirst {
                logger.warning(
                    "a message failed and is parked",
                    metadata: ["position": "\(row.envelope.position)", "type": "\(row.envelope.type)", "error": "\(error)"])
            }
            let attempts: Int32 = isFirst ? 1 : 0
            return [
                """
                insert into mall.parked (consumer, position, stream_no, attempts, next_at, error)
                values (\(name), \(row.envelope.position.rawValue), \(row.stream), \(attempts),
                        \(isFirst ? now + Limits.retries[0] : now), \(error))
                on conflict do nothing
                """
            ]
        }
    }

    private func deadLetter(_ row: LogRow, attempts: Int, _ error: String, firstAt: Instant) -> SQL {
        logger.error(
            "a message is a dead letter",
            metadata: ["position": "\(row.envelope.position)", "type": "\(row.envelope.type)", "error": "\(error)"])
        return """
            insert into mall.dead_letters (consumer, position, attempts, error, first_at, last_at)
            values (\(name), \(row.envelope.position.rawValue), \(Int32(attempts)), \(error), \(firstAt), \(clock.now))
            on conflict (consumer, position) do update
            set attempts = excluded.attempts, error = excluded.error, last_at = excluded.last_at, resolved = null
            """
    }

    private func parkedStreams() async throws -> Set<Int64> {
        try await Set(pool.query("select distinct stream_no from mall.parked where consumer = \(name)").map { try $0[0] })
    }

    /// Tries the first parked message of each stream whose time has come, and what waits behind it as long as it goes well.
    private func retryParked() async throws {
        let heads = try await pool.query(
            """
            select position, attempts from (
                select distinct on (stream_no) position, attempts, next_at from mall.parked
                where consumer = \(name) order by stream_no, position
            ) head where next_at <= \(clock.now)
            """)
        for head in heads {
            let position = Position(try head[0])
            let attempts = Int(try head[1, as: Int32.self])
            guard let row = try await log.rows(at: [position]).first else { continue }
            let unpark: SQL =
                "delete from mall.parked where consumer = \(name) and position = \(position.rawValue)"
            switch await attempt(row) {
            case .done:
                _ = try await pool.query(unpark)
            case .hopeless(let error):
                _ = try await pool.pipeline([unpark, deadLetter(row, attempts: attempts + 1, error, firstAt: row.envelope.at)])
            case .failed(let error) where attempts >= Limits.retries.count:
                _ = try await pool.pipeline([unpark, deadLetter(row, attempts: attempts + 1, error, firstAt: row.envelope.at)])
            case .failed(let error):
                _ = try await pool.query(
                    """
                    update mall.parked set attempts = \(Int32(attempts + 1)), error = \(error),
                        next_at = \(clock.now + Limits.retries[attempts])
                    where consumer = \(name) and position = \(position.rawValue)
                    """)
            }
        }
        if !heads.isEmpty { parked = try await parkedStreams() }
    }
}
