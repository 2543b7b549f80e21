/// What one peer may make this side hold.
public struct Limits: Sendable {
    /// The bytes of one message, over all its fragments, compressed or not. A larger one is refused with 1009: when its
    /// header arrives, or before it is inflated any further.
    public var messageSize: Int
    /// The fragments of one message: empty ones cost the sender two bytes and would otherwise never end it.
    public var fragments: Int

    public init(messageSize: Int = 1 << 20, fragments: Int = 65_536) {
        precondition(messageSize >= 0 && fragments >= 1, "a limit below the smallest message refuses every one")
        (self.messageSize, self.fragments) = (messageSize, fragments)
    }

    /// What a compressed message may take on the wire: what cannot be compressed grows by a header for each block of a few
    /// kilobytes.
    var compressedSize: Int { Int(clamping: UInt(messageSize) + UInt(messageSize >> 8) + 64) }
    /// A shorter message is sent as it is: it fits in a packet in any case.
    static let leastCompressed = 128

    /// The payload of a ping, pong or close frame (RFC 6455 §5.5). Not ours to choose.
    static let controlPayload = 125
    /// The bytes of a handshake's head a client reads before it gives up.
    static let handshakeHead = 16_384
    /// A frame header at its longest: two bytes, a 64-bit length, a masking key (RFC 6455 §5.2).
    static let header = 14
}
