/// Every route of the two gateways that somebody has to be let in to, with a body that it would take.
struct Route: Sendable, CustomStringConvertible {
    enum Side: Sendable { case staff, kiosk }

    let side: Side
    let method: String
    /// `{id}` stands for an identifier.
    let path: String
    let body: JSON?

    init(_ side: Side, _ method: String, _ path: String, _ body: JSON? = nil) {
        (self.side, self.method, self.path, self.body) = (side, method, path, body)
    }

    var description: String { "\(method) \(path)" }
    var hasID: Bool { path.contains("{id}") }
    var isCommand: Bool { method != "GET" }

    func path(_ id: String) -> String { path.replacing("{id}", with: id) }

    static let unknown = "11111111-2222-4333-8444-555555555555"

    static let all: [Route] = staff + kiosk

    static let staff = [
        Route(.staff, "POST", "/admin/api/stores", ["name": "Lamps", "location": "Level 1"]),
        Route(.staff, "PUT", "/admin/api/stores/{id}/participating"),
        Route(.staff, "DELETE", "/admin/api/stores/{id}/participating"),
        Route(.staff, "PUT", "/admin/api/stores/{id}/rebrand", ["name": "More lamps"]),
        Route(.staff, "POST", "/admin/api/stores/{id}/participation-request", ["note": "please"]),
        Route(.staff, "DELETE", "/admin/api/stores/{id}/participation-request", ["note": "sorry"]),
        Route(
            .staff, "POST", "/admin/api/stores/{id}/products",
            ["name": "Lamp", "description": "of walnut", "sku": "L-1", "priceMinor": 1_205]),
        Route(.staff, "PUT", "/admin/api/stores/products/{id}/rebrand", ["name": "Lamp", "description": "of oak"]),
        Route(.staff, "PUT", "/admin/api/stores/products/{id}/increasePrice", ["priceMinor": 2_000]),
        Route(.staff, "PUT", "/admin/api/stores/products/{id}/decreasePrice", ["priceMinor": 1_000]),
        Route(.staff, "DELETE", "/admin/api/stores/products/{id}"),
        Route(.staff, "GET", "/admin/api/mall"),
        Route(.staff, "GET", "/admin/api/stores/{id}/products"),
        Route(.staff, "GET", "/admin/api/orders"),
        Route(.staff, "GET", "/admin/api/orders/{id}"),
        Route(.staff, "POST", "/admin/api/orders/{id}/cancel", ["reason": "because"]),
        Route(.staff, "GET", "/admin/api/customers"),
        Route(.staff, "PUT", "/admin/api/customers/{id}/enable"),
        Route(.staff, "PUT", "/admin/api/customers/{id}/disable"),
        Route(.staff, "GET", "/admin/api/session"),
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
