/// The cookies of a request. RFC 6265 §4.2, read as §5.4 writes them.
///
/// A pair that is malformed is left out; the others stand. Where a name comes twice, the first counts: browsers send
/// the one with the longer path first.
public struct Cookies: Sendable {
    private var values: [String: String] = [:]

    public init(_ fields: [String]) {
        for field in fields {
            for pair in field.utf8.split(separator: UInt8(ascii: ";")) {
                guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let name = pair[..<equals].drop { $0 == .space || $0 == .tab }
                var value = pair[pair.index(after: equals)...]
                while value.last == .space || value.last == .tab { value = value.dropLast() }
                if value.count >= 2, value.first == UInt8(ascii: "\""), value.last == UInt8(ascii: "\"") {
                    value = value.dropFirst().dropLast()
                }
                guard !name.isEmpty, name.allSatisfy(ByteSet.token.contains), value.allSatisfy(ByteSet.cookie.contains)
                else { continue }
                let key = String(decoding: name, as: UTF8.self)
                if values[key] == nil { values[key] = String(decoding: value, as: UTF8.self) }
            }
        }
    }

    public subscript(name: String) -> String? { values[name] }
    public var count: Int { values.count }
}
