import FoundationEssentials
public import Kernel

/// What one projector batch committed. It never ends inside the rows of one command, so showing it whole tears nothing.
public struct ChangeSet: Sendable {
    /// Everything behind `from`, up to and with `to`, is in it.
    public let from: Position
    public let to: Position
    public let asOf: Instant
    /// By projection, each row once, at its newest.
    public let changes: [String: [RowChange]]
    /// Whether `before` is what the row was at `from`. A set read from tables cannot say; totals are then counted again.
    public let isExact: Bool

    public init(from: Position, to: Position, asOf: Instant, changes: [String: [RowChange]], isExact: Bool = true) {
        precondition(from <= to, "a change set from \(from) to \(to)")
        self.from = from
        self.to = to
        self.asOf = asOf
        self.changes = changes
        self.isExact = isExact
    }

    /// What of it lies behind a position inside it. What rows were there it cannot say.
    func behind(_ position: Position) -> ChangeSet {
        ChangeSet(
            from: position, to: to, asOf: asOf,
            changes: changes.mapValues { changes in
                changes.compactMap { $0.row.position > position ? RowChange(row: $0.row, before: nil) : nil }
            }, isExact: false)
    }

    var rowCount: Int { changes.values.reduce(0) { $0 + $1.count } }
}

/// A read that the edge runs, in one REPEATABLE READ transaction together with the projector's checkpoint.
public struct ReadRequest: Sendable {
    public enum Question: Sendable {
        /// The rows that match, in order (`ProjectionStorage.select`).
        case window(any Folding, RowQuery)
        /// How many match (`ProjectionStorage.count`).
        case count(any Folding, RowQuery)
        /// Every row that changed behind a position, deleted ones too, of each projection (`changed(since:)`).
        case changes([any Folding], since: Position)
    }

    public let id: Int
    public let question: Question
}

/// What a read found, and when it looked.
public struct ReadResult: Sendable {
    public enum Answer: Sendable {
        case rows([StoredRow])
        case count(Int)
        case changes([String: [StoredRow]])
        /// The read could not be made. It is asked again at the next tick.
        case failed
    }

    public let id: Int
    public let epoch: String
    public let checkpoint: Position
    /// When the checkpoint was the newest there was.
    public let asOf: Instant
    public let answer: Answer

    public init(id: Int, epoch: String, checkpoint: Position, asOf: Instant, answer: Answer) {
        self.id = id
        self.epoch = epoch
        self.checkpoint = checkpoint
        self.asOf = asOf
        self.answer = answer
    }
}

/// Where a row stands in an order.
struct Place {
    let value: ColumnValue
    let key: UUID
}
