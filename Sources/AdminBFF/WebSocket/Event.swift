/// The bytes of a message. Those of a message that came in one piece are lent from the buffer that was read into, and
/// hold until that buffer is read into again; the others are the message's own.
public enum Payload {
    case lent(UnsafeRawBufferPointer)
    case owned([UInt8])

    public var count: Int {
        switch self {
        case .lent(let bytes): bytes.count
        case .owned(let bytes): bytes.count
        }
    }

    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch self {
        case .lent(let bytes): try body(bytes)
        case .owned(let bytes): try bytes.withUnsafeBytes(body)
        }
    }

    /// The bytes as an array of their own.
    public var bytes: [UInt8] {
        switch self {
        case .lent(let bytes): Array(bytes)
        case .owned(let bytes): bytes
        }
    }

    /// The bytes as text; exact for the payload of a text message.
    public var string: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
}

/// What a peer's bytes amount to.
public enum Event {
    /// A text message: valid UTF-8.
    case text(Payload)
    case binary(Payload)
    /// To be answered with a pong of the same payload, unless a close frame was sent.
    case ping(Payload)
    case pong(Payload)
    /// The peer's last word; what follows it is thrown away. To be answered with the same code, unless a close frame was
    /// sent. Without a code the frame was empty.
    case close(CloseCode?, reason: String)
    /// The peer broke the protocol, and nothing more is read from it. To be answered with a close frame of this code.
    case violation(Violation)
}
