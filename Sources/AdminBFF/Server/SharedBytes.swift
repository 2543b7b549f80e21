import WebSocket

/// A WebSocket frame as the server sends it, made once and shared by all who send it: a reference, never a copy.
public struct SharedBytes: Sendable {
    let frame: [UInt8]

    /// The frame of a text message. `text` must be UTF-8.
    public static func text(_ text: some Collection<UInt8>) -> SharedBytes {
        SharedBytes(frame: Frame.bytes(.text, text))
    }

    public static func text(_ text: some StringProtocol) -> SharedBytes { .text(Array(text.utf8)) }

    public static func binary(_ bytes: some Collection<UInt8>) -> SharedBytes {
        SharedBytes(frame: Frame.bytes(.binary, bytes))
    }

    /// Bytes on the wire, the frame's header included.
    public var count: Int { frame.count }
}
