import Contracts

@testable import Cosec
@testable import Kernel

private let noon = Instant(microseconds: 1_795_262_400_123_456)
private let order = OrderCreated(
    id: ID(4), customerId: ID(3), customerName: "Ada Łovelace", paymentId: ID(5),
    items: [
        Item(
            productId: ID(2), storeId: ID(1), storeName: "Bread & more", productName: "Rye",
            priceMinor: Money(minor: 1290), quantity: 3)
    ],
    totalMinor: Money(minor: 3870), pickupCode: "ABCDEF")

extension Samples {
    static func cosec() throws -> [Sample] {
        try Sample.stored(Course<CreateOrder>.self) { event in
            switch event {
            case nil: .sagaStarted(saga: CreateOrder(order))
            case .sagaStarted:
                .stepAsked(step: 2, direction: .forward, round: 1, send: 2, attempt: 2, deadline: noon)
            case .stepAsked: .stepDone(step: 2, direction: .forward, payload: "{\"id\":\"\(ListID(7))\"}")
            case .stepDone: .sagaTurned(step: 3, cause: .conflict("not enough authorised"))
            case .sagaTurned: .undoRefused(step: 2, error: "the depot is closed", until: noon)
            case .undoRefused: .sagaStuck(step: 2, error: "the depot is closed")
            case .sagaStuck: .sagaCompleted
            case .sagaCompleted: .sagaCompensated
            case .sagaCompensated: nil
            }
        } + onTheStream() + [
            .said(
                SagaStarted(id: ID(4), saga: "cosec.CreateOrder", customerId: ID(3), customerName: "Ada Łovelace")),
            .said(
                SagaStepped(
                    id: ID(4), step: 2, command: "depotapi.CreateShoppingList", direction: .forward, attempt: 1)),
            .said(SagaTurned(id: ID(4), step: 3, error: "not enough authorised")),
            .said(SagaStuck(id: ID(4), step: 2, error: "the depot is closed")),
            .said(SagaCompleted(id: ID(4))),
            .said(SagaCompensated(id: ID(4), error: "not enough authorised")),
            .said(RetrySagaStep(id: ID(4))),
            .said(AbortSaga(id: ID(4), reason: "rain")),
            .answered(
                "cosecapi.SagaDetails",
                SagaDetails(
                    id: ID(4), saga: "cosec.CreateOrder", status: .stuck, step: 2, direction: .backward, attempts: 10,
                    lastError: "the depot is closed", shoppingId: ID(7), version: 19)),
        ]
    }

    /// What is said on a saga's stream: a command with its key, and the replies.
    private static func onTheStream() throws -> [Sample] {
        let key = "2 forward 1"
        let asked = try SagaCommand.spoken(AuthorizeCustomer(id: ID(3)), key: key)
        let list = try Coding.encode(CreatedShoppingList(id: ID(7)))
        return try [
            Sample(name: "\(asked.type).asked", body: asked.body) { body in
                try SagaCommand.key(of: body) == key
                    && Coding.decode(AuthorizeCustomer.self, from: body) == AuthorizeCustomer(id: ID(3))
            },
            .replied(SagaReply(to: ApproveOrder.name, key: key, payload: [])),
            .replied(SagaReply(to: CreateShoppingList.name, key: key, payload: list), CreateShoppingList.replyName),
            .replied(SagaReply(to: ConfirmPayment.name, key: key, refusal: .conflict("not enough authorised"))),
        ]
    }
}

extension Sample {
    fileprivate static func replied(_ reply: SagaReply, _ name: String? = nil) -> Sample {
        let spoken = reply.spoken(named: name)
        return Sample(name: spoken.type, body: spoken.body) { body in
            let read = try SagaReply(body: body)
            return (read.command, read.key, read.outcome) == (reply.command, reply.key, reply.outcome)
        }
    }
}
