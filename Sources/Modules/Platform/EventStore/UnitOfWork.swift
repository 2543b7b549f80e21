import Crypto
import FoundationEssentials
import Kernel

/// What a handler is lent. It only hands on to the work it belongs to, and cannot be kept: it is not copyable.
struct UnitOfWork: Transaction, ~Copyable {
    let work: Work

    var now: Instant { work.now }
    var cause: Cause { work.cause }
    var happenedAt: Instant { work.happenedAt }

    func newID<Noun>(_: ID<Noun>.Type) -> ID<Noun> { ID(rawValue: work.newID()) }

    func tell<D: Decider>(_: D.Type, _ id: ID<D.Noun>, _ command: D.Command) async throws -> D {
        try await work.tell(D.self, StreamName(category: D.category, id: id.rawValue), command)
    }

    func state<D: Decider>(of _: D.Type, _ id: ID<D.Noun>) async throws -> D? {
        try await work.state(of: D.self, StreamName(category: D.category, id: id.rawValue))
    }

    func say<M: Message, D: Decider>(_ message: M, by _: D.Type, _ id: ID<D.Noun>) throws {
        try work.say(Spoken(message), StreamName(category: D.category, id: id.rawValue))
    }

    func ask<Q: Query>(_ query: Q) async throws -> Q.Answer { try await work.questions.ask(query) }
}

/// One attempt at a command: what it has read, decided and said so far. It belongs to one task on the lane's loop.
final class Work: @unchecked Sendable {
    private struct Touched {
        let name: StreamName
        let expected: Version
        var version: Version
        var state: any Sendable
        let claimsBefore: Set<Claim>
        let timersBefore: [String: Instant]
        var claims: Set<Claim>
        var timers: [String: Instant]
        /// Puts the state into memory once it is written.
        var keep: (@Sendable (Aggregates) async -> Void)?
    }

    let now: Instant
    let cause: Cause
    let happenedAt: Instant
    let questions: Questions
    private let id: UUID
    private let catalogue: Catalogue
    private let aggregates: Aggregates
    private var touched: [Touched] = []
    private var locked = Set<StreamName>()
    private var rows: [CommitUnit.Row] = []
    private var made = Set<UUID>()
    /// What an earlier attempt has touched: its streams are there, whatever is thought of them.
    private var known = Set<StreamName>()
    /// The index of the first aggregate that was told something: the one an answer is about.
    private var first: Int?

    init(
        id: UUID, now: Instant, cause: Cause, happenedAt: Instant?, catalogue: Catalogue, aggregates: Aggregates,
        questions: Questions
    ) {
        self.id = id
        self.now = now
        self.cause = cause
        self.happenedAt = happenedAt ?? now
        self.catalogue = catalogue
        self.aggregates = aggregates
        self.questions = questions
    }

    func newID() -> UUID {
        let new = uuid5(namespace: id, name: "new \(made.count + 1)")
        made.insert(new)
        return new
    }

    func tell<D: Decider>(_: D.Type, _ name: StreamName, _ command: D.Command) async throws -> D {
        let index = try await touch(D.self, name)
        if first == nil { first = index }
        guard var state = touched[index].state as? D else { preconditionFailure("\(name) is of two kinds") }
        let events = try state.decide(command, at: now)
        guard !events.isEmpty else { return state }
        for event in events {
            state.apply(event)
            touched[index].version += 1
            let version = touched[index].version
            let stored = try Coding.stored(event, of: D.self)
            rows.append(
                CommitUnit.Row(stream: index, version: version, kind: .event, type: stored.type, body: stored.body))
            if let announcement = catalogue.announcements[D.category] {
                for spoken in try announcement.translate(name.id, state, event) {
                    rows.append(message(spoken, index, version))
                }
            }
        }
        touched[index].state = state
        touched[index].claims = state.claims
        touched[index].timers = state.timers
        let (version, expected) = (touched[index].version, touched[index].expected)
        touched[index].keep = { [state] aggregates in
            await aggregates.keep(state, version, name)
            if version / Limits.eventsPerSnapshot > expected / Limits.eventsPerSnapshot {
                await aggregates.keepSnapshot(state, version, name)
            }
        }
        return state
    }

    func state<D: Decider>(of _: D.Type, _ name: StreamName) async throws -> D? {
        let index = try await touch(D.self, name)
        return touched[index].version == 0 ? nil : touched[index].state as? D
    }

    func say(_ spoken: Spoken, _ name: StreamName) {
        guard let index = touched.firstIndex(where: { $0.name == name }), touched[index].version > 0 else {
            preconditionFailure("\(name) says \(spoken.type), but it was not told anything")
        }
        rows.append(message(spoken, index, touched[index].version))
    }

    private func message(_ spoken: Spoken, _ index: Int, _ version: Version) -> CommitUnit.Row {
        CommitUnit.Row(stream: index, version: version, kind: .message, type: spoken.type, body: spoken.body)
    }

    /// The place of a stream among those this work has read. The first is waited for; a further one that somebody else
    /// decides on is read without its lock, or two works could wait for each other, and its version check settles it.
    private func touch<D: Decider>(_: D.Type, _ name: StreamName) async throws -> Int {
        if let index = touched.firstIndex(where: { $0.name == name }) { return index }
        if !locked.contains(name) {
            if locked.isEmpty {
                await aggregates.lock(name)
                locked.insert(name)
            } else if await aggregates.tryLock(name) {
                locked.insert(name)
            }
        }
        // Nobody else makes an identifier of this command's. If it is there, then by an earlier try of the same command: the
        // lane says so.
        let isNew = made.contains(name.id) && !known.contains(name)
        let (state, version) = isNew ? (D(), 0) : try await aggregates.load(D.self, name)
        touched.append(
            Touched(
                name: name, expected: version, version: version, state: state, claimsBefore: state.claims,
                timersBefore: state.timers, claims: state.claims, timers: state.timers))
        return touched.count - 1
    }

    /// Waits for what an earlier attempt has touched, in one order for everybody, so that it meets no conflict again.
    /// Whoever waits in `touch` holds nothing yet, so nobody waits in a circle.
    func lock(_ names: [StreamName]) async {
        for name in names.sorted(by: { ($0.category, $0.id) < ($1.category, $1.id) }) {
            await aggregates.lock(name)
            locked.insert(name)
            known.insert(name)
        }
    }

    /// What this work has touched.
    var streams: [StreamName] { touched.map(\.name) }

    /// What the answer is about: the first aggregate told, or the first looked at.
    var subject: (id: UUID, version: Version)? {
        (first ?? touched.indices.first).map { (touched[$0].name.id, touched[$0].version) }
    }

    /// The stream of the subject.
    var subjectStream: StreamName? { (first ?? touched.indices.first).map { touched[$0].name } }

    /// Only whether everything read is still the newest.
    var check: CommitUnit {
        var unit = CommitUnit(id: nil, digest: [], cause: cause, now: now)
        unit.streams = touched.map { CommitUnit.Stream(name: $0.name, expected: $0.expected, count: 0) }
        return unit
    }

    /// Everything decided, for the lane. Refuses two holders of one claim.
    func unit(digest: [UInt8], answer: [UInt8]) throws(Refusal) -> CommitUnit {
        var unit = CommitUnit(id: id, digest: digest, answer: answer, cause: cause, now: now)
        var taken = Set<Claim>()
        unit.rows = rows
        for (index, stream) in touched.enumerated() {
            unit.streams.append(
                CommitUnit.Stream(name: stream.name, expected: stream.expected, count: stream.version - stream.expected)
            )
            for claim in stream.claimsBefore.subtracting(stream.claims) {
                unit.claims.append(CommitUnit.ClaimChange(stream: index, takes: false, claim: claim))
            }
            for claim in stream.claims.subtracting(stream.claimsBefore) {
                guard taken.insert(claim).inserted else { throw .conflict(claim.taken) }
                unit.claims.append(CommitUnit.ClaimChange(stream: index, takes: true, claim: claim))
            }
            for name in stream.timersBefore.keys where stream.timers[name] == nil {
                unit.timers.append(CommitUnit.TimerChange(stream: index, name: name, due: nil))
            }
            for (name, due) in stream.timers where stream.timersBefore[name] != due {
                unit.timers.append(CommitUnit.TimerChange(stream: index, name: name, due: due))
            }
        }
        return unit
    }

    /// Why a claim could not be taken, in the words of whoever wanted it.
    func refusal(ofClaim taken: String) -> Refusal {
        let claim = touched.lazy.flatMap(\.claims).first { "\($0.scope)/\($0.value)" == taken }
        return .conflict(claim?.taken ?? "\(taken) is taken")
    }

    /// The lane has written it: memory follows.
    func keep() async { for stream in touched { await stream.keep?(aggregates) } }

    /// The lane has not: what was read is not trusted any more.
    func drop() async { for stream in touched { await aggregates.drop(stream.name) } }

    func unlock() async { for name in locked { await aggregates.unlock(name) } }
}
