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
    private let consumers: [Consumer]
    private let projector: Projector
    private let timers: TimerRunner
    private let logger = Logger(label: "mallbots.worker")
    /// Whether this process is the one.
    public private(set) var isActive = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// `publish` is called on the loop after each of the projector's commits, in order.
    public init(
        on loop: EventLoop, dispatcher: Dispatcher, pool: Pool, lock connection: Connection, feed: LogFeed, clock: MallClock,
        publish: @escaping @Sendable (ProjectedBatch) -> Void
    ) {
        self.loop = loop
        self.connection = connection
        let catalogue = dispatcher.catalogue
        let tail = LogTail(on: loop, log: Log(pool))
        func consumer(_ name: String, _ listener: Consumer.Listener) -> Consumer {
            Consumer(name, listener, on: loop, dispatcher: dispatcher, tail: tail, feed: feed, pool: pool, clock: clock)
        }
        consumers =
            catalogue.reactions.map { consumer("\($0.module).reactions", .reactions($0.byEvent)) }
            + catalogue.tables.map { consumer("table.\($0.name)", .table($0)) }
        projector = Projector(on: loop, projections: catalogue.projections, pool: pool, tail: tail, feed: feed, publish: publish)
        timers = TimerRunner(on: loop, dispatcher: dispatcher, pool: pool, feed: feed, clock: clock)
        clock.onAdvance { [loop] in loop.spawn { await feed.poke() } }
    }

    /// Waits for the lock, works while it is held, and begins again when it is lost, until the task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            do {
                let rows = try await connection.query("select pg_try_advisory_lock(\(Self.lock))")
                if try rows.first?[0, as: Bool.self] == true { try await work() }
            } catch {
                if Task.isCancelled { return }
                logger.warning("the worker's connection was lost", metadata: ["error": "\(error)"])
            }
            isActive = false
            await loop.sleep(for: Limits.poll)
        }
    }

    /// For tests: stops and starts single listeners, by the names their checkpoints have.
    public func pause(_ name: String, _ paused: Bool) async -> Bool {
        if name == Projector.name {
            await projector.pause(paused)
            return true
        }
        guard let consumer = consumers.first(where: { $0.name == name }) else { return false }
        await consumer.pause(paused)
        return true
    }

    public nonisolated var listenerNames: [String] { consumers.map(\.name) + [Projector.name] }

    private func work() async throws {
        isActive = true
        logger.info("this process consumes and projects")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for consumer in consumers { group.addTask { await consumer.run() } }
            group.addTask { await self.projector.run() }
            group.addTask { await self.timers.run() }
            // The lock lives as long as its session: that is looked at, and everything ends with it.
            group.addTask {
                while true {
                    await self.loop.sleep(for: .seconds(1))
                    try Task.checkCancellation()
                    _ = try await self.connection.query("select 1")
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
