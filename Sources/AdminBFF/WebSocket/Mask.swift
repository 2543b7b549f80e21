internal import Crypto

/// The four bytes a client's payload is combined with (RFC 6455 §5.3), as they stand on the wire.
struct Mask {
    /// Byte 0 of the key is the lowest: turning right by a byte is moving on by a byte, on every machine.
    private(set) var key: UInt32

    /// Combines `bytes` with the key in place, thirty-two bytes a step, and moves the key on to the byte that follows:
    /// a payload may come in pieces of any length.
    mutating func apply(to bytes: UnsafeMutableRawBufferPointer) {
        guard var place = bytes.baseAddress, key != 0 else { return }
        let word = UInt64(key) << 32 | UInt64(key)
        let wide = SIMD4(repeating: word.littleEndian)
        var left = bytes.count
        while left >= 32 {
            place.storeBytes(of: place.loadUnaligned(as: SIMD4<UInt64>.self) ^ wide, as: SIMD4<UInt64>.self)
            place += 32
            left -= 32
        }
        while left >= 8 {
            place.storeBytes(of: place.loadUnaligned(as: UInt64.self) ^ word.littleEndian, as: UInt64.self)
            place += 8
            left -= 8
        }
        if left & 4 != 0 {
            place.storeBytes(of: place.loadUnaligned(as: UInt32.self) ^ key.littleEndian, as: UInt32.self)
            place += 4
        }
        if left & 2 != 0 {
            let half = UInt16(truncatingIfNeeded: key).littleEndian
            place.storeBytes(of: place.loadUnaligned(as: UInt16.self) ^ half, as: UInt16.self)
            place += 2
            turn(by: 2)
        }
        if left & 1 != 0 {
            place.storeBytes(of: place.load(as: UInt8.self) ^ UInt8(truncatingIfNeeded: key), as: UInt8.self)
            turn(by: 1)
        }
    }

    private mutating func turn(by bytes: UInt32) {
        key = key >> (8 * bytes) | key << (32 - 8 * bytes)
    }
}

/// Masking keys nobody can foresee (RFC 6455 §10.3), drawn a kilobyte at a time.
public struct MaskKeys: Sendable {
    private var drawn: [UInt8] = []
    private static let bytesPerDraw = 1_024

    public init() {}

    public mutating func next() -> UInt32 {
        if drawn.isEmpty { drawn = randomBytes(Self.bytesPerDraw) }
        defer { drawn.removeLast(4) }
        return drawn.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: $0.count - 4, as: UInt32.self) }
    }
}
