import FoundationEssentials
import Glibc

/// Writes values as JSON (RFC 8259) straight into bytes: what `JSONEncoder` writes with sorted keys and slashes as they
/// are, in a fraction of the time, for it builds no tree on the way.
///
/// It knows no date, data or decimal; the mall has types of its own for what it stores.
enum JSONWriter {
    static func bytes(of value: some Encodable) throws -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(512)
        try append(value, to: &out, JSONNodes())
        return out
    }

    fileprivate static func append<Value: Encodable>(
        _ value: Value, to out: inout [UInt8], _ nodes: JSONNodes
    ) throws {
        // What is a text anyway is not worth an encoder of its own.
        if Value.self == String.self, let text = value as? String { return append(text: text, to: &out) }
        precondition(
            Value.self != Data.self && Value.self != Date.self, "\(Value.self) is nothing the mall stores as JSON")
        let node = nodes.take()
        try value.encode(to: node)
        try node.finish(into: &out)
        nodes.giveBack(node)
    }

    fileprivate static func append(text: String, to out: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            out.append(UInt8(ascii: "\""))
            var start = 0
            for (index, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5c {
                out.append(contentsOf: bytes[start..<index])
                start = index + 1
                out.append(UInt8(ascii: "\\"))
                switch byte {
                case 0x22, 0x5c: out.append(byte)
                case 0x08: out.append(UInt8(ascii: "b"))
                case 0x09: out.append(UInt8(ascii: "t"))
                case 0x0a: out.append(UInt8(ascii: "n"))
                case 0x0c: out.append(UInt8(ascii: "f"))
                case 0x0d: out.append(UInt8(ascii: "r"))
                default:
                    out.append(contentsOf: "u00".utf8)
                    for digit in [byte >> 4, byte & 15] { out.append(digit < 10 ? 48 + digit : 87 + digit) }
                }
            }
            out.append(contentsOf: bytes[start...])
            out.append(UInt8(ascii: "\""))
        }
    }

    fileprivate static func append(bool value: Bool, to out: inout [UInt8]) {
        out.append(contentsOf: (value ? "true" : "false").utf8)
    }

    fileprivate static func append(integer value: some BinaryInteger, to out: inout [UInt8]) {
        out.append(contentsOf: String(value).utf8)
    }

    fileprivate static func append(double value: Double, to out: inout [UInt8]) throws {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value, EncodingError.Context(codingPath: [], debugDescription: "\(value) is no number of JSON"))
        }
        let text = value.description
        out.append(contentsOf: (text.hasSuffix(".0") ? String(text.dropLast(2)) : text).utf8)
    }

    fileprivate static func appendNull(to out: inout [UInt8]) { out.append(contentsOf: "null".utf8) }
}

/// Nodes that are done with, for the next value: their memory is worth more than they are.
private final class JSONNodes {
    private var free: [JSONNode] = []

    func take() -> JSONNode { free.popLast() ?? JSONNode(self) }

    /// A type may have kept its encoder; such a node is not used again.
    func giveBack(_ node: consuming JSONNode) {
        guard isKnownUniquelyReferenced(&node) else { return }
        node.reset()
        free.append(node)
    }
}

/// One value on its way into JSON: an object, an array or a single value, whichever its type asks for first.
private final class JSONNode: Encoder {
    enum Kind { case nothing, single, array, object }

    /// A member of an object or an element of an array: where it stands in `bytes`, or a container that is still open.
    struct Part {
        var key = ""
        var range = 0..<0
        var node: JSONNode?
    }

    let nodes: JSONNodes
    var kind = Kind.nothing
    var bytes: [UInt8] = []
    var parts: [Part] = []

    init(_ nodes: JSONNodes) { self.nodes = nodes }

    func reset() {
        kind = .nothing
        bytes.removeAll(keepingCapacity: true)
        parts.removeAll(keepingCapacity: true)
    }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// An object is asked for again by a type that adds members to another's.
    private func become(_ kind: Kind) {
        precondition(self.kind == .nothing || self.kind == kind, "a value is encoded as \(self.kind) and as \(kind)")
        self.kind = kind
    }

    func container<Key: CodingKey>(keyedBy _: Key.Type) -> KeyedEncodingContainer<Key> {
        become(.object)
        return KeyedEncodingContainer(JSONObject(node: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        become(.array)
        return JSONArray(node: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        become(.single)
        return JSONSingle(node: self)
    }

    /// Adds a part that `write` appends.
    @inline(__always)
    func add(_ key: String, _ write: (inout [UInt8]) throws -> Void) rethrows {
        let start = bytes.count
        try write(&bytes)
        parts.append(Part(key: key, range: start..<bytes.count))
    }

    /// Adds a part that is filled later.
    func addNode(_ key: String) -> JSONNode {
        let node = JSONNode(nodes)
        parts.append(Part(key: key, node: node))
        return node
    }

    /// Appends the whole value.
    func finish(into out: inout [UInt8]) throws {
        switch kind {
        case .nothing: out.append(contentsOf: "{}".utf8)
        case .single: out.append(contentsOf: bytes)
        case .array:
            out.append(UInt8(ascii: "["))
            for (index, part) in parts.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                try finish(part, into: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object:
            out.append(UInt8(ascii: "{"))
            sortParts()
            for (index, part) in parts.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                JSONWriter.append(text: part.key, to: &out)
                out.append(UInt8(ascii: ":"))
                try finish(part, into: &out)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    private func finish(_ part: Part, into out: inout [UInt8]) throws {
        if let node = part.node { try node.finish(into: &out) } else { out.append(contentsOf: bytes[part.range]) }
    }

    /// By key, byte by byte; of members with one key the last stays. Objects are small: they are sorted by insertion.
    private func sortParts() {
        guard parts.count > 1 else { return }
        var place = 1
        while place < parts.count {
            let part = parts[place]
            var at = place
            while at > 0, Self.precedes(part.key, parts[at - 1].key) { at -= 1 }
            if at > 0, parts[at - 1].key == part.key {
                parts[at - 1] = part
                parts.remove(at: place)
                continue
            }
            if at < place {
                parts.remove(at: place)
                parts.insert(part, at: at)
            }
            place += 1
        }
    }

    private static func precedes(_ a: String, _ b: String) -> Bool {
        var (a, b) = (a, b)
        return a.withUTF8 { a in
            b.withUTF8 { b in
                guard let left = a.baseAddress, let right = b.baseAddress else { return a.count < b.count }
                let order = memcmp(left, right, min(a.count, b.count))
                return order == 0 ? a.count < b.count : order < 0
            }
        }
    }
}

private struct JSONObject<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: JSONNode

    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) { node.add(key.stringValue) { JSONWriter.appendNull(to: &$0) } }
    func encode(_ value: Bool, forKey key: Key) {
        node.add(key.stringValue) { JSONWriter.append(bool: value, to: &$0) }
    }
    func encode(_ value: String, forKey key: Key) {
        node.add(key.stringValue) { JSONWriter.append(text: value, to: &$0) }
    }
    func encode(_ value: Double, forKey key: Key) throws {
        try node.add(key.stringValue) { try JSONWriter.append(double: value, to: &$0) }
    }
    func encode(_ value: Float, forKey key: Key) throws {
        try node.add(key.stringValue) { try JSONWriter.append(double: Double(value.description) ?? .nan, to: &$0) }
    }
    func encode(_ value: Int, forKey key: Key) { integer(value, key) }
    func encode(_ value: Int8, forKey key: Key) { integer(value, key) }
    func encode(_ value: Int16, forKey key: Key) { integer(value, key) }
    func encode(_ value: Int32, forKey key: Key) { integer(value, key) }
    func encode(_ value: Int64, forKey key: Key) { integer(value, key) }
    func encode(_ value: UInt, forKey key: Key) { integer(value, key) }
    func encode(_ value: UInt8, forKey key: Key) { integer(value, key) }
    func encode(_ value: UInt16, forKey key: Key) { integer(value, key) }
    func encode(_ value: UInt32, forKey key: Key) { integer(value, key) }
    func encode(_ value: UInt64, forKey key: Key) { integer(value, key) }
    func encode(_ value: some Encodable, forKey key: Key) throws {
        try node.add(key.stringValue) { try JSONWriter.append(value, to: &$0, node.nodes) }
    }

    private func integer(_ value: some BinaryInteger, _ key: Key) {
        node.add(key.stringValue) { JSONWriter.append(integer: value, to: &$0) }
    }

    func nestedContainer<Nested: CodingKey>(keyedBy _: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        node.addNode(key.stringValue).container(keyedBy: Nested.self)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        node.addNode(key.stringValue).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { node.addNode("super") }
    func superEncoder(forKey key: Key) -> any Encoder { node.addNode(key.stringValue) }
}

private struct JSONArray: UnkeyedEncodingContainer {
    let node: JSONNode

    var codingPath: [any CodingKey] { [] }
    var count: Int { node.parts.count }

    func encodeNil() { node.add("") { JSONWriter.appendNull(to: &$0) } }
    func encode(_ value: Bool) { node.add("") { JSONWriter.append(bool: value, to: &$0) } }
    func encode(_ value: String) { node.add("") { JSONWriter.append(text: value, to: &$0) } }
    func encode(_ value: Double) throws { try node.add("") { try JSONWriter.append(double: value, to: &$0) } }
    func encode(_ value: Float) throws {
        try node.add("") { try JSONWriter.append(double: Double(value.description) ?? .nan, to: &$0) }
    }
    func encode(_ value: Int) { integer(value) }
    func encode(_ value: Int8) { integer(value) }
    func encode(_ value: Int16) { integer(value) }
    func encode(_ value: Int32) { integer(value) }
    func encode(_ value: Int64) { integer(value) }
    func encode(_ value: UInt) { integer(value) }
    func encode(_ value: UInt8) { integer(value) }
    func encode(_ value: UInt16) { integer(value) }
    func encode(_ value: UInt32) { integer(value) }
    func encode(_ value: UInt64) { integer(value) }
    func encode(_ value: some Encodable) throws {
        try node.add("") { try JSONWriter.append(value, to: &$0, node.nodes) }
    }

    private func integer(_ value: some BinaryInteger) { node.add("") { JSONWriter.append(integer: value, to: &$0) } }

    func nestedContainer<Nested: CodingKey>(keyedBy _: Nested.Type) -> KeyedEncodingContainer<Nested> {
        node.addNode("").container(keyedBy: Nested.self)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { node.addNode("").unkeyedContainer() }
    func superEncoder() -> any Encoder { node.addNode("") }
}

private struct JSONSingle: SingleValueEncodingContainer {
    let node: JSONNode

    var codingPath: [any CodingKey] { [] }

    func encodeNil() { JSONWriter.appendNull(to: &node.bytes) }
    func encode(_ value: Bool) { JSONWriter.append(bool: value, to: &node.bytes) }
    func encode(_ value: String) { JSONWriter.append(text: value, to: &node.bytes) }
    func encode(_ value: Double) throws { try JSONWriter.append(double: value, to: &node.bytes) }
    func encode(_ value: Float) throws {
        try JSONWriter.append(double: Double(value.description) ?? .nan, to: &node.bytes)
    }
    func encode(_ value: Int) { JSONWriter.append(integer: value, to: &node.bytes) }
    func encode(_ value: Int8) { JSONWriter.append(integer: value, to: &node.bytes) }
    func encode(_ value: Int16) { JSONWriter.append(integer: value, to: &node.bytes) }
    func encode(_ value: Int32) { JSONWriter.append(integer: value, to: &node.bytes) }
    func encode(_ value: Int64) { JSONWriter.append(integer: value, to: &node.bytes) }
    func encode(_ value: UInt) { JSONWriter.append(integer: value, to: &node.bytes) }
    func encode(_ value: UInt8) { JSONWriter.append(integer: value, to: &node.bytes) }
    func encode(_ value: UInt16) { JSONWriter.append(integer: value, to: &node.bytes) }
    func encode(_ value: UInt32) { JSONWriter.append(integer: value, to: &node.bytes) }
    func encode(_ value: UInt64) { JSONWriter.append(integer: value, to: &node.bytes) }
    func encode(_ value: some Encodable) throws { try JSONWriter.append(value, to: &node.bytes, node.nodes) }
}
