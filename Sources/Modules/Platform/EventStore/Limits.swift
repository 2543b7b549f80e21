/// The event store's named limits: measured starting points, kept in one place.
public enum Limits {
    /// Commands that one call of `write_batch` carries.
    static let commandsPerBatch = 128
    /// Bytes of bodies after which a batch takes no further command.
    static let bytesPerBatch = 1 << 20
    /// How often a batch is sent again when its outcome is not known.
    static let resends = 2
    /// Commands that may wait for the lane. Beyond it a command is refused as `unavailable` at once.
    static let commandsWaiting = 10_000
    /// How often a command decides again after a conflict before it is `stale`.
    static let decisions = 4
    /// How many of those may end with somebody else holding what it claims, before that is a refusal.
    static let decisionsForClaims = 2
    /// Aggregates kept decoded in memory.
    static let aggregatesInMemory = 20_000
    /// Events between two snapshots of a stream.
    static let eventsPerSnapshot = 50
    /// Rows of the log that one read fetches.
    static let rowsPerRead = 512
    /// Rows of the log kept in memory for consumers that are nearly up to date.
    static let rowsInTail = 4_096
    /// Streams that are read together.
    static let keysPerLook = 64
    /// Streams whose messages one consumer handles at the same time.
    static let streamsAtOnce = 64
    /// How long a consumer waits for a wake-up before it looks by itself: a lost hint costs this much latency.
    static let poll = Duration.milliseconds(500)
    /// How long those wait who hear nothing in what was written, before they move on together.
    static let stroll = Duration.milliseconds(50)
    /// How long consumers' marks wait for those of others, to be written with them.
    static let marks = Duration.milliseconds(10)
    /// Parked messages of one stream that one look may bring to an end.
    static let retriesPerLook = 64
    /// How long a consumer rests after a failure, times the failures in a row, up to so many.
    static let rest = Duration.milliseconds(100)
    static let rests = 50
    /// The least time between two wake-ups sent to other processes.
    static let relay = Duration.milliseconds(10)
    /// When a parked message is tried again; after the last it is a dead letter.
    static let retries: [Duration] = [.seconds(1), .seconds(5), .seconds(30), .seconds(120), .seconds(600)]
    /// For how long a message that a test holds back is not looked for: until it is let go.
    static let late = Duration.seconds(366 * 86_400)
    /// How long one module waits for another's answer.
    static let answer = Duration.seconds(2)
    /// Due timers that one look takes.
    static let timersPerLook = 100
    /// Due timers fired at the same time: their commands share a flush.
    static let timersAtOnce = 32
    /// How long the tombstones of deleted rows are kept, and how often those that are older are looked for.
    static let horizon = Duration.seconds(86_400)
    static let horizonStep = Duration.seconds(3_600)
    /// How long a command's answer is kept for a repetition.
    public static let answersKept = Duration.seconds(86_400)
    /// Answers that one statement forgets, and how long until the next look.
    static let answersPerPurge = 1_000
    static let purge = Duration.seconds(600)
    /// How often it is looked for projections that are to be folded anew.
    static let rebuilds = Duration.seconds(1)
    /// How often it is looked whether a rebuild comes nearer to the end of the log.
    static let chase = Duration.seconds(5)
    /// Rows of one projection that one statement writes while it is folded anew.
    static let rowsPerStore = 500
}
