public import FoundationEssentials
public import Kernel

/// What a reader may see: topics by role, within a topic the rows of a scope, and of a row what no mask hides.
public struct Rights: Hashable, Sendable {
    public let roles: Set<String>
    /// The stores that a manager has.
    public let stores: Set<UUID>
    /// Tells readers apart who may see different things. It is part of a page's epoch: what a page kept under other
    /// rights says nothing under these.
    let tag: String

    public init(roles: Set<String>, stores: Set<UUID> = []) {
        self.roles = roles
        self.stores = stores
        // Whoever sees everything needs none.
        tag = roles.contains("administrator") ? "" : Self.tag(roles.sorted() + stores.map(\.lowercase).sorted())
    }

    public func allows(_ topic: String) -> Bool {
        roles.contains { role in
            Self.all.contains(role) || Self.topics[role]?.contains(topic) == true
        }
    }

    /// The rows of a topic that may be seen at all. It is part of a view's predicate: readers of unequal scopes share
    /// nothing, and a key outside the scope is never named, not even as gone.
    public func scope(of topic: String) -> Kernel.Predicate {
        guard isManagers(topic), let column = Self.stores[topic] else { return .everything }
        let own = stores.sorted()
        switch column {
        case .one(let name): return .among(name, own.map { .uuid($0) })
        case .several(let name): return .has(name, own)
        }
    }

    /// Refuses a filter that would tell what the rows hide: what a whole order costs, by asking again and again whether it
    /// is more than so much; or which other stores' goods are in it.
    public func judge(_ filter: Kernel.Predicate, of topic: String) throws(Refusal) {
        guard isManagers(topic), ["orders", "order"].contains(topic) else { return }
        for part in filter.conjuncts {
            switch part {
            case .atLeast("total", _), .atMost("total", _), .below("total", _):
                throw .forbidden("a total is of all stores' goods, and yours are a part of them")
            case .has("stores", let wanted) where !stores.isSuperset(of: wanted):
                throw .forbidden("this store is not one of yours")
            case .all, .among, .has, .atLeast, .atMost, .below, .contains: continue
            }
        }
    }

    /// What is hidden of a topic's rows; nil if nothing is.
    public func mask(of topic: String) -> RowMask? {
        if isManagers(topic), ["orders", "order"].contains(topic) { return .lines(of: stores.sorted()) }
        if ["customers", "messages"].contains(topic), roles.isDisjoint(with: Self.callers) { return .phoneNumbers }
        return nil
    }

    /// Whether the topic is seen for being a manager of stores, and for nothing else.
    private func isManagers(_ topic: String) -> Bool {
        !roles.contains { $0 != "store_manager" && (Self.all.contains($0) || Self.topics[$0]?.contains(topic) == true) }
    }

    private static func tag(_ parts: [String]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in parts.joined(separator: " ").utf8 { hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01b3 }
        return "~" + String(hash, radix: 16)
    }

    /// Roles that see every topic and every row.
    private static let all: Set<String> = ["administrator", "auditor"]

    /// Roles that speak with customers and therefore see their numbers.
    private static let callers: Set<String> = ["administrator", "depot_supervisor", "cashier"]

    private static let topics: [String: Set<String>] = [
        "store_manager": ["mall", "catalog", "orders", "order"],
        "depot_clerk": ["lists", "fleet", "heartbeats", "pickup"],
        "depot_supervisor": ["lists", "fleet", "heartbeats", "pickup", "orders", "order"],
        "cashier": ["pickup", "invoices", "shifts", "customers"],
    ]

    private enum StoreColumn { case one(String), several(String) }

    /// Where a row says whose it is.
    private static let stores: [String: StoreColumn] = [
        "mall": .one("store"), "catalog": .one("store"), "orders": .several("stores"), "order": .several("stores"),
    ]
}
