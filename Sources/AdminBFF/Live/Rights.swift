public import Kernel

/// What a reader may see: topics by role, and within a topic the rows of a scope.
public struct Rights: Hashable, Sendable {
    public let roles: Set<String>

    public init(roles: Set<String>) { self.roles = roles }

    public func allows(_ topic: String) -> Bool {
        roles.contains { role in
            Self.all.contains(role) || Self.topics[role]?.contains(topic) == true
        }
    }

    /// The rows of a topic that may be seen at all. It is part of a view's predicate: readers of unequal scopes share
    /// nothing, and a key outside the scope is never named, not even as gone.
    public func scope(of topic: String) -> Kernel.Predicate { .everything }

    /// Roles that see every topic and every row.
    private static let all: Set<String> = ["administrator", "auditor"]

    private static let topics: [String: Set<String>] = [
        "depot_clerk": ["lists", "fleet", "pickup"],
        "depot_supervisor": ["lists", "fleet", "pickup", "orders", "order"],
        "cashier": ["pickup", "invoices", "customers"],
    ]
}
