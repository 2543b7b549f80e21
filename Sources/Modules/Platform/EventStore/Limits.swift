/// The event store's named limits: measured starting points, kept in one place.
public enum Limits {
    /// Commands that one call of `commit_batch` carries.
    static let commandsPerBatch = 128
    /// Commands that may wait for the lane. Beyond it a command is refused as `unavailable` at once.
    static let commandsWaiting = 10_000
    /// How often a command decides again after a conflict before it is `stale`.
    static let decisions = 4
    /// Aggregates kept decoded in memory.
    static let aggregatesInMemory = 20_000
    /// Events between two snapshots of a stream.
    static let eventsPerSnapshot = 50
    /// Rows of the log that one read fetches.
    static let rowsPerRead = 512
    /// Rows of the log kept in memory for consumers that are nearly up to date.
    static let rowsInTail = 4_096
    /// Streams whose messages one consumer handles at the same time.
    static let streamsAtOnce = 64
    /// How long a consumer waits for a wake-up before it looks by itself: a lost hint costs this much latency.
    static let poll = Duration.milliseconds(500)
    /// The least time between two wake-ups sent to other processes.
    static let relay = Duration.milliseconds(10)
    /// When a parked message is tried again; after the last it is a dead letter.
    static let retries: [Duration] = [.seconds(1), .seconds(5), .seconds(30), .seconds(120), .seconds(600)]
    /// How long one module waits for another's answer.
    static let answer = Duration.seconds(2)
    /// Due timers that one look takes.
    static let timersPerLook = 100
    /// How long a command's answer is kept for a repetition.
    public static let answersKept = Duration.seconds(86_400)
}
