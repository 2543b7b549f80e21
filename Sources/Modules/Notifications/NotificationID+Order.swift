import Contracts
import Kernel

extension NotificationID {
    /// The one text of a kind about an order: whoever hears of the fact twice, or late, means the same text.
    ///
    /// The order's identifier with the kind in its eighth byte, as a UUID of version 8 (RFC 9562 §5.8), which no order's is.
    init(of order: OrderID, _ kind: NotificationKind) {
        var bytes = order.rawValue.uuid
        bytes.6 = bytes.6 & 0x0f | 0x80
        bytes.7 ^= kind.number
        self.init(rawValue: UUIDOf(uuid: bytes))
    }
}

extension NotificationKind {
    /// Part of stored identifiers: it never changes.
    fileprivate var number: UInt8 {
        switch self {
        case .received: 1
        case .rejected: 2
        case .adjusted: 3
        case .ready: 4
        case .reminder: 5
        case .canceled: 6
        case .completed: 7
        }
    }
}
