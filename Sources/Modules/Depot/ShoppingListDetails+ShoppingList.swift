import Contracts
import Kernel

extension ShoppingListDetails {
    /// Nil for a list that was never created.
    init?(_ id: ListID, _ list: ShoppingList, _ version: Version) {
        guard let errand = list.errand, let status = list.status else { return nil }
        self.init(
            id: id, orderId: errand.orderId, status: status, stops: errand.stops, botId: list.trip?.botId,
            bay: list.bay, attempts: errand.attempts, lastReport: list.trip?.lastReport ?? 0, reason: list.reason,
            version: version)
    }
}

extension ShoppingList {
    /// Nil unless it was created.
    var status: ListStatus? {
        switch self {
        case .absent, .forestalled: nil
        case .pending: .pending
        case .available: .available
        case .assigned: .assigned
        case .active: .active
        case .delivered: .delivered
        case .completed: .completed
        case .canceled: .canceled
        }
    }

    fileprivate var bay: String? { if case .completed(_, _, .bay(let bay)) = self { bay } else { nil } }
    fileprivate var reason: String? { if case .canceled(_, let reason, _) = self { reason } else { nil } }
}
