internal import CZlib

/// One direction of raw DEFLATE (RFC 1951), decompressing. What it has given out stays its history until `reset`.
///
/// It gives out no more than there is room for, however small its input: who calls decides when enough is enough.
public final class Inflater: @unchecked Sendable {
    // Unchecked, because its owner hands it on only to who runs on the same loop.
    public let windowBits: Int
    /// Whether what came is no DEFLATE data; nothing more is inflated.
    public private(set) var isInvalid = false
    private let stream: UnsafeMutablePointer<z_stream>

    public init(windowBits: Int) {
        precondition(8...15 ~= windowBits, "a window has 8 to 15 bits, not \(windowBits)")
        self.windowBits = windowBits
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = inflateInit2_(stream, Int32(-windowBits), ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "libz gives no inflater of \(windowBits) bits: \(status)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Forgets the history.
    public func reset() {
        inflateReset(stream)
        isInvalid = false
    }

    /// Inflates into `output` and moves `input` past what was used: the bytes written. There is nothing more in it once less
    /// was written than there was room for. What stands before data that are none is written all the same, so that nothing
    /// depends on where the input is cut.
    public func inflate(_ input: inout UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        let from = input.bindMemory(to: UInt8.self)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: from.baseAddress)
        stream.pointee.avail_in = UInt32(from.count)
        stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        loop: while stream.pointee.avail_out > 0 {
            switch CZlib.inflate(stream, Z_SYNC_FLUSH) {
            // A block marked as the last ends the stream and not the message (RFC 7692 §7.2.3.4): the history goes on.
            case Z_STREAM_END: inflateResetKeep(stream)
            case Z_OK: break
            case Z_BUF_ERROR: break loop
            case Z_MEM_ERROR: preconditionFailure("no memory is left for a window")
            default:
                isInvalid = true
                break loop
            }
            if stream.pointee.avail_in == 0 { break }
        }
        input = UnsafeRawBufferPointer(rebasing: input.suffix(Int(stream.pointee.avail_in)))
        return output.count - Int(stream.pointee.avail_out)
    }

    /// Takes the empty block that a message is sent without, at its end; false if the message has ended elsewhere than
    /// between two blocks.
    public func finishMessage() -> Bool {
        var nothing: UInt8 = 0
        let written = syncTail.withUnsafeBytes { tail in
            withUnsafeMutableBytes(of: &nothing) { room in
                var tail = tail
                let written = inflate(&tail, into: room)
                return tail.isEmpty && !isInvalid ? written : nil
            }
        }
        // `data_type` counts unused bits, and has bit 7 set between two blocks.
        return written == 0 && stream.pointee.data_type == 128
    }
}
