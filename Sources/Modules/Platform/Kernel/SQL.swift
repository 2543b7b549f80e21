/// A statement as a value: text with bound parameters. It runs nowhere; the database layer executes it.
///
/// Written as a string literal, whose interpolation can only bind: `"select total from orders where id = \(id)"` is
/// `… where id = $1` with the id beside it, so a value can never become syntax. Text that is not known when the program
/// is written has to be marked `\(raw: …)`.
public struct SQL: ExpressibleByStringInterpolation, Sendable, Hashable {
    /// How the server is to plan the statement.
    public enum Planning: Sendable, Hashable {
        /// Prepared once per session under its text; after a few uses the plan is one for all values.
        case prepared
        /// Sent unprepared, so that the planner sees the values each time.
        case custom
    }

    /// A parameter's place: its type, where its `$n` stands in the text, and where its bytes stand in `bytes`.
    public struct Parameter: Sendable, Hashable {
        public let type: SQLType
        public let offset: Int
        /// The number of bytes, −1 for null.
        public let length: Int
        let mark: Int
    }

    /// The text with its parameters as `$1`, `$2`, ….
    public private(set) var text: String
    public private(set) var parameters: [Parameter] = []
    /// The values of all parameters in PostgreSQL's binary format, one after the other.
    public private(set) var bytes: [UInt8] = []
    public var planning: Planning = .prepared

    /// The protocol counts parameters in 16 bits.
    public static let parameterLimit = 65_535

    /// Text that is run as it stands, without parameters. Nothing that came from outside belongs in it.
    public init(raw text: String) { self.text = text }

    public init(stringLiteral text: String) { self.text = text }

    public init(stringInterpolation: StringInterpolation) { self = stringInterpolation.sql }

    /// The same statement, planned otherwise.
    public func planned(_ planning: Planning) -> SQL {
        var copy = self
        copy.planning = planning
        return copy
    }

    /// The same statement about the tables of another schema: where its text has the name and a dot behind it, it has the
    /// other name.
    public func moved(from schema: String, to other: String) -> SQL {
        var copy = SQL(raw: "")
        copy.bytes = bytes
        copy.planning = planning
        let source = text.utf8
        var from = source.startIndex
        for (index, parameter) in parameters.enumerated() {
            let mark = source.index(source.startIndex, offsetBy: parameter.mark)
            copy.text += Self.renamed(text[from..<mark], schema, other)
            copy.add(parameter.type, offset: parameter.offset, length: parameter.length)
            from = source.index(mark, offsetBy: 1 + String(index + 1).utf8.count)
        }
        copy.text += Self.renamed(text[from...], schema, other)
        return copy
    }

    private static func renamed(_ text: Substring, _ schema: String, _ other: String) -> String {
        var renamed: [UInt8] = []
        let (text, name) = (Array(text.utf8), Array("\(schema).".utf8))
        var place = 0
        while place < text.count {
            let isWhole = place == 0 || !Self.isOfName(text[place - 1])
            if isWhole, text[place...].starts(with: name) {
                renamed += Array("\(other).".utf8)
                place += name.count
            } else {
                renamed.append(text[place])
                place += 1
            }
        }
        return String(decoding: renamed, as: UTF8.self)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || byte == 46
    }

    public static func + (a: SQL, b: SQL) -> SQL {
        var sum = a
        sum.append(b)
        return sum
    }

    public static func += (a: inout SQL, b: SQL) { a.append(b) }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql: SQL

        public init(literalCapacity: Int, interpolationCount: Int) {
            sql = SQL(raw: "")
            sql.text.reserveCapacity(literalCapacity + 3 * interpolationCount)
            sql.parameters.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { sql.text += literal }

        /// Binds a value as the next parameter.
        public mutating func appendInterpolation(_ value: some SQLBindable) { sql.bind(value) }

        /// Binds a value that may be null.
        public mutating func appendInterpolation<Value: SQLBindable>(_ value: Value?) { sql.bind(value) }

        /// Inserts a statement or a part of one; its parameters are renumbered behind those already here.
        public mutating func appendInterpolation(_ part: SQL) { sql.append(part) }

        /// Inserts text as it stands.
        public mutating func appendInterpolation(raw text: String) { sql.text += text }

        /// Inserts a name, quoted.
        public mutating func appendInterpolation(identifier name: String) {
            sql.text += "\""
            for character in name.unicodeScalars {
                sql.text.unicodeScalars.append(character)
                if character == "\"" { sql.text += "\"" }
            }
            sql.text += "\""
        }
    }

    private mutating func bind<Value: SQLBindable>(_ value: Value) {
        let offset = bytes.count
        let isNull = value.isSQLNull
        if !isNull { value.encode(to: &bytes) }
        add(Value.sqlType, offset: offset, length: isNull ? -1 : bytes.count - offset)
    }

    private mutating func add(_ type: SQLType, offset: Int, length: Int) {
        precondition(
            parameters.count < Self.parameterLimit, "a statement takes at most \(Self.parameterLimit) parameters")
        parameters.append(Parameter(type: type, offset: offset, length: length, mark: text.utf8.count))
        text += "$"
        text += String(parameters.count)
    }

    private mutating func append(_ part: SQL) {
        let base = bytes.count
        bytes += part.bytes
        let source = part.text.utf8
        var from = source.startIndex
        for (index, parameter) in part.parameters.enumerated() {
            let mark = source.index(source.startIndex, offsetBy: parameter.mark)
            text += part.text[from..<mark]
            add(parameter.type, offset: base + parameter.offset, length: parameter.length)
            from = source.index(mark, offsetBy: 1 + String(index + 1).utf8.count)
        }
        text += part.text[from...]
        if part.planning == .custom { planning = .custom }
    }
}

extension Sequence where Element == SQL {
    /// One statement of these parts with `separator` between them: the conditions of a search, the columns of a list.
    public func joined(separator: SQL) -> SQL {
        var sum: SQL = ""
        var isFirst = true
        for part in self {
            if !isFirst { sum += separator }
            sum += part
            isFirst = false
        }
        return sum
    }
}
