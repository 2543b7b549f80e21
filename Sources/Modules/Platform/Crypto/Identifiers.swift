public import FoundationEssentials

/// The UUID that RFC 9562 §5.5 (version 5) gives a name within a namespace: the same for the same two, everywhere.
public func uuid5(namespace: UUID, name: String) -> UUID {
    let space = withUnsafeBytes(of: namespace.uuid) { Array($0) }
    return uuid(version: 5, Digest.sha1(space + Array(name.utf8)))
}

/// A UUID of 122 random bits (RFC 9562 §5.4, version 4).
public func uuid4() -> UUID { uuid(version: 4, randomBytes(16)) }

/// The namespaces of RFC 9562 §6.6.
public enum UUIDNamespace {
    public static let dns = UUID(uuidString: "6ba7b810-9dad-11d1-80b4-00c04fd430c8")!
    public static let url = UUID(uuidString: "6ba7b811-9dad-11d1-80b4-00c04fd430c8")!
}

/// The first 16 bytes with version and variant written over their bits (RFC 9562 §4.1, §4.2).
private func uuid(version: UInt8, _ bytes: [UInt8]) -> UUID {
    var result: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    withUnsafeMutableBytes(of: &result) { result in
        result.copyBytes(from: bytes.prefix(16))
        result[6] = result[6] & 0x0f | version << 4
        result[8] = result[8] & 0x3f | 0x80
    }
    return UUID(uuid: result)
}
