public import FoundationEssentials

/// A value that rows are filtered and ordered by. Both SQL and Swift compare it, and must agree: texts compare bytewise
/// (`collate "C"`), so they are normalised once, when the row is folded.
public enum ColumnValue: Hashable, Sendable, Comparable {
    case null
    case bool(Bool)
    case int(Int64)
    case text(String)
    case uuid(UUID)
    /// A set of identifiers: the stores of an order.
    case uuids([UUID])

    public static func instant(_ instant: Instant) -> ColumnValue { .int(instant.microseconds) }

    /// Values of one column are of one kind; across kinds only null comes first.
    public static func < (a: ColumnValue, b: ColumnValue) -> Bool {
        switch (a, b) {
        case (.null, .null): false
        case (.null, _): true
        case (.bool(let a), .bool(let b)): !a && b
        case (.int(let a), .int(let b)): a < b
        case (.text(let a), .text(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
        case (.uuid(let a), .uuid(let b)): a < b
        default: false
        }
    }
}

/// The kind of a column, which decides its type in PostgreSQL.
public enum ColumnKind: Sendable {
    case bool, int, text, uuid, uuids
}

/// A column that a projection keeps beside its rows, so that views can filter and order by it.
public struct Column<Row>: Sendable {
    public let name: String
    public let kind: ColumnKind
    /// The number of the migration that gives it an index, from 2 on; nil for one that is looked through.
    public let indexed: Int?
    public let value: @Sendable (Row) -> ColumnValue

    /// An index makes each change of a row dearer, so it is for what finds few of many rows, or orders them. Like all
    /// migrations, one that has run anywhere is never changed: a column that is indexed later has a higher number.
    public init(
        _ name: String, _ kind: ColumnKind, indexed: Int? = nil, _ value: @escaping @Sendable (Row) -> ColumnValue
    ) {
        precondition(indexed ?? 2 >= 2, "column \(name): the first migration makes the table")
        self.name = name
        self.kind = kind
        self.indexed = indexed
        self.value = value
    }
}

/// The values of one row's columns, in the order its projection declares them.
public struct Columns: Hashable, Sendable {
    public let names: ColumnNames
    public let values: [ColumnValue]

    public init(names: ColumnNames, values: [ColumnValue]) {
        self.names = names
        self.values = values
    }

    /// The value of a column. A name the projection does not declare stops the program.
    public subscript(name: String) -> ColumnValue { values[names.index(of: name)] }
}

/// The column names of one projection, shared by all its rows.
public final class ColumnNames: Hashable, Sendable {
    public let names: [String]
    private let places: [String: Int]

    public init(_ names: [String]) {
        self.names = names
        places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    }

    public func index(of name: String) -> Int {
        guard let place = places[name] else { preconditionFailure("no column \(name) among \(names)") }
        return place
    }

    public static func == (a: ColumnNames, b: ColumnNames) -> Bool { a === b || a.names == b.names }
    public func hash(into hasher: inout Hasher) { hasher.combine(names) }
}

/// Which rows a view shows: data, so that SQL and Swift evaluate one and the same thing, and equal views are found equal.
public enum Predicate: Hashable, Sendable {
    case all([Predicate])
    /// The column is one of these.
    case among(String, [ColumnValue])
    /// The column, a set of identifiers, has one of these.
    case has(String, [UUID])
    /// At least, inclusive.
    case atLeast(String, ColumnValue)
    /// At most, inclusive.
    case atMost(String, ColumnValue)
    /// Below, exclusive.
    case below(String, ColumnValue)
    /// The text column contains each of these words, already normalised.
    case contains(String, [String])

    public static let everything = Predicate.all([])

    public func matches(_ row: Columns) -> Bool {
        switch self {
        case .all(let parts): parts.allSatisfy { $0.matches(row) }
        case .among(let column, let values): values.contains(row[column])
        case .has(let column, let wanted):
            if case .uuids(let held) = row[column] { held.contains(where: wanted.contains) } else { false }
        case .atLeast(let column, let value): row[column] != .null && row[column] >= value
        case .atMost(let column, let value): row[column] != .null && row[column] <= value
        case .below(let column, let value): row[column] != .null && row[column] < value
        case .contains(let column, let words):
            if case .text(let text) = row[column] {
                words.allSatisfy { text.utf8.contains(subsequence: $0.utf8) }
            } else {
                false
            }
        }
    }

    /// The predicate's conjuncts, flattened.
    public var conjuncts: [Predicate] {
        if case .all(let parts) = self { parts.flatMap(\.conjuncts) } else { [self] }
    }
}

extension String.UTF8View {
    /// Whether these bytes occur in the text, one after another.
    func contains(subsequence wanted: String.UTF8View) -> Bool {
        guard let first = wanted.first else { return true }
        var rest = self[...]
        while let at = rest.firstIndex(of: first) {
            if self[at...].starts(with: wanted) { return true }
            rest = self[index(after: at)...]
        }
        return false
    }
}

/// How names are written into text columns and search terms: lower case, single spaces, nothing else changed.
public func normalized(_ text: String) -> String {
    normalizedASCII(text) ?? text.lowercased().split { $0.isWhitespace }.joined(separator: " ")
}

/// The same for a text of ASCII alone, as nearly all are: byte by byte.
private func normalizedASCII(_ text: String) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var isBetween = false
    for byte in text.utf8 {
        switch byte {
        case 0x80...: return nil
        case 0x09...0x0d, 0x20: isBetween = !bytes.isEmpty
        default:
            if isBetween { bytes.append(0x20) }
            isBetween = false
            bytes.append(0x41...0x5a ~= byte ? byte + 0x20 : byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
