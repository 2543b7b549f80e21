/// What a frame is (RFC 6455 §5.2).
public enum Opcode: UInt8, Sendable {
    case continuation = 0x0, text = 0x1, binary = 0x2
    case close = 0x8, ping = 0x9, pong = 0xa

    /// Control frames are never fragmented, and may stand between the fragments of a message (§5.4, §5.5).
    var isControl: Bool { rawValue & 0x8 != 0 }
}

/// Writes frames. What a server writes is unmasked and so the same for every client: a broadcast is framed once.
public enum Frame {
    /// Appends one frame to `output`. A client gives a fresh `mask` for each (`MaskKeys`), a server none. `isCompressed`
    /// is said of the first frame of a message whose bytes are deflated already.
    public static func append(
        _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, to output: inout [UInt8], isFinal: Bool = true,
        isCompressed: Bool = false, mask: UInt32? = nil
    ) {
        precondition(
            !opcode.isControl || payload.count <= Limits.controlPayload && isFinal,
            "a \(opcode) frame of \(payload.count) bytes is none the peer may accept")
        let bits: UInt8 = (isFinal ? 0x80 : 0) | (isCompressed ? FrameHeader.compressedBit : 0)
        appendHeader(opcode.rawValue | bits, payload.count, to: &output, mask: mask)
        let start = output.count
        output.append(contentsOf: payload)
        guard let mask else { return }
        output.withUnsafeMutableBytes { output in
            var mask = Mask(key: mask)
            mask.apply(to: UnsafeMutableRawBufferPointer(rebasing: output[start...]))
        }
    }

    /// One whole frame.
    public static func bytes(_ opcode: Opcode, _ payload: some Collection<UInt8>, mask: UInt32? = nil) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(payload.count + Limits.header)
        let written: Void? = payload.withContiguousStorageIfAvailable {
            append(opcode, UnsafeRawBufferPointer($0), to: &frame, mask: mask)
        }
        if written == nil { Array(payload).withUnsafeBytes { append(opcode, $0, to: &frame, mask: mask) } }
        return frame
    }

    /// A text message in one frame, as a server sends it.
    public static func text(_ text: some StringProtocol) -> [UInt8] { bytes(.text, text.utf8) }

    /// A close frame. Without a code it is empty and says 1005, "no status"; a reason longer than fits is cut at a
    /// character's end.
    public static func close(_ code: CloseCode?, _ reason: String = "", mask: UInt32? = nil) -> [UInt8] {
        guard let code else { return bytes(.close, [], mask: mask) }
        precondition(code.mayBeSent, "no close frame may carry code \(code.rawValue)")
        var payload = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xff)]
        for character in reason.unicodeScalars {
            let encoded = UTF8.encode(character)!
            guard payload.count + encoded.count <= Limits.controlPayload else { break }
            payload.append(contentsOf: encoded)
        }
        return bytes(.close, payload, mask: mask)
    }

    private static func appendHeader(_ first: UInt8, _ length: Int, to output: inout [UInt8], mask: UInt32?) {
        output.append(first)
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch length {
        case ...125: output.append(masked | UInt8(length))
        case ...0xffff:
            output.append(masked | 126)
            withUnsafeBytes(of: UInt16(length).bigEndian) { output.append(contentsOf: $0) }
        default:
            output.append(masked | 127)
            withUnsafeBytes(of: UInt64(length).bigEndian) { output.append(contentsOf: $0) }
        }
        if let mask { withUnsafeBytes(of: mask.littleEndian) { output.append(contentsOf: $0) } }
    }
}
