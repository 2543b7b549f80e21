/// The named limits of this layer.
public enum Limits {
    /// How many statements a session keeps prepared; the one used longest ago makes room.
    public static let preparedStatements = 256
    /// How many requests may wait in one connection to be sent; one more is refused.
    public static let waitingRequests = 1024
    /// How many requests may be on their way to the server without an answer.
    public static let requestsInFlight = 128
    /// How long a request waits for a connection that is down.
    public static let patience: Duration = .seconds(5)
    /// How long one attempt to connect may take.
    public static let connectTime: Duration = .seconds(10)
    /// The pause after the first failed attempt to connect; it doubles up to `longestPause`, and is jittered.
    public static let firstPause: Duration = .milliseconds(50)
    public static let longestPause: Duration = .seconds(5)
    /// How many cancel requests may wait for the thread that sends them; more are dropped.
    public static let waitingCancels = 64
    /// How long a rollback may take before its connection is given up and replaced.
    public static let rollbackTime: Duration = .seconds(5)
    /// How many callers may wait for a connection of a pool, and how long.
    public static let poolWaiters = 512
    public static let poolWait: Duration = .seconds(5)
    /// How many statements of one request travel between two Syncs.
    public static let statementsPerPipeline = 1024
    /// How many more times than once a request is sent, if it failed without effect for a reason that has passed.
    static let repeats = 1
}
