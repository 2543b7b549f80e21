/// Checks that bytes are UTF-8 (RFC 3629) as they arrive, in pieces cut anywhere, and refuses at the first byte no valid
/// text could have there: overlong forms, surrogates and what lies past U+10FFFF among them.
struct UTF8Check {
    /// How many continuation bytes the character begun still wants.
    private var wanted: UInt8 = 0
    /// What the next one must lie within (Unicode 15, table 3-7).
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xbf

    /// Whether the text may end here.
    var isComplete: Bool { wanted == 0 }

    /// Takes the next piece; false once the text can no longer become valid.
    mutating func accept(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        let count = bytes.count
        var at = 0
        while at < count {
            if wanted == 0 {
                at = Self.skipASCII(start, from: at, to: count)
                if at == count { return true }
            }
            guard accept(start.load(fromByteOffset: at, as: UInt8.self)) else { return false }
            at += 1
        }
        return true
    }

    private static func skipASCII(_ start: UnsafeRawPointer, from: Int, to count: Int) -> Int {
        let highBits: UInt64 = 0x8080_8080_8080_8080
        var at = from
        while count - at >= 32 {
            let four = start.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self)
            guard (four[0] | four[1] | four[2] | four[3]) & highBits == 0 else { break }
            at += 32
        }
        while count - at >= 8 {
            let word = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: at, as: UInt64.self)) & highBits
            if word != 0 { return at + word.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < count, start.load(fromByteOffset: at, as: UInt8.self) < 0x80 { at += 1 }
        return at
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        if wanted > 0 {
            guard byte >= lowest, byte <= highest else { return false }
            (wanted, lowest, highest) = (wanted - 1, 0x80, 0xbf)
            return true
        }
        switch byte {
        case 0x00...0x7f: break
        case 0xc2...0xdf: wanted = 1
        case 0xe0: (wanted, lowest) = (2, 0xa0)
        case 0xed: (wanted, highest) = (2, 0x9f)
        case 0xe1...0xef: wanted = 2
        case 0xf0: (wanted, lowest) = (3, 0x90)
        case 0xf1...0xf3: wanted = 3
        case 0xf4: (wanted, highest) = (3, 0x8f)
        default: return false
        }
        return true
    }
}
