public import FoundationEssentials

/// What an array can hold. Bytes are the exception: an array of them is a `bytea` and no array to PostgreSQL.
///
/// A batch travels as arrays into `unnest`, one for each column: one statement, one plan, whatever the number of rows.
public protocol SQLElement: Sendable {
    static var sqlArrayType: SQLType { get }
    static func encode(_ elements: [Self], to bytes: inout [UInt8])
    static func decodeArray(_ cell: SQLCell) throws(SQLMismatch) -> [Self]
}

extension Array: SQLBindable where Element: SQLElement {
    public static var sqlType: SQLType { Element.sqlArrayType }
    public func encode(to bytes: inout [UInt8]) { Element.encode(self, to: &bytes) }
}

extension Array: SQLDecodable where Element: SQLElement {
    public init(_ cell: SQLCell) throws(SQLMismatch) { self = try Element.decodeArray(cell) }
}

extension UInt8: SQLElement {
    public static var sqlArrayType: SQLType { .bytea }
    public static func encode(_ elements: [UInt8], to bytes: inout [UInt8]) { bytes += elements }
    public static func decodeArray(_ cell: SQLCell) throws(SQLMismatch) -> [UInt8] {
        Array(try cell.bytes(of: .bytea))
    }
}

// The binary format (`array_send`): dimensions, whether nulls may occur, element type, then for each dimension its length
// and lower bound, then each element behind its length. An empty array has no dimension.
extension SQLElement where Self: SQLBindable & SQLDecodable {
    public static func encode(_ elements: [Self], to bytes: inout [UInt8]) {
        bytes.append(bigEndian: Int32(elements.isEmpty ? 0 : 1))
        bytes.append(bigEndian: Int32(elements.contains { $0.isSQLNull } ? 1 : 0))
        bytes.append(bigEndian: sqlType.rawValue)
        guard !elements.isEmpty else { return }
        bytes.append(bigEndian: Int32(elements.count))
        bytes.append(bigEndian: Int32(1))
        for element in elements {
            let start = bytes.count
            bytes.append(bigEndian: Int32(-1))
            if element.isSQLNull { continue }
            element.encode(to: &bytes)
            let length = Int32(bytes.count - start - 4)
            withUnsafeBytes(of: length.bigEndian) { raw in
                for index in 0..<4 { bytes[start + index] = raw[index] }
            }
        }
    }

    public static func decodeArray(_ cell: SQLCell) throws(SQLMismatch) -> [Self] {
        guard let bytes = cell.bytes, cell.type == sqlArrayType else { throw cell.mismatch(sqlArrayType) }
        var reader = ArrayReader(cell: cell, expected: sqlArrayType, bytes: bytes)
        let dimensions = try reader.number()
        _ = try reader.number()
        let type = SQLType(rawValue: UInt32(bitPattern: try reader.number()))
        if dimensions == 0 { return [] }
        guard dimensions == 1 else {
            throw cell.mismatch("\(sqlArrayType) of one dimension, not \(dimensions)")
        }
        let count = Int(try reader.number())
        _ = try reader.number()
        // Each element takes four bytes at least, so a count that lies cannot make the array large.
        guard count >= 0, count <= bytes.count / 4 else { throw cell.mismatch(sqlArrayType) }
        var elements: [Self] = []
        elements.reserveCapacity(count)
        for _ in 0..<count {
            let length = Int(try reader.number())
            elements.append(try Self(SQLCell(type: type, bytes: length < 0 ? nil : try reader.take(length))))
        }
        return elements
    }
}

private struct ArrayReader {
    let cell: SQLCell
    let expected: SQLType
    var bytes: UnsafeRawBufferPointer

    mutating func number() throws(SQLMismatch) -> Int32 {
        Int32(bigEndian: try take(4).loadUnaligned(as: Int32.self))
    }

    mutating func take(_ count: Int) throws(SQLMismatch) -> UnsafeRawBufferPointer {
        guard count <= bytes.count else { throw cell.mismatch(expected) }
        defer { bytes = UnsafeRawBufferPointer(rebasing: bytes[count...]) }
        return UnsafeRawBufferPointer(rebasing: bytes[..<count])
    }
}

extension Bool: SQLElement { public static var sqlArrayType: SQLType { .boolArray } }
extension Int16: SQLElement { public static var sqlArrayType: SQLType { .smallintArray } }
extension Int32: SQLElement { public static var sqlArrayType: SQLType { .integerArray } }
extension Int64: SQLElement { public static var sqlArrayType: SQLType { .bigintArray } }
extension Int: SQLElement { public static var sqlArrayType: SQLType { .bigintArray } }
extension Double: SQLElement { public static var sqlArrayType: SQLType { .doubleArray } }
extension String: SQLElement { public static var sqlArrayType: SQLType { .textArray } }
extension UUID: SQLElement { public static var sqlArrayType: SQLType { .uuidArray } }
extension Instant: SQLElement { public static var sqlArrayType: SQLType { .timestamptzArray } }
extension JSONText: SQLElement { public static var sqlArrayType: SQLType { .jsonbArray } }
extension Array: SQLElement where Element == UInt8 { public static var sqlArrayType: SQLType { .byteaArray } }

extension Optional: SQLElement where Wrapped: SQLElement & SQLBindable & SQLDecodable {
    public static var sqlArrayType: SQLType { Wrapped.sqlArrayType }
}

extension ID: SQLElement {}

extension SQLElement where Self: RawRepresentable, RawValue: SQLElement {
    public static var sqlArrayType: SQLType { RawValue.sqlArrayType }
}
