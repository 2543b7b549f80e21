public import Deflate

/// Compression as a connection is given it: what was agreed, and the codecs of its loop.
public struct Compression: Sendable {
    public let agreed: PerMessageDeflate
    public let codecs: Codecs

    public init(_ agreed: PerMessageDeflate, _ codecs: Codecs) { (self.agreed, self.codecs) = (agreed, codecs) }
}

/// What a connection compresses. Between two messages it holds a deflater only if its history is taken over.
struct Compressor {
    private let takesOver: Bool
    let windowBits: Int
    private let codecs: Codecs
    private var own: Deflater?
    private var isAstray = false

    init(_ compression: Compression, _ role: Role) {
        let agreed = compression.agreed
        (takesOver, windowBits) =
            role == .server
            ? (agreed.serverTakesOver, agreed.serverWindowBits) : (agreed.clientTakesOver, agreed.clientWindowBits)
        codecs = compression.codecs
    }

    /// Appends a message as one frame, compressed if that makes it smaller.
    mutating func append(
        _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, to output: inout [UInt8], mask: UInt32?
    ) {
        guard payload.count >= Limits.leastCompressed else {
            return Frame.append(opcode, payload, to: &output, mask: mask)
        }
        guard takesOver else { return appendAlone(opcode, payload, to: &output, mask: mask) }
        let deflater = own ?? codecs.takeDeflater(windowBits: windowBits)
        own = deflater
        if isAstray { deflater.reset() }
        isAstray = false
        var compressed: [UInt8] = []
        deflater.deflate(payload, to: &compressed, scratch: codecs.deflated)
        // Sent even if it has grown: what was compressed is in the history, and the peer must see it too.
        compressed.withUnsafeBytes { Frame.append(opcode, $0, to: &output, isCompressed: true, mask: mask) }
    }

    /// As `append`, without referring to anything before.
    func appendAlone(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer, to output: inout [UInt8], mask: UInt32?) {
        let compressed = codecs.compress(payload, windowBits: windowBits)
        guard compressed.count < payload.count else { return Frame.append(opcode, payload, to: &output, mask: mask) }
        compressed.withUnsafeBytes { Frame.append(opcode, $0, to: &output, isCompressed: true, mask: mask) }
    }

    /// The peer was sent a compressed message that this side's history does not know: it begins anew with the next one.
    mutating func sentAside() { isAstray = true }
}

extension Codecs {
    /// A message by itself, for everyone whose window is at least so wide.
    func compress(_ payload: UnsafeRawBufferPointer, windowBits: Int) -> [UInt8] {
        let deflater = takeDeflater(windowBits: Self.window(for: payload.count, atMost: windowBits))
        var compressed: [UInt8] = []
        compressed.reserveCapacity(payload.count / 2)
        deflater.deflate(payload, to: &compressed, scratch: deflated)
        giveBack(deflater)
        return compressed
    }

    /// The least window that reaches over a whole message: a smaller one is faster to make ready for the next.
    static func window(for count: Int, atMost bits: Int) -> Int {
        // libz does not refer back over the last 262 bytes of its window.
        let needed = Int.bitWidth - (count + 262 - 1).leadingZeroBitCount
        return min(max(needed, 9), bits)
    }
}

/// What a connection decompresses, message after message, in pieces. Between two messages it holds an inflater only if
/// the peer's history is taken over.
struct Decompressor {
    private let takesOver: Bool
    private let windowBits: Int
    private let codecs: Codecs
    private var own: Inflater?

    init(_ compression: Compression, _ role: Role) {
        let agreed = compression.agreed
        (takesOver, windowBits) =
            role == .server
            ? (agreed.clientTakesOver, agreed.clientWindowBits) : (agreed.serverTakesOver, agreed.serverWindowBits)
        codecs = compression.codecs
    }

    /// The next piece of what is in `input`, which is moved on, and whether it is the last. It holds until the next one.
    mutating func next(_ input: inout UnsafeRawBufferPointer, atMost: Int) -> (
        bytes: UnsafeRawBufferPointer, isLast: Bool
    ) {
        let inflater = own ?? codecs.takeInflater(windowBits: windowBits)
        own = inflater
        let room = UnsafeMutableRawBufferPointer(rebasing: codecs.inflated.prefix(atMost))
        let count = inflater.inflate(&input, into: room)
        return (UnsafeRawBufferPointer(rebasing: room[..<count]), count < room.count)
    }

    /// Whether what came is no deflate data.
    var isInvalid: Bool { own?.isInvalid ?? false }

    mutating func finishMessage() throws(Violation) {
        guard let inflater = own, inflater.finishMessage() else { throw Self.notDeflated }
        guard !takesOver else { return }
        codecs.giveBack(inflater)
        own = nil
    }

    static let notDeflated = Violation(
        .invalidData, "expected whole blocks of deflate data in a compressed message")
}
