import Contracts
import FoundationEssentials
import Kernel
import TestSupport
import Testing

@testable import App

/// Who may do and see what.
@Suite struct RightsTests {
    private static let topics: [String: Set<Role>] = [
        "mall": [.storeManager], "catalog": [.storeManager], "orders": [.storeManager, .depotSupervisor],
        "order": [.storeManager, .depotSupervisor], "lists": [.depotClerk, .depotSupervisor],
        "fleet": [.depotClerk, .depotSupervisor], "heartbeats": [.depotClerk, .depotSupervisor],
        "pickup": [.depotClerk, .depotSupervisor, .cashier], "invoices": [.cashier], "shifts": [.cashier],
        "customers": [.cashier], "messages": [], "sagas": [], "ops": [], "audit": [],
    ]

    @Test(arguments: Role.allCases)
    func `row 76: a role takes its routes and opens its topics and no others, and every refusal is audited`(
        _ role: Role
    ) async throws {
        try await TestMall.with { mall in
            let (caller, cookie) = try await mall.staff("ruth", [role])
            let streams = try await mall.streams()
            var refused = 0
            for route in Route.staff {
                let mayTake = role == .administrator || route.roles.contains(role)
                // What a role may take begins things; that it may is shown by what it is not refused.
                guard !mayTake || route.isHere && role != .administrator else { continue }
                let reply = await caller(route.method, route.path(Route.unknown), route.body)
                if mayTake {
                    // A manager without stores reads nothing of any and changes none.
                    let isOwn = role == .storeManager && route.isCommand && reply.isError(403, "forbidden")
                    #expect(isOwn || ![401, 403, 500].contains(reply.status), "\(route): \(reply)")
                    if reply.status == 403 { refused += 1 }
                } else {
                    #expect(reply.isError(403, "forbidden"), "\(route): \(reply)")
                    refused += 1
                }
            }
            // Who may open stores or shifts has done so.
            if ![.storeManager, .cashier, .administrator].contains(role) {
                #expect(try await mall.streams() == streams)
            }
            let forbidden = await mall.administrator.all(
                "/admin/api/audit?actor=ruth&outcome=forbidden", "audit", after: try await mall.end())
            #expect(forbidden.count == refused)

            var hidden: [String] = []
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            for (view, topic) in Self.topics.keys.sorted().enumerated() {
                let sees = role == .administrator || role == .auditor || Self.topics[topic]!.contains(role)
                let filter: JSON =
                    switch topic {
                    case "catalog": ["store": .text(Route.unknown)]
                    case "order": ["order": .text(Route.unknown)]
                    default: [:]
                    }
                if !sees { hidden.append(topic) }
                let order = mall.application.usualOrders[topic]
                await page.open(view, topic, filter, order: order)
                if !sees {
                    #expect(await eventually { await page.refused(view)?.code == "forbidden" }, "\(topic)")
                } else if order != nil || LiveGateway.volatiles.contains(topic) {
                    #expect(await page.completes(view), "\(topic)")
                }
            }
            // Written down once, however often it is tried.
            for topic in hidden { await page.open(900, topic) }
            #expect(
                await eventually {
                    let rows = await mall.administrator.all("/admin/api/audit?actor=ruth&text=live", "audit")
                    return Set(rows.compactMap(\.action.text)) == Set(hidden.map { "live \($0)" })
                        && rows.count == hidden.count
                })
        }
    }

    @Test func `row 76: a manager has their own stores, and others' are forbidden`() async throws {
        try await TestMall.with { mall in
            let (mine, theirs) = (await mall.store("Lamps"), await mall.store("Chairs"))
            let (lamp, chair) = (await mall.product(mine, "Lamp", 1_000), await mall.product(theirs, "Chair", 2_000))
            let (manager, _) = try await mall.staff("mira", [.storeManager], stores: [mine])
            let own = await manager.put("/admin/api/stores/\(mine)/rebrand", ["name": "More lamps"])
            #expect(own.status == 200, "\(own)")
            let price = await manager.put("/admin/api/stores/products/\(lamp)/increasePrice", ["priceMinor": 1_500])
            #expect(price.status == 200, "\(price)")
            let foreign: [(String, String, JSON)] = [
                ("PUT", "/admin/api/stores/\(theirs)/rebrand", ["name": "Mine"]),
                ("DELETE", "/admin/api/stores/\(theirs)/participating", [:]),
                ("POST", "/admin/api/stores/\(theirs)/participation-request", ["note": "please"]),
                ("POST", "/admin/api/stores/\(theirs)/products", ["name": "Lamp", "priceMinor": 1]),
                ("PUT", "/admin/api/stores/products/\(chair)/increasePrice", ["priceMinor": 9_000]),
                ("PUT", "/admin/api/stores/products/\(chair)/rebrand", ["name": "Lamp"]),
                ("DELETE", "/admin/api/stores/products/\(chair)", [:]),
            ]
            for (method, path, body) in foreign {
                let reply = await manager(method, path, body)
                #expect(reply.isError(403, "forbidden"), "\(method) \(path): \(reply)")
            }
            let position = try await mall.end()
            let stores = await manager.all("/admin/api/mall", "stores", after: position)
            #expect(stores.map(\.storeId) == [.text(mine)])
            #expect(await manager.all("/admin/api/stores/\(theirs)/products", "products", after: position) == [])
            #expect(await manager.all("/admin/api/stores/\(mine)/products", "products", after: position).count == 1)

            // Who opens a store has it.
            let opened = await manager.post("/admin/api/stores", ["name": "Shades", "location": "Level 2"])
            #expect(opened.status == 201)
            #expect(await manager.put("/admin/api/stores/\(opened.id)/rebrand", ["name": "Veils"]).status == 200)
        }
    }

    @Test func `a manager sees the orders with their goods, and of these their own lines`() async throws {
        try await TestMall.with { mall in
            let (mine, theirs) = (await mall.store("Lamps"), await mall.store("Chairs"))
            let (lamp, chair) = (await mall.product(mine, "Lamp", 1_000), await mall.product(theirs, "Chair", 2_000))
            let (manager, cookie) = try await mall.staff("mira", [.storeManager], stores: [mine])
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            await page.open(1, "orders")
            await page.open(2, "mall")
            #expect(await page.completes(1))
            let customer = await mall.customer("Ada", "01701234567")
            let both = try #require(await mall.order(customer, [(lamp, 2), (chair, 1)]).json.orderId.text)
            let other = try #require(await mall.order(customer, [(chair, 1)]).json.orderId.text)
            #expect(await mall.order(other) { $0.version.int ?? 0 > 0 }.items.list.count == 1)

            #expect(await page.shows(1, both) { $0.value.items.list.map(\.productName) == ["Lamp"] })
            #expect(await page.row(1, both)?.value.totalMinor == 2_000)
            let end = try await mall.end()
            #expect(await page.reaches(end))
            #expect(await page.rows(1).map(\.key) == [both])
            let list = await manager.all("/admin/api/orders", "orders", after: end)
            #expect(list.map(\.orderId) == [.text(both)])
            #expect(list.first?.items.list.map(\.storeId) == [.text(mine)] && list.first?.totalMinor == 2_000)
            let one = await manager.get("/admin/api/orders/\(both)")
            #expect(one.json.items.list.count == 1 && one.json.pickupCode == "" && one.json.totalMinor == 2_000)
            #expect(await manager.get("/admin/api/orders/\(other)").isError(404, "not_found"))
            // Nor is the rest found out by asking whether it is more than so much, or of this store too.
            for query in ["minTotalMinor=3000", "maxTotalMinor=3000", "store=\(theirs)"] {
                let reply = await manager.get("/admin/api/orders?\(query)")
                #expect(reply.isError(403, "forbidden"), "\(query): \(reply)")
            }
            #expect(await manager.all("/admin/api/orders?store=\(mine)", "orders").count == 1)
            await page.open(3, "orders", ["minTotalMinor": 3_000])
            #expect(await eventually { await page.refused(3)?.code == "forbidden" })
            let whole = await mall.administrator.get("/admin/api/orders/\(both)")
            #expect(whole.json.items.list.count == 2 && whole.json.totalMinor == 4_000)
            #expect(await page.faults.isEmpty)
        }
    }

    @Test func `row 79: another scope shows other rows within a second, and the page purges the first ones`()
        async throws
    {
        try await TestMall.with { mall in
            let (first, second) = (await mall.store("Lamps"), await mall.store("Chairs"))
            let (_, cookie) = try await mall.staff("mira", [.storeManager], stores: [first])
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            await page.open(1, "mall")
            #expect(await page.shows(1, first))
            #expect(await page.rows(1).count == 1)
            let changed = ContinuousClock.now
            let put = await mall.administrator.put(
                "/admin/api/staff/mira", ["name": "Mira", "roles": ["store_manager"], "stores": .list([.text(second)])])
            #expect(put.status == 200, "\(put)")
            #expect(await page.shows(1, second))
            #expect(ContinuousClock.now - changed < .seconds(1))
            #expect(await page.rows(1).map(\.key) == [second])
            #expect(await page.resets == ["rights"])
            #expect(await page.closed == nil)
            // What a page kept of other rights is not resumed.
            await page.disconnect()
            _ = await mall.administrator.put(
                "/admin/api/staff/mira", ["name": "Mira", "roles": ["store_manager"], "stores": .list([.text(first)])])
            #expect(await page.connect())
            #expect(await page.shows(1, first))
            #expect(await page.rows(1).map(\.key) == [first])
        }
    }

    @Test func `telephone numbers are masked except for those who call customers`() async throws {
        try await TestMall.with { mall in
            let id = await mall.customer("Ada", "01701234501")
            let position = try await mall.end()
            for (role, number) in [
                (Role.auditor, "+49••••••01"), (.cashier, "+491701234501"), (.administrator, "+491701234501"),
            ] {
                let (caller, cookie) = try await mall.staff("m-\(role.rawValue)", [role])
                let list = await caller.all("/admin/api/customers", "customers", after: position)
                #expect(list.map(\.smsNumber) == [.text(number)], "\(role)")
                let page = LivePage(mall.port, cookie: cookie)
                #expect(await page.connect())
                await page.open(1, "customers")
                #expect(await page.shows(1, id) { $0.value.smsNumber == .text(number) }, "\(role)")
            }
            // One who gains the right to see them does.
            let (_, cookie) = try await mall.staff("olga", [.auditor])
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            await page.open(1, "customers")
            #expect(await page.shows(1, id) { $0.value.smsNumber == "+49••••••01" })
            _ = await mall.administrator.put(
                "/admin/api/staff/olga", ["name": "Olga", "roles": ["auditor", "cashier"]])
            #expect(await page.shows(1, id) { $0.value.smsNumber == "+491701234501" })
            #expect(await page.faults.isEmpty)
        }
    }

    @Test func `a cashier gives back small amounts only`() async throws {
        try await TestMall.with { mall in
            let (cashier, _) = try await mall.staff("cora", [.cashier])
            let path = "/admin/api/invoices/\(Route.unknown)/refund"
            let much = await cashier.post(path, ["amountMinor": 5_001, "reason": "broken"])
            #expect(much.isError(403, "forbidden"), "\(much)")
            #expect(await cashier.post(path, ["amountMinor": "x", "reason": "broken"]).isError(400, "invalid"))
        }
    }

    @Test func `row 80: a robot is let in by its token and as nobody else`() async throws {
        try await TestMall.with { mall in
            let (id, robot) = try await mall.robot("R2")
            let bot = try #require(BotID(id))
            let beat: JSON = ["battery": 80, "position": "A 04"]
            #expect(await robot.post("/robots/api/heartbeat", beat).status == 200)
            #expect(await robot.post("/robots/api/heartbeat", ["battery": "full"]).isError(400, "invalid"))
            for route in Route.robots {
                for caller in [mall.kiosk, mall.administrator, mall.nobody] {
                    let reply = await caller(route.method, route.path(Route.unknown), route.body)
                    #expect(reply.isError(401, "unauthenticated"), "\(route): \(reply)")
                }
            }
            for path in ["/admin/api/orders", "/api/stores/participating"] {
                #expect(await robot.get(path).isError(401, "unauthenticated"))
            }
            // A token that was replaced or taken away is worth nothing.
            let renewed = await mall.administrator.post("/admin/api/bots/\(id)/token")
            let other = try #require(renewed.json.token.text, "\(renewed)")
            #expect(await robot.post("/robots/api/heartbeat", beat).isError(401, "unauthenticated"))
            let again = Caller(port: mall.port, fields: ["Authorization: Bearer \(other)"])
            #expect(await again.post("/robots/api/heartbeat", beat).status == 200)
            try await mall.application.accounts.removeToken(ofRobot: bot)
            #expect(await again.post("/robots/api/heartbeat", beat).isError(401, "unauthenticated"))
        }
    }
}
