import FoundationEssentials
public import Kernel

/// Where the orders lie so that any search among a million of them answers in milliseconds.
///
/// - `search.orders`: a narrow row for each order, with what it is found by. An order without a number (not placed yet, or
///   deleted) is in no list.
/// - `search.documents`: the bodies, read only for the rows that are shown, and when they changed.
/// - `search.terms`: each name that can be searched (of products and stores with their identifier, of customers word by
///   word), and how many orders have it; `search.postings`: which orders have it, in order and with their totals, written
///   when an order is placed. The inverted index `orders_names` holds the same lists, to be met.
/// - `search.stages`: the same for the statuses, the one thing that changes while an order lives.
/// - `search.statuses`, `bands` (totals with the same three leading digits) and `eras` (2^14 log positions): how many
///   orders there are of each. Counts are read from them, and the way to the rows is chosen by them.
public struct OrderStorage: ProjectionStorage {
    public init() {}

    public var migrations: [Migration] {
        [
            Migration(1, "create the tables of the order search", sql: OrderSchema.tables),
            Migration(2, "create the function that stores orders", sql: OrderSchema.storeOrders),
            Migration(3, "keep what changes apart from what is found", sql: OrderSchema.apart),
            Migration(4, "store what has changed and nothing else", sql: OrderSchema.storeChanges),
        ]
    }

    static let fields: SQL = """
        o.key, d.position, d.deleted, d.value, d.detail, d.cause,
            o.key as "order", o.number, o.status, o.customer, o.total, o.created, o.stores, o.products, o.text
        """
    static let source: SQL = "search.orders o join search.documents d using (key)"

    public func load(_ keys: [UUID]) -> SQL {
        "select \(Self.fields) from \(Self.source) where key = any(\(keys))"
    }

    public func store(_ rows: [StoredRow]) -> [SQL] {
        if rows.isEmpty { return [] }
        var terms = Terms()
        for (place, row) in rows.enumerated() { terms.append(of: row, place: place + 1) }
        func column(_ name: String, _ row: StoredRow) -> ColumnValue { row.columns?[name] ?? .null }
        func ints(_ name: String) -> [Int64?] {
            rows.map { if case .int(let value) = column(name, $0) { value } else { nil } }
        }
        func texts(_ name: String) -> [String?] {
            rows.map { if case .text(let value) = column(name, $0) { value } else { nil } }
        }
        func sets(_ name: String) -> [String?] {
            // An array of arrays would have to be rectangular, so each set travels as its text.
            rows.map {
                guard case .uuids(let set) = column(name, $0) else { return nil }
                return "{" + set.map(\.lowercase).joined(separator: ",") + "}"
            }
        }
        let customers: [UUID?] = rows.map { if case .uuid(let id) = column("customer", $0) { id } else { nil } }
        return [
            """
            select search.store_orders(\(rows.map(\.key)), \(rows.map(\.position.rawValue)), \(rows.map(\.isDeleted)),
                \(ints("number")), \(texts("status")), \(customers), \(ints("total")), \(ints("created")),
                \(sets("stores")), \(sets("products")), \(texts("text")),
                \(rows.map(\.value)), \(rows.map(\.detail)), \(rows.map(\.cause)),
                \(terms.places), \(terms.kinds), \(terms.ids), \(terms.names))
            """
        ]
    }

    public func select(_ query: RowQuery) -> SQL { OrderSearch(query).rows }

    public func count(_ query: RowQuery) -> SQL { OrderSearch(query).count }

    public func changed(since position: Position) -> SQL {
        "select \(Self.fields) from \(Self.source) where d.position > \(position.rawValue)"
    }

    public func purge(upTo position: Position) -> SQL {
        """
        with gone as (delete from search.documents where deleted and position <= \(position.rawValue) returning key)
        delete from search.orders o using gone where o.key = gone.key
        """
    }

    public let schema = "search"
}

/// The kinds of term, as they are stored.
enum TermKind: Int32 {
    /// A word of a customer's name, without an identifier: names are many, their words are few.
    case word = 1
    case product = 2
    case store = 3
}

/// The terms of a batch of rows, column by column.
private struct Terms {
    var places: [Int32] = []
    var kinds: [Int32] = []
    var ids: [UUID] = []
    var names: [String] = []

    /// A row that is in no list has no terms.
    mutating func append(of row: StoredRow, place: Int) {
        guard let columns = row.columns, case .int = columns["number"], case .text(let text) = columns["text"],
            case .uuids(let products) = columns["products"], case .uuids(let stores) = columns["stores"]
        else { return }
        guard let lines = SearchText(text, products: products.count, stores: stores.count) else {
            preconditionFailure("order \(row.key.lowercase): the searched text does not fit its products and stores")
        }
        for word in Set(lines.customer.split(separator: " ")) { append(place, .word, OrderSchema.noID, String(word)) }
        for (id, name) in zip(products, lines.products) { append(place, .product, id, name) }
        for (id, name) in zip(stores, lines.stores) { append(place, .store, id, name) }
    }

    private mutating func append(_ place: Int, _ kind: TermKind, _ id: UUID, _ name: String) {
        places.append(Int32(place))
        kinds.append(kind.rawValue)
        ids.append(id)
        names.append(name)
    }
}
