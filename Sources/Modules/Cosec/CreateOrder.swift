import Contracts
import Kernel

/// The making of an order out of a checkout: everybody it needs agrees, or everything is undone.
struct CreateOrder: Saga {
    let orderId: OrderID
    let customerId: CustomerID
    let customerName: String
    let paymentId: PaymentID
    let items: [Item]
    let totalMinor: Money
    var shoppingId: ListID?

    typealias Noun = Contracts.Noun.Order
    static let category = "cosec.CreateOrder"

    static let steps = Steps<CreateOrder> {
        undo { RejectOrder(id: $0.orderId, reason: $1.reason) }
        ask { AuthorizeCustomer(id: $0.customerId) }
        ask {
            CreateShoppingList(orderId: $0.orderId, items: $0.items)
        } heard: {
            $0.shoppingId = $1.id
        } undo: { saga, cause in
            saga.shoppingId.map { CancelShoppingList(id: $0, reason: cause.reason) }
        }
        ask {
            ConfirmPayment(
                id: $0.paymentId, amountMinor: $0.totalMinor, orderId: $0.orderId, customerId: $0.customerId)
        } undo: { saga, _ in
            ReleasePayment(id: saga.paymentId, orderId: saga.orderId)
        }
        ask { InitiateShopping(id: $0.list) }
        ask { ApproveOrder(id: $0.orderId, shoppingId: $0.list) }
    }

    init(_ order: OrderCreated) {
        orderId = order.id
        customerId = order.customerId
        customerName = order.customerName
        paymentId = order.paymentId
        items = order.items
        totalMinor = order.totalMinor
    }

    /// The list that the second step has made.
    private var list: ListID {
        guard let shoppingId else { preconditionFailure("order \(orderId) has no list, and no step before made one") }
        return shoppingId
    }
}

extension Refusal {
    /// What was refused, as long as a reason may be.
    fileprivate var reason: String { String(String.UnicodeScalarView(message.unicodeScalars.prefix(MallLimits.note))) }
}
