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
    /// Categories whose timers nobody here knows; said once.
    private var unknown = Set<String>()

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
            let hint = await feed.hints
            do {
                if try await fireDue() { continue }
            } catch {
                if Task.isCancelled { return }
                logger.warning("timers could not be looked at", metadata: ["error": "\(error)"])
            }
            await feed.wait(beyond: Position(.max), since: hint, atMost: Limits.poll)
        }
    }

    private struct Due: Sendable {
        let category: String
        let stream: UUID
        let name: String
        let at: Instant
        /// The aggregate's last event, to whose story the timer belongs.
        let event: (id: UUID, correlation: UUID)?
    }

    /// Fires what is due, several at a time. Whether a full look was due and some of it is over, so that there is more.
    private func fireDue() async throws -> Bool {
        let due = try await pool.query(
            """
            select t.category, t.stream_id, t.name, t.due, l.id, l.correlation_id from mall.timers t
            left join mall.streams s on s.category = t.category and s.stream_id = t.stream_id
            left join mall.log l on l.stream_no = s.stream_no and l.version = s.version and l.kind = 0
            where t.due <= \(clock.now) order by t.due limit \(Int64(Limits.timersPerLook))
            """
        ).map { row in
            Due(
                category: try row[0], stream: try row[1], name: try row[2], at: try row[3],
                event: row.isNull(4) ? nil : (try row[4], try row[5]))
        }
        var fired = 0
        await withTaskGroup(of: Bool.self) { group in
            var waiting = due[...]
            func start() { if let next = waiting.popFirst() { group.addTask { await self.fire(next) } } }
            for _ in 0..<Limits.timersAtOnce { start() }
            while let isOver = await group.next() {
                if isOver { fired += 1 }
                start()
            }
        }
        return due.count == Limits.timersPerLook && fired > 0
    }

    /// Whether the timer is over. One that fails is left for the next look and keeps no other from firing.
    private func fire(_ timer: Due) async -> Bool {
        let what: Logger.Metadata = [
            "category": "\(timer.category)", "stream": "\(timer.stream.lowercase)", "timer": "\(timer.name)",
        ]
        guard let ticking = catalogue.tickings[timer.category] else {
            if unknown.insert(timer.category).inserted {
                logger.error("a timer is due that nobody knows", metadata: what)
            }
            return false
        }
        let id = uuid5(namespace: timer.stream, name: "\(timer.category) \(timer.name) \(timer.at.microseconds)")
        do {
            do {
                _ = try await dispatcher.perform(
                    CommandRequest(
                        id: id, mayRepeat: false,
                        cause: Cause(
                            correlation: timer.event?.correlation ?? id, causation: timer.event?.id ?? id,
                            actor: "timer:\(timer.name)")),
                    digest: Array(timer.name.utf8)
                ) { tx in
                    try await ticking.tick(timer.stream, timer.name, tx)
                    return []
                }
            } catch let refusal as Refusal where refusal.isFinal {
                logger.warning(
                    "a timer's command was refused", metadata: what.merging(["refusal": "\(refusal.message)"]) { $1 })
            }
            // One that its aggregate did not clear or move, having nothing to say to it, is over all the same.
            try await pool.execute(
                """
                delete from mall.timers where category = \(timer.category) and stream_id = \(timer.stream)
                    and name = \(timer.name) and due = \(timer.at)
                """)
            return true
        } catch {
            logger.error("a timer could not be fired", metadata: what.merging(["error": "\(error)"]) { $1 })
            return false
        }
    }
}
