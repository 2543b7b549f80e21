import Deflate
import Synchronization

/// A message as a server sends it to many: framed once, and compressed once for all who agreed on the same.
///
/// What is compressed refers to nothing before it, so everyone whose window is wide enough can be sent the same bytes
/// (RFC 7692 §7.2.1); they are queued by reference and never copied.
public struct SharedBytes: Sendable {
    /// As it is sent where no compression was agreed.
    public let frame: [UInt8]
    private let opcode: Opcode
    private let payloadStart: Int
    private let forms = Forms()

    /// The compressed frames, by the windows they were compressed for.
    private final class Forms: Sendable {
        let frames = Mutex<[Int: [UInt8]]>([:])
    }

    private init(_ opcode: Opcode, _ payload: some Collection<UInt8>) {
        self.opcode = opcode
        frame = Frame.bytes(opcode, payload)
        payloadStart = frame.count - payload.count
    }

    /// A text message. `text` must be UTF-8.
    public static func text(_ text: some Collection<UInt8>) -> SharedBytes { SharedBytes(.text, text) }

    public static func text(_ text: some StringProtocol) -> SharedBytes { .text(Array(text.utf8)) }

    public static func binary(_ bytes: some Collection<UInt8>) -> SharedBytes { SharedBytes(.binary, bytes) }

    /// Bytes on the wire, uncompressed, the frame's header included.
    public var count: Int { frame.count }

    /// As it is sent to a connection with this compressor. The first who asks compresses; on another loop they wait for it.
    func compressed(_ compressor: borrowing Compressor) -> [UInt8] {
        let size = frame.count - payloadStart
        guard size >= Limits.leastCompressed else { return frame }
        let windowBits = Codecs.window(for: size, atMost: compressor.windowBits)
        return forms.frames.withLock { frames in
            if let frame = frames[windowBits] { return frame }
            var made: [UInt8] = []
            frame.withUnsafeBytes { frame in
                let payload = UnsafeRawBufferPointer(rebasing: frame[payloadStart...])
                compressor.appendAlone(opcode, payload, to: &made, mask: nil)
            }
            // Where nothing is gained there is nothing to keep twice.
            if made.count >= frame.count { made = frame }
            frames[windowBits] = made
            return made
        }
    }
}
