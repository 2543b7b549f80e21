/// The names and values of a query, as forms and `URLSearchParams` write them, in order.
///
/// What is not UTF-8 is repaired, what is escaped wrongly is taken as it stands; parts beyond `partsLimit` are not
/// looked at.
public struct Query: Sendable {
    public static let partsLimit = 128

    public let pairs: [(name: String, value: String)]

    public init(_ text: String) {
        pairs = text.utf8.split(separator: UInt8(ascii: "&"), maxSplits: Self.partsLimit).prefix(Self.partsLimit).map {
            let parts = $0.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.text(parts[0]), parts.count > 1 ? Self.text(parts[1]) : "")
        }
    }

    /// The first value of a name.
    public subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    public func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    private static func text(_ part: Substring.UTF8View) -> String {
        String(decoding: PercentEncoding.decode(part, plusIsSpace: true) ?? Array(part), as: UTF8.self)
    }
}
