import EventLoop
import EventStore
import FoundationEssentials
import Kernel
import Live
import Logging
import Postgres
import Server
import WebSocket

/// The views and pages of one event loop. Everything inside is touched on that loop only.
final class LiveShard: @unchecked Sendable {
    /// Who connects, and by which session.
    struct Visitor: Sendable {
        let member: StaffMember
        /// The digest of the session's token.
        let session: [UInt8]
    }

    typealias Noting = @Sendable (_ user: String, _ topic: String, Refusal) -> Void

    let loop: EventLoop
    private let views: Views
    private let pool: Pool
    private let clock: MallClock
    private let logger = Logger(label: "mallbots.live")
    private var pages: [ObjectIdentifier: LivePage] = [:]

    init(on loop: EventLoop, topics: [Topic], pool: Pool, clock: MallClock, mark: Mark) {
        self.loop = loop
        self.pool = pool
        self.clock = clock
        views = Views(
            topics: topics, volatiles: LiveGateway.volatiles, epoch: mark.epoch, position: mark.position,
            asOf: mark.asOf, horizon: mark.horizon)
    }

    func start() { loop.call { self.tick() } }

    private func tick() {
        views.tick(now: clock.now)
        read()
        loop.schedule(after: LiveGatewayLimits.tick) { [weak self] in self?.tick() }
    }

    /// Runs `body` here and then what the views ask to be read. At once if this is the loop, so that order is kept.
    private func enter(_ body: @escaping @Sendable (LiveShard) -> Void) {
        if loop.isCurrent {
            body(self)
            read()
        } else {
            loop.call {
                body(self)
                self.read()
            }
        }
    }

    func apply(_ set: ChangeSet) { enter { $0.views.apply(set, now: $0.clock.now) } }

    /// Cursors before the horizon are answered with everything anew.
    func take(horizon: Position) { enter { $0.views.horizon = horizon } }

    func renew(_ mark: Mark) {
        enter { $0.views.renew(epoch: mark.epoch, position: mark.position, asOf: mark.asOf, now: $0.clock.now) }
    }

    func sessions() async -> Set<[UInt8]> {
        await loop.spawn { Set(self.pages.values.map(\.visitor.session)) }.value
    }

    func count() async -> Int { await loop.spawn { self.pages.count }.value }

    /// Whether a page here shows a volatile topic.
    func isWatched(_ topic: String) async -> Bool { await loop.spawn { self.views.isWatched(topic) }.value }

    func feed(_ topic: String, _ rows: [VolatileRow]) { enter { $0.views.feed(topic, rows, now: $0.clock.now) } }

    /// Compares the pages of the sessions that were looked up with who they belong to now.
    func recheck(_ looked: Set<[UInt8]>, _ members: [[UInt8]: StaffMember]) {
        enter { shard in
            for page in shard.pages.values where looked.contains(page.visitor.session) {
                page.recheck(members[page.visitor.session], now: shard.clock.now)
            }
        }
    }

    /// `noting` is told, once for each topic, what the page was refused for lack of rights.
    func open(
        _ peer: WebSocketPeer, _ visitor: Visitor, noting: @escaping Noting
    ) -> any WebSocketHandler {
        let page = LivePage(peer, visitor, self, noting)
        pages[ObjectIdentifier(page)] = page
        page.connect(to: views, now: clock.now)
        read()
        return page
    }

    fileprivate func received(_ bytes: [UInt8], from page: LivePage) {
        page.receive(bytes, now: clock.now)
        read()
    }

    fileprivate func drained(_ page: LivePage) {
        page.catchUp(now: clock.now)
        read()
    }

    fileprivate func closed(_ page: LivePage) { pages[ObjectIdentifier(page)] = nil }

    /// Runs what the views have asked for.
    private func read() {
        for request in views.takeReads() {
            loop.spawn {
                let result = await self.result(of: request)
                self.views.answer(result, now: self.clock.now)
                self.read()
            }
        }
    }

    /// The rows and the mark they belong to, from one snapshot of the database.
    private func result(of request: ReadRequest) async -> ReadResult {
        do {
            return try await pool.transaction(isolation: .repeatableRead, readOnly: true) { session in
                let statements: [SQL] =
                    switch request.question {
                    case .window(let projection, let query): [projection.storage.select(query)]
                    case .count(let projection, let query): [projection.storage.count(query)]
                    case .changes(let projections, let since): projections.map { $0.storage.changed(since: since) }
                    }
                let results = try await session.pipeline([Mark.statement] + statements)
                let mark = try Mark(results[0])
                let answer: ReadResult.Answer =
                    switch request.question {
                    case .window(let projection, _): .rows(try results[1].map { try StoredRow($0, of: projection) })
                    case .count: .count(try results[1].first?[0] ?? 0)
                    case .changes(let projections, _):
                        .changes(
                            try Dictionary(
                                uniqueKeysWithValues: zip(projections, results.dropFirst()).map { projection, rows in
                                    (projection.name, try rows.map { try StoredRow($0, of: projection) })
                                }))
                    }
                return ReadResult(
                    id: request.id, epoch: mark.epoch, checkpoint: mark.position,
                    asOf: mark.isNewest ? clock.now : mark.asOf, answer: answer)
            }
        } catch {
            logger.warning("a view could not be read", metadata: ["error": "\(error)"])
            return ReadResult(id: request.id, epoch: "", checkpoint: .start, asOf: clock.now, answer: .failed)
        }
    }
}

/// One connected page: the socket on one side, the live layer's page on the other.
private final class LivePage: WebSocketHandler, PageSink {
    private let peer: WebSocketPeer
    private unowned let shard: LiveShard
    private(set) var visitor: LiveShard.Visitor
    private var views: Views?
    private var page: Page?
    /// Bytes of counting frames queued since the socket was last empty.
    private var counted = 0

    private let noting: LiveShard.Noting
    /// The topics it was refused before: one who tries again and again is written down once.
    private var noted = Set<String>()

    init(
        _ peer: WebSocketPeer, _ visitor: LiveShard.Visitor, _ shard: LiveShard, _ noting: @escaping LiveShard.Noting
    ) {
        self.noting = noting
        self.peer = peer
        self.visitor = visitor
        self.shard = shard
    }

    func connect(to views: Views, now: Instant) {
        self.views = views
        page = views.connect(
            self, user: visitor.member.user, name: visitor.member.name, rights: visitor.member.rights, now: now)
    }

    // The socket's side.

    func received(text: Payload) { shard.received(text.bytes, from: self) }

    func received(binary: Payload) { peer.close(.liveProtocolError, "only text messages are understood") }

    func drained() {
        counted = 0
        shard.drained(self)
    }

    func closed(_: CloseCode, _: String) {
        if let page { views?.disconnect(page) }
        page = nil
        shard.closed(self)
    }

    // The live layer's side.

    /// Framed once for all pages it goes to, and queued by reference.
    func send(_ frame: Live.Frame) {
        let framed: Framed
        if let prepared = frame.prepared as? Framed {
            framed = prepared
        } else {
            framed = Framed(.text(frame.bytes))
            frame.prepared = framed
        }
        if frame.counts { counted += framed.bytes.count }
        peer.send(framed: framed.bytes)
    }

    func refused(_ topic: String, _ refusal: Refusal) {
        // A page names topics as it likes; those there are, are few.
        guard refusal.kind == .forbidden, noted.count < LiveLimits.viewsPerPage, noted.insert(topic).inserted else {
            return
        }
        noting(visitor.member.user, topic, refusal)
    }

    var unsent: Int { min(counted, peer.unsentBytes) }

    func receive(_ bytes: [UInt8], now: Instant) {
        guard let page else { return }
        do { try views?.receive(bytes, from: page, now: now) } catch {
            peer.close(.liveProtocolError, String("\(error)".prefix(100)))
        }
    }

    func catchUp(now: Instant) {
        if let page { views?.drained(page, now: now) }
    }

    /// The session's member now; nil if the session is over.
    func recheck(_ member: StaffMember?, now: Instant) {
        guard let member else { return peer.close(.sessionOver, "the session is over") }
        let rights = member.rights
        guard rights != visitor.member.rights, let page, let views else { return }
        visitor = LiveShard.Visitor(member: member, session: visitor.session)
        views.judge(page, by: rights, now: now)
    }

    /// A frame as it goes over the wire.
    private final class Framed {
        let bytes: SharedBytes
        init(_ bytes: SharedBytes) { self.bytes = bytes }
    }
}

extension CloseCode {
    static let sessionOver = CloseCode(rawValue: 4401)
    static let liveProtocolError = CloseCode(rawValue: 4409)
}
