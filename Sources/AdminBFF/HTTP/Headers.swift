/// The fields of a message, in order, all in one block of bytes. Names are compared without regard to case.
///
/// A name that is no token stops the program: names are written in code. Values may come from anywhere, so a control
/// character in one becomes a space, and no value can end its line (RFC 9110 §5.5).
public struct Headers: Sendable, ExpressibleByDictionaryLiteral {
    struct Field: Sendable {
        var name: Range<UInt32>
        var value: Range<UInt32>
    }

    /// A received head as it came, with its request line; or, when made here, names and values one after the other.
    var bytes: [UInt8]
    var fields: [Field]

    init(bytes: [UInt8], fields: [Field]) { (self.bytes, self.fields) = (bytes, fields) }

    public init() { self.init(bytes: [], fields: []) }

    public init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { add(name, value) }
    }

    public var count: Int { fields.count }

    /// The first value of a field.
    public subscript(name: String) -> String? {
        for field in fields where named(field, name) { return text(field.value) }
        return nil
    }

    /// Every value of a field, in order.
    public func all(_ name: String) -> [String] {
        fields.compactMap { named($0, name) ? text($0.value) : nil }
    }

    /// Every field, in order.
    public var pairs: [(name: String, value: String)] {
        fields.map { (text($0.name), text($0.value)) }
    }

    /// Whether a field, read as a comma-separated list, has this member in any case, as `Connection: keep-alive,
    /// Upgrade`.
    public func has(_ name: String, member: StaticString) -> Bool {
        var found = false
        bytes.withUnsafeBytes { bytes in
            for field in fields where named(field, name) {
                bytes.part(Int(field.value.lowerBound)..<Int(field.value.upperBound)).forEachListMember {
                    if $0.equalsIgnoringCase(member) { found = true }
                }
            }
        }
        return found
    }

    /// Adds a field after those there are.
    public mutating func add(_ name: String, _ value: String) {
        let start = UInt32(bytes.count)
        bytes.append(contentsOf: name.utf8)
        let middle = UInt32(bytes.count)
        bytes.append(contentsOf: value.utf8)
        precondition(
            middle > start && bytes[Int(start)..<Int(middle)].allSatisfy(ByteSet.token.contains),
            "a field name is a token, not \(name)")
        for index in Int(middle)..<bytes.count where bytes[index] < 32 && bytes[index] != .tab || bytes[index] == 127 {
            bytes[index] = .space
        }
        fields.append(Field(name: start..<middle, value: middle..<UInt32(bytes.count)))
    }

    /// Replaces every field of this name by one; nil removes them.
    public mutating func set(_ name: String, to value: String?) {
        fields = fields.filter { !named($0, name) }
        if let value { add(name, value) }
    }

    private func text(_ range: Range<UInt32>) -> String {
        String(decoding: bytes[Int(range.lowerBound)..<Int(range.upperBound)], as: UTF8.self)
    }

    private func named(_ field: Field, _ name: String) -> Bool {
        guard field.name.count == name.utf8.count else { return false }
        var index = Int(field.name.lowerBound)
        for byte in name.utf8 {
            guard bytes[index].lowercased == byte.lowercased else { return false }
            index += 1
        }
        return true
    }
}
