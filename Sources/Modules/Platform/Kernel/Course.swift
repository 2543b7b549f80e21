/// The course of a saga: forward through its steps, or backward from where one was refused, to an end.
///
/// Each asking has a key; a reply to another than the current one is late, and ignored. Without a reply in time the same
/// command is said again under the same key, which its participant answers and does not do again.
public enum Course<S: Saga>: Decider {
    case absent
    case forward(S, Asked)
    case backward(S, Asked, Undoing)
    /// The last try to undo was refused; the next one waits.
    case resting(S, Asked, Undoing, until: Instant)
    /// Undoing does not come to its end without a person, or an answer that is long overdue.
    case stuck(S, Asked, Undoing)
    case completed(S)
    case compensated(S, Undoing)

    /// What was asked for last.
    public struct Asked: Codable, Sendable, Equatable {
        public let step: Int
        public let direction: Direction
        /// Rises when the same step is asked for anew, and not only once more.
        public let round: Int
        /// How often it was said under this key.
        public let send: Int
        /// How often it was said in all.
        public let attempt: Int
        public let deadline: Instant

        public var key: String { "\(step) \(direction.rawValue) \(round)" }
        /// The steps begin behind it.
        fileprivate static var nothing: Asked {
            Asked(
                step: -1, direction: .forward, round: 0, send: 0, attempt: 0, deadline: Instant(microseconds: .max))
        }
    }

    public enum Direction: String, Codable, Sendable {
        case forward, backward
    }

    public struct Undoing: Codable, Sendable, Equatable {
        /// Why there is something to undo.
        public let cause: Refusal
        /// How often the current undo was refused.
        public internal(set) var refusals = 0
        public internal(set) var lastError: String
    }

    public typealias Noun = S.Noun
    public static var category: String { S.category }

    public enum Command: Sendable {
        case start(S)
        case hear(SagaReply)
        /// The deadline has passed.
        case chase
        /// The rest is over.
        case tryAgain
        /// A person has mended what was in the way.
        case retry
        /// A person wants it undone.
        case abort(reason: String)
    }

    public enum Event: Codable, Sendable, Equatable {
        case sagaStarted(saga: S)
        case stepAsked(step: Int, direction: Direction, round: Int, send: Int, attempt: Int, deadline: Instant)
        /// `payload` is the reply as JSON, where there is something in it to remember.
        case stepDone(step: Int, direction: Direction, payload: String?)
        case sagaTurned(step: Int, cause: Refusal)
        case undoRefused(step: Int, error: String, until: Instant)
        case sagaStuck(step: Int, error: String)
        case sagaCompleted
        case sagaCompensated
    }

    private static var deadline: String { "deadline" }
    private static var rest: String { "rest" }

    public init() { self = .absent }

    public var timers: [String: Instant] {
        switch self {
        case .forward(_, let asked), .backward(_, let asked, _): [Self.deadline: asked.deadline]
        case .resting(_, _, _, let until): [Self.rest: until]
        case .absent, .stuck, .completed, .compensated: [:]
        }
    }

    public static func command(for timer: String) -> Command? {
        switch timer {
        case deadline: .chase
        case rest: .tryAgain
        default: nil
        }
    }

    public func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .start(let saga)): return [.sagaStarted(saga: saga)] + Self.ahead(of: -1, saga, now)
        // What starts it is heard twice.
        case (.forward, .start), (.backward, .start), (.resting, .start), (.stuck, .start), (.completed, .start),
            (.compensated, .start):
            return []

        case (.forward(let saga, let asked), .hear(let reply)):
            guard Self.answers(reply, asked) else { return [] }
            switch reply.outcome {
            case .success: return try Self.advanced(saga, asked, reply, now)
            case .failure(let refusal): return Self.turned(saga, asked, from: asked.step - 1, refusal, now)
            }
        case (.backward(let saga, let asked, let undoing), .hear(let reply)):
            guard Self.answers(reply, asked) else { return [] }
            switch reply.outcome {
            case .success: return Self.undone(saga, asked, undoing, now)
            case .failure(let refusal):
                guard undoing.refusals + 1 < SagaLimits.undos else {
                    return [.sagaStuck(step: asked.step, error: refusal.message)]
                }
                let pause = SagaLimits.pause(after: undoing.refusals + 1)
                return [.undoRefused(step: asked.step, error: refusal.message, until: now + pause)]
            }
        // Late: nothing is asked for any more, or something else will be.
        case (.absent, .hear), (.resting, .hear), (.completed, .hear), (.compensated, .hear): return []
        // What it waited for has come after all, and nobody need mend anything.
        case (.stuck(let saga, let asked, let undoing), .hear(let reply)):
            guard Self.answers(reply, asked) else { return [] }
            switch reply.outcome {
            case .success: return Self.undone(saga, asked, undoing, now)
            // The last refusal, heard again, is what it is stuck for.
            case .failure: return undoing.refusals + 1 < SagaLimits.undos ? [asked.anew(now)] : []
            }

        case (.forward(let saga, let asked), .chase):
            guard now >= asked.deadline else { return [] }
            if asked.send < SagaLimits.sends { return [asked.sentAgain(now)] }
            // Perhaps it was done all the same, or will be: so it is undone with those before it.
            return Self.turned(saga, asked, from: asked.step, .noAnswer, now)
        case (.backward(_, let asked, _), .chase):
            guard now >= asked.deadline else { return [] }
            if asked.send < SagaLimits.sends { return [asked.sentAgain(now)] }
            return [.sagaStuck(step: asked.step, error: Refusal.noAnswer.message)]
        case (.absent, .chase), (.resting, .chase), (.stuck, .chase), (.completed, .chase), (.compensated, .chase):
            return []

        case (.resting(_, let asked, _, let until), .tryAgain): return now < until ? [] : [asked.anew(now)]
        case (.absent, .tryAgain), (.forward, .tryAgain), (.backward, .tryAgain), (.stuck, .tryAgain),
            (.completed, .tryAgain), (.compensated, .tryAgain):
            return []

        case (.stuck(_, let asked, _), .retry), (.stuck(_, let asked, _), .abort): return [asked.anew(now)]
        case (.forward, .retry), (.backward, .retry), (.resting, .retry), (.completed, .retry), (.compensated, .retry):
            throw .conflict("the saga is not stuck")

        case (.forward(let saga, let asked), .abort(let reason)):
            return Self.turned(saga, asked, from: asked.step, .conflict(reason), now)
        case (.backward, .abort), (.resting, .abort), (.compensated, .abort): return []
        case (.completed, .abort): throw .conflict("the saga has come to its end already")

        case (.absent, .retry), (.absent, .abort): throw .notFound("there is no such saga")
        }
    }

    public mutating func apply(_ event: Event) {
        switch (self, event) {
        case (.absent, .sagaStarted(let saga)): self = .forward(saga, .nothing)
        case (.forward(let saga, _), .stepAsked(let step, .forward, let round, let send, let attempt, let deadline)):
            self = .forward(
                saga,
                Asked(
                    step: step, direction: .forward, round: round, send: send, attempt: attempt, deadline: deadline))
        case (
            .backward(let saga, let last, var undoing),
            .stepAsked(let step, .backward, let round, let send, let n, let by)
        ),
            (
                .resting(let saga, let last, var undoing, _),
                .stepAsked(let step, .backward, let round, let send, let n, let by)
            ):
            if last.step != step { undoing.refusals = 0 }
            self = .backward(
                saga, Asked(step: step, direction: .backward, round: round, send: send, attempt: n, deadline: by),
                undoing)
        case (.stuck(let saga, _, var undoing), .stepAsked(let step, .backward, let round, let send, let n, let by)):
            undoing.refusals = 0
            self = .backward(
                saga, Asked(step: step, direction: .backward, round: round, send: send, attempt: n, deadline: by),
                undoing)
        case (.forward(var saga, let asked), .stepDone(let step, .forward, let payload)):
            if let payload { Self.remember(payload, of: step, in: &saga) }
            self = .forward(saga, asked)
        case (.backward, .stepDone(_, .backward, _)): break
        case (.stuck(let saga, let asked, let undoing), .stepDone(_, .backward, _)):
            self = .backward(saga, asked, undoing)
        case (.forward(let saga, let asked), .sagaTurned(_, let cause)):
            self = .backward(saga, asked, Undoing(cause: cause, lastError: cause.message))
        case (.backward(let saga, let asked, var undoing), .undoRefused(_, let error, let until)):
            undoing.refusals += 1
            undoing.lastError = error
            self = .resting(saga, asked, undoing, until: until)
        case (.backward(let saga, let asked, var undoing), .sagaStuck(_, let error)):
            undoing.lastError = error
            self = .stuck(saga, asked, undoing)
        case (.forward(let saga, _), .sagaCompleted): self = .completed(saga)
        case (.backward(let saga, _, let undoing), .sagaCompensated): self = .compensated(saga, undoing)
        default: preconditionFailure("\(event) happened to a saga that was \(self)")
        }
    }

    private static func answers(_ reply: SagaReply, _ asked: Asked) -> Bool {
        reply.key == asked.key && reply.command == command(of: asked.step, asked.direction)
    }

    /// A step was done: what it said is remembered, and the next is asked for.
    private static func advanced(_ saga: S, _ asked: Asked, _ reply: SagaReply, _ now: Instant) throws(Refusal)
        -> [Event]
    {
        var (saga, payload) = (saga, String?.none)
        if let learn = S.steps.list[asked.step].ask?.learn {
            do {
                let said = try learn.read(reply)
                try learn.remember(&saga, said)
                payload = String(decoding: said, as: UTF8.self)
            } catch { throw Refusal(decoding: error) }
        }
        return [.stepDone(step: asked.step, direction: .forward, payload: payload)] + ahead(of: asked.step, saga, now)
    }

    /// A step was undone, and so is the one before.
    private static func undone(_ saga: S, _ asked: Asked, _ undoing: Undoing, _ now: Instant) -> [Event] {
        [.stepDone(step: asked.step, direction: .backward, payload: nil)]
            + back(from: asked.step - 1, saga, undoing.cause, now)
    }

    private static func remember(_ payload: String, of step: Int, in saga: inout S) {
        do { try S.steps.list[step].ask?.learn?.remember(&saga, Array(payload.utf8)) } catch {
            preconditionFailure("\(S.category) cannot read what it once remembered of step \(step): \(error)")
        }
    }

    /// Asks for the next step that has something to do, or is done.
    private static func ahead(of step: Int, _ saga: S, _ now: Instant) -> [Event] {
        let next = S.steps.list.indices.dropFirst(step + 1).first { S.steps.list[$0].ask != nil }
        return [next.map { asking($0, .forward, now) } ?? .sagaCompleted]
    }

    private static func turned(_ saga: S, _ asked: Asked, from step: Int, _ cause: Refusal, _ now: Instant) -> [Event] {
        [.sagaTurned(step: asked.step, cause: cause)] + back(from: step, saga, cause, now)
    }

    /// Asks for the undoing of the last step up to this one that has something to undo, or everything is undone.
    private static func back(from step: Int, _ saga: S, _ cause: Refusal, _ now: Instant) -> [Event] {
        let next = S.steps.list.indices.prefix(step + 1).last { S.steps.list[$0].undo?.make(saga, cause) != nil }
        return [next.map { asking($0, .backward, now) } ?? .sagaCompensated]
    }

    private static func asking(_ step: Int, _ direction: Direction, _ now: Instant) -> Event {
        .stepAsked(
            step: step, direction: direction, round: 1, send: 1, attempt: 1, deadline: now + SagaLimits.patience)
    }
}

extension Course {
    /// The name of a step's command. One that the step does not have stops the program.
    public static func command(of step: Int, _ direction: Direction) -> String {
        let command =
            switch direction {
            case .forward: S.steps.list[step].ask?.command
            case .backward: S.steps.list[step].undo?.command
            }
        guard let command else { preconditionFailure("step \(step) of \(S.category) has no command \(direction)") }
        return command
    }

    /// What is remembered; nil before there is a saga.
    public var saga: S? {
        switch self {
        case .absent: nil
        case .forward(let saga, _), .backward(let saga, _, _), .resting(let saga, _, _, _), .stuck(let saga, _, _),
            .completed(let saga), .compensated(let saga, _):
            saga
        }
    }

    /// What was asked for last; nil where nothing is asked for any more.
    public var asked: Asked? {
        switch self {
        case .forward(_, let asked), .backward(_, let asked, _), .resting(_, let asked, _, _),
            .stuck(_, let asked, _):
            asked
        case .absent, .completed, .compensated: nil
        }
    }

    /// Why, and with what success, it is undone; nil as long as it goes forward.
    public var undoing: Undoing? {
        switch self {
        case .backward(_, _, let undoing), .resting(_, _, let undoing, _), .stuck(_, _, let undoing),
            .compensated(_, let undoing):
            undoing
        case .absent, .forward, .completed: nil
        }
    }

    /// The command that is said with this event, which has led to this state.
    func command(after event: Event) throws -> Spoken? {
        guard case .stepAsked = event, let saga, let asked else { return nil }
        let step = S.steps.list[asked.step]
        let command: (any PublicCommand)? =
            switch asked.direction {
            case .forward: step.ask?.make(saga)
            case .backward: undoing.flatMap { step.undo?.make(saga, $0.cause) }
            }
        guard let command else {
            preconditionFailure("\(S.category) asks for step \(asked.step), which has no command")
        }
        return try SagaCommand.spoken(command, key: asked.key)
    }
}

extension Course.Asked {
    /// The same once more, under the same key.
    fileprivate func sentAgain(_ now: Instant) -> Course.Event {
        .stepAsked(
            step: step, direction: direction, round: round, send: send + 1, attempt: attempt + 1,
            deadline: now + SagaLimits.patience)
    }

    /// The same under a new key, so that it is done anew and not answered as before.
    fileprivate func anew(_ now: Instant) -> Course.Event {
        .stepAsked(
            step: step, direction: direction, round: round + 1, send: 1, attempt: attempt + 1,
            deadline: now + SagaLimits.patience)
    }
}

extension Refusal {
    fileprivate static let noAnswer = Refusal.unavailable("no answer came in time")
}

/// How patient sagas are.
public enum SagaLimits {
    /// How long a reply is waited for.
    public static let patience = Duration.seconds(30)
    /// How often a command is said under one key.
    public static let sends = 5
    /// How often an undo may be refused before a person has to look.
    public static let undos = 10
    static let longestPause: Int64 = 60

    /// 1, 2, 4 … 60 seconds.
    static func pause(after refusals: Int) -> Duration { .seconds(min(longestPause, 1 << min(refusals - 1, 6))) }
}
