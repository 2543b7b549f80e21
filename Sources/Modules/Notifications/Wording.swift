import Contracts
import Kernel

/// What customers read.
struct Wording: Sendable {
    let currency: Currency

    func received(_ order: OrderCreated) -> String {
        "We have received your order over \(amount(order.totalMinor)). Your pickup code is \(order.pickupCode). "
            + "We write again when it is ready."
    }

    func rejected(_ order: OrderRejected) -> String {
        order.reason.isEmpty
            ? "We cannot take your order. Please ask at the desk."
            : "We cannot take your order: \(order.reason). Please ask at the desk."
    }

    func adjusted(_ order: OrderItemsAdjusted) -> String {
        let lines = order.removed.map { "\($0.quantity) × \($0.productName)" }.joined(separator: ", ")
        return "Not to be had today: \(lines). The rest comes, for \(amount(order.totalMinor))."
    }

    func ready(_ order: OrderReadied, pickupCode: String) -> String {
        "Your order over \(amount(order.totalMinor)) is ready. Your pickup code is \(pickupCode)."
    }

    func reminder(pickupCode: String) -> String {
        "Your order is still waiting for you at the depot. Your pickup code is \(pickupCode)."
    }

    func canceled(_ order: OrderCanceled) -> String {
        switch order.by {
        case .mall: "Nothing of your order could be had today, so it is canceled. You pay nothing."
        case .customer: "Your order is canceled, as you wished. You pay nothing."
        case .staff: "Your order is canceled: \(order.reason). You pay nothing."
        }
    }

    func completed(totalMinor: Money) -> String {
        "Thank you. You have paid \(amount(totalMinor)) and have received your goods."
    }

    func amount(_ money: Money) -> String { currency.text(money) }
}
