import EventLoop
import EventStore
import FoundationEssentials
import Kernel
import Live
import Logging
import Postgres
import Server
import Synchronization
import WebSocket

/// Joins the live layer's core to the world: sockets on one side, the projector and the tables on the other.
///
/// Every event loop has views of its own, and a page belongs to the loop of its connection. What the projector commits is
/// handed to each loop in memory; a process whose projector is idle follows the mark in the database instead.
final class LiveGateway: Sendable {
    private let loop: EventLoop
    private let pool: Pool
    private let clock: MallClock
    private let accounts: Accounts
    private let shards: [LiveShard]
    private let logger = Logger(label: "mallbots.live")
    private struct Progress {
        var epoch = ""
        var position = Position.start
        /// When the projector last said where it stands.
        var heard: Instant?
        var waiting: [(position: Position, continuation: CheckedContinuation<Void, Never>)] = []
        var published: (@Sendable () -> Void)?
        var isLooking = false
    }
    private let progress = Mutex(Progress())

    /// Reads where the projections stand and shows them from there.
    init(
        on loop: EventLoop, serving loops: [EventLoop], topics: [Topic], pool: Pool, clock: MallClock,
        accounts: Accounts
    ) async throws {
        self.loop = loop
        self.pool = pool
        self.clock = clock
        self.accounts = accounts
        let mark = try await Mark.read(pool)
        progress.withLock { progress in
            progress.epoch = mark.epoch
            progress.position = mark.position
        }
        shards = loops.map { LiveShard(on: $0, topics: topics, pool: pool, clock: clock, mark: mark) }
        for shard in shards { shard.start() }
    }

    /// Takes what the projector of this process committed, in order.
    func publish(_ batch: ProjectedBatch) {
        let set = ChangeSet(from: batch.from, to: batch.to, asOf: batch.asOf, changes: batch.changes)
        for shard in shards { shard.apply(set) }
        advance(to: batch.to, heard: true)
        progress.withLock(\.published)?()
    }

    /// Is told when this process has projected, to tell others.
    func onPublish(_ published: @escaping @Sendable () -> Void) { progress.withLock { $0.published = published } }

    /// Another process has projected: its pages have it, and these follow.
    func look() {
        let isFirst = progress.withLock { progress in
            defer { progress.isLooking = true }
            return !progress.isLooking
        }
        guard isFirst else { return }
        loop.spawn {
            self.progress.withLock { $0.isLooking = false }
            try? await self.followMark {}
        }
    }

    /// Looks at the mark in the database a few times a second: to say how fresh the pages are when nothing happens, to
    /// follow while the projector works elsewhere, and to notice a new epoch, of which `renewed` is told before the pages
    /// are. Ends the pages of sessions that are over. Until the task is cancelled.
    func run(renewed: @Sendable () async -> Void) async {
        while !Task.isCancelled {
            do {
                try await recheckSessionsOrThrow()
                try await followMark {
                    logger.notice("the log began another life; every page starts anew")
                    await renewed()
                    try await renew()
                }
            } catch {
                if !Task.isCancelled { logger.warning("live pages cannot be checked", metadata: ["error": "\(error)"]) }
            }
            await loop.sleep(for: LiveGatewayLimits.look)
        }
    }

    private func followMark(renewed: @Sendable () async throws -> Void) async throws {
        let asked = clock.now
        let mark = try await Mark.read(pool)
        for shard in shards { shard.take(horizon: mark.horizon) }
        let (epoch, position, heard) = progress.withLock { ($0.epoch, $0.position, $0.heard) }
        if mark.epoch != epoch {
            try await renewed()
        } else if mark.position == position {
            let set = ChangeSet(from: position, to: position, asOf: mark.isNewest ? asked : mark.asOf, changes: [:])
            for shard in shards { shard.apply(set) }
        } else if mark.position > position, heard.map({ asked - $0 > LiveGatewayLimits.silence }) ?? true {
            follow(mark, asked: asked)
        }
    }

    private func renew() async throws {
        let mark = try await Mark.read(pool)
        progress.withLock { progress in
            progress.epoch = mark.epoch
            progress.position = mark.position
        }
        for shard in shards { shard.renew(mark) }
    }

    /// Whether the projections reach `position` within `limit`.
    func reaches(_ position: Position, within limit: Duration) async -> Bool {
        if progress.withLock({ $0.position >= position }) { return true }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.wait(for: position)
                return true
            }
            group.addTask { [loop] in
                await loop.sleep(for: limit)
                return false
            }
            defer {
                group.cancelAll()
                forgetWaiters(for: position)
            }
            return await group.next() ?? false
        }
    }

    private func wait(for position: Position) async {
        await withCheckedContinuation { continuation in
            let isThere = progress.withLock { progress in
                if progress.position >= position { return true }
                progress.waiting.append((position, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Lets go whoever waits for a position whose time is over. A later waiter for the same one looks again.
    private func forgetWaiters(for position: Position) {
        let over = progress.withLock { progress in
            let over = progress.waiting.filter { $0.position == position }
            progress.waiting.removeAll { $0.position == position }
            return over
        }
        for (_, continuation) in over { continuation.resume() }
    }

    private func advance(to position: Position, heard: Bool) {
        let now = clock.now
        let reached = progress.withLock { progress in
            if heard { progress.heard = now }
            progress.position = max(progress.position, position)
            let reached = progress.waiting.filter { $0.position <= position }
            progress.waiting.removeAll { $0.position <= position }
            return reached
        }
        for (_, continuation) in reached { continuation.resume() }
    }

    /// Whoever is behind the mark reads what is missing.
    private func follow(_ mark: Mark, asked: Instant) {
        let set = ChangeSet(
            from: mark.position, to: mark.position, asOf: mark.isNewest ? asked : mark.asOf, changes: [:])
        for shard in shards { shard.apply(set) }
        advance(to: mark.position, heard: false)
    }

    /// Ends the pages of sessions that are over now, and withdraws what changed roles no longer show.
    func recheckSessions() async {
        do { try await recheckSessionsOrThrow() } catch {
            logger.warning("sessions cannot be checked", metadata: ["error": "\(error)"])
        }
    }

    private func recheckSessionsOrThrow() async throws {
        var digests = Set<[UInt8]>()
        for shard in shards { digests.formUnion(await shard.sessions()) }
        if digests.isEmpty { return }
        let members = try await accounts.members(sessions: Array(digests))
        for shard in shards { shard.recheck(digests, members) }
    }

    /// The topics that are not in the log.
    static let volatiles = ["heartbeats", "ops"]

    typealias Source = (topic: String, rows: @Sendable () async throws -> [VolatileRow])

    /// Finds out the rows of volatile topics once a second, each only while somebody watches, until the task is cancelled.
    func feed(_ sources: [Source]) async {
        while !Task.isCancelled {
            for source in sources {
                var isWatched = false
                for shard in shards where !isWatched { isWatched = await shard.isWatched(source.topic) }
                guard isWatched else { continue }
                do {
                    let rows = try await source.rows()
                    for shard in shards { shard.feed(source.topic, rows) }
                } catch {
                    if Task.isCancelled { return }
                    logger.warning(
                        "a topic could not be fed", metadata: ["topic": "\(source.topic)", "error": "\(error)"])
                }
            }
            await loop.sleep(for: LiveGatewayLimits.feed)
        }
    }

    /// How many pages are connected.
    var pages: Int {
        get async {
            var sum = 0
            for shard in shards { sum += await shard.count() }
            return sum
        }
    }

    /// The place where pages connect. What equal views are told is compressed once.
    func addEndpoint(to router: inout Router, _ edge: Edge, isCompressed: Bool) {
        let shards = shards
        router.webSocket(
            "/admin/live", subprotocols: ["mallbots.live.v1"], maximumMessage: LiveLimits.clientMessage,
            compression: isCompressed ? .shared : nil
        ) { request in
            do {
                guard let token = request.cookies[Edge.sessionCookie], let member = try await edge.member(of: request)
                else {
                    return .reject(.plain(.unauthorized))
                }
                return .accept(context: LiveShard.Visitor(member: member, session: Accounts.digest(of: token)))
            } catch {
                return .reject(.plain(.serviceUnavailable))
            }
        } open: { peer, context in
            guard let visitor = context as? LiveShard.Visitor,
                let shard = shards.first(where: { $0.loop === peer.loop })
            else {
                preconditionFailure("a page connected on a loop without views")
            }
            return shard.open(peer, visitor) { user, topic, refusal in
                shard.loop.spawn { await edge.note(refusal, ofTopic: topic, by: user) }
            }
        }
    }
}

enum LiveGatewayLimits {
    /// How often sessions and the mark are looked at: half of the second within which rights end.
    static let look = Duration.milliseconds(400)
    /// How long the projector may say nothing before the mark in the database is followed.
    static let silence = Duration.seconds(2)
    /// How often volatile topics are fed.
    static let feed = Duration.seconds(1)
    /// How often views are told that time has passed.
    static let tick = Duration.milliseconds(250)
}

/// Where the projections stand, read in one statement.
struct Mark: Sendable {
    let epoch: String
    let position: Position
    /// When the last row at or before the position was written.
    let asOf: Instant
    /// Whether the log ends there.
    let isNewest: Bool
    /// Tombstones at or before it are gone.
    let horizon: Position

    static func read(_ pool: Pool) async throws -> Mark { try Mark(await pool.query(statement)) }

    /// The epoch is the log's and the cluster's: a copy of the folder under another cluster is another log.
    static let statement: SQL = """
        select e.epoch::text || '-' || s.system_identifier::text, coalesce(c.position, 0),
               coalesce((select at from mall.log where position = c.position), '2000-01-01'::timestamptz),
               coalesce((select max(position) from mall.log), 0) = coalesce(c.position, 0),
               coalesce((select max(position) from mall.horizons where purged), 0)
        from mall.epoch e cross join pg_control_system() s
        left join mall.checkpoints c on c.consumer = \(Projector.name)
        """

    init(_ rows: SQLRows) throws {
        guard let row = rows.first else { throw SQLMismatch(expected: "the log's epoch", found: "no row") }
        epoch = try row[0]
        position = Position(try row[1])
        asOf = try row[2]
        isNewest = try row[3]
        horizon = Position(try row[4])
    }
}
