internal import CZlib

/// A whole body in the gzip container. RFC 1952.
public enum Gzip {
    public static func compress(_ input: [UInt8]) -> [UInt8] {
        precondition(input.count <= UInt32.max / 2, "expected less than 2 GiB at once, got \(input.count)")
        var stream = z_stream()
        // 16 more than a window's bits asks for gzip's header and trailer.
        let status = deflateInit2_(
            &stream, Limits.level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "libz gives no deflater for gzip: \(status)")
        defer { deflateEnd(&stream) }
        var input = input
        return input.withUnsafeMutableBufferPointer { input in
            let room = Int(deflateBound(&stream, UInt(input.count)))
            return [UInt8](unsafeUninitializedCapacity: room) { output, count in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(room)
                let status = CZlib.deflate(&stream, Z_FINISH)
                precondition(status == Z_STREAM_END, "deflate did not end in the room it asked for: \(status)")
                count = room - Int(stream.avail_out)
            }
        }
    }
}
