import FoundationEssentials
import Kernel

/// What one command writes, as the lane takes it: decided, complete, and checked against versions when it is written.
struct CommitUnit: Sendable {
    struct Stream: Sendable {
        let name: StreamName
        /// Nil, which `commit_batch` finds no difference to, where any version will do: for messages alone.
        let expected: Version?
        /// Events; 0 only checks that the version is still the expected one.
        var count: Int
    }

    struct Row: Sendable {
        /// Index into `streams`.
        let stream: Int
        let version: Version
        let kind: Envelope.Kind
        let type: String
        let body: [UInt8]
    }

    struct ClaimChange: Sendable {
        let stream: Int
        let takes: Bool
        let claim: Claim
    }

    struct TimerChange: Sendable {
        let stream: Int
        let name: String
        /// Nil clears it.
        let due: Instant?
    }

    /// Nil for a pure check, which is not remembered.
    var id: UUID?
    /// What tells the same request from another one that came under the same id.
    var digest: [UInt8]
    var answer: [UInt8] = []
    var cause: Cause
    var now: Instant
    var streams: [Stream] = []
    var rows: [Row] = []
    var claims: [ClaimChange] = []
    var timers: [TimerChange] = []

    /// Whether it leaves nothing, beside perhaps its own answer.
    var writesNothing: Bool { rows.isEmpty && claims.isEmpty && timers.isEmpty }
}

/// What became of a command in the lane.
enum CommitResult: Sendable, Equatable {
    /// Written; the position of its last row.
    case done(Position)
    /// A stream is not at the expected version any more; nothing was written.
    case conflict
    /// Written before under the same id; nothing was written now.
    case doneBefore(Position, answer: [UInt8], digest: [UInt8])
    /// Another aggregate holds a claim it takes; nothing was written.
    case claimTaken(String)
}
