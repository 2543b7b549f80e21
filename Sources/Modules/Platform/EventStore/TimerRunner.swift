import Crypto
import EventLoop
import FoundationEssentials
import Kernel
import Logging
import Postgres

/// Turns due timers into commands of the aggregates that set them. One that fires twice is done once: its command's id is
/// made from the stream, the name and the time it was due.
actor TimerRunner {
    private let loop: EventLoop
    private let catalogue: Catalogue
    private let dispatcher: Dispatcher
    private let pool: Pool
    private let feed: LogFeed
    private let clock: MallClock
    private let logger = Logger(label: "mallbots.timers")

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(on loop: EventLoop, dispatcher: Dispatcher, pool: Pool, feed: LogFeed, clock: MallClock) {
        self.loop = loop
        self.dispatcher = dispatcher
        self.catalogue = dispatcher.catalogue
        self.pool = pool
        self.feed = feed
        self.clock = clock
    }

    /// Looks for due timers until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                if try await fireDue() { continue }
            } catch {
                if Task.isCancelled { return }
                logger.warning("timers could not be looked at", metadata: ["error": "\(error)"])
            }
            await feed.wait(beyond: Position(.max), atMost: Limits.poll)
        }
    }

    /// Whether a full look was due, so that there may be more.
    private func fireDue() async throws -> Bool {
        let due = try await pool.query(
            """
            select category, stream_id, name, due from mall.timers
            where due <= \(clock.now) order by due limit \(Int64(Limits.timersPerLook))
            """)
        for row in due { try await fire(category: row[0], stream: row[1], name: row[2], due: row[3]) }
        return due.count == Limits.timersPerLook
    }

    private func fire(category: String, stream: UUID, name: String, due: Instant) async throws {
        guard let ticking = catalogue.tickings[category] else {
            logger.error("a timer is due that nobody knows", metadata: ["category": "\(category)", "timer": "\(name)"])
            return
        }
        let id = uuid5(namespace: stream, name: "\(category) \(name) \(due.microseconds)")
        do {
            _ = try await dispatcher.perform(
                CommandRequest(
                    id: id, mayRepeat: false, cause: Cause(correlation: id, causation: id, actor: "timer:\(name)")),
                digest: Array(name.utf8)
            ) { tx in
                try await ticking.tick(stream, name, tx)
                return []
            }
        } catch let refusal as Refusal {
            logger.warning(
                "a timer's command was refused",
                metadata: ["category": "\(category)", "timer": "\(name)", "refusal": "\(refusal.message)"])
        }
        // A timer that its aggregate did not clear or move, having nothing to say to it, is over all the same.
        _ = try await pool.query(
            """
            delete from mall.timers
            where category = \(category) and stream_id = \(stream) and name = \(name) and due = \(due)
            """)
    }
}
