/// The bounds within which connections are served; those of a request's form are `HTTP.Limits`.
public struct ServerLimits: Sendable {
    /// Connections a loop holds at once, and never more than its share of nine in ten of the descriptors the process may
    /// have. Beyond it a connection that waits for its next request makes room, or else the new one is told 503.
    public var connections = 16_384
    /// Bytes of requests' bodies a loop holds at once, over all connections. Who sends more is told 503.
    public var bodies = 256 << 20
    /// Unsent bytes beyond which a connection reads and serves nothing more, until it has drained.
    public var output = 262_144
    /// Unsent bytes beyond which a WebSocket peer is dropped: others make it be sent more than it reads. The largest message
    /// of all, 16 MiB, may wait together with what was sent before it.
    public var backlog = 32 << 20
    /// How long a peer may take nothing of what waits for it before its connection is dropped.
    public var stallTime = Duration.seconds(120)
    /// Bytes a second an HTTP client must take on average, once `stallTime` has passed, while something waits for it. A
    /// page's WebSocket may be slower: it is told less, and sent pings.
    public var outputRate = 512
    /// The silence after which the kernel asks whether a peer is still there.
    public var probeAfter = Duration.seconds(60)
    /// How long a connection must have waited for its next request before it makes room for another.
    public var evictAfter = Duration.milliseconds(100)
    /// How long a connection that has asked nothing yet may do so when the server leaves.
    public var leaveGrace = Duration.seconds(1)
    /// How long the rest of what a refused peer sends is read and thrown away, so that it can read the refusal: closing
    /// with unread bytes would reset the connection (RFC 9112 §9.6).
    public var lingerTime = Duration.seconds(2)
    /// The silence after which a WebSocket peer is sent a ping, and the time it has to show that it lives.
    public var pingAfter = Duration.seconds(20)
    public var pongWithin = Duration.seconds(20)
    /// How long a WebSocket peer has to answer our close frame.
    public var closeTime = Duration.seconds(2)

    public init() {}

    /// Bytes of freed memory that the process keeps for what comes next, instead of giving them back to the kernel.
    static let keptMemory: Int32 = 16 << 20
    /// One read takes this much, into a buffer that all connections of a loop share.
    static let readBuffer = 65_536
    /// One read of compressed messages takes this much: it may inflate to a thousand times as much before others have
    /// their turn.
    static let compressedRead = 16_384
    /// Connections taken in one turn; more wait for the next one.
    static let acceptsPerTurn = 64
    /// New connections that are told 503 at the same time; more wait in the kernel's queue.
    static let refusals = 64
    /// Connections that are looked at to find one that makes room.
    static let evictionLooks = 64
    /// The pause after the process has run out of descriptors or the kernel of memory.
    static let acceptPause = Duration.milliseconds(100)
    /// How often deadlines are looked at. A timeout comes up to this much late.
    static let sweep = Duration.seconds(1)
    /// What one connection sends before others have their turn: a large file to a quick reader would keep the loop.
    static let sendPerTurn = 1 << 20
    /// Pieces one send gathers. IOV_MAX is 1,024; beyond a few dozen a further piece costs as much as a further call.
    static let piecesPerSend = 64
    /// A body up to this size is copied behind its head; a larger one is sent from where it is.
    static let copiedBody = 16_384
    /// Write buffers a loop keeps for the next response, and the largest it keeps.
    static let spareBuffers = 16
    static let spareBufferSize = 32_768
    /// What a WebSocket's client is asked to wait before it comes back, in milliseconds.
    static let returnDelay = 250...2000
    /// The part of a drain's time over which WebSocket peers are sent away.
    static let drainSpread = 0.8
}
