public import EventLoop
import Kernel
import Logging
public import Postgres

/// The one process that consumes, projects and keeps time, of all that share a database.
///
/// It holds a session advisory lock on a connection of its own; when that connection ends, another process takes over. The
/// lock is a convenience: what keeps two from doing harm is the compare of every mark and the ids of commands.
public actor Worker {
    /// `pg_try_advisory_lock`'s key; `commit_batch` uses another.
    private static let lock: Int64 = 7_236_502

    private let loop: EventLoop
    private let connection: Connection
    private let pool: Pool
    private let clock: MallClock
    private let feed: LogFeed
    private let tail: LogTail
    private let marks: Marks
    private let consumers: [Consumer]
    private let projector: Projector
    private let timers: TimerRunner
    private let tombstones: Tombstones
    private let rebuilds: Rebuilds
    private let projections: [String]
    private let disturbance: Disturbance?
    private let logger = Logger(label: "mallbots.worker")
    /// Whether this process is the one.
    public private(set) var isActive = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// `publish` is called on the loop after each of the projector's commits, in order. Only a test has a `disturbance`.
    public init(
        on loop: EventLoop, dispatcher: Dispatcher, pool: Pool, lock connection: Connection, feed: LogFeed,
        clock: MallClock, disturbance: Disturbance? = nil,
        publish: @escaping @Sendable (ProjectedBatch) -> Void
    ) {
        self.loop = loop
        self.connection = connection
        self.pool = pool
        self.clock = clock
        self.feed = feed
        self.disturbance = disturbance
        let catalogue = dispatcher.catalogue
        let tail = LogTail(on: loop, log: Log(pool))
        self.tail = tail
        let marks = Marks(on: loop, checkpoints: Checkpoints(pool: pool))
        self.marks = marks
        func consumer(_ name: String, _ listener: Consumer.Listener) -> Consumer {
            Consumer(
                name, listener, on: loop, dispatcher: dispatcher, tail: tail, feed: feed, marks: marks, pool: pool,
                clock: clock, disturbance: disturbance)
        }
        consumers =
            catalogue.reactions.map { consumer("\($0.module).reactions", .reactions($0.byEvent)) }
            + catalogue.participants.map { consumer("\($0.module).commands", .commands($0.part)) }
            + catalogue.sagas.map { consumer("\($0.module).replies", .replies($0.byCategory)) }
            + catalogue.tables.map { consumer("table.\($0.name)", .table($0)) }
        projector = Projector(
            on: loop, projections: catalogue.projections, pool: pool, tail: tail, feed: feed, publish: publish)
        timers = TimerRunner(on: loop, dispatcher: dispatcher, pool: pool, feed: feed, clock: clock)
        rebuilds = Rebuilds(pool: pool, clock: clock)
        projections = catalogue.projections.map(\.name)
        tombstones = Tombstones(
            loop: loop, pool: pool, clock: clock, storages: catalogue.projections.map(\.storage))
        clock.onAdvance { [loop] in loop.spawn { await feed.poke() } }
    }

    /// Waits for the lock, works while it is held, and begins again when it is lost, until the task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            do {
                let rows = try await connection.query("select pg_try_advisory_lock(\(Self.lock))")
                if try rows.first?[0, as: Bool.self] == true { try await work() }
            } catch {
                if !Task.isCancelled { logger.warning("the worker stopped", metadata: ["error": "\(error)"]) }
            }
            if isActive { await release() }
            await loop.sleep(for: Limits.poll)
        }
    }

    /// Everything in memory is read again: the past was replaced. In a process that does not work it does nothing.
    public func reset() async {
        await tail.forget()
        await feed.reset()
        for consumer in consumers { await consumer.forget() }
        await projector.forget()
    }

    /// Has a dead letter tried once more, after what it needs was mended. False if there is none that is open.
    public func revive(_ consumer: String, _ position: Position) async throws -> Bool {
        let revived = try await pool.execute(
            """
            with letter as (
                update mall.dead_letters set resolved = 'revived'
                where consumer = \(consumer) and position = \(position.rawValue) and resolved is null
                returning position
            )
            insert into mall.parked (consumer, position, stream_no, attempts, first_at, next_at, error)
            select \(consumer), position, l.stream_no, 0, \(clock.now), \(clock.now), 'revived'
            from letter join mall.log l using (position)
            """)
        for known in consumers where known.name == consumer { await known.forget() }
        await feed.poke()
        return revived > 0
    }

    /// Lays a dead letter aside for good. False if there is none that is open.
    public func discard(_ consumer: String, _ position: Position, because reason: String) async throws -> Bool {
        try await pool.execute(
            """
            update mall.dead_letters set resolved = \("discarded: " + reason)
            where consumer = \(consumer) and position = \(position.rawValue) and resolved is null
            """) > 0
    }

    /// Stops and starts single listeners, by the names their checkpoints have.
    public func pause(_ name: String, _ paused: Bool) async -> Bool {
        if name == Projector.name {
            await projector.pause(paused)
            return true
        }
        guard let consumer = consumers.first(where: { $0.name == name }) else { return false }
        await consumer.pause(paused)
        return true
    }

    /// Ends every disturbance: what is late comes now, and what is to come again does.
    public func calm() async throws {
        disturbance?.lift()
        try await pool.execute(
            "update mall.parked set next_at = \(clock.now) where error = \(Disturbance.late)")
        for consumer in consumers { try await consumer.hearAgain() }
        await feed.poke()
    }

    public nonisolated var listenerNames: [String] { consumers.map(\.name) + [Projector.name] }

    private func work() async throws {
        isActive = true
        logger.info("this process consumes and projects")
        try await Shadow.sweep(pool)
        let tail = tail
        await feed.onRows { tail.follow($0) }
        try await rebuilds.know(projections)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for consumer in consumers { group.addTask { await consumer.run() } }
            group.addTask { await self.projector.run() }
            group.addTask { await self.timers.run() }
            group.addTask { try await self.watchLock() }
            group.addTask { await self.purge() }
            group.addTask { await self.tombstones.run() }
            group.addTask { await self.rebuild() }
            defer { group.cancelAll() }
            // All of them go on for ever; the first to end ends the work.
            try await group.next()
        }
    }

    /// Folds anew what somebody has asked for.
    private func rebuild() async {
        while !Task.isCancelled {
            do {
                let wanted = try await rebuilds.wanted().filter(projections.contains)
                if !wanted.isEmpty { try await rebuild(wanted) }
            } catch {
                if !Task.isCancelled { logger.warning("nothing could be rebuilt", metadata: ["error": "\(error)"]) }
            }
            await loop.sleep(for: Limits.rebuilds)
        }
    }

    private func rebuild(_ wanted: [String]) async throws {
        logger.notice("projections are folded anew", metadata: ["projections": "\(wanted)"])
        do {
            try await projector.rebuild(Set(wanted)) { reached, behind, isLosing in
                try await self.rebuilds.note(reached, behind: behind, isLosing: isLosing, of: wanted)
            }
            try await rebuilds.finish(wanted, error: nil)
        } catch {
            // Whoever takes over does it, and so does the next look where the database was away; what is no fault of the
            // moment is said.
            if Task.isCancelled { return }
            if let error = error as? PostgresError, error.isOfTheWorld { throw error }
            try await rebuilds.finish(wanted, error: "\(error)")
        }
    }

    /// The lock lives as long as its session, and a connection that was lost comes back as another session: so the lock
    /// itself is looked at, not the connection.
    private func watchLock() async throws {
        while true {
            await loop.sleep(for: Limits.poll)
            let rows = try await connection.query(
                """
                select from pg_locks where locktype = 'advisory' and classid = 0 and objid = \(Self.lock)::oid
                    and pid = pg_backend_pid() and granted
                """)
            if rows.isEmpty { return }
        }
    }

    /// Lets another process take over at once. Not part of the task that may have been cancelled.
    private func release() async {
        isActive = false
        logger.info("this process consumes and projects no longer")
        let (connection, marks) = (connection, marks)
        _ = await loop.spawn {
            await marks.flush()
            _ = try? await connection.query("select pg_advisory_unlock_all()")
        }.value
    }

    /// Forgets the answers of commands that nobody can repeat any more: those of callers after a day, those of reactions when
    /// the marks are beyond them too.
    private func purge() async {
        while !Task.isCancelled {
            do {
                let old = clock.now + (.zero - Limits.answersKept)
                let purged = try await pool.execute(
                    """
                    delete from mall.commands where command_id in (
                        select command_id from mall.commands
                        where at < \(old) and position <= (
                            select min(position) from mall.checkpoints where consumer = any(\(listenerNames)))
                        order by at limit \(Limits.answersPerPurge))
                    """)
                if purged == Limits.answersPerPurge { continue }
            } catch {
                if !Task.isCancelled { logger.warning("answers were not purged", metadata: ["error": "\(error)"]) }
            }
            await loop.sleep(for: Limits.purge)
        }
    }
}
