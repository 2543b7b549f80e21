public import Contracts
public import Kernel

/// What orders are searched by. All that is given must hold; of the statuses, one must.
///
/// It is read from JSON, and refuses what it does not know: a misspelt filter would show everything.
public struct OrderFilter: Sendable, Equatable {
    public var status: [String]?
    public var store: StoreID?
    public var product: ProductID?
    public var customer: CustomerID?
    /// Placed at this moment or later.
    public var from: Instant?
    /// Placed before this moment.
    public var to: Instant?
    /// The total, inclusive at both ends.
    public var minTotalMinor: Money?
    public var maxTotalMinor: Money?
    /// Words, each of which is part of the name of the customer, a product or a store.
    public var text: String?

    public init() {}

    public func predicate() throws(Refusal) -> Kernel.Predicate {
        var parts = [Kernel.Predicate.placed]
        if let status { parts.append(.among("status", try statuses(status).map { .text($0.rawValue) })) }
        if let store { parts.append(.has("stores", [store.rawValue])) }
        if let product { parts.append(.has("products", [product.rawValue])) }
        if let customer { parts.append(.among("customer", [.uuid(customer.rawValue)])) }
        if let from { parts.append(.atLeast("created", .instant(from))) }
        if let to {
            if let from, to <= from { throw .invalid("to must be later than from", field: "to") }
            parts.append(.below("created", .instant(to)))
        }
        if let minTotalMinor {
            guard minTotalMinor >= .zero else {
                throw .invalid("minTotalMinor must not be below 0", field: "minTotalMinor")
            }
            parts.append(.atLeast("total", .int(minTotalMinor.minor)))
        }
        if let maxTotalMinor {
            guard maxTotalMinor >= minTotalMinor ?? .zero else {
                throw .invalid(
                    "maxTotalMinor must not be below minTotalMinor, \(minTotalMinor ?? .zero)", field: "maxTotalMinor")
            }
            parts.append(.atMost("total", .int(maxTotalMinor.minor)))
        }
        if let text {
            // Each once and sorted, so that equal searches are equal views.
            let words = Set(try Text.words(text)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            guard words.count <= SearchLimits.words else {
                throw .invalid("text may have at most \(SearchLimits.words) words", field: "text")
            }
            if !words.isEmpty { parts.append(.contains("text", words)) }
        }
        return .all(parts)
    }

    private func statuses(_ names: [String]) throws(Refusal) -> [OrderStatus] {
        guard !names.isEmpty else { throw .invalid("status must name at least one status", field: "status") }
        guard names.count <= SearchLimits.statuses else {
            throw .invalid("status may name at most \(SearchLimits.statuses) statuses", field: "status")
        }
        for name in names where OrderStatus(rawValue: name) == nil {
            let known = OrderStatus.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("status must be among \(known)", field: "status")
        }
        return OrderStatus.allCases.filter { names.contains($0.rawValue) }
    }
}

extension OrderFilter: Decodable {
    private enum Key: String, CodingKey, CaseIterable {
        case status, store, product, customer, from, to, minTotalMinor, maxTotalMinor, text
    }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(but: Key.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: Key.self)
        status = try container.decodeIfPresent([String].self, forKey: .status)
        store = try container.decodeIfPresent(StoreID.self, forKey: .store)
        product = try container.decodeIfPresent(ProductID.self, forKey: .product)
        customer = try container.decodeIfPresent(CustomerID.self, forKey: .customer)
        from = try container.decodeIfPresent(Instant.self, forKey: .from)
        to = try container.decodeIfPresent(Instant.self, forKey: .to)
        minTotalMinor = try container.total(.minTotalMinor)
        maxTotalMinor = try container.total(.maxTotalMinor)
        text = try container.decodeIfPresent(String.self, forKey: .text)
    }
}

extension KeyedDecodingContainer {
    /// The decoder does not say where a number with a fraction stood.
    fileprivate func total(_ key: Key) throws -> Money? {
        do { return try decodeIfPresent(Money.self, forKey: key) } catch {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "expected a whole number of minor units")
        }
    }
}

/// The filter of a view of a single order.
public struct OneOrder: Decodable, Sendable {
    public let order: OrderID

    private enum Key: String, CodingKey, CaseIterable { case order }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(but: Key.allCases.map(\.rawValue))
        order = try decoder.container(keyedBy: Key.self).decode(OrderID.self, forKey: .order)
    }

    var predicate: Kernel.Predicate { .all([.placed, .among("order", [.uuid(order.rawValue)])]) }
}

extension Kernel.Predicate {
    /// Its creation has been heard of. Without it in a predicate, orders that were overtaken would count as shown.
    static let placed = Kernel.Predicate.atLeast("number", .int(1))
}

extension Decoder {
    fileprivate func refuseKeys(but known: [String]) throws {
        let keys = try container(keyedBy: AnyKey.self).allKeys
        guard let unknown = keys.map(\.stringValue).filter({ !known.contains($0) }).min() else { return }
        throw DecodingError.dataCorrupted(
            DecodingError.Context(
                codingPath: [AnyKey(stringValue: unknown)], debugDescription: "orders are not searched by this"))
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
