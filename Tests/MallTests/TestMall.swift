import Contracts
import EventLoop
import FoundationEssentials
import Glibc
import Kernel
import Logging
import Postgres
import PostgresTestSupport
import TestSupport
import Testing

@testable import App

/// The whole mall on a database of its own: the real server, over real sockets.
struct TestMall: Sendable {
    let application: Application
    let database: TestDatabase
    let loop: EventLoop
    let settings: Settings
    let administrator: Caller
    let kiosk: Caller
    /// Of the administrator.
    let cookie: String
    let token: String

    struct Settings: Sendable {
        var loops = 1
        var control: String?
        var mall = MallSettings()
    }

    private let ending = Ending()

    var port: UInt16 { application.port }

    /// Takes the mall down; once it is down this does nothing.
    func stop() async {
        // A server that leaves waits a moment for clients that still hold their end.
        await administrator.client.reset()
        await kiosk.client.reset()
        await ending.end(application)
    }

    private actor Ending {
        private var hasEnded = false

        func end(_ application: Application) async {
            if hasEnded { return }
            hasEnded = true
            await application.stop()
        }
    }

    /// Gives `body` a mall that nobody else uses, and takes it down afterwards.
    static func with<Value: Sendable>(_ settings: Settings = Settings(), _ body: (TestMall) async throws -> Value)
        async throws -> Value
    {
        await turns.take()
        do {
            let value = try await TestDatabase.with(template: template()) { database, loop in
                let mall = try await start(settings, database, loop)
                do {
                    let value = try await body(mall)
                    await mall.stop()
                    return value
                } catch {
                    await mall.stop()
                    throw error
                }
            }
            await turns.give()
            return value
        } catch {
            await turns.give()
            throw error
        }
    }

    static func start(_ settings: Settings, _ database: TestDatabase, _ loop: EventLoop) async throws -> TestMall {
        _ = silence
        let application = try await Application(options(settings, database.conninfo), logger: TestCluster.quiet)
        let cookie = try await application.accounts.open(Self.member("admin", [.administrator]))
        let token = try await application.accounts.token(forKiosk: "entrance")
        return TestMall(
            application: application, database: database, loop: loop, settings: settings,
            administrator: Caller(port: application.port, fields: ["Cookie: session=\(cookie)"]),
            kiosk: Caller(port: application.port, fields: ["Authorization: Bearer \(token)"]), cookie: cookie,
            token: token)
    }

    /// A second process on the same database, as far as anything but memory can tell.
    func another<Value: Sendable>(_ body: (TestMall) async throws -> Value) async throws -> Value {
        let other = try await beside()
        do {
            let value = try await body(other)
            await other.stop()
            return value
        } catch {
            await other.stop()
            throw error
        }
    }

    /// As above; whoever asks for it stops it. It knows the sessions and the tokens of this one.
    func beside() async throws -> TestMall {
        let application = try await Application(
            Self.options(settings, database.conninfo), logger: TestCluster.quiet)
        return TestMall(
            application: application, database: database, loop: loop, settings: settings,
            administrator: Caller(port: application.port, fields: ["Cookie: session=\(cookie)"]),
            kiosk: Caller(port: application.port, fields: ["Authorization: Bearer \(token)"]), cookie: cookie,
            token: token)
    }

    static func options(_ settings: Settings, _ conninfo: String?, folder: String = "") -> Application.Options {
        var options = Application.Options(dataDirectory: folder, page: page)
        options.port = 0
        options.loops = settings.loops
        options.databaseURL = conninfo
        options.testControl = settings.control
        options.mall = settings.mall
        return options
    }

    /// The parts make loggers of their own. What tests provoke would bury what they say.
    private static let silence: Void = LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }

    /// The folder `Public` of this package.
    private static let page =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/") + "/Public"

    /// A database that has been migrated and has one account of each role, each named after it, all with one password.
    private static func template() async throws -> String {
        try await TestDatabase.template("mall_template") { database, _ in
            let application = try await Application(options(Settings(), database.conninfo), logger: TestCluster.quiet)
            do {
                try await application.accounts.put(
                    user: "admin", name: "Administrator", password: password, roles: [.administrator])
                await application.stop()
            } catch {
                await application.stop()
                throw error
            }
        }
    }

    static let password = "correct horse battery staple"

    private static func member(_ user: String, _ roles: Set<Role>) -> StaffMember {
        StaffMember(user: user, name: user.capitalized, roles: roles)
    }

    /// Somebody new with these roles, for these stores, and the cookie they are logged in by.
    func staff(
        _ user: String, _ roles: Set<Role>, stores: [String] = []
    ) async throws -> (caller: Caller, cookie: String) {
        try await application.accounts.put(
            user: user, name: user.capitalized, password: Self.password, roles: roles,
            stores: Set(stores.compactMap { StoreID($0) }))
        let cookie = try await application.accounts.open(Self.member(user, roles))
        return (Caller(port: port, fields: ["Cookie: session=\(cookie)"]), cookie)
    }

    var nobody: Caller { Caller(port: port) }

    /// What a statement finds in the database.
    func rows(_ sql: SQL) async throws -> SQLRows {
        let connection = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
        do {
            let rows = try await connection.query(sql)
            await connection.close()
            return rows
        } catch {
            await connection.close()
            throw error
        }
    }

    func number(_ sql: SQL) async throws -> Int64 { try await rows(sql).first?[0, as: Int64.self] ?? 0 }

    /// The number a statement finds; -1 if it cannot be asked.
    func count(_ sql: SQL) async -> Int64 { (try? await number(sql)) ?? -1 }

    /// Where the log ends.
    func end() async throws -> Int64 { try await number("select coalesce(max(position), 0) from mall.log") }

    /// Waits until what follows has followed: every listener stands where the log ends. Says where that is.
    @discardableResult
    func settles() async throws -> Int64 {
        var end: Int64 = -1
        let isSettled = await eventually {
            end = await count(
                """
                select case when min(c.position) >= l.last then l.last else -1 end
                from mall.checkpoints c, (select coalesce(max(position), 0) as last from mall.log) l group by l.last
                """)
            return end >= 0
        }
        #expect(isSettled, "something goes on and on, or a listener stands still")
        return end
    }

    /// How many streams there are: what was refused begins none, but that it was refused is noted in one.
    func streams() async throws -> Int64 {
        try await number("select count(*) from mall.streams where category <> 'admin.Deed'")
    }

    /// Asks the test control.
    func control(_ path: String, _ body: JSON) async -> Reply {
        guard let socket = settings.control else { return Reply(nil) }
        return Reply(await Client(path: socket).ask("POST", path, fields: [], body: body.bytes))
    }

    // What most tests need to have happened.

    func store(_ name: String, participating: Bool = true) async -> String {
        let id = await administrator.post("/admin/api/stores", ["name": .text(name), "location": "Level 1"]).id
        if participating { _ = await administrator.put("/admin/api/stores/\(id)/participating") }
        return id
    }

    func product(_ store: String, _ name: String, _ price: Int64, sku: String = "") async -> String {
        await administrator.post(
            "/admin/api/stores/\(store)/products",
            ["name": .text(name), "description": "", "sku": .text(sku), "priceMinor": .int(price)]
        ).id
    }

    func customer(_ name: String, _ number: String) async -> String {
        await kiosk.post("/api/customers", ["name": .text(name), "smsNumber": .text(number)]).id
    }

    func basket(_ customer: String) async -> String {
        await kiosk.post("/api/baskets", ["customerId": .text(customer)]).id
    }

    /// Adds to a basket. Baskets hear of a store's decisions by messages, so shortly afterwards it may be told to try again.
    @discardableResult
    func add(_ basket: String, _ product: String, _ quantity: Int64 = 1) async -> Reply {
        var reply = Reply(nil)
        _ = await eventually {
            reply = await kiosk.put(
                "/api/baskets/\(basket)/addItem", ["productId": .text(product), "quantity": .int(quantity)])
            return reply.status != 409
        }
        return reply
    }

    /// An order for these goods, checked out.
    func order(_ customer: String, _ lines: [(product: String, quantity: Int64)]) async -> Reply {
        let basket = await basket(customer)
        for line in lines { await add(basket, line.product, line.quantity) }
        let payment = await kiosk.post("/api/payments", ["basketId": .text(basket)]).id
        return await kiosk.put("/api/baskets/\(basket)/checkout", ["paymentId": .text(payment)])
    }

    /// A robot with a token, on duty.
    func robot(_ name: String) async throws -> (id: String, caller: Caller) {
        let made = await administrator.post("/admin/api/bots", ["name": .text(name)])
        #expect(made.status == 201, "\(made)")
        let token = try #require(made.json.token.text)
        let caller = Caller(port: port, fields: ["Authorization: Bearer \(token)"])
        let hello = await caller.post("/robots/api/hello")
        #expect(hello.status == 200 && hello.json.heartbeatSeconds == 5, "\(hello)")
        return (made.id, caller)
    }

    /// An order as staff see it, once a condition holds; the last answer if it never does.
    func order(_ id: String, when condition: (JSON) -> Bool) async -> JSON {
        var order = JSON.null
        _ = await eventually {
            order = await administrator.get("/admin/api/orders/\(id)").json
            return condition(order)
        }
        return order
    }

    /// Two malls at a time: each has a dozen connections and threads, and the machine few processors.
    private static let turns = Turns(2)

    private actor Turns {
        private var free: Int
        private var waiting: [CheckedContinuation<Void, Never>] = []

        init(_ free: Int) { self.free = free }

        func take() async {
            if free > 0 { return free -= 1 }
            await withCheckedContinuation { waiting.append($0) }
        }

        func give() {
            if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
        }
    }
}
