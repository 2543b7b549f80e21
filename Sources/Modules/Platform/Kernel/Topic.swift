public import FoundationEssentials

/// What pages can open views of: a projection, how its filters are read, and what orders it has.
public struct Topic: Sendable {
    public let name: String
    public let projection: any Folding
    /// The columns rows can be ordered by, the default first; `-` before a name means descending.
    public let orders: [String]
    /// Whether rows are shown with their detail.
    public let detailed: Bool
    /// Reads a filter, a JSON object, as a page sent it.
    public let filter: @Sendable ([UInt8]) throws(Refusal) -> Predicate

    public init<Filter: Decodable & SendableMetatype>(
        _ name: String, of projection: any Folding, orders: [String], detailed: Bool = false, filter _: Filter.Type,
        _ predicate: @escaping @Sendable (Filter) throws(Refusal) -> Predicate
    ) {
        precondition(!orders.isEmpty, "topic \(name) has no order")
        self.name = name
        self.projection = projection
        self.orders = orders
        self.detailed = detailed
        filter = { bytes throws(Refusal) in
            let filter: Filter
            do { filter = try Coding.decode(Filter.self, from: bytes) } catch { throw Refusal(decoding: error) }
            return try predicate(filter)
        }
    }
}

/// The order of a view: one column, ties by key ascending.
public struct RowOrder: Hashable, Sendable {
    public let column: String
    public let descending: Bool

    /// `-number` is number, descending.
    public init(_ text: String) {
        descending = text.hasPrefix("-")
        column = descending ? String(text.dropFirst()) : text
    }

    /// Whether a row with value and key `a` stands before one with `b`.
    public func precedes(_ a: (value: ColumnValue, key: UUID), _ b: (value: ColumnValue, key: UUID)) -> Bool {
        if a.value != b.value { return descending ? b.value < a.value : a.value < b.value }
        return a.key < b.key
    }
}

/// A query over a projection, as a view and a list route ask it.
public struct RowQuery: Hashable, Sendable {
    public var predicate: Predicate
    public var order: RowOrder
    public var limit: Int?
    /// Rows strictly behind this place in the order.
    public var after: Place?

    public struct Place: Hashable, Sendable {
        public let value: ColumnValue
        public let key: UUID
        public init(value: ColumnValue, key: UUID) { (self.value, self.key) = (value, key) }
    }

    public init(predicate: Predicate, order: RowOrder, limit: Int? = nil, after: Place? = nil) {
        self.predicate = predicate
        self.order = order
        self.limit = limit
        self.after = after
    }
}

/// Where a projection's rows lie. All of it is SQL as a value; the projector and the live layer run it.
///
/// Every `select` answers rows of `key uuid, position bigint, deleted bool, value bytea, detail bytea, cause bytea` and then the
/// projection's columns in the order it declares them.
public protocol ProjectionStorage: Sendable {
    var migrations: [Migration] { get }
    /// The rows with these keys, deleted ones too.
    func load(_ keys: [UUID]) -> SQL
    /// Writes rows, each whole, tombstones included.
    func store(_ rows: [StoredRow]) -> [SQL]
    /// The rows that match, in order.
    func select(_ query: RowQuery) -> SQL
    /// One row: how many match. `query.limit` and `after` do not matter.
    func count(_ query: RowQuery) -> SQL
    /// Rows changed behind `position`, deleted ones too, whether they match anything or not.
    func changed(since position: Position) -> SQL
    /// Drops tombstones at or before `position`.
    func purge(upTo position: Position) -> SQL
    /// The schema of its tables and functions, by which its statements and migrations name all of them. To be folded anew it
    /// is made once more, in another schema.
    var schema: String { get }
}
