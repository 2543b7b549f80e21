import Contracts
import FoundationEssentials
import Kernel
import Postgres

@testable import Search

/// Orders as they come, from a seed: few names and few totals, so that filters meet.
struct World {
    let seed: UInt64
    let story = Story()
    private var random: Numbers
    private var placed: [OrderID] = []
    private var unplaced: [OrderID] = []

    static let names = ["Ada Lovelace", "Ann Anders", "Özil Ünal", "a_b 50%", "Bob C\\D", "İnce Ş", "ann ann"]
    static let storeNames = ["Corner Books", "CORNER café", "50% Off_x", "B\\C", "Tea House"]
    static let productNames = ["Rye Bread", "Rye Bread XL", "Ann's Jam", "100% Juice", "a_b", "Ä & Ö", "bread"]

    init(seed: UInt64) {
        self.seed = seed
        random = Numbers(state: seed)
    }

    private mutating func some<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }
    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    private mutating func newID() -> OrderID {
        ID(
            rawValue: UUID(
                uuid: (
                    UInt8.random(in: 0...255, using: &random), UInt8.random(in: 0...255, using: &random),
                    UInt8.random(in: 0...255, using: &random), UInt8.random(in: 0...255, using: &random), 0, 0, 0x40, 0,
                    0x80, 0, 0, 0, 0, 0,
                    0, 1
                )))
    }

    /// Something of what can happen to orders.
    mutating func happens() throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 0...4: try arrives()
        case 5: try overtakes()
        case 6 where !unplaced.isEmpty:
            let order = unplaced.remove(at: Int.random(in: 0..<unplaced.count, using: &random))
            try place(order)
        default: if !placed.isEmpty { try goesOn(some(placed)) }
        }
    }

    mutating func arrives() throws { try place(newID()) }

    private mutating func overtakes() throws {
        let order = newID()
        unplaced.append(order)
        try goesOn(order)
    }

    private mutating func place(_ order: OrderID) throws {
        placed.append(order)
        let items = try lines()
        // Clocks differ by up to a minute, and some positions belong to other eras.
        let skew = Int64.random(in: -60_000_000...60_000_000, using: &random)
        try story.say(
            OrderCreated(
                id: order, customerId: id(UInt8.random(in: 1...5, using: &random)), customerName: some(Self.names),
                paymentId: id(8), items: items, totalMinor: try items.total(), pickupCode: "1234"),
            at: Instant(microseconds: 1_700_000_000_000_000 + story.position * 1_000 + skew),
            gap: chance(5) ? 9_000 : Int64.random(in: 1...40, using: &random))
    }

    private mutating func lines() throws -> [Item] {
        let count = Int.random(in: 1...4, using: &random)
        return (0..<count).map { _ in
            Item(
                productId: id(UInt8.random(in: 1...9, using: &random)),
                storeId: id(UInt8.random(in: 1...4, using: &random)),
                storeName: some(Self.storeNames), productName: some(Self.productNames),
                priceMinor: Money(minor: some([0, 5, 99, 100, 101, 4_999, 5_000, 123_456])),
                quantity: Int.random(in: 1...3, using: &random))
        }
    }

    private mutating func goesOn(_ order: OrderID) throws {
        let customer: CustomerID = id(1)
        switch Int.random(in: 0..<7, using: &random) {
        case 0:
            try story.say(
                OrderApproved(id: order, customerId: customer, paymentId: id(8), shoppingId: id(7), totalMinor: .zero))
        case 1: try story.say(OrderStarted(id: order, customerId: customer, botId: id(7)))
        case 2: try story.say(OrderCompleted(id: order, customerId: customer, invoiceId: id(7)))
        case 3:
            try story.say(OrderCanceled(id: order, customerId: customer, paymentId: id(8), reason: "", by: .staff))
        case 4: try story.say(OrderPaid(id: order, customerId: customer, invoiceId: id(7), amountMinor: .zero))
        case 5: try story.say(OrderReadied(id: order, customerId: customer, paymentId: id(8), totalMinor: .zero))
        default:
            let items = try lines()
            try story.say(
                OrderItemsAdjusted(
                    id: order, customerId: customer, removed: [], items: items, totalMinor: try items.total()))
        }
    }

    mutating func write(to connection: Connection) async throws {
        let changed = try story.write()
        // Both plans of the storing function: for batches below and above its limit.
        let split = Int.random(in: 0...changed.count, using: &random)
        for part in [changed[..<split], changed[split...]] {
            for sql in AgreementTests.storage.store(Array(part)) { try await connection.execute(sql) }
        }
    }

    /// What no event does and storage still must: rows go, come back, and change all they are found by.
    mutating func deletesAndRenames(on connection: Connection) async throws {
        let keys = story.rows.keys.sorted()
        var rows: [StoredRow] = []
        for key in keys where chance(10) {
            guard let old = story.rows[key], let other = story.rows[some(keys)] else { continue }
            var columns: Columns?
            if chance(50), let mine = old.columns, let others = other.columns {
                // Everything of another order but its key and number.
                var values = others.values
                values[0] = mine["order"]
                values[1] = mine["number"] == .null || others["number"] == .null ? .null : mine["number"]
                if values[1] == .null { continue }
                columns = Columns(names: mine.names, values: values)
            }
            rows.append(
                StoredRow(
                    key: key, position: old.position, columns: columns, value: columns == nil ? [] : old.value,
                    detail: columns == nil ? [] : old.detail, cause: old.cause))
        }
        for row in rows { story.replace(row) }
        let gone = Set(rows.filter(\.isDeleted).map(\.key))
        placed.removeAll { gone.contains($0.rawValue) }
        unplaced.removeAll { gone.contains($0.rawValue) }
        for sql in AgreementTests.storage.store(rows) { try await connection.execute(sql) }
    }

    /// The rows that Swift matches.
    func matching(_ predicate: Kernel.Predicate, _ order: RowOrder) -> [StoredRow] {
        story.rows.values.filter { row in row.columns.map(predicate.matches) ?? false }
            .sorted { a, b in
                guard let first = a.columns, let second = b.columns else { return false }
                return order.precedes((first[order.column], a.key), (second[order.column], b.key))
            }
    }

    /// Some filters together, and now and then a second one of a kind, as rights add it.
    mutating func filter() throws -> Kernel.Predicate {
        var filter = OrderFilter()
        if chance(30) {
            filter.status = (0..<Int.random(in: 1...3, using: &random)).map { _ in some(OrderStatus.allCases).rawValue }
        }
        if chance(25) { filter.store = id(UInt8.random(in: 1...5, using: &random)) }
        if chance(25) { filter.product = id(UInt8.random(in: 1...10, using: &random)) }
        if chance(15) { filter.customer = id(UInt8.random(in: 1...6, using: &random)) }
        if chance(25) { filter.from = moment() }
        if chance(25) {
            let to = moment()
            if to > filter.from ?? Instant(microseconds: 0) { filter.to = to }
        }
        let totals: [Int64] = [0, 1, 5, 98, 99, 100, 101, 300, 4_999, 5_000, 5_001, 10_000, 123_456, 400_000]
        if chance(25) { filter.minTotalMinor = Money(minor: some(totals)) }
        if chance(25) { filter.maxTotalMinor = max(filter.minTotalMinor ?? .zero, Money(minor: some(totals))) }
        if chance(40) {
            let words = ["ann", "a", "rye", "bread", "%", "_", "\\", "50%", "ö", "corner", "zz", "e h", "xl", "İ", "'"]
            filter.text = (0..<Int.random(in: 1...2, using: &random)).map { _ in some(words) }.joined(separator: " ")
        }
        var parts = try filter.predicate().conjuncts
        if chance(15) {
            parts.append(.has("stores", [(id(UInt8.random(in: 1...4, using: &random)) as StoreID).rawValue]))
        }
        if chance(10) {
            let keys = story.rows.keys.sorted()
            parts.append(.among("order", [.uuid(some(keys)), .uuid(some(keys))]))
        }
        return .all(parts)
    }

    private mutating func moment() -> Instant {
        Instant(
            microseconds: 1_700_000_000_000_000 + Int64.random(in: 0...max(story.position, 1), using: &random) * 1_000
                + Int64.random(in: -60_000_000...60_000_000, using: &random))
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same world everywhere.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
