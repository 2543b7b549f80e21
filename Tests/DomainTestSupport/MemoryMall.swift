public import FoundationEssentials
public import Kernel
import Synchronization

/// A mall in memory: real modules and the real kernel, arrays for the log. Tables are skipped, so caches always miss.
///
/// Commands run one after the other. What they append is announced, and reactions hear it in the order of the log until
/// nothing is left to hear. What sagas say is carried out and answered on their streams; a mall in disorder hands each of
/// their commands and replies over twice, shuffled by a seed. Bodies are JSON throughout, so a coding that loses something fails here.
public final class MemoryMall: Sendable {
    let modules: [Module]
    let book: Mutex<Book>

    public convenience init(_ modules: Module..., at now: Instant = .morning) { self.init(modules, at: now) }

    public init(_ modules: [Module], at now: Instant = .morning, disorder seed: UInt64? = nil) {
        self.modules = modules
        book = Mutex(Book(now: now, disorder: seed.map(Seeded.init)))
    }

    /// What a command that was carried out has led to.
    public struct Outcome<Reply> {
        public let reply: Reply
        /// The first aggregate that was told something, and its version afterwards.
        public let first: StreamName?
        public let version: Version?
    }

    /// Gives a command to the module that accepts it, then lets the mall become quiet.
    @discardableResult
    public func send<C: PublicCommand>(_ command: C, by actor: String = "admin") async throws -> Outcome<C.Reply> {
        let acceptances = parts.compactMap {
            if case .accepts(let part) = $0, part.command == C.name { part } else { nil }
        }
        precondition(acceptances.count == 1, "\(C.name) is accepted by \(acceptances.count) modules")
        let id = book.withLock { $0.nextID() }
        let cause = Cause(correlation: id, causation: id, actor: actor)
        let work = Work()
        let tx: any Transaction & ~Copyable = Unit(mall: self, command: id, cause: cause, work: work)
        let reply = try await acceptances[0].handle(try Coding.encode(command), tx)
        try commit(work, cause)
        try await settle()
        return Outcome(
            reply: try Coding.decode(C.Reply.self, from: reply), first: work.order.first,
            version: work.order.first.map { version(of: $0) })
    }

    /// Says an event as if a module that is not here had said it.
    public func hear<E: PublicEvent>(_ event: E, times: Int = 1, saidAt: Instant? = nil) async throws {
        for _ in 0..<times {
            let spoken = try Spoken(event)
            try book.withLock { book in
                let id = book.nextID()
                let stream = StreamName(category: "elsewhere.Elsewhere", id: id)
                let row = Row(kind: .message, version: 1, spoken: spoken)
                try book.append(
                    [row], to: stream, Cause(correlation: id, causation: id, actor: "elsewhere"), at: saidAt)
            }
        }
        try await settle()
    }

    public func ask<Q: Query>(_ query: Q) async throws -> Q.Answer {
        let answerings = parts.compactMap {
            if case .answers(let part) = $0, part.query == Q.name { part } else { nil }
        }
        precondition(answerings.count == 1, "\(Q.name) is answered by \(answerings.count) modules")
        guard let answer = try await answerings[0].answer(query, MemoryReader(mall: self)) as? Q.Answer else {
            preconditionFailure("\(Q.name) was answered with something else")
        }
        return answer
    }

    /// Lets time pass, with every timer that falls due in it, in their order.
    public func pass(_ duration: Duration) async throws {
        let end = now + duration
        while let due = book.withLock({ $0.nextTimer(until: end) }) {
            let id = book.withLock { book in
                book.now = max(book.now, due.at)
                book.streams[due.stream]?.timers[due.name] = nil
                return book.nextID()
            }
            for case .ticks(let ticking) in parts where ticking.category == due.stream.category {
                let cause = Cause(correlation: id, causation: id, actor: "timer")
                let work = Work()
                let tx: any Transaction & ~Copyable = Unit(mall: self, command: id, cause: cause, work: work)
                try await ticking.tick(due.stream.id, due.name, tx)
                try commit(work, cause)
            }
            try await settle()
        }
        book.withLock { $0.now = end }
    }

    public var now: Instant { book.withLock(\.now) }

    public var log: [Envelope] { book.withLock(\.log) }

    /// Reactions that were refused, with the message they heard.
    public var refused: [(message: String, refusal: Refusal)] { book.withLock(\.refused) }

    /// Every message of a type, in the order they were said.
    public func said<M: Message>(_: M.Type) throws -> [M] {
        try log.filter { $0.kind == .message && $0.type == M.name }.map { try $0.message() }
    }

    /// How many streams have begun.
    public var streamCount: Int { book.withLock { $0.streams.count } }

    /// Forgets how far reactions have heard, so that they hear everything again.
    public func hearAgain() async throws {
        book.withLock { $0.heard = 0 }
        try await settle()
    }

    var parts: [Part] { modules.flatMap(\.parts) }

    private func settle() async throws {
        let sagas = parts.compactMap { part in if case .coordinates(let saga) = part { saga } else { nil } }
        func saga(_ envelope: Envelope) -> Coordination? {
            guard envelope.kind == .message else { return nil }
            return sagas.first {
                $0.category == envelope.stream.category
                    && ($0.commands.contains(envelope.type) || $0.replies.contains(envelope.type))
            }
        }
        while let (envelope, isLate) = book.withLock({ $0.takeUnheard { saga($0) != nil } }) {
            if let saga = saga(envelope) {
                if saga.commands.contains(envelope.type) {
                    try await carryOut(envelope)
                } else {
                    try await deliver(envelope) { tx in
                        try await saga.hear(envelope.stream.id, SagaReply(body: envelope.body), tx)
                    }
                }
            }
            if isLate { continue }
            for case .reacts(let reaction) in parts where reaction.event == envelope.type {
                try await deliver(envelope) { tx in try await reaction.handle(envelope.body, tx) }
            }
        }
    }

    private func deliver(
        _ envelope: Envelope, _ handle: (borrowing any Transaction & ~Copyable) async throws -> Void
    ) async throws {
        let work = Work(happenedAt: envelope.at)
        let cause = Cause(correlation: envelope.cause.correlation, causation: envelope.id, actor: envelope.cause.actor)
        let tx: any Transaction & ~Copyable = Unit(
            mall: self, command: book.withLock { $0.nextID() }, cause: cause, work: work)
        do {
            try await handle(tx)
            try commit(work, cause)
        } catch let refusal as Refusal {
            book.withLock { $0.refused.append((envelope.type, refusal)) }
        }
    }

    /// Carries out a saga's command, once under its key, and answers it. One that cannot be now is not answered.
    private func carryOut(_ envelope: Envelope) async throws {
        let (command, key) = (envelope.type, try envelope.sagaKey)
        let name = "\(envelope.stream) \(command) \(key)"
        if book.withLock({ $0.done.contains(name) }) { return }
        let acceptances = parts.compactMap { part in
            if case .accepts(let part) = part, part.command == command { part } else { nil }
        }
        let acceptance = acceptances.first ?? .nobody(command)
        let cause = Cause(correlation: envelope.cause.correlation, causation: envelope.id, actor: envelope.cause.actor)
        let work = Work(happenedAt: envelope.at)
        let tx: any Transaction & ~Copyable = Unit(
            mall: self, command: book.withLock { $0.nextID() }, cause: cause, work: work)
        let reply: SagaReply
        do {
            let payload = try await acceptance.handle(envelope.body, tx)
            try commit(work, cause)
            reply = try SagaReply(to: command, key: key, payload: payload)
        } catch let refusal as Refusal {
            guard refusal.isFinal else { return book.withLock { $0.refused.append((command, refusal)) } }
            reply = try SagaReply(to: command, key: key, refusal: refusal)
        }
        try book.withLock { book in
            book.done.insert(name)
            let row = Row(kind: .message, version: envelope.version, spoken: reply.spoken(named: acceptance.reply))
            try book.append([row], to: envelope.stream, cause)
        }
    }

    private func commit(_ work: Work, _ cause: Cause) throws {
        try book.withLock { book in
            // As in the log: a claim that another holds before the command is taken, whatever the command releases.
            for name in work.order {
                guard let staged = work.streams[name] else { continue }
                for claim in staged.claims {
                    if let holder = book.claims[claim], holder != name { throw Refusal.conflict(claim.taken) }
                }
            }
            for name in work.order {
                guard let staged = work.streams[name] else { continue }
                let before = book.streams[name]?.claims ?? []
                for claim in before.subtracting(staged.claims) { book.claims[claim] = nil }
                for claim in staged.claims { book.claims[claim] = name }
                if staged.rows.isEmpty { continue }
                try book.append(staged.rows, to: name, cause)
                book.streams[name]?.claims = staged.claims
                book.streams[name]?.timers = staged.timers
            }
        }
    }

    func version(of stream: StreamName) -> Version { book.withLock { $0.streams[stream]?.version ?? 0 } }

    func happened<D: Decider>(in _: D.Type, _ id: UUID) throws -> [Happened<D.Event>] {
        let stream = StreamName(category: D.category, id: id)
        return try book.withLock { book in
            try book.log.filter { $0.kind == .event && $0.stream == stream }.map { row in
                Happened(
                    event: try Coding.event(of: D.self, type: row.type, body: row.body), type: row.type,
                    version: row.version, at: row.at, cause: row.cause)
            }
        }
    }

    /// An aggregate's state and version, nil if it has no history.
    public func state<D: Decider>(of _: D.Type, _ id: ID<D.Noun>) throws -> (state: D, version: Version)? {
        let past = try happened(in: D.self, id.rawValue)
        guard let last = past.last else { return nil }
        return (past.reduce(into: D()) { $0.apply($1.event) }, last.version)
    }

    func holder(of scope: String, _ value: String) -> UUID? {
        book.withLock { $0.claims[Claim(scope: scope, value: value, taken: "")]?.id }
    }
}

/// One row on its way into the log.
struct Row: Sendable {
    let kind: Envelope.Kind
    let version: Version
    let type: String
    let body: [UInt8]

    init(kind: Envelope.Kind, version: Version, type: String, body: [UInt8]) {
        (self.kind, self.version, self.type, self.body) = (kind, version, type, body)
    }

    init(kind: Envelope.Kind, version: Version, spoken: Spoken) {
        self.init(kind: kind, version: version, type: spoken.type, body: spoken.body)
    }
}

struct Book: Sendable {
    struct Stream {
        var version = 0
        var claims: Set<Claim> = []
        var timers: [String: Instant] = [:]
    }

    var now: Instant
    var log: [Envelope] = []
    var streams: [StreamName: Stream] = [:]
    var claims: [Claim: StreamName] = [:]
    var heard = 0
    var refused: [(message: String, refusal: Refusal)] = []
    /// The commands of sagas that were carried out, by stream, name and key.
    var done = Set<String>()
    private var disorder: Seeded?
    /// What is still to come in a mall in disorder.
    private var late: [Envelope] = []
    private var ids: UInt64 = 0

    init(now: Instant, disorder: Seeded?) {
        self.now = now
        self.disorder = disorder
    }

    mutating func nextID() -> UUID {
        ids += 1
        var random = Seeded(seed: ids)
        return UUID.random(using: &random)
    }

    mutating func append(_ rows: [Row], to stream: StreamName, _ cause: Cause, at: Instant? = nil) throws {
        let end = Position(Int64(log.count + rows.count))
        for row in rows {
            log.append(
                Envelope(
                    position: Position(Int64(log.count + 1)), commandEnd: end, id: nextID(), stream: stream,
                    version: row.version, kind: row.kind, type: row.type, body: row.body, cause: cause, at: at ?? now))
            if row.kind == .event { streams[stream, default: Stream()].version = row.version }
        }
    }

    /// The next message, and whether it is one of those that come out of order.
    mutating func takeUnheard(_ isOfSaga: (Envelope) -> Bool) -> (Envelope, isLate: Bool)? {
        while true {
            let isOver = heard >= log.count
            if var random = disorder, !late.isEmpty, isOver || Bool.random(using: &random) {
                let next = late.remove(at: Int.random(in: late.indices, using: &random))
                disorder = random
                return (next, true)
            }
            if isOver { return nil }
            heard += 1
            let envelope = log[heard - 1]
            guard disorder != nil, isOfSaga(envelope) else { return (envelope, false) }
            late += [envelope, envelope]
        }
    }

    func nextTimer(until end: Instant) -> (stream: StreamName, name: String, at: Instant)? {
        streams.flatMap { stream, state in state.timers.map { (stream: stream, name: $0.key, at: $0.value) } }
            .filter { $0.at <= end }
            .min { ($0.at, $0.stream.id) < ($1.at, $1.stream.id) }
    }
}

/// What one unit of work has collected.
final class Work {
    struct Staged {
        var rows: [Row] = []
        var claims: Set<Claim> = []
        var timers: [String: Instant] = [:]
    }

    var streams: [StreamName: Staged] = [:]
    /// Told streams, in the order they were told.
    var order: [StreamName] = []
    var ids: UInt64 = 0
    /// When the message was said that this work answers.
    let happenedAt: Instant?

    init(happenedAt: Instant? = nil) { self.happenedAt = happenedAt }
}

struct Unit: Transaction, ~Copyable {
    let mall: MemoryMall
    let command: UUID
    let cause: Cause
    let work: Work

    var now: Instant { mall.now }
    var happenedAt: Instant { work.happenedAt ?? mall.now }

    func newID<Noun>(_: ID<Noun>.Type) -> ID<Noun> {
        work.ids += 1
        let seed = withUnsafeBytes(of: command.uuid) { $0.loadUnaligned(as: UInt64.self) }
        var random = Seeded(seed: seed &+ work.ids)
        return ID(rawValue: UUID.random(using: &random))
    }

    @discardableResult
    func tell<D: Decider>(_: D.Type, _ id: ID<D.Noun>, _ command: D.Command) async throws -> D {
        let stream = StreamName(category: D.category, id: id.rawValue)
        var (state, version) = try current(D.self, id) ?? (D(), 0)
        let events = try state.decide(command, at: now)
        var staged = work.streams[stream] ?? Work.Staged()
        for event in events {
            state.apply(event)
            version += 1
            let (type, body) = try Coding.stored(event, of: D.self)
            staged.rows.append(Row(kind: .event, version: version, type: type, body: body))
            for case .announces(let announcement) in mall.parts where announcement.category == D.category {
                for spoken in try announcement.translate(id.rawValue, state, event) {
                    staged.rows.append(Row(kind: .message, version: version, spoken: spoken))
                }
            }
        }
        staged.claims = state.claims
        staged.timers = state.timers
        if work.streams.updateValue(staged, forKey: stream) == nil { work.order.append(stream) }
        return state
    }

    func state<D: Decider>(of _: D.Type, _ id: ID<D.Noun>) async throws -> D? { try current(D.self, id)?.state }

    func say<M: Message, D: Decider>(_ message: M, by _: D.Type, _ id: ID<D.Noun>) throws {
        let stream = StreamName(category: D.category, id: id.rawValue)
        let version = try current(D.self, id)?.version ?? 0
        let row = Row(kind: .message, version: version, spoken: try Spoken(message))
        if work.streams[stream] == nil { work.order.append(stream) }
        work.streams[stream, default: Work.Staged()].rows.append(row)
    }

    func ask<Q: Query>(_ query: Q) async throws -> Q.Answer { try await mall.ask(query) }

    private func current<D: Decider>(_: D.Type, _ id: ID<D.Noun>) throws -> (state: D, version: Version)? {
        var known = try mall.state(of: D.self, id)
        for row in work.streams[StreamName(category: D.category, id: id.rawValue)]?.rows ?? [] where row.kind == .event
        {
            var state = known?.state ?? D()
            state.apply(try Coding.event(of: D.self, type: row.type, body: row.body))
            known = (state, row.version)
        }
        return known
    }
}

struct MemoryReader: Reader {
    let mall: MemoryMall

    func state<D: Decider>(of _: D.Type, _ id: ID<D.Noun>) async throws -> (state: D, version: Version)? {
        try mall.state(of: D.self, id)
    }
    func history<D: Decider>(of _: D.Type, _ id: ID<D.Noun>) async throws -> [Happened<D.Event>] {
        try mall.happened(in: D.self, id.rawValue)
    }
    func rows(_: SQL) async throws -> SQLRows { SQLRows(SQLRowsInMemory(columns: [], rows: [])) }
    func holder(ofClaim scope: String, value: String) async throws -> UUID? { mall.holder(of: scope, value) }
    func ask<Q: Query>(_ query: Q) async throws -> Q.Answer { try await mall.ask(query) }
    func remember(_: SQL) async throws {}
}

extension UUID {
    /// A version 4 identifier (RFC 9562 §5.4) that a seed repeats.
    public static func random(using random: inout some RandomNumberGenerator) -> UUID {
        var bytes = (0..<16).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        return bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}

extension Projection {
    /// The rows after everything in a log.
    public func rows(after log: [Envelope]) throws -> [UUID: Row] {
        let folder = makeFolder()
        var rows: [UUID: Row] = [:]
        for envelope in log {
            guard let key = try folder.key(for: envelope) else { continue }
            if !folder.holds(key) { try folder.load([], absent: [key]) }
            try folder.fold(envelope)
        }
        for change in try folder.takeChanges() where !change.row.isDeleted {
            rows[change.row.key] = try Coding.decode(Row.self, from: change.row.value)
        }
        return rows
    }
}
