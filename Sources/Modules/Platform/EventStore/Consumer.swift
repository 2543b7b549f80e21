import Crypto
import EventLoop
import FoundationEssentials
import Kernel
import Logging
import Postgres

/// Gives each message of the log its effect on one listener: exactly once in effect, in order for each stream.
///
/// A listener is a module's reactions, whose effects are appends under a command id made from the message's; its part in
/// sagas, whose commands it carries out and whose replies it hears in the same way; or a table, whose effects are its own
/// rows, written with the mark. A message that fails is parked, with those of its stream behind it,
/// and tried again later; the others flow on. What never succeeds is a dead letter.
actor Consumer {
    enum Listener: Sendable {
        case reactions([String: Reaction])
        /// The commands of sagas, said on their streams.
        case commands(Participation)
        /// What is said to sagas on their own streams, by their categories.
        case replies([String: Coordination])
        case table(Table)
    }

    /// What a message is to lead to, as a command.
    private struct Deed {
        let request: CommandRequest
        let decide: Dispatcher.Deciding
    }

    fileprivate enum Fate {
        case done
        /// Not tried: an earlier message of its stream has failed.
        case behind
        /// Not tried: a test holds it back.
        case late
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
    private let disturbance: Disturbance?
    private let marks: Marks
    private let logger: Logger
    /// The names of what it hears.
    private let heard: Set<String>
    /// Everything at or below it is done or parked.
    private var position = Position.start
    /// The streams that have parked messages: theirs is not to be overtaken.
    private var parked = Set<Int64>()
    private var lookedAround = LoopInstant(nanoseconds: 0)
    private var isKnown = false
    private var isPaused = false
    /// What a test lets come a second time later.
    private var echoes: [LogRow] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(
        _ name: String, _ listener: Listener, on loop: EventLoop, dispatcher: Dispatcher, tail: LogTail, feed: LogFeed,
        marks: Marks, pool: Pool,
        clock: MallClock, disturbance: Disturbance? = nil
    ) {
        self.name = name
        self.listener = listener
        self.loop = loop
        self.dispatcher = dispatcher
        self.tail = tail
        self.feed = feed
        self.marks = marks
        self.pool = pool
        self.clock = clock
        self.disturbance = disturbance
        log = Log(pool)
        checkpoints = Checkpoints(pool: pool)
        var logger = Logger(label: "mallbots.consumer")
        logger[metadataKey: "consumer"] = "\(name)"
        self.logger = logger
        heard =
            switch listener {
            case .reactions(let reactions): Set(reactions.keys)
            case .commands(let part): Set(part.acceptances.keys)
            case .replies(let sagas): sagas.values.reduce(into: []) { $0.formUnion($1.replies) }
            case .table(let table): Set(table.effects.keys)
            }
    }

    /// Consumes until the task is cancelled.
    func run() async {
        var failures = 0
        isKnown = false
        while !Task.isCancelled {
            do {
                let hint = await feed.hints
                if !isKnown { try await recall() }
                let hasMore = try await step()
                failures = 0
                if !hasMore {
                    await feed.wait(
                        beyond: isPaused ? Position(.max) : position, for: heard, since: hint, atMost: Limits.poll)
                }
            } catch {
                if Task.isCancelled { return }
                // Fenced or cut off: where it stands is read again. Nothing was half done.
                isKnown = false
                failures += 1
                logger.warning("consuming stopped and starts again", metadata: ["error": "\(error)"])
                await loop.sleep(for: Limits.rest * min(failures, Limits.rests))
            }
        }
    }

    /// A paused consumer hears nothing until it goes on.
    func pause(_ paused: Bool) { isPaused = paused }

    /// Reads again where it stands, before the next step.
    func forget() { isKnown = false }

    /// What was to come again later comes now, in no order.
    func hearAgain() async throws {
        let rows = echoes.shuffled()
        echoes = []
        for row in rows {
            for failure in park(row, try await react(to: row, disturbed: false)) { try await pool.execute(failure) }
        }
    }

    private func recall() async throws {
        // Set before it is read: what is forgotten meanwhile is read once more.
        isKnown = true
        position = try await marks.recall(name)
        parked = try await parkedStreams()
        lookedAround = loop.now
    }

    /// Goes on by one read of the log. Whether there may be more of it already.
    private func step() async throws -> Bool {
        if isPaused { return false }
        if !parked.isEmpty { try await retryParked() }
        let rows = try await tail.rows(after: position)
        guard let end = rows.last?.envelope.position else {
            try await lookAround()
            return false
        }
        let heard = rows.filter { $0.envelope.kind == .message && listens(to: $0.envelope) }
        if heard.isEmpty { try await move(to: end) } else { try await consume(heard, upTo: end) }
        return rows.count >= Limits.rowsPerRead
    }

    /// When there is nothing to do, a dead letter that somebody revived is found.
    private func lookAround() async throws {
        guard loop.now - lookedAround >= Limits.poll else { return }
        lookedAround = loop.now
        parked = try await parkedStreams()
    }

    /// Goes on, with nothing that has to be written together with the mark.
    private func move(to new: Position) async throws {
        guard await marks.note(name, at: new) else { throw Fenced(consumer: name) }
        position = new
    }

    private func advance(to new: Position, with effects: [SQL]) async throws {
        if effects.isEmpty { return try await move(to: new) }
        try await marks.advance(name, to: new, with: effects)
        position = new
    }

    private func listens(to envelope: Envelope) -> Bool {
        switch listener {
        case .reactions(let reactions): reactions[envelope.type] != nil
        case .commands(let part): part.acceptance(of: envelope) != nil
        case .replies(let sagas): sagas[envelope.stream.category]?.replies.contains(envelope.type) == true
        case .table(let table): table.effects[envelope.type] != nil
        }
    }

    private func consume(_ rows: [LogRow], upTo end: Position) async throws {
        switch listener {
        case .reactions, .commands, .replies:
            let fates = try await react(to: rows)
            try await advance(to: end, with: fates.flatMap { park($0.row, $0.fate) })
        case .table(let table):
            let free = rows.filter { !parked.contains($0.stream) }
            let behind = rows.filter { parked.contains($0.stream) }
            do {
                let statements = try free.flatMap { try effects(of: $0, on: table) }
                try await advance(to: end, with: statements + behind.flatMap { park($0, .behind) })
            } catch {
                // One of them is at fault: each in a transaction of its own, so that the others have their effect.
                guard let fate = Fate(error) else { throw error }
                logger.warning("a batch failed; its messages are applied singly", metadata: ["error": "\(fate)"])
                for row in rows { try await apply(row, to: table) }
                if position < end { try await advance(to: end, with: []) }
            }
        }
    }

    private func effects(of row: LogRow, on table: Table) throws -> [SQL] {
        let fault = try disturbance?.strike(row.envelope.type, of: name)
        let effects = try table.effects[row.envelope.type]?(row.envelope) ?? []
        return try fault?.behind(effects) ?? effects
    }

    private func apply(_ row: LogRow, to table: Table) async throws {
        let end = row.envelope.position
        if parked.contains(row.stream) { return try await advance(to: end, with: park(row, .behind)) }
        do {
            try await advance(to: end, with: effects(of: row, on: table))
        } catch {
            guard let fate = Fate(error) else { throw error }
            try await advance(to: end, with: park(row, fate))
        }
    }

    /// Streams side by side, each in its order.
    private func react(to rows: [LogRow]) async throws -> [(row: LogRow, fate: Fate)] {
        var streams: [Int64: [LogRow]] = [:]
        for row in rows { streams[row.stream, default: []].append(row) }
        let parked = parked
        return try await withThrowingTaskGroup(of: [(row: LogRow, fate: Fate)].self) { group in
            var fates: [(row: LogRow, fate: Fate)] = []
            var waiting = Array(streams.values)[...]
            func start() {
                guard let rows = waiting.popFirst() else { return }
                group.addTask {
                    var isBlocked = parked.contains(rows[0].stream)
                    var fates: [(row: LogRow, fate: Fate)] = []
                    for row in rows {
                        let fate = isBlocked ? .behind : try await self.react(to: row)
                        switch fate {
                        case .failed, .late: isBlocked = true
                        case .done, .behind, .hopeless: break
                        }
                        fates.append((row, fate))
                    }
                    return fates
                }
            }
            for _ in 0..<Limits.streamsAtOnce { start() }
            while let done = try await group.next() {
                fates += done
                start()
            }
            // A stream's messages are in order here, and only that matters for who waits behind whom.
            return fates
        }
    }

    /// Gives one message its effect. Throws only what is no message's fault.
    private func react(to row: LogRow, disturbed: Bool = true) async throws -> Fate {
        do {
            let fault = disturbed ? try disturbance?.strike(row.envelope.type, of: name) : nil
            guard let deed = try deed(for: row.envelope) else { return .done }
            do {
                _ = try await dispatcher.perform(
                    deed.request, digest: Array(row.envelope.type.utf8), fault?.within(deed.decide) ?? deed.decide)
            } catch let refusal as Refusal {
                // Decided on what came after its own effect: it was done before the mark could be moved.
                guard try await dispatcher.wasDone(deed.request.id) else { throw refusal }
            }
            guard let fault else { return .done }
            return try await suffer(fault, row)
        } catch {
            guard let fate = Fate(error) else { throw error }
            return fate
        }
    }

    /// What a test has go wrong when the message has had its effect, before that is marked.
    private func suffer(_ fault: Disturbance.Fault, _ row: LogRow) async throws -> Fate {
        switch fault {
        case .failsAfter: throw Disturbance.Failed()
        case .comesTwice: return try await react(to: row, disturbed: false)
        case .comesAgain: echoes.append(row)
        case .stalls:
            while disturbance?.isStalling == true {
                try Task.checkCancellation()
                await loop.sleep(for: Limits.poll)
            }
        case .failsBefore, .failsWithin, .refuses, .comesLate: break
        }
        return .done
    }

    private func deed(for envelope: Envelope) throws -> Deed? {
        let cause = Cause(correlation: envelope.cause.correlation, causation: envelope.id, actor: envelope.cause.actor)
        var request = CommandRequest(
            id: uuid5(namespace: envelope.id, name: name), mayRepeat: false, cause: cause)
        request.happenedAt = envelope.at
        switch listener {
        case .reactions(let reactions):
            guard let reaction = reactions[envelope.type] else { return nil }
            return Deed(request: request) { tx in
                try await reaction.handle(envelope.body, tx)
                return []
            }
        case .replies(let sagas):
            guard let saga = sagas[envelope.stream.category] else { return nil }
            return Deed(request: request) { tx in
                try await saga.hear(envelope.stream.id, SagaReply(body: envelope.body), tx)
                return []
            }
        case .commands(let part):
            guard let acceptance = part.acceptance(of: envelope) else { return nil }
            let (saga, key) = (envelope.stream, try envelope.sagaKey)
            // Not the message's id: said again under the same key it is the same command.
            var request = CommandRequest(
                id: uuid5(namespace: saga.id, name: "\(saga.category) \(envelope.type) \(key)"), mayRepeat: false,
                cause: cause)
            request.happenedAt = envelope.at
            request.asker = Asker(
                stream: saga, version: envelope.version, command: envelope.type, key: key, reply: acceptance.reply)
            return Deed(request: request) { tx in try await acceptance.handle(envelope.body, tx) }
        case .table: return nil
        }
    }

    /// What a fate leaves in the tables of failures.
    private func park(_ row: LogRow, _ fate: Fate) -> [SQL] {
        let now = clock.now
        switch fate {
        case .done: return []
        case .hopeless(let error): return [deadLetter(row, attempts: 1, error, firstAt: now)]
        case .failed(let error):
            logger.warning(
                "a message failed and is parked",
                metadata: ["position": "\(row.envelope.position)", "type": "\(row.envelope.type)", "error": "\(error)"])
            return [insertParked(row, attempts: 1, at: now, nextAt: now + Limits.retries[0], error)]
        case .behind: return [insertParked(row, attempts: 0, at: now, nextAt: now, "waits behind another message")]
        case .late: return [insertParked(row, attempts: 0, at: now, nextAt: now + Limits.late, Disturbance.late)]
        }
    }

    private func insertParked(_ row: LogRow, attempts: Int32, at now: Instant, nextAt: Instant, _ error: String) -> SQL
    {
        parked.insert(row.stream)
        return """
            insert into mall.parked (consumer, position, stream_no, attempts, first_at, next_at, error)
            values (\(name), \(row.envelope.position.rawValue), \(row.stream), \(attempts), \(now), \(nextAt), \(error))
            on conflict do nothing
            """
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
        try await Set(
            pool.query("select distinct stream_no from mall.parked where consumer = \(name)").map { try $0[0] })
    }

    /// Tries the first parked message of each stream whose time has come, and what waits behind it as long as it goes well.
    private func retryParked() async throws {
        for round in 0..<Limits.retriesPerLook {
            let heads = try await pool.query(
                """
                select position, attempts, first_at from (
                    select distinct on (stream_no) position, attempts, first_at, next_at from mall.parked
                    where consumer = \(name) order by stream_no, position
                ) head where next_at <= \(clock.now) order by position
                """)
            if heads.isEmpty {
                if round > 0 { parked = try await parkedStreams() }
                return
            }
            let rows = try await log.rows(at: heads.map { Position(try $0[0]) })
            for (head, row) in zip(heads, rows) {
                try await retry(row, attempts: Int(head[1, as: Int32.self]), firstAt: head[2])
            }
        }
    }

    private func retry(_ row: LogRow, attempts: Int, firstAt: Instant) async throws {
        let position = row.envelope.position
        let fate: Fate
        switch listener {
        case .reactions, .commands, .replies:
            fate = try await react(to: row)
            if case .done = fate { return try await checkpoints.unpark(name, position, with: []) }
        case .table(let table):
            do { return try await checkpoints.unpark(name, position, with: effects(of: row, on: table)) } catch {
                guard let failed = Fate(error) else { throw error }
                fate = failed
            }
        }
        switch fate {
        case .done, .behind, .late: break
        case .failed(let error) where attempts < Limits.retries.count:
            try await pool.execute(
                """
                update mall.parked set attempts = \(Int32(attempts + 1)), error = \(error),
                    next_at = \(clock.now + Limits.retries[attempts])
                where consumer = \(name) and position = \(position.rawValue)
                """)
        case .failed(let error), .hopeless(let error):
            let letter = deadLetter(row, attempts: attempts + 1, error, firstAt: firstAt)
            try await checkpoints.unpark(name, position, with: [letter])
        }
    }
}

extension Consumer.Fate {
    /// What an error means for the message it came from; nil if it is no message's fault, so that all of it is tried again.
    fileprivate init?(_ error: any Error) {
        switch error {
        case is CancellationError, is Fenced: return nil
        case is Disturbance.Late: self = .late
        case let error as PostgresError:
            if error.isOfTheWorld || error.state == Checkpoints.fenced { return nil }
            self = .failed("\(error)")
        case let refusal as Refusal:
            let said = "\(refusal.kind): \(refusal.message)"
            self = refusal.isFinal ? .hopeless(said) : .failed(said)
        case is DecodingError: self = .hopeless("\(error)")
        default: self = .failed("\(error)")
        }
    }
}
