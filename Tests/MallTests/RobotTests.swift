import Contracts
import EventStore
import FoundationEssentials
import Kernel
import PostgresTestSupport
import TestSupport
import Testing

@testable import App

/// Robots over HTTP: their tokens, their errands, their silence.
@Suite struct RobotTests {
    /// A list that waits for a robot, of two lamps.
    private func list(_ mall: TestMall) async throws -> String {
        let store = await mall.store("Lamps")
        let lamp = await mall.product(store, "Lamp", 1_000)
        let item = Item(
            productId: try #require(ProductID(lamp)), storeId: try #require(StoreID(store)), storeName: "Lamps",
            productName: "Lamp", priceMinor: Money(minor: 1_000), quantity: 2)
        func request() -> CommandRequest {
            let id = UUID()
            return CommandRequest(
                id: id, mayRepeat: false, cause: Cause(correlation: id, causation: id, actor: "test:depot"))
        }
        let dispatcher = mall.application.dispatcher
        let outcome = try await dispatcher.perform(
            CreateShoppingList(orderId: OrderID(rawValue: UUID()), items: [item]), request())
        let id = try Coding.decode(CreatedShoppingList.self, from: outcome.reply).id
        _ = try await dispatcher.perform(InitiateShopping(id: id), request())
        return id.description
    }

    @Test func `row 80: a robot works on its own list, and another's is forbidden and audited`() async throws {
        try await TestMall.with { mall in
            let (first, one) = try await mall.robot("R1")
            let (_, other) = try await mall.robot("R2")
            let list = try await list(mall)
            var found = JSON.null
            #expect(
                await eventually {
                    found = await one.post("/robots/api/work").json["list"]
                    return found.id == .text(list)
                })
            let store = try #require(found.stops[0].storeId.text)
            // Who declined it is spared.
            #expect(await other.post("/robots/api/lists/\(list)/decline", ["reason": "far"]).status == 204)
            #expect(await other.post("/robots/api/work").json["list"] == .null)
            // Whose it is the token says, not the body.
            let accepted = await one.post("/robots/api/lists/\(list)/accept", ["botId": .text(Route.unknown)])
            #expect(accepted.status == 200, "\(accepted)")
            let started = await one.post("/robots/api/lists/\(list)/start", ["reportNo": 1])
            #expect(started.status == 200, "\(started)")
            for (path, body) in [
                ("arrive", ["reportNo": 2, "storeId": .text(store)] as JSON), ("release", ["reason": "mine"]),
            ] {
                let reply = await other.post(
                    "/robots/api/lists/\(list)/\(path)", body)
                #expect(reply.isError(403, "forbidden"), "\(path): \(reply)")
            }
            let details = await mall.administrator.get("/admin/api/lists/\(list)")
            #expect(details.json.botId == .text(first), "\(details)")
            let rows = await mall.administrator.all(
                "/admin/api/audit?actor=robot:R2", "audit", after: try await mall.end())
            #expect(rows.map(\.outcome) == ["forbidden", "forbidden"], "\(rows)")

            // Out of service, it is nobody.
            let (clerk, _) = try await mall.staff("carl", [.depotClerk])
            #expect(await other.post("/robots/api/offline", ["reason": "night"]).status == 200)
            let id = try #require(
                await mall.administrator.get("/admin/api/bots").json.bots.list.first { $0.name == "R2" }?.id.text)
            let retired = await clerk.post("/admin/api/bots/\(id)/retire")
            #expect(retired.status == 200, "\(retired)")
            #expect(await other.post("/robots/api/hello").isError(401, "unauthenticated"))
        }
    }

    @Test func `robots that ask at once are told different lists, each for ten seconds`() async throws {
        let folder = Reaper.temporaryFolder()
        try await TestMall.with(TestMall.Settings(control: folder + "/control")) { mall in
            var robots: [Caller] = []
            for name in 1...5 { robots.append(try await mall.robot("R\(name)").caller) }
            var lists: [String] = []
            for _ in 1...4 { lists.append(try await list(mall)) }
            // Until the youngest waits, too.
            let (last, waiting) = (robots.removeLast(), lists)
            #expect(
                await eventually {
                    await last.post("/robots/api/work", ["declined": .list(waiting.dropLast().map { .text($0) })])
                        .json["list"].id == .text(waiting[3])
                })
            #expect(await last.post("/robots/api/lists/\(lists[3])/decline").status == 204)
            let told = await withTaskGroup(of: String?.self) { group in
                for robot in robots { group.addTask { await robot.post("/robots/api/work").json["list"].id.text } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(told) == Set(lists), "\(told)")
            #expect(await last.post("/robots/api/work").json["list"] == .null)
            // Who asks again is told the same; what nobody has taken goes to others.
            _ = await mall.control("/clock/advance", ["seconds": 5])
            let second = await robots[1].post("/robots/api/work").json["list"].id.text
            #expect(second == lists.first || told.contains(second))
            _ = await mall.control("/clock/advance", ["seconds": 6])
            #expect(await last.post("/robots/api/work").json["list"].id.text != nil)
        }
    }

    @Test func `a robot is told with each heartbeat what it is to do, and reads its own list`() async throws {
        try await TestMall.with { mall in
            let (id, robot) = try await mall.robot("R1")
            let (_, other) = try await mall.robot("R2")
            let (list, beat) = (try await list(mall), "/robots/api/heartbeat")
            #expect(await robot.post(beat).json == ["status": "idle"])
            #expect(await robot.get("/robots/api/lists/\(list)").isError(403, "forbidden"))
            #expect(await eventually { await robot.post("/robots/api/lists/\(list)/accept").status == 200 })
            #expect(await robot.post(beat).json == ["status": "active", "resume": .text(list)])
            let store = await robot.get("/robots/api/lists/\(list)").json.stops[0]
            for (path, body) in [
                ("start", ["reportNo": 1] as JSON), ("arrive", ["reportNo": 2, "storeId": store.storeId]),
                (
                    "pick",
                    ["reportNo": 3, "storeId": store.storeId, "productId": store.lines[0].productId, "quantity": 1]
                ),
            ] {
                let reply = await robot.post("/robots/api/lists/\(list)/\(path)", body)
                #expect(reply.status == 200, "\(path): \(reply)")
            }
            // All it needs to go on after a crash, and nobody else's business.
            let resumed = await robot.get("/robots/api/lists/\(list)").json
            #expect(resumed.status == "active" && resumed.lastReport == 3, "\(resumed)")
            #expect(resumed.stops[0].lines[0].ordered == 2 && resumed.stops[0].lines[0].picked == 1, "\(resumed)")
            #expect(await other.get("/robots/api/lists/\(list)").isError(403, "forbidden"))
            let recalled = await mall.administrator.post("/admin/api/bots/\(id)/recall", ["reason": "rain"])
            #expect(recalled.status == 200, "\(recalled)")
            #expect(await robot.post(beat).json == ["status": "recalled", "recall": .text(list)])
        }
    }

    @Test func `a robot's token is renewed by administrators, which is audited, and by the command line`() async throws
    {
        try await TestMall.with { mall in
            let (id, robot) = try await mall.robot("Rosie")
            let renewed = await mall.administrator.post("/admin/api/bots/\(id)/token")
            let token = try #require(renewed.json.token.text, "\(renewed)")
            #expect(await robot.post("/robots/api/hello").isError(401, "unauthenticated"))
            let again = Caller(port: mall.port, fields: ["Authorization: Bearer \(token)"])
            #expect(await again.post("/robots/api/hello").status == 200)
            let unknown = await mall.administrator.post("/admin/api/bots/\(Route.unknown)/token")
            #expect(unknown.isError(404, "not_found"), "\(unknown)")

            let accounts = mall.application.accounts
            let bot = try await accounts.robot(named: "rosie")
            #expect(bot.description == id)
            await #expect(throws: Refusal.self) { try await accounts.robot(named: "Rita") }
            _ = try await accounts.renewToken(ofRobot: bot, by: .commandLine)
            #expect(await again.post("/robots/api/hello").isError(401, "unauthenticated"))
            let rows = await mall.administrator.all(
                "/admin/api/audit?text=RobotTokenRenewed", "audit", after: try await mall.end())
            #expect(
                rows.map { "\($0.actor.text ?? "") \($0.outcome.text ?? "")" }
                    == ["command line done", "admin not_found", "admin done"], "\(rows)")
        }
    }

    @Test func `row 41: a robot that is silent for 16 seconds is suspect, and for 46 it is lost`() async throws {
        let folder = Reaper.temporaryFolder()
        try await TestMall.with(TestMall.Settings(control: folder + "/control")) { mall in
            let (id, robot) = try await mall.robot("R1")
            let list = try await list(mall)
            #expect(
                await eventually { await robot.post("/robots/api/work").json["list"].id == .text(list) })
            #expect(await robot.post("/robots/api/lists/\(list)/accept").status == 200)
            let (_, cookie) = try await mall.staff("carl", [.depotClerk])
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            await page.open(1, "fleet")
            await page.open(2, "heartbeats")
            #expect(await page.shows(1, id) { $0.value.status == "active" })
            #expect(await page.shows(2, id) { $0.value.suspect == false })
            _ = await mall.control("/clock/advance", ["seconds": 16])
            #expect(await page.shows(2, id) { $0.value.suspect == true })
            #expect(await robot.post("/robots/api/heartbeat", ["battery": 40]).json.status == "active")
            #expect(await page.shows(2, id) { $0.value.suspect == false && $0.value.battery == 40 })
            #expect(await page.row(1, id)?.value.status == "active")
            _ = await mall.control("/clock/advance", ["seconds": 46])
            #expect(await page.shows(1, id) { $0.value.status == "lost" })
            #expect(
                await eventually {
                    await mall.administrator.get("/admin/api/lists/\(list)").json.status == "available"
                })
            #expect(await page.faults.isEmpty)
        }
    }
}
