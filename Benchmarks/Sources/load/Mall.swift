import ArgumentParser
import EventLoop
import Glibc

/// Who may command the mall that is loaded.
struct Staff: ParsableArguments, Sendable {
    @Option(help: "A kiosk's token.") var kioskToken: String
    @Option(help: "An administrator's name.") var user = "admin"
    @Option(help: "Their password.") var password: String
    @Option(help: "The process of the server's PostgreSQL; without it its CPU time is not reported.") var postgresPid:
        Int32?
    @Flag(help: "Send no Idempotency-Key with commands.") var noKeys = false
}

/// What a run buys and changes, made over the HTTP interface before it is measured. Touched on the loop's thread only.
final class Mall: @unchecked Sendable {
    struct Store: Sendable {
        let id: String
        let products: [String]
    }

    private(set) var stores: [Store] = []
    private(set) var customers: [String] = []
    /// The cookie of the administrator's session, as a header field.
    private(set) var session = ""
    private let target: Target
    private let staff: Staff
    let ground: Ground
    /// Names of this run: it may be the second one in the same mall.
    private let run = nanoseconds() / 1_000
    private var keys = 0

    init(_ target: Target, _ staff: Staff, _ ground: Ground) {
        (self.target, self.staff, self.ground) = (target, staff, ground)
    }

    /// A key that no other command has.
    func key() -> String? {
        if staff.noKeys { return nil }
        keys += 1
        return "\(run)-\(keys)"
    }

    func kiosk() throws -> Caller {
        let caller = try Caller(of: target, on: ground)
        caller.fields = "Authorization: Bearer \(staff.kioskToken)\r\n"
        return caller
    }

    func administrator() throws -> Caller {
        let caller = try Caller(of: target, on: ground)
        caller.fields = session
        return caller
    }

    func robot(token: String) throws -> Caller {
        let caller = try Caller(of: target, on: ground)
        caller.fields = "Authorization: Bearer \(token)\r\n"
        return caller
    }

    /// Logs in, opens stores with products, and registers customers.
    func prepare(stores storeCount: Int, products: Int, customers customerCount: Int) async throws {
        let door = try Caller(of: target, on: ground)
        let login = try await door.tell(
            "POST", "/admin/api/session", "{\"user\":\"\(staff.user)\",\"password\":\"\(staff.password)\"}")
        door.close()
        guard let line = login.head.split(separator: "\r\n").first(where: { $0.lowercased().hasPrefix("set-cookie:") })
        else {
            throw Failure(description: "expected a session's cookie")
        }
        session = "Cookie: \(line.dropFirst(11).prefix { $0 != ";" }.drop { $0 == " " })\r\n"
        stores = try await together(storeCount) { [self] in
            try administrator()
        } each: { [self, run] caller, index in
            let id = try await caller.tell(
                "POST", "/admin/api/stores",
                "{\"name\":\"Store \(run) \(index)\",\"location\":\"Ground floor, A \(index)\"}",
                key: key()
            ).field("id")
            _ = try await caller.tell("PUT", "/admin/api/stores/\(id)/participating", key: key())
            var made: [String] = []
            for number in 0..<products {
                let body =
                    "{\"name\":\"Product \(number)\",\"description\":\"What store \(index) sells\","
                    + "\"sku\":\"S\(index)-\(number)\",\"priceMinor\":\(500 + number)}"
                made.append(
                    try await caller.tell("POST", "/admin/api/stores/\(id)/products", body, key: key()).field("id"))
            }
            return Store(id: id, products: made)
        }
        customers = try await together(customerCount) { [self] in
            try kiosk()
        } each: { [self, run] caller, index in
            let number = "+49151\(run % 100_000)\(1_000 + index)"
            return try await caller.tell(
                "POST", "/api/customers", "{\"name\":\"Customer \(index)\",\"smsNumber\":\"\(number)\"}", key: key()
            ).field("id")
        }
    }

    /// Carries out `each` for 0..<count, on up to 16 connections at once, and returns what came of them in order.
    func together<Value: Sendable>(
        _ count: Int, _ make: @Sendable () throws -> Caller,
        each: @escaping @Sendable (Caller, Int) async throws -> Value
    ) async throws -> [Value] {
        let lanes = min(count, Limits.preparing)
        let tasks = try (0..<lanes).map { lane in
            let caller = try make()
            return ground.loop.spawnThrowing {
                var values: [(Int, Value)] = []
                for index in stride(from: lane, to: count, by: lanes) {
                    values.append((index, try await each(caller, index)))
                }
                caller.close()
                return values
            }
        }
        var values: [(Int, Value)] = []
        for task in tasks { values += try await task.value }
        return values.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// A basket of a customer. Returns its id.
    func startBasket(_ caller: Caller, customer: Int) async throws -> String {
        try await caller.tell(
            "POST", "/api/baskets", "{\"customerId\":\"\(customers[customer % customers.count])\"}", key: key()
        ).field("id")
    }

    func addItem(_ caller: Caller, basket: String, _ number: Int) async throws {
        let store = stores[number % stores.count]
        let product = store.products[number / stores.count % store.products.count]
        _ = try await caller.tell(
            "PUT", "/api/baskets/\(basket)/addItem", "{\"productId\":\"\(product)\",\"quantity\":1}", key: key())
    }

    /// Holds a basket's total on the card. Returns the payment's id.
    func pay(_ caller: Caller, basket: String) async throws -> String {
        try await caller.tell("POST", "/api/payments", "{\"basketId\":\"\(basket)\"}", key: key()).field("id")
    }

    /// Returns the order's id.
    func checkOut(_ caller: Caller, basket: String, payment: String) async throws -> String {
        try await caller.tell(
            "PUT", "/api/baskets/\(basket)/checkout", "{\"paymentId\":\"\(payment)\"}", key: key()
        ).field("orderId")
    }

    /// A whole journey. Returns the order's id.
    func buy(_ caller: Caller, customer: Int) async throws -> String {
        let basket = try await startBasket(caller, customer: customer)
        try await addItem(caller, basket: basket, customer)
        return try await checkOut(caller, basket: basket, payment: pay(caller, basket: basket))
    }

    /// Waits until the listeners have made the order that a checkout promised.
    func waitForOrder(_ caller: Caller, _ order: String) async throws {
        let deadline = ground.loop.now + Limits.listenersFollow
        while try await caller.tell("GET", "/admin/api/orders/\(order)").field("version") == "0" {
            guard ground.loop.now < deadline else { throw Failure(description: "order \(order) was not made in time") }
            await ground.loop.sleep(for: .milliseconds(20))
        }
    }
}
