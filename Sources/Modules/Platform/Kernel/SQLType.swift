/// A type of PostgreSQL by its object id, which is fixed for the built-in ones (`pg_type.dat`).
public struct SQLType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    private init(_ rawValue: UInt32) { self.rawValue = rawValue }

    public static let bool = SQLType(16)
    public static let bytea = SQLType(17)
    public static let name = SQLType(19)
    public static let bigint = SQLType(20)
    public static let smallint = SQLType(21)
    public static let integer = SQLType(23)
    public static let text = SQLType(25)
    public static let oid = SQLType(26)
    public static let json = SQLType(114)
    public static let real = SQLType(700)
    public static let double = SQLType(701)
    public static let unknown = SQLType(705)
    public static let char = SQLType(1042)
    public static let varchar = SQLType(1043)
    public static let timestamptz = SQLType(1184)
    public static let numeric = SQLType(1700)
    public static let void = SQLType(2278)
    public static let uuid = SQLType(2950)
    public static let jsonb = SQLType(3802)

    public static let boolArray = SQLType(1000)
    public static let byteaArray = SQLType(1001)
    public static let smallintArray = SQLType(1005)
    public static let integerArray = SQLType(1007)
    public static let textArray = SQLType(1009)
    public static let bigintArray = SQLType(1016)
    public static let doubleArray = SQLType(1022)
    public static let timestamptzArray = SQLType(1185)
    public static let uuidArray = SQLType(2951)
    public static let jsonbArray = SQLType(3807)

    private static let names: [SQLType: String] = [
        .bool: "boolean", .bytea: "bytea", .name: "name", .bigint: "bigint", .smallint: "smallint",
        .integer: "integer", .text: "text", .oid: "oid", .json: "json", .real: "real", .double: "double precision",
        .unknown: "unknown", .char: "char", .varchar: "varchar", .timestamptz: "timestamptz", .numeric: "numeric",
        .void: "void", .uuid: "uuid", .jsonb: "jsonb", .boolArray: "boolean[]", .byteaArray: "bytea[]",
        .smallintArray: "smallint[]", .integerArray: "integer[]", .textArray: "text[]", .bigintArray: "bigint[]",
        .doubleArray: "double precision[]", .timestamptzArray: "timestamptz[]", .uuidArray: "uuid[]",
        .jsonbArray: "jsonb[]",
    ]

    public var description: String { Self.names[self] ?? "the type with oid \(rawValue)" }
}
