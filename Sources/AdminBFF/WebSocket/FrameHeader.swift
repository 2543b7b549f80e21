/// The head of a frame as it was read (RFC 6455 §5.2), not yet judged against what came before it.
struct FrameHeader {
    let opcode: Opcode
    let isFinal: Bool
    /// Whether this is the first frame of a compressed message.
    let isCompressed: Bool
    let length: Int
    let mask: Mask

    enum Reading {
        case header(FrameHeader, size: Int)
        /// More bytes are needed; nothing is wrong with those that are here.
        case incomplete
        case violation(Violation)
    }

    /// RSV1 (RFC 7692 §6).
    static let compressedBit: UInt8 = 0x40

    /// Reads the header `bytes` begin with. What a first or second byte already forbids is refused without waiting for
    /// the rest.
    static func read(_ bytes: UnsafeRawBufferPointer, from peer: Role, mayBeCompressed: Bool) -> Reading {
        guard let first = bytes.first else { return .incomplete }
        guard first & 0x30 == 0, first & compressedBit == 0 || mayBeCompressed else {
            return .violation(Violation(.protocolError, "expected no reserved bits, got \(first >> 4 & 7)"))
        }
        let isCompressed = first & compressedBit != 0
        guard let opcode = Opcode(rawValue: first & 0xf) else {
            return .violation(Violation(.protocolError, "expected a known opcode, got \(first & 0xf)"))
        }
        guard !isCompressed || opcode == .text || opcode == .binary else {
            return .violation(Violation(.protocolError, "expected no compressed \(opcode) frame"))
        }
        let isFinal = first & 0x80 != 0
        guard isFinal || !opcode.isControl else {
            return .violation(Violation(.protocolError, "expected a whole \(opcode) frame, got a fragment"))
        }

        guard bytes.count >= 2 else { return .incomplete }
        let second = bytes[1]
        let isMasked = second & 0x80 != 0
        guard isMasked == (peer == .client) else {
            let sentence =
                isMasked ? "expected an unmasked frame from a server" : "expected a masked frame from a client"
            return .violation(Violation(.protocolError, sentence))
        }
        let short = second & 0x7f
        guard !opcode.isControl || short <= Limits.controlPayload else {
            return .violation(
                Violation(.protocolError, "expected at most \(Limits.controlPayload) bytes in a \(opcode) frame"))
        }

        let lengthSize = short == 127 ? 8 : short == 126 ? 2 : 0
        let size = 2 + lengthSize + (isMasked ? 4 : 0)
        guard bytes.count >= size else { return .incomplete }
        let length: UInt64 =
            switch short {
            case 127: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            case 126: UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            default: UInt64(short)
            }
        // "The minimal number of bytes MUST be used", and the highest bit must be 0.
        guard lengthSize == 0 || length > (lengthSize == 2 ? 125 : 0xffff), let length = Int(exactly: length) else {
            return .violation(
                Violation(.protocolError, "expected the shortest form of a length, got \(lengthSize) bytes"))
        }
        let key =
            isMasked ? UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: size - 4, as: UInt32.self)) : 0
        return .header(
            FrameHeader(
                opcode: opcode, isFinal: isFinal, isCompressed: isCompressed, length: length, mask: Mask(key: key)),
            size: size)
    }
}
