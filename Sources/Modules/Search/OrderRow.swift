public import Contracts
public import Kernel

/// An order as lists show it; its detail is the timeline.
///
/// Names are those of the day the order was placed: nothing in it follows a store or a product that is renamed later.
public struct OrderRow: ProjectionRow {
    public let orderId: OrderID
    public var status: OrderStatus
    public var paid = false
    /// The robot that fetches it, or has fetched it.
    public var botName: String?
    /// Why it was rejected or canceled.
    public var reason: String?
    public var updatedAt: Instant
    /// What its creation said. Nil while only later events were heard: such an order is remembered and not shown.
    public var placement: Placement?
    /// What is bought: as ordered, or what was left of it when some could not be had.
    public var goods: Goods?
    public var detail = Detail()

    public struct Placement: Codable, Sendable, Equatable {
        /// The number that people call the order by: the position of its creation in the log. It rises with time.
        public let number: Int64
        public let customerId: CustomerID
        public let customerName: String
        public let createdAt: Instant

        public init(number: Int64, customerId: CustomerID, customerName: String, createdAt: Instant) {
            self.number = number
            self.customerId = customerId
            self.customerName = customerName
            self.createdAt = createdAt
        }
    }

    public struct Goods: Codable, Sendable, Equatable {
        public let items: [Item]
        public let totalMinor: Money

        public init(items: [Item], totalMinor: Money) {
            self.items = items
            self.totalMinor = totalMinor
        }
    }

    /// What only a view of the single order shows.
    public struct Detail: Codable, Sendable, Equatable {
        /// What happened to the order, the oldest first.
        public var timeline: [Moment] = []
        /// What was taken from the order because it could not be had.
        public var adjustments: [Shortage] = []
        public var shopping = Shopping()

        public init() {}
    }

    /// How far the order's shopping list has come, in units of all its lines.
    public struct Shopping: Codable, Sendable, Equatable {
        public var ordered = 0
        public var picked = 0
        public var missing = 0

        /// In percent.
        public var progress: Int { ordered > 0 ? min(100, (picked + missing) * 100 / ordered) : 0 }
    }

    /// In percent: 100 when a clerk has counted the goods, or all lines were picked or are missing.
    public var progress: Int { detail.shopping.progress }

    public init(orderId: OrderID, status: OrderStatus, at: Instant) {
        self.orderId = orderId
        self.status = status
        updatedAt = at
    }
}

extension OrderRow: Codable {
    private enum Key: CodingKey {
        case orderId, status, paid, botName, progress, reason, updatedAt, number, items
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        orderId = try container.decode(OrderID.self, forKey: .orderId)
        status = try container.decode(OrderStatus.self, forKey: .status)
        paid = try container.decode(Bool.self, forKey: .paid)
        botName = try container.decodeIfPresent(String.self, forKey: .botName)
        reason = try container.decodeIfPresent(String.self, forKey: .reason)
        updatedAt = try container.decode(Instant.self, forKey: .updatedAt)
        placement = container.contains(.number) ? try Placement(from: decoder) : nil
        goods = container.contains(.items) ? try Goods(from: decoder) : nil
    }

    /// One flat object: what creation and adjustment said stands beside the rest.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(orderId, forKey: .orderId)
        try container.encode(status, forKey: .status)
        try container.encode(paid, forKey: .paid)
        try container.encodeIfPresent(botName, forKey: .botName)
        try container.encode(progress, forKey: .progress)
        try container.encodeIfPresent(reason, forKey: .reason)
        try container.encode(updatedAt, forKey: .updatedAt)
        try placement?.encode(to: encoder)
        try goods?.encode(to: encoder)
    }
}

extension OrderRow.Detail {
    private enum Key: CodingKey {
        case timeline, adjustments, shopping
    }

    /// Older rows have a timeline and nothing else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        timeline = try container.decode([Moment].self, forKey: .timeline)
        adjustments = try container.decodeIfPresent([Shortage].self, forKey: .adjustments) ?? []
        shopping = try container.decodeIfPresent(OrderRow.Shopping.self, forKey: .shopping) ?? OrderRow.Shopping()
    }

    /// Enters a moment at its time: clocks differ, and lists, invoices and orders are not heard of in step. When there are
    /// too many, the middle goes, so that the beginning stays and the end can be followed.
    mutating func note(_ moment: Moment) {
        let place = timeline.lastIndex { $0.at <= moment.at }.map { $0 + 1 } ?? 0
        timeline.insert(moment, at: place)
        if timeline.count > SearchLimits.moments { timeline.remove(at: SearchLimits.moments / 2) }
    }
}

extension OrderRow {
    /// What orders are found and sorted by. All but the identifier and the status are null before the order is placed.
    public static let columns: [Column<OrderRow>] = [
        Column("order", .uuid) { .uuid($0.orderId.rawValue) },
        Column("number", .int) { $0.placed { placement, _ in .int(placement.number) } },
        Column("status", .text) { .text($0.status.rawValue) },
        Column("customer", .uuid) { $0.placed { placement, _ in .uuid(placement.customerId.rawValue) } },
        Column("total", .int) { $0.placed { _, goods in .int(goods.totalMinor.minor) } },
        Column("created", .int) { $0.placed { placement, _ in .instant(placement.createdAt) } },
        Column("stores", .uuids) { $0.placed { _, goods in .uuids(goods.stores.map(\.id.rawValue)) } },
        Column("products", .uuids) { $0.placed { _, goods in .uuids(goods.products.map(\.id.rawValue)) } },
        Column("text", .text) { $0.placed { placement, goods in .text(SearchText(placement, goods).text) } },
    ]

    private func placed(_ value: (Placement, Goods) -> ColumnValue) -> ColumnValue {
        guard let placement, let goods else { return .null }
        return value(placement, goods)
    }
}

extension OrderRow.Goods {
    struct Named<Noun>: Hashable {
        let id: ID<Noun>
        let name: String
    }

    /// The products with their names, each pair once, in the order of the lines.
    var products: [Named<Noun.Product>] {
        distinct(items.map { Named(id: $0.productId, name: searchable($0.productName)) })
    }
    /// The stores with their names, each pair once: a store renamed while the basket was open is here under both.
    var stores: [Named<Noun.Store>] { distinct(items.map { Named(id: $0.storeId, name: searchable($0.storeName)) }) }
}

/// The text an order is searched in: a line with the customer's name, one for each of its products, one for each of its
/// stores, in the order of those columns.
///
/// A word that is looked for has no white space, so it is part of the text exactly if it is part of one of the names.
struct SearchText {
    let customer: String
    let products: [String]
    let stores: [String]

    init(_ placement: OrderRow.Placement, _ goods: OrderRow.Goods) {
        customer = searchable(placement.customerName)
        products = goods.products.map(\.name)
        stores = goods.stores.map(\.name)
    }

    /// Takes a text apart again. Nil if it does not have as many lines as there are products and stores.
    init?(_ text: String, products: Int, stores: Int) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 1 + products + stores else { return nil }
        customer = lines[0]
        self.products = Array(lines[1..<(1 + products)])
        self.stores = Array(lines[(1 + products)...])
    }

    var text: String { ([customer] + products + stores).joined(separator: "\n") }
}

/// A name as it is searched: normalised, and without the one character that PostgreSQL cannot hold. Names are limited where
/// they are given (`MallLimits.name`); a longer one from an older day is cut here, so that it fits an index.
private func searchable(_ name: String) -> String {
    var scalars = normalized(name).unicodeScalars.filter { $0 != "\0" }
    if scalars.count > SearchLimits.nameScalars {
        scalars = String.UnicodeScalarView(scalars.prefix(SearchLimits.nameScalars))
    }
    return String(scalars)
}

private func distinct<Value: Hashable>(_ values: [Value]) -> [Value] {
    var seen: Set<Value> = []
    return values.filter { seen.insert($0).inserted }
}
