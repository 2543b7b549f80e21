internal import CZlib

/// One direction of raw DEFLATE (RFC 1951), compressing. What it has compressed stays its history until `reset`.
///
/// It belongs to one loop, and takes 2^(bits + 3) bytes.
public final class Deflater: @unchecked Sendable {
    // Unchecked, because its owner hands it on only to who runs on the same loop.
    public let windowBits: Int
    private let stream: UnsafeMutablePointer<z_stream>

    /// `windowBits` is the base-two logarithm of how far back it may refer: 8 to 15.
    ///
    /// libz takes no raw window of 8 bits, and refers back at most 2^bits − 262 bytes: its window of 9 bits keeps within
    /// the 256 bytes that 8 bits allow.
    public init(windowBits: Int) {
        precondition(8...15 ~= windowBits, "a window has 8 to 15 bits, not \(windowBits)")
        self.windowBits = windowBits
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let bits = max(windowBits, 9)
        // The hash table is given what the window takes; too small a one only cuts blocks short.
        let status = deflateInit2_(
            stream, Limits.level, Z_DEFLATED, Int32(-bits), Int32(max(bits - 7, Limits.leastMemory)),
            Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "libz gives no deflater of \(bits) bits: \(status)")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Forgets the history.
    public func reset() { deflateReset(stream) }

    /// Appends `input`, compressed and brought to a byte's end, without the empty block `00 00 ff ff` that does it
    /// (RFC 7692 §7.2.1).
    public func deflate(
        _ input: UnsafeRawBufferPointer, to output: inout [UInt8], scratch: UnsafeMutableRawBufferPointer
    ) {
        precondition(!input.isEmpty && input.count <= UInt32.max, "expected 1 byte to 4 GiB, got \(input.count)")
        let from = input.bindMemory(to: UInt8.self)
        let room = scratch.bindMemory(to: UInt8.self)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: from.baseAddress)
        stream.pointee.avail_in = UInt32(from.count)
        repeat {
            stream.pointee.next_out = room.baseAddress
            stream.pointee.avail_out = UInt32(room.count)
            let status = CZlib.deflate(stream, Z_SYNC_FLUSH)
            precondition(status == Z_OK || status == Z_BUF_ERROR, "deflate failed: \(status)")
            output.append(contentsOf: UnsafeBufferPointer(rebasing: room.dropLast(Int(stream.pointee.avail_out))))
        } while stream.pointee.avail_out == 0
        output.removeLast(syncTail.count)
    }
}

/// What a flush ends with, and a message is sent without.
let syncTail: [UInt8] = [0x00, 0x00, 0xff, 0xff]
