import Glibc

/// Addresses that share their first bits: `10.0.0.0/8`, `::1`. RFC 4632 §3.1, RFC 4291 §2.3.
///
/// An address of IPv4 that comes as one of IPv6 (`::ffff:10.0.0.1`) is taken for what it is.
public struct AddressRange: Sendable, Hashable {
    private let bytes: [UInt8]
    private let bits: Int

    /// Nil if `text` is no address, or its bits beyond the prefix are not zero.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let bytes = Self.bytes(of: parts[0]) else { return nil }
        var bits = bytes.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.count <= 3, parts[1].utf8.allSatisfy({ $0.decimal != nil }), let given = Int(parts[1]),
                given <= bits
            else { return nil }
            bits = given
        }
        (self.bytes, self.bits) = (bytes, bits)
        guard bytes.indices.allSatisfy({ bytes[$0] & ~mask($0) == 0 }) else { return nil }
    }

    public func contains(_ address: String) -> Bool {
        guard let other = Self.bytes(of: address), other.count == bytes.count else { return false }
        return bytes.indices.allSatisfy { other[$0] & mask($0) == bytes[$0] }
    }

    /// The bits of a byte that belong to the prefix.
    private func mask(_ index: Int) -> UInt8 {
        let own = min(max(bits - index * 8, 0), 8)
        return UInt8(truncatingIfNeeded: 0xff00 >> own)
    }

    /// Four or sixteen bytes; nil if this is no numeric address.
    static func bytes(of text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var sixteen = in6_addr()
        guard inet_pton(AF_INET6, text, &sixteen) == 1 else { return nil }
        let bytes = withUnsafeBytes(of: sixteen) { Array($0) }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        return bytes.starts(with: mapped) ? Array(bytes[12...]) : bytes
    }
}
