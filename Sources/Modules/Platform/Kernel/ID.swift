public import FoundationEssentials

/// An identifier of one kind of thing: an order's cannot be passed where an invoice's is meant.
///
/// A UUID, written in lower case everywhere. Servers make them; callers never choose one.
public struct ID<Noun>: RawRepresentable, Hashable, Sendable {
    public let rawValue: UUID

    public init(rawValue: UUID) { self.rawValue = rawValue }

    /// Nil unless `text` is a UUID in its canonical form of 36 characters.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 36, let uuid = UUID(uuidString: String(text)) else { return nil }
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

private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
