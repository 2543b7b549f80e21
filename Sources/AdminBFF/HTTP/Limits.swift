/// The bounds within which a request is read. Whatever passes one is a `Violation`, and the connection ends.
public struct Limits: Sendable, Equatable {
    /// Bytes of the request line. RFC 9112 §3 recommends at least 8,000.
    public var requestLine = 8_000
    /// Bytes of all field lines together, line ends included; trailers have as much again.
    public var fieldBytes = 16_384
    public var fieldCount = 64
    /// Bytes of a body, where its route names no other bound.
    public var body = 1_048_576
    /// Bytes of a chunk's size line with its extensions.
    public var chunkLine = 256
    /// Bytes of size lines beyond what chunks of a sensible size need: 16 and twice the data for each chunk. Without it a
    /// body of one-byte chunks with long extensions costs 256 times what it holds.
    public var chunkOverhead = 16_384
    /// Empty lines forgiven before a request line. RFC 9112 §2.2.
    public var emptyLines = 1
    /// From the first byte of a head to its end.
    public var headTime = Duration.seconds(10)
    /// Between two arrivals of a body's bytes.
    public var bodyTime = Duration.seconds(20)
    /// Bytes a second at which a body must come on average, once `bodyTime` has passed. Without it a byte in time would
    /// keep a connection for as long as its sender likes.
    public var bodyRate = 512
    /// From one request's end to the next one's first byte.
    public var idleTime = Duration.seconds(75)

    public init() {}
}
