import Contracts
import Kernel

@testable import App

/// Every route of the gateways that somebody has to be let in to, with a body that it would take.
struct Route: Sendable, CustomStringConvertible {
    enum Side: Sendable { case staff, kiosk, robot }

    let side: Side
    let method: String
    /// `{id}` stands for an identifier.
    let path: String
    let body: JSON?
    /// Who of staff may take it, beside administrators; for a GET auditors too.
    let roles: Set<Role>
    /// The topic or the command or query of a module that it needs.
    let needs: String?

    init(
        _ side: Side, _ method: String, _ path: String, _ body: JSON? = nil, by roles: Set<Role> = [],
        needs: String? = nil
    ) {
        (self.side, self.method, self.path, self.body) = (side, method, path, body)
        self.roles = roles.union(method == "GET" ? [.administrator, .auditor] : [.administrator])
        self.needs = needs
    }

    var description: String { "\(method) \(path)" }
    var hasID: Bool { path.contains("{id}") }
    var isCommand: Bool { method != "GET" }
    /// Whether a module of the mall answers behind it.
    var isHere: Bool { needs.map(Self.known.contains) ?? true }

    func path(_ id: String) -> String { path.replacing("{id}", with: id) }

    static let unknown = "11111111-2222-4333-8444-555555555555"

    /// Those of staff and kiosks that a module answers behind.
    static let all: [Route] = (staff + kiosk).filter(\.isHere)
    static let every: [Route] = staff + kiosk + robots

    /// What the modules accept, answer and show.
    private static let known: Set<String> = {
        var names = Set<String>()
        for part in mallModules().flatMap(\.parts) {
            switch part {
            case .accepts(let part): names.insert(part.command)
            case .answers(let part): names.insert(part.query)
            case .shows(let topic): names.insert(topic.name)
            default: break
            }
        }
        return names
    }()

    private static let depot: Set<Role> = [.depotClerk, .depotSupervisor]

    static let staff =
        stores + lists + desk + watch + [Route(.staff, "GET", "/admin/api/session", by: Set(Role.allCases))]

    private static let stores = [
        Route(.staff, "POST", "/admin/api/stores", ["name": "Lamps", "location": "Level 1"], by: [.storeManager]),
        Route(.staff, "PUT", "/admin/api/stores/{id}/participating"),
        Route(.staff, "DELETE", "/admin/api/stores/{id}/participating", by: [.storeManager]),
        Route(.staff, "PUT", "/admin/api/stores/{id}/rebrand", ["name": "More lamps"], by: [.storeManager]),
        Route(.staff, "POST", "/admin/api/stores/{id}/participation-request", ["note": "please"], by: [.storeManager]),
        Route(.staff, "DELETE", "/admin/api/stores/{id}/participation-request", ["note": "sorry"]),
        Route(
            .staff, "POST", "/admin/api/stores/{id}/products",
            ["name": "Lamp", "description": "of walnut", "sku": "L-1", "priceMinor": 1_205], by: [.storeManager]),
        Route(
            .staff, "PUT", "/admin/api/stores/products/{id}/rebrand", ["name": "Lamp", "description": "of oak"],
            by: [.storeManager]),
        Route(
            .staff, "PUT", "/admin/api/stores/products/{id}/increasePrice", ["priceMinor": 2_000], by: [.storeManager]),
        Route(
            .staff, "PUT", "/admin/api/stores/products/{id}/decreasePrice", ["priceMinor": 1_000], by: [.storeManager]),
        Route(.staff, "DELETE", "/admin/api/stores/products/{id}", by: [.storeManager]),
        Route(.staff, "GET", "/admin/api/mall", by: [.storeManager]),
        Route(.staff, "GET", "/admin/api/stores/{id}/products", by: [.storeManager]),
        Route(.staff, "GET", "/admin/api/orders", by: [.storeManager, .depotSupervisor]),
        Route(.staff, "GET", "/admin/api/orders/{id}", by: [.storeManager, .depotSupervisor]),
        Route(.staff, "POST", "/admin/api/orders/{id}/cancel", ["reason": "because"], by: [.depotSupervisor]),
    ]

    private static let lists = [
        Route(.staff, "GET", "/admin/api/lists", by: depot, needs: "lists"),
        Route(.staff, "GET", "/admin/api/lists/{id}", by: depot, needs: GetShoppingList.name),
        Route(
            .staff, "POST", "/admin/api/lists/{id}/assign", ["botId": .text(unknown)], by: depot,
            needs: AssignShoppingList.name),
        Route(
            .staff, "POST", "/admin/api/lists/{id}/release", ["reason": "stuck"], by: depot,
            needs: ReleaseShoppingList.name),
        Route(
            .staff, "POST", "/admin/api/lists/{id}/complete", ["counts": .list([])], by: depot,
            needs: CompleteShoppingList.name),
        Route(.staff, "POST", "/admin/api/lists/{id}/bay", ["bay": "B7"], by: depot, needs: PutToBay.name),
        Route(.staff, "POST", "/admin/api/lists/{id}/returns-cleared", by: depot, needs: ClearReturns.name),
        Route(.staff, "GET", "/admin/api/bots", by: depot, needs: "fleet"),
        Route(.staff, "GET", "/admin/api/bots/{id}", by: depot, needs: GetBot.name),
        Route(.staff, "POST", "/admin/api/bots", ["name": "R2"], needs: RegisterBot.name),
        Route(.staff, "POST", "/admin/api/bots/{id}/token"),
        Route(.staff, "POST", "/admin/api/bots/{id}/retire", by: depot, needs: RetireBot.name),
        Route(
            .staff, "POST", "/admin/api/bots/{id}/recall", ["reason": "come"], by: depot, needs: RecallBot.name),
        Route(.staff, "POST", "/admin/api/bots/{id}/returned", by: depot, needs: ReturnBot.name),
    ]

    private static let desk = [
        Route(.staff, "GET", "/admin/api/pickup", by: depot.union([.cashier]), needs: "pickup"),
        Route(.staff, "POST", "/admin/api/orders/{id}/complete", by: [.cashier], needs: CompleteOrder.name),
        Route(.staff, "GET", "/admin/api/invoices", by: [.cashier], needs: "invoices"),
        Route(.staff, "GET", "/admin/api/invoices/{id}", by: [.cashier], needs: GetInvoice.name),
        Route(
            .staff, "PUT", "/admin/api/invoices/{id}/pay", ["method": "cash", "expectedAmountMinor": 100],
            by: [.cashier], needs: PayInvoice.name),
        Route(
            .staff, "POST", "/admin/api/invoices/{id}/refund", ["amountMinor": 100, "reason": "broken"],
            by: [.cashier, .depotSupervisor], needs: RefundInvoice.name),
        Route(.staff, "GET", "/admin/api/shifts", by: [.cashier], needs: "shifts"),
        Route(.staff, "POST", "/admin/api/shifts", ["floatMinor": 100], by: [.cashier], needs: OpenShift.name),
        Route(
            .staff, "POST", "/admin/api/shifts/{id}/close", ["countedMinor": 100], by: [.cashier],
            needs: CloseShift.name),
        Route(.staff, "GET", "/admin/api/customers", by: [.cashier]),
        Route(.staff, "PUT", "/admin/api/customers/{id}/enable"),
        Route(.staff, "PUT", "/admin/api/customers/{id}/disable"),
        Route(
            .staff, "PUT", "/admin/api/customers/{id}/change-sms", ["smsNumber": "01701234568"], by: [.cashier]),
    ]

    private static let watch = [
        Route(.staff, "GET", "/admin/api/messages", needs: "messages"),
        Route(.staff, "POST", "/admin/api/messages/{id}/resend", needs: ResendNotification.name),
        Route(.staff, "GET", "/admin/api/sagas", needs: "sagas"),
        Route(.staff, "GET", "/admin/api/sagas/{id}", needs: GetSaga.name),
        Route(.staff, "POST", "/admin/api/sagas/{id}/retry", needs: RetrySagaStep.name),
        Route(.staff, "POST", "/admin/api/sagas/{id}/abort", ["reason": "enough"], needs: AbortSaga.name),
        Route(.staff, "GET", "/admin/api/ops"),
        Route(.staff, "POST", "/admin/api/ops/dead-letters/nobody/1/replay"),
        Route(.staff, "POST", "/admin/api/ops/dead-letters/nobody/1/discard", ["reason": "old"]),
        Route(.staff, "POST", "/admin/api/ops/rebuild", ["projections": ["mall"]]),
        Route(.staff, "GET", "/admin/api/audit"),
        Route(.staff, "GET", "/admin/api/audit?format=csv"),
        Route(.staff, "GET", "/admin/api/staff"),
        Route(.staff, "PUT", "/admin/api/staff/zoe", ["name": "Zoe", "roles": .list(["cashier"])]),
        Route(.staff, "DELETE", "/admin/api/staff/zoe"),
    ]

    static let robots = [
        Route(.robot, "POST", "/robots/api/hello", needs: GreetBot.name),
        Route(.robot, "POST", "/robots/api/heartbeat", ["battery": 80, "position": "A 04"]),
        Route(.robot, "GET", "/robots/api/lists/{id}", needs: GetShoppingList.name),
        Route(.robot, "POST", "/robots/api/work", ["declined": .list([])], needs: FindWork.name),
        Route(.robot, "POST", "/robots/api/lists/{id}/accept", needs: AssignShoppingList.name),
        Route(.robot, "POST", "/robots/api/lists/{id}/decline", ["reason": "far"]),
        Route(.robot, "POST", "/robots/api/lists/{id}/start", ["reportNo": 1], needs: StartShopping.name),
        Route(
            .robot, "POST", "/robots/api/lists/{id}/arrive", ["reportNo": 1, "storeId": .text(unknown)],
            needs: ArriveAtStop.name),
        Route(
            .robot, "POST", "/robots/api/lists/{id}/pick",
            ["reportNo": 1, "storeId": .text(unknown), "productId": .text(unknown), "quantity": 1],
            needs: PickItem.name),
        Route(
            .robot, "POST", "/robots/api/lists/{id}/unavailable",
            ["reportNo": 1, "storeId": .text(unknown), "productId": .text(unknown), "quantity": 1],
            needs: MarkUnavailable.name),
        Route(.robot, "POST", "/robots/api/lists/{id}/deliver", ["reportNo": 1], needs: ReturnToDepot.name),
        Route(
            .robot, "POST", "/robots/api/lists/{id}/release", ["reason": "battery"], needs: ReleaseShoppingList.name),
        Route(.robot, "POST", "/robots/api/returned", needs: ReturnBot.name),
        Route(.robot, "POST", "/robots/api/offline", ["reason": "night"], needs: LeaveBot.name),
    ]

    static let kiosk = [
        Route(.kiosk, "GET", "/api/stores/participating"),
        Route(.kiosk, "GET", "/api/stores/{id}"),
        Route(.kiosk, "GET", "/api/stores/{id}/products"),
        Route(.kiosk, "GET", "/api/stores/products/{id}"),
        Route(.kiosk, "POST", "/api/customers", ["name": "Ada", "smsNumber": "01701234567"]),
        Route(.kiosk, "GET", "/api/customers/{id}"),
        Route(.kiosk, "PUT", "/api/customers/{id}/change-sms", ["smsNumber": "01701234568"]),
        Route(.kiosk, "POST", "/api/baskets", ["customerId": .text(unknown)]),
        Route(.kiosk, "GET", "/api/baskets/{id}"),
        Route(.kiosk, "PUT", "/api/baskets/{id}/addItem", ["productId": .text(unknown), "quantity": 1]),
        Route(.kiosk, "PUT", "/api/baskets/{id}/removeItem", ["productId": .text(unknown), "quantity": 1]),
        Route(.kiosk, "DELETE", "/api/baskets/{id}", ["reason": "too dear"]),
        Route(.kiosk, "PUT", "/api/baskets/{id}/checkout", ["paymentId": .text(unknown)]),
        Route(.kiosk, "POST", "/api/payments", ["basketId": .text(unknown)]),
        Route(.kiosk, "GET", "/api/ordering/{id}"),
        Route(.kiosk, "DELETE", "/api/ordering/{id}", ["smsNumber": "01701234567", "pickupCode": "ABCDEF"]),
    ]
}
