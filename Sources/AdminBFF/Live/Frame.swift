public import Kernel

/// The bytes of one server message: one object for all pages it goes to.
public final class Frame {
    public let bytes: [UInt8]
    /// Whether the bytes count as unsent. A snapshot that all holders of a view share does not.
    public let counts: Bool
    /// What the transport makes of the bytes (compressed, with a header), made once and kept with them.
    public var prepared: AnyObject?

    init(_ bytes: [UInt8], counts: Bool = true) {
        self.bytes = bytes
        self.counts = counts
    }
}

/// Where a page's messages go. It queues and never calls back from within `send`.
public protocol PageSink: AnyObject {
    func send(_ frame: Frame)
    /// What the page asked of a topic was refused; it has been told.
    func refused(_ topic: String, _ refusal: Refusal)
    /// Bytes of counting frames queued and not yet taken by the kernel.
    var unsent: Int { get }
}
