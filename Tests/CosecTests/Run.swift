import Contracts
import DomainTestSupport
import Kernel

@testable import Cosec

typealias Making = Course<CreateOrder>

/// The course of one saga, told what happens to it one thing after the other.
struct Run {
    enum Happening {
        case start
        /// What was asked for last was done, or refused.
        case done, refused
        /// The time came that it waits for.
        case timer
        case retry
        case abort
    }

    static let why = Refusal.conflict("not enough authorised")
    static let order = OrderCreated(
        id: ID(1), customerId: ID(5), customerName: "Ada", paymentId: ID(6),
        items: [
            Item(
                productId: ID(3), storeId: ID(4), storeName: "Bread", productName: "Rye",
                priceMinor: Money(minor: 1000),
                quantity: 1)
        ],
        totalMinor: Money(minor: 1000), pickupCode: "ABCDEF")

    private(set) var course = Making()
    private(set) var events: [Making.Event] = []
    private(set) var now = Instant.morning

    init(_ happenings: Happening...) { for happening in happenings { tell(happening) } }

    init(_ happenings: [Happening]) { for happening in happenings { tell(happening) } }

    /// What it was asked for last, such as `2 forward 1`.
    var key: String { course.asked?.key ?? "" }

    mutating func tell(_ happening: Happening) {
        if case .timer = happening, let due = course.timers.values.first { now = due }
        guard let decided = try? course.decide(command(happening), at: now) else { return }
        for event in decided { course.apply(event) }
        events += decided
    }

    func command(_ happening: Happening) -> Making.Command {
        switch happening {
        case .start: .start(CreateOrder(Self.order))
        case .done: .hear(reply(refused: false))
        case .refused: .hear(reply(refused: true))
        case .timer: course.timers.keys.first.flatMap(Making.command(for:)) ?? .chase
        case .retry: .retry
        case .abort: .abort(reason: "rain")
        }
    }

    /// The reply to what was asked for last, or under another key.
    func reply(refused: Bool, key: String? = nil) -> SagaReply {
        let asked = course.asked
        let command = asked.map { Making.command(of: $0.step, $0.direction) } ?? AuthorizeCustomer.name
        let payload =
            command == CreateShoppingList.name ? try? Coding.encode(CreatedShoppingList(id: ID(2))) : nil
        do {
            return refused
                ? try SagaReply(to: command, key: key ?? self.key, refusal: Self.why)
                : try SagaReply(to: command, key: key ?? self.key, payload: payload ?? [])
        } catch { preconditionFailure("a reply cannot be written: \(error)") }
    }
}
