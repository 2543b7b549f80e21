import Crypto
public import EventLoop
public import FoundationEssentials
public import Kernel
import Logging
public import Postgres

/// Who asks for a command, and under which id: the same id is the same command, however often it comes.
public struct CommandRequest: Sendable {
    public let id: UUID
    /// Whether the caller may send it again under this id, so that an earlier answer has to be looked for first.
    public let mayRepeat: Bool
    public let cause: Cause
    /// When the message it is a reaction to was said.
    var happenedAt: Instant?
    /// Who is to hear what came of it.
    var asker: Asker?

    public init(id: UUID, mayRepeat: Bool, cause: Cause) {
        self.id = id
        self.mayRepeat = mayRepeat
        self.cause = cause
    }
}

/// A saga that asked for a command by a message of its stream, and hears there what came of it.
struct Asker: Sendable {
    let stream: StreamName
    /// That of the message which asked: a reply follows no event of its own.
    let version: Version
    let command: String
    let key: String
    /// The name of the command's reply, where it has something to say.
    let reply: String?
}

/// What came of a command.
public struct Outcome: Sendable {
    /// The aggregate it was about, and its version now; nil where nothing was touched.
    public let subject: (id: UUID, version: Version)?
    /// Where the log stood when it was written: who has read up to here has seen its effect.
    public let position: Position
    /// The handler's reply, JSON.
    public let reply: [UInt8]
    /// Whether this is the kept answer of an earlier time.
    public let isRepeated: Bool
    /// The subject's stream, if this process has just written it.
    var written: StreamName?
}

/// Carries out commands: runs the handler, hands what it decided to the lane as one unit, and decides again after a conflict.
public final class Dispatcher: Sendable {
    let catalogue: Catalogue
    public let questions: Questions
    let aggregates: Aggregates
    private let loop: EventLoop
    private let lane: CommitLane
    private let clock: MallClock
    private let pool: Pool

    public init(on loop: EventLoop, catalogue: Catalogue, pool: Pool, lane: CommitLane, clock: MallClock) {
        self.loop = loop
        self.catalogue = catalogue
        self.pool = pool
        self.lane = lane
        self.clock = clock
        let streams = Streams(pool)
        aggregates = Aggregates(on: loop, streams: streams)
        questions = Questions(catalogue: catalogue, aggregates: aggregates, streams: streams, pool: pool)
    }

    /// Whether some module carries out a command of this name.
    public func accepts(_ command: String) -> Bool { catalogue.acceptances[command] != nil }

    /// Carries out a command given by name, its fields as JSON. Throws a `Refusal`, or a failure of the database.
    public func perform(_ command: String, _ body: [UInt8], _ request: CommandRequest) async throws -> Outcome {
        guard let acceptance = catalogue.acceptances[command] else {
            preconditionFailure("no module accepts \(command)")
        }
        return try await perform(request, digest: Digest.sha256(Array(command.utf8) + [0] + body)) { tx in
            try await acceptance.handle(body, tx)
        }
    }

    /// Carries out a command.
    public func perform<C: PublicCommand>(_ command: C, _ request: CommandRequest) async throws -> Outcome {
        try await perform(C.name, Coding.encode(command), request)
    }

    /// Carries out a command in a transaction of the caller's: what it writes stands or falls with whatever else is written
    /// there. Once that is committed, `written` tells those who read the log.
    ///
    /// Only for commands that begin streams of their own. Nobody else's write can then stand against it, and the transaction
    /// need not be tried again.
    public func perform<C: PublicCommand>(
        _ command: C, _ request: CommandRequest, in session: Session
    ) async throws -> Outcome {
        guard let acceptance = catalogue.acceptances[C.name] else { preconditionFailure("no module accepts \(C.name)") }
        let body = try Coding.encode(command)
        let (unit, outcome) = try await loop.spawnThrowing {
            try await self.decided(request, digest: Digest.sha256(Array(C.name.utf8) + [0] + body)) { tx in
                try await acceptance.handle(body, tx)
            }
        }.value
        let rows = try await session.query(CommitLane.statement([unit]))
        guard let row = rows.first, try row[0, as: Int32.self] == 0 else {
            preconditionFailure("\(C.name) has begun a stream that was there")
        }
        return Outcome(
            subject: outcome.subject, position: Position(try row[1]), reply: outcome.reply, isRepeated: false)
    }

    /// The transaction of a command that was carried out in one is committed.
    public func written(_ outcome: Outcome) { loop.call { [lane] in lane.reached(outcome.position) } }

    /// A decision that somebody else writes; where it stands in the log is not known yet.
    private func decided(
        _ request: CommandRequest, digest: [UInt8], _ decide: Deciding
    ) async throws -> (unit: CommitUnit, outcome: Outcome) {
        let work = Work(
            id: request.id, now: clock.now, cause: request.cause, happenedAt: request.happenedAt,
            catalogue: catalogue, aggregates: aggregates, questions: questions)
        do {
            let tx: any Transaction & ~Copyable = UnitOfWork(work: work)
            let reply = try await decide(tx)
            let unit = try work.unit(digest: digest, answer: Answer(subject: work.subject, reply: reply).bytes)
            await work.unlock()
            return (unit, Outcome(subject: work.subject, position: .start, reply: reply, isRepeated: false))
        } catch {
            await work.unlock()
            throw error
        }
    }

    typealias Deciding = @Sendable (borrowing any Transaction & ~Copyable) async throws -> [UInt8]

    /// Always on the lane's loop, whoever calls: deciding shares its memory and never leaves it.
    func perform(_ request: CommandRequest, digest: [UInt8], _ decide: @escaping Deciding) async throws -> Outcome {
        if loop.isCurrent { return try await attempt(request, digest, decide) }
        return try await loop.spawnThrowing { try await self.attempt(request, digest, decide) }.value
    }

    private func attempt(_ request: CommandRequest, _ digest: [UInt8], _ decide: Deciding) async throws -> Outcome {
        var known: [StreamName] = []
        for round in 0..<Limits.decisions {
            let work = Work(
                id: request.id, now: clock.now, cause: request.cause, happenedAt: request.happenedAt,
                catalogue: catalogue, aggregates: aggregates, questions: questions)
            do {
                await work.lock(known)
                let outcome = try await once(work, request, digest, round, decide)
                await work.unlock()
                if let outcome { return outcome }
                known = work.streams
            } catch {
                await work.unlock()
                throw error
            }
        }
        throw Refusal(.stale, "others changed the same thing at the same time; try again")
    }

    /// One decision, the first being number 0. Nil when it rested on a state that is not the newest any more.
    private func once(
        _ work: Work, _ request: CommandRequest, _ digest: [UInt8], _ round: Int, _ decide: Deciding
    ) async throws -> Outcome? {
        var unit: CommitUnit
        let reply: [UInt8]
        do {
            let tx: any Transaction & ~Copyable = UnitOfWork(work: work)
            reply = try await decide(tx)
            unit = try work.unit(digest: digest, answer: Answer(subject: work.subject, reply: reply).bytes)
            if let asker = request.asker { unit.say(try asker.reply(of: reply), to: asker) }
        } catch let refusal as Refusal {
            if let asker = request.asker, refusal.isFinal {
                return try await refuse(asker, refusal, work, request, digest)
            }
            // What the command itself has changed may refuse it now: if it was done, it is answered as it was then. One that
            // is decided needs no look: the lane knows what was done.
            if request.mayRepeat, let answer = try await answered(request, digest) { return answer }
            // Refused on the strength of a state that may be out of date, if other processes write: that is checked.
            if try await isOutdated(work) { return nil }
            // Or of its own effect, if it came twice at the same time.
            if request.mayRepeat, let answer = try await answered(request, digest) { return answer }
            throw refusal
        }
        if unit.writesNothing && !request.mayRepeat {
            // Nobody will ask for the answer again, so there is nothing to keep: a check is enough.
            if try await isOutdated(work) { return nil }
            return Outcome(subject: work.subject, position: .start, reply: reply, isRepeated: false)
        }
        do {
            switch try await lane.commit(unit) {
            case .done(let position):
                await work.keep()
                return Outcome(
                    subject: work.subject, position: position, reply: reply, isRepeated: false,
                    written: work.subjectStream)
            case .doneBefore(let position, let kept, let keptDigest):
                await work.drop()
                return try repeated(position, kept, keptDigest, digest)
            case .conflict:
                await work.drop()
                return nil
            case .claimTaken where round < Limits.decisionsForClaims:
                // Whoever looked for something free, or for who has it, and was overtaken finds another answer now.
                await work.drop()
                return nil
            case .claimTaken(let claim):
                let refusal = work.refusal(ofClaim: claim)
                if let asker = request.asker { return try await refuse(asker, refusal, work, request, digest) }
                throw refusal
            }
        } catch {
            // Whether it was written is not known, so memory is not trusted.
            await work.drop()
            throw error
        }
    }

    /// Says to a saga that its command was refused: the one thing that a refusal leaves. It is written under the command's own
    /// id, so that a command which was done is never refused afterwards, and only if what it was decided on is still the newest.
    private func refuse(
        _ asker: Asker, _ refusal: Refusal, _ work: Work, _ request: CommandRequest, _ digest: [UInt8]
    ) async throws -> Outcome? {
        var unit = work.check
        (unit.id, unit.digest, unit.answer) = (request.id, digest, Answer(subject: nil, reply: []).bytes)
        unit.say(
            try SagaReply(to: asker.command, key: asker.key, refusal: refusal).spoken(named: asker.reply), to: asker)
        do {
            switch try await lane.commit(unit) {
            case .done(let position): return Outcome(subject: nil, position: position, reply: [], isRepeated: false)
            case .doneBefore(let position, let kept, let keptDigest):
                await work.drop()
                return try repeated(position, kept, keptDigest, digest)
            case .conflict:
                await work.drop()
                return nil
            case .claimTaken: preconditionFailure("a refusal took a claim")
            }
        } catch {
            await work.drop()
            throw error
        }
    }

    /// Whether somebody has written to what this work has read since.
    private func isOutdated(_ work: Work) async throws -> Bool {
        let check = work.check
        guard !check.streams.isEmpty, try await lane.commit(check) == .conflict else { return false }
        await work.drop()
        return true
    }

    /// The kept answer of a command that was done before; nil if it was not.
    private func answered(_ request: CommandRequest, _ digest: [UInt8]) async throws -> Outcome? {
        let rows = try await pool.query(
            "select position, answer, digest from mall.commands where command_id = \(request.id)")
        guard let row = rows.first else { return nil }
        return try repeated(Position(row[0]), row[1], row[2], digest)
    }

    /// Forgets every aggregate in memory: the log's past was replaced. Commands on their way fail or conflict.
    public func reset() async {
        await aggregates.forget()
        await lane.reset()
    }

    /// Whether a command with this id was done.
    func wasDone(_ id: UUID) async throws -> Bool {
        try await !pool.query("select 1 from mall.commands where command_id = \(id)").isEmpty
    }

    private func repeated(_ position: Position, _ kept: [UInt8], _ keptDigest: [UInt8], _ digest: [UInt8]) throws
        -> Outcome
    {
        guard keptDigest == digest else {
            throw Refusal.invalid("this idempotency key was used for another request", field: "Idempotency-Key")
        }
        let answer = try Answer(bytes: kept)
        return Outcome(subject: answer.subject, position: position, reply: answer.reply, isRepeated: true)
    }
}

extension Asker {
    func reply(of payload: [UInt8]) throws -> Spoken {
        try SagaReply(to: command, key: key, payload: payload).spoken(named: reply)
    }
}

extension CommitUnit {
    /// Adds what the saga hears. Its stream need not be at any version: a message changes no state, so nothing it does
    /// meanwhile stands against it.
    fileprivate mutating func say(_ spoken: Spoken, to asker: Asker) {
        streams.append(Stream(name: asker.stream, expected: nil, count: 0))
        rows.append(
            Row(
                stream: streams.count - 1, version: asker.version, kind: .message, type: spoken.type,
                body: spoken.body))
    }
}

/// An answer as it is kept: the subject's id and version and the reply, on two lines of JSON.
private struct Answer {
    private struct Head: Codable {
        let id: String
        let version: Version
    }

    let subject: (id: UUID, version: Version)?
    let reply: [UInt8]

    init(subject: (id: UUID, version: Version)?, reply: [UInt8]) { (self.subject, self.reply) = (subject, reply) }

    var bytes: [UInt8] {
        let head = subject.map { "{\"id\":\"\($0.id.lowercase)\",\"version\":\($0.version)}" } ?? "{}"
        return Array(head.utf8) + [UInt8(ascii: "\n")] + reply
    }

    init(bytes: [UInt8]) throws {
        let line = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
        let head = try? Coding.decode(Head.self, from: Array(bytes[..<line]))
        subject = head.flatMap { head in UUID(uuidString: head.id).map { ($0, head.version) } }
        reply = Array(bytes[line...].dropFirst())
    }
}
