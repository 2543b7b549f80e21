public import FoundationEssentials

/// A value that can be bound to a statement, in PostgreSQL's binary format (big-endian).
public protocol SQLBindable: Sendable {
    static var sqlType: SQLType { get }
    /// Whether the value is sent as null; `encode` is not asked then.
    var isSQLNull: Bool { get }
    func encode(to bytes: inout [UInt8])
}

/// A value that can be read from a column.
public protocol SQLDecodable {
    init(_ cell: SQLCell) throws(SQLMismatch)
}

public typealias SQLValue = SQLBindable & SQLDecodable

/// One field of a result. Its bytes belong to the result: they are valid while it is being decoded, and no longer.
public struct SQLCell {
    public let type: SQLType
    /// nil for null.
    public let bytes: UnsafeRawBufferPointer?

    public init(type: SQLType, bytes: UnsafeRawBufferPointer?) { (self.type, self.bytes) = (type, bytes) }

    /// The bytes of a cell that must be of one of these types and not null.
    @inlinable
    public func bytes(of expected: SQLType, or others: SQLType...) throws(SQLMismatch) -> UnsafeRawBufferPointer {
        guard let bytes, type == expected || others.contains(type) else { throw mismatch(expected) }
        return bytes
    }

    /// The big-endian integer of a cell with exactly this type.
    @inlinable
    public func integer<Number: FixedWidthInteger>(
        _ expected: SQLType, as: Number.Type = Number.self
    ) throws(SQLMismatch) -> Number {
        guard let bytes, type == expected, bytes.count == MemoryLayout<Number>.size else { throw mismatch(expected) }
        return Number(bigEndian: bytes.loadUnaligned(as: Number.self))
    }

    public func mismatch(_ expected: SQLType) -> SQLMismatch { mismatch("\(expected)") }

    public func mismatch(_ expected: String) -> SQLMismatch {
        let found =
            switch bytes {
            case nil: "null"
            case let bytes? where "\(type)" == expected: "\(bytes.count) bytes that are none"
            case _?: "\(type)"
            }
        return SQLMismatch(expected: expected, found: found)
    }
}

/// A column that does not hold what its reader expected: the world changed or the reader is wrong.
public struct SQLMismatch: Error, CustomStringConvertible, Sendable, Equatable {
    public let expected: String
    public let found: String
    public internal(set) var column: String?
    public internal(set) var row: Int?

    public init(expected: String, found: String) { (self.expected, self.found) = (expected, found) }

    public var description: String {
        let place = column.map { column in row.map { "column \(column) of row \($0): " } ?? "column \(column): " }
        return "\(place ?? "")expected \(expected), found \(found)"
    }
}

extension SQLBindable {
    public var isSQLNull: Bool { false }
}

extension Array<UInt8> {
    @inlinable
    mutating func append(bigEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}

extension Optional: SQLBindable where Wrapped: SQLBindable {
    public static var sqlType: SQLType { Wrapped.sqlType }
    public var isSQLNull: Bool { self?.isSQLNull ?? true }
    public func encode(to bytes: inout [UInt8]) { self?.encode(to: &bytes) }
}

extension Optional: SQLDecodable where Wrapped: SQLDecodable {
    public init(_ cell: SQLCell) throws(SQLMismatch) {
        self = cell.bytes == nil ? nil : try Wrapped(cell)
    }
}

// A type that stands for another one, as an identifier or an enum does, is stored as that one.

extension SQLBindable where Self: RawRepresentable, RawValue: SQLBindable {
    public static var sqlType: SQLType { RawValue.sqlType }
    public func encode(to bytes: inout [UInt8]) { rawValue.encode(to: &bytes) }
}

extension SQLDecodable where Self: RawRepresentable, RawValue: SQLDecodable {
    public init(_ cell: SQLCell) throws(SQLMismatch) {
        let rawValue = try RawValue(cell)
        guard let value = Self(rawValue: rawValue) else {
            throw SQLMismatch(expected: "a value of \(Self.self)", found: "\(rawValue)")
        }
        self = value
    }
}

extension Bool: SQLBindable, SQLDecodable {
    public static var sqlType: SQLType { .bool }
    public func encode(to bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
    public init(_ cell: SQLCell) throws(SQLMismatch) { self = try cell.integer(.bool, as: UInt8.self) != 0 }
}

extension Int16: SQLBindable, SQLDecodable {
    public static var sqlType: SQLType { .smallint }
    public func encode(to bytes: inout [UInt8]) { bytes.append(bigEndian: self) }
    public init(_ cell: SQLCell) throws(SQLMismatch) { self = try cell.integer(.smallint) }
}

extension Int32: SQLBindable, SQLDecodable {
    public static var sqlType: SQLType { .integer }
    public func encode(to bytes: inout [UInt8]) { bytes.append(bigEndian: self) }
    public init(_ cell: SQLCell) throws(SQLMismatch) {
        self = cell.type == .smallint ? Int32(try Int16(cell)) : try cell.integer(.integer)
    }
}

extension Int64: SQLBindable, SQLDecodable {
    public static var sqlType: SQLType { .bigint }
    public func encode(to bytes: inout [UInt8]) { bytes.append(bigEndian: self) }
    public init(_ cell: SQLCell) throws(SQLMismatch) {
        switch cell.type {
        case .integer: self = Int64(try cell.integer(.integer, as: Int32.self))
        case .smallint: self = Int64(try cell.integer(.smallint, as: Int16.self))
        case .oid: self = Int64(try cell.integer(.oid, as: UInt32.self))
        default: self = try cell.integer(.bigint)
        }
    }
}

extension Int: SQLBindable, SQLDecodable {
    public static var sqlType: SQLType { .bigint }
    public func encode(to bytes: inout [UInt8]) { bytes.append(bigEndian: Int64(self)) }
    public init(_ cell: SQLCell) throws(SQLMismatch) { self = Int(try Int64(cell)) }
}

extension Double: SQLBindable, SQLDecodable {
    public static var sqlType: SQLType { .double }
    public func encode(to bytes: inout [UInt8]) { bytes.append(bigEndian: bitPattern) }
    public init(_ cell: SQLCell) throws(SQLMismatch) {
        if cell.type == .real {
            self = Double(Float(bitPattern: try cell.integer(.real)))
        } else {
            self = Double(bitPattern: try cell.integer(.double))
        }
    }
}

extension String: SQLBindable, SQLDecodable {
    public static var sqlType: SQLType { .text }
    public func encode(to bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
    public init(_ cell: SQLCell) throws(SQLMismatch) {
        self = String(decoding: try cell.bytes(of: .text, or: .varchar, .name, .char, .unknown), as: UTF8.self)
    }
}

extension UUID: SQLBindable, SQLDecodable {
    public static var sqlType: SQLType { .uuid }
    public func encode(to bytes: inout [UInt8]) { withUnsafeBytes(of: uuid) { bytes.append(contentsOf: $0) } }
    public init(_ cell: SQLCell) throws(SQLMismatch) {
        let bytes = try cell.bytes(of: .uuid)
        guard bytes.count == 16 else { throw cell.mismatch(.uuid) }
        self = UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}

extension Instant: SQLBindable, SQLDecodable {
    /// PostgreSQL counts from 2000-01-01.
    private static let epoch: Int64 = 946_684_800_000_000

    public static var sqlType: SQLType { .timestamptz }
    public func encode(to bytes: inout [UInt8]) { bytes.append(bigEndian: microseconds - Self.epoch) }
    public init(_ cell: SQLCell) throws(SQLMismatch) {
        let (microseconds, overflow) = try cell.integer(.timestamptz, as: Int64.self)
            .addingReportingOverflow(Self.epoch)
        // The extremes of the wire stand for ±infinity; the lower one is no instant either.
        guard !overflow, microseconds != .min + Self.epoch else {
            throw SQLMismatch(expected: "timestamptz", found: "infinity")
        }
        self = Instant(microseconds: microseconds)
    }
}

/// A JSON text, stored as `jsonb`. It is not looked into here.
public struct JSONText: SQLBindable, SQLDecodable, Hashable {
    public let bytes: [UInt8]
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public static var sqlType: SQLType { .jsonb }
    /// The version byte that precedes the text of a `jsonb` (`jsonb_recv`).
    private static let version: UInt8 = 1

    public func encode(to bytes: inout [UInt8]) {
        bytes.append(Self.version)
        bytes += self.bytes
    }

    public init(_ cell: SQLCell) throws(SQLMismatch) {
        let bytes = try cell.bytes(of: .jsonb, or: .json)
        if cell.type == .json {
            self.bytes = Array(bytes)
        } else {
            guard bytes.first == Self.version else { throw cell.mismatch(.jsonb) }
            self.bytes = Array(bytes.dropFirst())
        }
    }
}

extension ID: SQLBindable, SQLDecodable {}
