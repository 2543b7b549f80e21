/// The bounds of the live layer, each with the reason it has the size it has.
public enum LiveLimits {
    /// Views that one page may hold open.
    public static let viewsPerPage = 32
    /// Rows of the largest window, and of one that names none.
    public static let window = 2_000
    public static let usualWindow = 100
    /// Unsent bytes of a page above which nothing more is queued for it. Shared snapshots do not count.
    public static let unsent = 64 * 1024
    /// What a `rows` message holds, about; one row more may stand in it.
    public static let chunk = 16 * 1024
    /// The largest client message: an `open` that names a whole window it holds.
    public static let clientMessage = 128 * 1024
    /// How deep a client message may nest.
    public static let depth = 16
    /// Rows of recent change sets kept while reads are under way. An answer older than them is asked for again.
    public static let recentRows = 20_000
    /// Values of one column that a view is filed under; with more it is tested against every change.
    public static let termValues = 16
    /// A page that is told nothing else gets a commit this often.
    public static let heartbeat = Duration.seconds(5)
    /// How often a view's checksum is sent.
    public static let check = Duration.seconds(30)

    /// Rows held beyond a window, so that one that leaves is replaced without a read.
    public static func margin(_ limit: Int) -> Int { min(max(8, limit / 2), 100) }
}
