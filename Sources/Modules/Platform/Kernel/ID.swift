public import FoundationEssentials

/// An identifier of one kind of thing: an order's cannot be passed where an invoice's is meant.
///
/// A UUID, written in lower case everywhere. Servers make them; callers never choose one.
public struct ID<Noun>: RawRepresentable, Hashable, Sendable {
    public let rawValue: UUID

    public init(rawValue: UUID) { self.rawValue = rawValue }

    /// Nil unless `text` is a UUID in its canonical form of 36 characters.
    public init?(_ text: some StringProtocol) {
        guard let uuid = UUID(canonical: text) else { return nil }
        rawValue = uuid
    }

    /// The same thing under another noun, where two share an identifier (an order is named by its basket).
    public func of<Other>(_: ID<Other>.Type) -> ID<Other> { ID<Other>(rawValue: rawValue) }
}

extension ID: CustomStringConvertible {
    public var description: String { rawValue.lowercase }
}

extension ID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected an identifier (a UUID)")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension UUID {
    /// Reads the canonical form in either case. Half of all the mall reads are identifiers, and `UUID(uuidString:)` takes
    /// longer than all else about them.
    fileprivate init?(canonical text: some StringProtocol) {
        var text = String(text)
        let bytes: uuid_t? = text.withUTF8 { text in
            guard text.count == 36 else { return nil }
            var uuid: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            let isRead = withUnsafeMutableBytes(of: &uuid) { bytes in
                var at = 0
                for index in 0..<16 {
                    if index == 4 || index == 6 || index == 8 || index == 10 {
                        guard text[at] == UInt8(ascii: "-") else { return false }
                        at += 1
                    }
                    guard let high = hexValue(text[at]), let low = hexValue(text[at + 1]) else { return false }
                    bytes[index] = high << 4 | low
                    at += 2
                }
                return true
            }
            return isRead ? uuid : nil
        }
        guard let bytes else { return nil }
        self.init(uuid: bytes)
    }

    /// The canonical text in lower case; RFC 9562 §4 lets readers accept both, and we write one.
    public var lowercase: String {
        withUnsafeBytes(of: uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { text in
                var at = 0
                for index in 0..<16 {
                    if index == 4 || index == 6 || index == 8 || index == 10 {
                        text[at] = UInt8(ascii: "-")
                        at += 1
                    }
                    text[at] = hexDigit(bytes[index] >> 4)
                    text[at + 1] = hexDigit(bytes[index] & 15)
                    at += 2
                }
                return 36
            }
        }
    }
}

private func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}

private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
