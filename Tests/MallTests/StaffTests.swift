import Contracts
import EventStore
import FoundationEssentials
import Kernel
import PostgresTestSupport
import TestSupport
import Testing

@testable import App

/// Accounts, the audit, and what administrators do about failures.
@Suite struct StaffTests {
    @Test func `an administrator makes, changes and removes accounts`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            let made = await mall.administrator.put(
                "/admin/api/staff/zoe", ["name": "Zoe", "roles": ["store_manager"], "stores": .list([.text(store)])])
            let password = try #require(made.json.password.text, "\(made)")
            let logIn = await mall.nobody.post("/admin/api/session", ["user": "zoe", "password": .text(password)])
            #expect(logIn.status == 200 && logIn.json.stores == .list([.text(store)]), "\(logIn)")
            let changed = await mall.administrator.put("/admin/api/staff/zoe", ["name": "Zoe", "roles": ["cashier"]])
            #expect(changed.status == 200 && changed.json.password == .null)
            let staff = await mall.administrator.get("/admin/api/staff").json.staff.list
            #expect(staff.first { $0.user == "zoe" }?.roles == ["cashier"])
            #expect(staff.allSatisfy { Set($0.members.keys) == ["user", "name", "roles", "stores", "since"] })
            for body: JSON in [
                ["name": "Zoe", "roles": []], ["name": "Zoe", "roles": ["king"]], ["name": "", "roles": ["cashier"]],
                ["name": "Zoe", "roles": ["cashier"], "password": "short"],
            ] {
                #expect(await mall.administrator.put("/admin/api/staff/zoe", body).isError(400, "invalid"), "\(body)")
            }
            for user in ["kiosk:a", "demo", "a%20b", String(repeating: "a", count: 65)] {
                let reply = await mall.administrator.put(
                    "/admin/api/staff/\(user)", ["name": "Zoe", "roles": ["cashier"]])
                #expect(reply.isError(400, "invalid"), "\(user): \(reply)")
            }
            #expect(await mall.administrator.delete("/admin/api/staff/zoe").status == 200)
            #expect(await mall.administrator.delete("/admin/api/staff/zoe").isError(404, "not_found"))
        }
    }

    @Test func `one administrator is always left`() async throws {
        try await TestMall.with { mall in
            let admin = mall.administrator
            #expect(await admin.delete("/admin/api/staff/admin").isError(409, "conflict"))
            #expect(
                await admin.put("/admin/api/staff/admin", ["name": "Admin", "roles": ["auditor"]])
                    .isError(409, "conflict"))
            let (other, _) = try await mall.staff("anna", [.administrator])
            // Each removes the other at once: one of them stays.
            async let first = admin.delete("/admin/api/staff/anna")
            async let second = other.delete("/admin/api/staff/admin")
            let replies = await [first, second]
            #expect(replies.filter { $0.status == 200 }.count == 1, "\(replies)")
            #expect(await mall.count("select count(*) from admin.staff where 'administrator' = any(roles)") == 1)
            // What was not done is not told either.
            #expect(await mall.count("select count(*) from mall.log where type = 'adminapi.StaffRemoved'") == 1)
        }
    }

    @Test func `the commands for accounts and kiosks work on the running system`() async throws {
        try await TestMall.with { mall in
            let accounts = mall.application.accounts
            let password = try #require(
                try await accounts.put(user: "cli", name: "Cli", password: nil, roles: [.cashier]).password)
            #expect(
                await mall.nobody.post("/admin/api/session", ["user": "cli", "password": .text(password)]).status
                    == 200)
            // Whoever changes it elsewhere is heeded here.
            let put = try #require(
                try Mallbots.parseAsRoot([
                    "staff", "put", "cli", "--role", "auditor", "--role", "cashier", "--store", Route.unknown,
                ]) as? Staff.Put)
            #expect(put.role == [.auditor, .cashier] && put.store == [Route.unknown])
            #expect(try Mallbots.parseAsRoot(["staff", "list", "--data", "x"]) is Staff.List)
            #expect(try Mallbots.parseAsRoot(["staff", "remove", "cli"]) is Staff.Remove)
            #expect(try Mallbots.parseAsRoot(["kiosk", "north"]) is Kiosk)
            #expect(try Mallbots.parseAsRoot(["robot", "R1"]) is RobotToken)
            #expect(throws: (any Error).self) { try Mallbots.parseAsRoot(["staff", "put", "cli", "--role", "king"]) }
        }
    }

    @Test func `row 81: the audit names actor, outcome and correlation of every command of staff`() async throws {
        try await TestMall.with { mall in
            let (auditor, cookie) = try await mall.staff("olga", [.auditor])
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            await page.open(1, "audit")
            #expect(await page.completes(1))
            let store = await mall.administrator.post("/admin/api/stores", ["name": "Lamps", "location": "A"])
            let twice = await mall.administrator.delete("/admin/api/stores/\(store.id)/participating")
            #expect(twice.isError(409, "conflict"))
            let guess = await mall.nobody.post("/admin/api/session", ["user": "admin", "password": "wrong"])
            #expect(guess.isError(401, "unauthenticated"))
            _ = await mall.customer("Ada", "01701234567")
            _ = await mall.administrator.put("/admin/api/staff/zoe", ["name": "=Zoe", "roles": ["cashier"]])
            let end = try await mall.end()
            let rows = await auditor.all("/admin/api/audit", "audit", after: end)
            let said = rows.map { "\($0.actor.text ?? "") \($0.action.text ?? "") \($0.outcome.text ?? "")" }
            #expect(
                said == [
                    "admin adminapi.StaffPut done", "admin POST /admin/api/session unauthenticated",
                    "admin storesapi.DisableParticipation conflict", "admin storesapi.StoreCreated done",
                    // Those who were there before: the auditor, a kiosk, the administrator.
                    "command line adminapi.StaffPut done", "command line adminapi.KioskTokenMade done",
                    "command line adminapi.StaffPut done",
                ], "\(said)")
            #expect(rows[3].id == store.json.correlationId && rows[3].subject == .text(store.id))
            #expect(rows[3].effects == ["storesapi.StoreCreated"])
            #expect(rows[2].id == twice.json.correlationId && rows[2].subject == .text(store.id))
            #expect(await page.reaches(end))
            #expect(await page.values(1) == rows)
            #expect(await auditor.all("/admin/api/audit?outcome=conflict", "audit") == [rows[2]])
            #expect(await auditor.all("/admin/api/audit?text=storecreated", "audit") == [rows[3]])

            let table = await auditor.get("/admin/api/audit?format=csv")
            let lines = table.answer?.text.split(separator: "\r\n").map(String.init) ?? []
            #expect(table.answer?["content-type"]?.hasPrefix("text/csv") == true)
            #expect(lines.count == 8 && lines.first == "at,actor,action,subject,outcome,message,correlation,effects")
            #expect(lines[4].contains(store.id))
        }
    }

    @Test func `nobody's command is hidden behind another's correlation`() async throws {
        try await TestMall.with { mall in
            let (other, _) = try await mall.staff("anna", [.administrator])
            let fields = ["X-Correlation-Id: \(Route.unknown)"]
            for caller in [mall.administrator, other] {
                _ = await caller("POST", "/admin/api/stores", ["name": "A", "location": "B"], fields: fields)
                _ = await caller("POST", "/admin/api/stores", ["name": ""], fields: fields)
            }
            let rows = await other.all("/admin/api/audit", "audit", after: try await mall.end())
                .filter { $0.actor != "command line" }
            #expect(rows.map(\.actor) == ["anna", "anna", "admin", "admin"])
            #expect(rows.map(\.outcome) == ["invalid", "done", "invalid", "done"])
        }
    }

    @Test func `a dead letter is replayed or discarded once, by an administrator`() async throws {
        try await TestMall.with { mall in
            _ = await mall.store("Lamps")
            let (auditor, cookie) = try await mall.staff("olga", [.auditor])
            let consumer = "baskets.reactions"
            _ = try await mall.rows(
                """
                insert into mall.dead_letters (consumer, position, attempts, error, first_at, last_at)
                select \(consumer), position, 6, 'broken', now(), now() from mall.log where kind = 1
                order by position limit 2
                """)
            let letters = await auditor.get("/admin/api/ops").json.ops.list.filter { $0.kind == "deadLetter" }
            #expect(letters.count == 2 && letters.allSatisfy { $0.error == "broken" && $0.attempts == 6 })
            let positions = letters.compactMap(\.position.int).sorted()
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            await page.open(1, "ops")
            #expect(await eventually { await page.values(1).filter { $0.kind == "deadLetter" }.count == 2 })
            #expect(await page.values(1).contains { $0.kind == "consumer" && $0.lag.int != nil })

            let path = "/admin/api/ops/dead-letters/\(consumer)"
            let replay = await mall.administrator.post("\(path)/\(positions[0])/replay")
            #expect(replay.status == 200, "\(replay)")
            #expect(await mall.administrator.post("\(path)/\(positions[1])/discard").isError(400, "invalid"))
            let discard = await mall.administrator.post("\(path)/\(positions[1])/discard", ["reason": "of no use"])
            #expect(discard.status == 200, "\(discard)")
            for way in ["replay", "discard"] {
                let again = await mall.administrator.post("\(path)/\(positions[1])/\(way)", ["reason": "again"])
                #expect(again.isError(404, "not_found"), "\(again)")
            }
            #expect(await eventually { await page.values(1).allSatisfy { $0.kind != "deadLetter" } })
            #expect(await eventually { await mall.count("select count(*) from mall.parked") == 0 })
            let rows = await auditor.all("/admin/api/audit?text=deadletter", "audit", after: discard.position)
            #expect(rows.filter { $0.outcome == "done" }.count == 2 && rows.count == 5)
            #expect(await page.faults.isEmpty)
        }
    }

    @Test func `trap 5: heartbeats are shown at their newest, and sent anew to a page that comes back`() async throws {
        let folder = Reaper.temporaryFolder()
        try await TestMall.with(TestMall.Settings(control: folder + "/control")) { mall in
            let (key, robot) = try await mall.robot("R2")
            let (_, cookie) = try await mall.staff("carl", [.depotClerk])
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            await page.open(1, "heartbeats")
            #expect(await page.completes(1))
            for battery in 80..<90 {
                _ = await robot.post("/robots/api/heartbeat", ["battery": .int(Int64(battery)), "position": "A 04"])
            }
            #expect(await page.shows(1, key) { $0.value.battery == 89 && $0.value.suspect == false })
            // Ten beats within a moment are one message, or two.
            #expect(await page.rowsReceived <= 3)
            await page.disconnect()
            _ = await robot.post("/robots/api/heartbeat", ["battery": 50])
            #expect(await page.connect())
            #expect(await page.shows(1, key) { $0.value.battery == 50 && $0.value.position == "A 04" })
            _ = await mall.control("/clock/advance", ["seconds": 16])
            #expect(await page.shows(1, key) { $0.value.suspect == true })
            #expect(await page.faults.isEmpty)
        }
    }

    @Test func `a projection is folded anew while the mall is open, and pages begin anew with its rows`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            let customer = await mall.customer("Ada", "01701234567")
            let lamp = await mall.product(store, "Lamp", 1_000)
            let order = try #require(await mall.order(customer, [(lamp, 2)]).json.orderId.text)
            #expect(await mall.order(order) { $0.status == "approved" }.status == "approved")
            var end = try await mall.settles()
            let before = await mall.administrator.all("/admin/api/orders", "orders", after: end)
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "mall")
            await page.open(2, "customers")
            #expect(await page.shows(1, store))
            #expect(await page.shows(2, customer) { $0.value.orderCount == 1 })
            // What a mended fold, or a new one, would make good.
            _ = try await mall.rows("update live.mall set value = '{}'::bytea, c_name = 'broken'")
            _ = try await mall.rows("delete from live.customers")
            _ = try await mall.rows("delete from search.orders")
            #expect(
                await mall.administrator.post("/admin/api/ops/rebuild", ["projections": ["nothing"]])
                    .isError(400, "invalid"))
            let asked = await mall.administrator.post("/admin/api/ops/rebuild")
            #expect(asked.status == 202, "\(asked)")
            let second = await mall.store("Chairs", participating: false)
            #expect(await eventually { await mall.count("select count(*) from mall.rebuilds where done is null") == 0 })
            #expect(await eventually { await page.resets.contains("epoch") })
            #expect(await page.shows(1, store) { $0.value.name == "Lamps" && $0.value.participating == true })
            #expect(await page.shows(1, second))
            #expect(await page.shows(2, customer) { $0.value.orderCount == 1 })
            // And what follows is folded onto the new rows.
            let renamed = await mall.administrator.put("/admin/api/stores/\(store)/rebrand", ["name": "More lamps"])
            #expect(await page.reaches(renamed.position))
            #expect(await page.row(1, store)?.value.name == "More lamps")
            end = try await mall.end()
            #expect(await mall.administrator.all("/admin/api/orders", "orders", after: end) == before)
            #expect(await page.faults.isEmpty)
        }
    }

    @Test func `a projection that the log has not known is folded from its beginning`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            _ = try await mall.end()
            #expect(await eventually { await mall.count("select count(*) from live.mall where not deleted") == 1 })
            await mall.stop()
            _ = try await mall.rows("delete from mall.rebuilds where projection = 'mall'")
            _ = try await mall.rows("truncate live.mall")
            try await mall.another { later in
                #expect(
                    await eventually { await later.administrator.get("/admin/api/mall").json.stores.list.count == 1 })
                #expect(await later.administrator.get("/admin/api/mall").json.stores[0].storeId == .text(store))
            }
        }
    }

    @Test func `what staff did is stored in words that stay`() throws {
        let deeds: [(Deed.Event, String)] = [
            (
                .commandRefused(action: "a", subject: nil, outcome: .forbidden, message: "m"),
                #"{"action":"a","message":"m","outcome":"forbidden","v":1}"#
            ),
            (
                .staffPut(user: "zoe", roles: ["cashier"], stores: []),
                #"{"roles":["cashier"],"stores":[],"user":"zoe","v":1}"#
            ),
            (.staffRemoved(user: "zoe"), #"{"user":"zoe","v":1}"#),
            (
                .deadLetterReplayed(consumer: "c", position: Position(7)),
                #"{"consumer":"c","position":7,"v":1}"#
            ),
            (
                .deadLetterDiscarded(consumer: "c", position: Position(7), reason: "r"),
                #"{"consumer":"c","position":7,"reason":"r","v":1}"#
            ),
            (.kioskTokenMade(kiosk: "north"), #"{"kiosk":"north","v":1}"#),
            (
                .robotTokenRenewed(botId: try #require(BotID(Route.unknown)), botName: "R1"),
                #"{"botId":"11111111-2222-4333-8444-555555555555","botName":"R1","v":1}"#
            ),
            (.rebuildAsked(projections: ["mall"]), #"{"projections":["mall"],"v":1}"#),
        ]
        for (deed, json) in deeds {
            let stored = try Coding.stored(deed, of: Deed.self)
            #expect(JSON(stored.body) == JSON(Array(json.utf8)), "\(stored.type)")
            #expect(try Coding.event(of: Deed.self, type: stored.type, body: Array(json.utf8)) == deed)
        }
    }
}
