/// Escapes in paths and queries. RFC 3986 §2.1.
public enum PercentEncoding {
    /// The bytes with escapes resolved; nil if an escape is malformed. In a form's query a plus sign is a space.
    public static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next()?.hexadecimal, let low = rest.next()?.hexadecimal else { return nil }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(.space)
            default: decoded.append(byte)
            }
        }
        return decoded
    }

    /// A path's segments with their escapes resolved, so that an escaped slash divides nothing. Nil if one is not UTF-8
    /// or has a zero byte, which no file and no name of ours has.
    public static func segments(of path: UnsafeRawBufferPointer) -> [String]? {
        var segments: [String] = []
        var start = 1
        while start <= path.count {
            var end = start
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            guard let segment = text(path.part(start..<end)) else { return nil }
            segments.append(segment)
            start = end + 1
        }
        return segments
    }

    /// The text of one segment; nil as above.
    static func text(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard let decoded = decode(bytes), !decoded.contains(0) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }
}
