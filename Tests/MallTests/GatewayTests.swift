import EventLoop
import FoundationEssentials
import Glibc
import Kernel
import PostgresTestSupport
import TestSupport
import Testing

@testable import App

@Suite struct GatewayTests {
    @Test func `F-A2: nobody does anything without a cookie or a token`() async throws {
        try await TestMall.with { mall in
            let nobody = mall.nobody
            let forged = Caller(
                port: mall.port,
                fields: ["Cookie: session=\(String(repeating: "A", count: 43))", "Authorization: Bearer nothing"])
            let streams = try await mall.streams()
            for route in Route.every {
                for caller in [nobody, forged] {
                    let reply = await caller(route.method, route.path(Route.unknown), route.body)
                    #expect(reply.isError(401, "unauthenticated"), "\(route): \(reply)")
                }
            }
            #expect(try await mall.streams() == streams)
            #expect(await LivePage(mall.port, cookie: "").connect() == false)
            #expect(await LivePage(mall.port, cookie: "nobody").connect() == false)
        }
    }

    @Test func `a kiosk's token opens no staff route, and a cookie no kiosk route`() async throws {
        try await TestMall.with { mall in
            for route in Route.every {
                let caller = route.side == .staff ? mall.kiosk : mall.administrator
                let reply = await caller(route.method, route.path(Route.unknown), route.body)
                #expect(reply.isError(401, "unauthenticated"), "\(route): \(reply)")
            }
            #expect(await LivePage(mall.port, cookie: mall.token).connect() == false)
        }
    }

    @Test func `F-D10: no route makes or cancels a shopping list: lists follow their orders`() async throws {
        try await TestMall.with { mall in
            let streams = try await mall.streams()
            for caller in [mall.administrator, mall.kiosk, mall.nobody] {
                for (method, path) in [
                    ("POST", "/api/depot/shopping"), ("POST", "/api/depot/shopping/\(Route.unknown)"),
                    ("DELETE", "/api/depot/shopping/\(Route.unknown)"), ("POST", "/admin/api/lists"),
                    ("DELETE", "/admin/api/lists/\(Route.unknown)"), ("POST", "/robots/api/lists"),
                ] {
                    let reply = await caller(method, path, ["orderId": .text(Route.unknown), "items": []])
                    #expect([404, 405].contains(reply.status), "\(method) \(path): \(reply)")
                }
            }
            #expect(try await mall.streams() == streams)
        }
    }

    @Test func `an auditor reads everything and changes nothing`() async throws {
        try await TestMall.with { mall in
            let (auditor, cookie) = try await mall.staff("olga", [.auditor])
            let streams = try await mall.streams()
            for route in Route.staff where route.isCommand || route.isHere {
                let reply = await auditor(route.method, route.path(Route.unknown), route.body)
                if route.isCommand {
                    #expect(reply.isError(403, "forbidden"), "\(route): \(reply)")
                } else {
                    #expect(reply.status == 200 || reply.isError(404, "not_found"), "\(route): \(reply)")
                }
            }
            #expect(try await mall.streams() == streams)
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            await page.open(1, "orders")
            #expect(await page.completes(1))
        }
    }

    @Test func `row 76: a clerk sees neither orders nor customers, and a cashier cancels nothing`() async throws {
        try await TestMall.with { mall in
            let (clerk, cookie) = try await mall.staff("carl", [.depotClerk])
            for path in ["/admin/api/orders", "/admin/api/orders/\(Route.unknown)", "/admin/api/customers"] {
                let reply = await clerk.get(path)
                #expect(reply.isError(403, "forbidden"), "\(path): \(reply)")
            }
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            for (view, topic) in ["orders", "mall", "catalog", "customers"].enumerated() {
                await page.open(view, topic)
                #expect(await eventually { await page.refused(view)?.code == "forbidden" }, "\(topic)")
            }
            let (cashier, _) = try await mall.staff("cora", [.cashier])
            let canceled = await cashier.post("/admin/api/orders/\(Route.unknown)/cancel", ["reason": "no"])
            #expect(canceled.isError(403, "forbidden"), "\(canceled)")
            let (supervisor, _) = try await mall.staff("sven", [.depotSupervisor])
            let unknown = await supervisor.post("/admin/api/orders/\(Route.unknown)/cancel", ["reason": "no"])
            #expect(unknown.isError(404, "not_found"), "\(unknown)")
        }
    }

    @Test func `a page of another origin can neither log in, nor command, nor connect`() async throws {
        try await TestMall.with { mall in
            for origin in ["http://evil.example", "null", "http://test.evil.example", "http://test:81", ""] {
                let fields = ["Origin: \(origin)"]
                let store = await mall.administrator(
                    "POST", "/admin/api/stores", ["name": "A", "location": "B"], fields: fields)
                #expect(store.isError(403, "forbidden"), "\(origin): \(store)")
                let logIn = await mall.nobody(
                    "POST", "/admin/api/session", ["user": "admin", "password": .text(TestMall.password)],
                    fields: fields)
                #expect(logIn.isError(403, "forbidden"), "\(origin): \(logIn)")
                let logOut = await mall.administrator("DELETE", "/admin/api/session", fields: fields)
                #expect(logOut.isError(403, "forbidden"), "\(origin): \(logOut)")
                #expect(await LivePage(mall.port, cookie: mall.cookie).connect(origin: origin) == false, "\(origin)")
            }
            let own = await mall.administrator(
                "POST", "/admin/api/stores", ["name": "A", "location": "B"], fields: ["Origin: http://test"])
            #expect(own.status == 201, "\(own)")
            #expect(await LivePage(mall.port, cookie: mall.cookie).connect(origin: "http://test"))
        }
    }

    @Test func `a session begins with a password and ends with the logout, its pages within a second`() async throws {
        try await TestMall.with { mall in
            let wrong = await mall.nobody.post("/admin/api/session", ["user": "admin", "password": "guess"])
            #expect(wrong.isError(401, "unauthenticated"), "\(wrong)")
            let unknown = await mall.nobody.post("/admin/api/session", ["user": "nobody", "password": "guess"])
            #expect(unknown.json.message == wrong.json.message)

            let logIn = await mall.nobody.post(
                "/admin/api/session", ["user": "admin", "password": .text(TestMall.password)])
            #expect(logIn.status == 200, "\(logIn)")
            #expect(logIn.json.user == "admin" && logIn.json.roles == ["administrator"] && logIn.json.currency == "EUR")
            let header = try #require(logIn.answer?["set-cookie"])
            for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] { #expect(header.contains(attribute)) }
            let cookie = String(header.prefix { $0 != ";" }.dropFirst("session=".count))

            let member = Caller(port: mall.port, fields: ["Cookie: session=\(cookie)"])
            #expect(await member.get("/admin/api/session").json.user == "admin")
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            await page.open(1, "orders")
            #expect(await page.completes(1))
            let hello = await page.hello
            #expect(hello.user == "admin" && hello.roles == ["administrator"])

            let left = ContinuousClock.now
            #expect(await member.delete("/admin/api/session").status == 204)
            #expect(await eventually { await page.closed != nil })
            #expect(ContinuousClock.now - left < .seconds(1))
            #expect(await page.closed?.code == 4401)
            #expect(await member.get("/admin/api/session").isError(401, "unauthenticated"))
            #expect(await page.connect() == false)
        }
    }

    @Test func `an account that is removed loses its pages within a second`() async throws {
        try await TestMall.with { mall in
            let (caller, cookie) = try await mall.staff("eve", [.auditor])
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            #expect(await eventually { await page.hello != .null })
            let removed = ContinuousClock.now
            try await mall.application.accounts.remove(user: "eve")
            #expect(await eventually { await page.closed != nil })
            #expect(ContinuousClock.now - removed < .seconds(1))
            #expect(await page.closed?.code == 4401)
            #expect(await caller.get("/admin/api/orders").isError(401, "unauthenticated"))
        }
    }

    @Test func `row 79: a withdrawn role ends its views within a second, and the page purges them`() async throws {
        try await TestMall.with { mall in
            let (_, cookie) = try await mall.staff("rita", [.auditor, .depotSupervisor])
            let page = LivePage(mall.port, cookie: cookie)
            #expect(await page.connect())
            let store = await mall.store("Lamps")
            await page.open(1, "mall")
            await page.open(2, "orders")
            #expect(await page.shows(1, store))
            #expect(await page.completes(2))
            let withdrawn = ContinuousClock.now
            _ = try await mall.rows("update admin.staff set roles = '{depot_supervisor}' where \"user\" = 'rita'")
            #expect(await eventually { await page.resets == ["withdrawn"] })
            #expect(ContinuousClock.now - withdrawn < .seconds(1))
            #expect(await page.rows(1).isEmpty)
            #expect(await page.closed == nil)
            // What she may still see goes on, and what she may not does not come back.
            let position = await mall.administrator.put("/admin/api/stores/\(store)/rebrand", ["name": "Chairs"])
                .position
            #expect(await page.reaches(position))
            #expect(await page.rows(1).isEmpty)
            #expect(await page.isComplete(2))
            await page.open(3, "mall")
            #expect(await eventually { await page.refused(3)?.code == "forbidden" })
        }
    }

    @Test func `F-A5, row 82: a call with one key is done once and answered twice`() async throws {
        try await TestMall.with { mall in
            let body: JSON = ["name": "Lamps", "location": "Level 1"]
            let first = await mall.administrator.post("/admin/api/stores", body, key: "one")
            let second = await mall.administrator.post("/admin/api/stores", body, key: "one")
            #expect(first.status == 201 && second.status == 201)
            #expect(
                first.id == second.id && first.json.version == second.json.version && first.position == second.position)
            let other = await mall.administrator.post(
                "/admin/api/stores", ["name": "Chairs", "location": "Level 1"], key: "one")
            #expect(other.isError(400, "invalid"), "\(other)")
            #expect(await mall.administrator.all("/admin/api/mall", "stores", after: first.position).count == 1)

            // The same key of another caller is another call.
            let (colleague, _) = try await mall.staff("anna", [.administrator])
            let theirs = await colleague.post("/admin/api/stores", body, key: "one")
            #expect(theirs.status == 201 && theirs.id != first.id)
            for key in ["", String(repeating: "k", count: 201)] {
                let reply = await mall.administrator.post("/admin/api/stores", body, key: key)
                #expect(reply.isError(400, "invalid"), "\(reply)")
            }
            // At once, and a kiosk's answer that holds a whole basket.
            let customer = await mall.customer("Ada", "01701234567")
            let replies = await withTaskGroup(of: Reply.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        await mall.kiosk.again.post("/api/baskets", ["customerId": .text(customer)], key: "two")
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(replies.allSatisfy { $0.status == 201 }, "\(replies)")
            #expect(Set(replies.map(\.id)).count == 1)
            #expect(await mall.count("select count(*) from mall.streams where category = 'baskets.Basket'") == 1)
        }
    }

    @Test func `a refusal under a key leaves the key free`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps", participating: false)
            let path = "/admin/api/stores/\(store)/participating"
            #expect(await mall.administrator.delete(path, key: "k").isError(409, "conflict"))
            #expect(await mall.administrator.put(path, key: "l").status == 200)
            #expect(await mall.administrator.delete(path, key: "k").status == 200)
        }
    }

    @Test func `F-A5, row 9: a list that is paged while rows come repeats none and misses none`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            var position: Int64 = 0
            var products: Set<String> = []
            for index in 0..<53 {
                let reply = await mall.administrator.post(
                    "/admin/api/stores/\(store)/products", ["name": "Lamp \((index * 29) % 53)", "priceMinor": 100])
                products.insert(reply.id)
                position = reply.position
            }
            #expect(products.count == 53)
            for (caller, path, field) in [
                (mall.kiosk, "/api/stores/\(store)/products", "id"),
                (mall.administrator, "/admin/api/stores/\(store)/products", "productId"),
            ] {
                var seen: [String] = []
                var next: String?
                var pages = 0
                repeat {
                    let reply = await caller.get(
                        "\(path)?limit=20" + (next.map { "&next=\(Caller.escaped($0))" } ?? ""),
                        fields: ["After-Position: \(position)"])
                    #expect(reply.status == 200, "\(reply)")
                    seen += reply.json.products.list.compactMap { $0[field].text }
                    next = reply.json.next.text
                    pages += 1
                    for name in ["Aardvark lamp \(pages)", "Lamp 3\(pages)x", "Zebra lamp \(pages)"] {
                        position = await mall.administrator.post(
                            "/admin/api/stores/\(store)/products", ["name": .text(name), "priceMinor": 1]
                        ).position
                    }
                } while next != nil && pages < 20
                #expect(Set(seen).count == seen.count)
                #expect(products.isSubset(of: seen))
            }
        }
    }

    @Test func `a limit or a next that no list has said is invalid`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            let lists = [
                (mall.administrator, "/admin/api/orders"), (mall.administrator, "/admin/api/mall"),
                (mall.administrator, "/admin/api/customers"),
                (mall.administrator, "/admin/api/stores/\(store)/products"),
                (mall.kiosk, "/api/stores/participating"), (mall.kiosk, "/api/stores/\(store)/products"),
            ]
            // Base64 of an identifier and a value of another column, of what is not UTF-8, of a text with a zero in it.
            let nexts = [
                "", "x", "AAAA", "%00", "MTExMTExMTEtMjIyMi00MzMzLTg0NDQtNTU1NTU1NTU1NTU1YnRydWU",
                "_____________________________________________w",
                "MTExMTExMTEtMjIyMi00MzMzLTg0NDQtNTU1NTU1NTU1NTU1dAAA",
            ]
            for (caller, path) in lists {
                for limit in ["0", "-1", "101", "1.5", "x", "", "99999999999999999999", "%2b5%20"] {
                    let reply = await caller.get("\(path)?limit=\(limit)")
                    #expect(reply.isError(400, "invalid"), "\(path) \(limit): \(reply)")
                    #expect(reply.json.field == "limit")
                }
                for next in nexts {
                    let reply = await caller.get("\(path)?next=\(next)")
                    #expect(reply.isError(400, "invalid"), "\(path) \(next): \(reply)")
                }
                for position in ["x", "-1", "1.5", ""] {
                    let reply = await caller.get(path, fields: ["After-Position: \(position)"])
                    #expect(reply.isError(400, "invalid"), "\(path) \(position): \(reply)")
                }
            }
            let future = await mall.administrator.get("/admin/api/orders", fields: ["After-Position: 999999999"])
            #expect(future.isError(503, "unavailable"), "\(future)")
        }
    }

    @Test func `a list read after a position shows what was done there`() async throws {
        try await TestMall.with { mall in
            for index in 0..<20 {
                let reply = await mall.administrator.post(
                    "/admin/api/stores", ["name": "Store \(index)", "location": "A"])
                let stores = await mall.administrator.get(
                    "/admin/api/mall?text=\(index)", fields: ["After-Position: \(reply.position)"])
                #expect(stores.json.stores.list.contains { $0.storeId == .text(reply.id) }, "\(index)")
            }
        }
    }

    @Test func `row 8: whatever names an unknown id is not found, and begins no stream`() async throws {
        try await TestMall.with { mall in
            // Where the identifier is in the body, all before it must be right.
            let streams = try await mall.streams()
            for route in Route.all where route.hasID || route.body.map({ $0.string.contains(Route.unknown) }) == true {
                let caller = route.side == .staff ? mall.administrator : mall.kiosk
                let reply = await caller(route.method, route.path(Route.unknown), route.body)
                if route.path == "/admin/api/stores/{id}/products", route.method == "GET", reply.status == 200 {
                    Issue.record("an unknown store's catalogue is listed")
                    continue
                }
                #expect(reply.isError(404, "not_found"), "\(route): \(reply)")
            }
            #expect(try await mall.streams() == streams)
        }
    }

    @Test func `an id in a path that is no identifier is refused as such`() async throws {
        try await TestMall.with { mall in
            for route in Route.all where route.hasID {
                let caller = route.side == .staff ? mall.administrator : mall.kiosk
                for id in [
                    "1", "x", "%00", "11111111222243338444555555555555", "11111111-2222-4333-8444-55555555555g", "%ff",
                ] {
                    let reply = await caller(route.method, route.path(id), route.body)
                    #expect([400, 404].contains(reply.status), "\(route) \(id): \(reply)")
                    #expect(reply.hasErrorBody, "\(route) \(id): \(reply)")
                }
            }
        }
    }

    @Test func `F-A8: a status has one spelling, and another is refused`() async throws {
        try await TestMall.with { mall in
            for status in ["pending", "rejected", "approved", "in-progress", "ready", "completed", "canceled"] {
                #expect(await mall.administrator.get("/admin/api/orders?status=\(status)").status == 200)
            }
            for status in ["cancelled", "Canceled", "New", "in_progress", "", "canceled%00"] {
                let reply = await mall.administrator.get("/admin/api/orders?status=\(status)")
                #expect(reply.isError(400, "invalid") && reply.json.field == "status", "\(status): \(reply)")
            }
            let misspelt = await mall.administrator.get("/admin/api/orders?state=canceled")
            #expect(misspelt.isError(400, "invalid"), "\(misspelt)")
        }
    }

    @Test func `HEAD is answered like GET without the body, OPTIONS with the methods, the rest with 405`() async throws
    {
        try await TestMall.with { mall in
            let get = await mall.administrator.get("/admin/api/mall")
            let head = await mall.administrator("HEAD", "/admin/api/mall")
            #expect(head.status == 200 && head.answer?.body.isEmpty == true)
            #expect(head.answer?["content-length"] == get.answer?["content-length"])
            #expect(await mall.nobody("HEAD", "/admin/api/mall").status == 401)

            let options = await mall.nobody("OPTIONS", "/admin/api/stores/\(Route.unknown)/participating")
            #expect(options.status == 204)
            #expect(Set((options.answer?["allow"] ?? "").split(separator: ", ")) == ["PUT", "DELETE", "OPTIONS"])
            for (method, path) in [
                ("PATCH", "/admin/api/stores"), ("POST", "/admin/api/mall"),
                ("GET", "/api/baskets/\(Route.unknown)/checkout"),
                ("DELETE", "/api/customers"),
            ] {
                let reply = await mall.administrator(method, path)
                #expect(reply.status == 405 && reply.answer?["allow"] != nil, "\(method) \(path): \(reply)")
                #expect(reply.hasErrorBody, "\(method) \(path): \(reply)")
            }
            for path in ["/admin/api/nothing", "/api/nothing", "/api", "/admin/api", "/api/stores/participating/"] {
                let reply = await mall.administrator.get(path)
                #expect(reply.isError(404, "not_found"), "\(path): \(reply)")
            }
        }
    }

    @Test func `answers carry their correlation, keep out of caches, and repeat the caller's id if it is one`()
        async throws
    {
        try await TestMall.with { mall in
            let id = "0189abcd-0000-7000-8000-000000000001"
            let given = await mall.administrator(
                "POST", "/admin/api/stores", ["name": "A", "location": "B"], fields: ["X-Correlation-Id: \(id)"])
            #expect(given.json.correlationId == .text(id) && given.answer?["x-correlation-id"] == id)
            #expect(given.answer?["cache-control"] == "no-store")
            let nonsense = await mall.administrator(
                "GET", "/admin/api/orders/x", fields: ["X-Correlation-Id: <script>"])
            #expect(nonsense.hasErrorBody && nonsense.answer?["x-correlation-id"] == nonsense.json.correlationId.text)
        }
    }

    @Test func `a catalogue that has not changed is not sent again`() async throws {
        try await TestMall.with { mall in
            _ = await mall.store("Lamps")
            #expect(await eventually { await mall.kiosk.get("/api/stores/participating").json.stores.list.count == 1 })
            let first = await mall.kiosk.get("/api/stores/participating")
            let tag = try #require(first.answer?["etag"])
            let same = await mall.kiosk.get("/api/stores/participating", fields: ["If-None-Match: \(tag)"])
            #expect(same.status == 304 && same.answer?.body.isEmpty == true)
            let position = await mall.administrator.post("/admin/api/stores", ["name": "B", "location": "C"])
            _ = await mall.administrator.put("/admin/api/stores/\(position.id)/participating")
            #expect(
                await eventually {
                    await mall.kiosk.get("/api/stores/participating", fields: ["If-None-Match: \(tag)"]).status == 200
                })
        }
    }

    @Test func `the test control is not there unless it was named`() async throws {
        try await TestMall.with { mall in
            for path in ["/clock/advance", "/services", "/listeners"] {
                for caller in [mall.administrator, mall.kiosk, mall.nobody] {
                    let reply = await caller.post(path, ["seconds": 3_600])
                    #expect(reply.status == 404 || reply.status == 405, "\(path): \(reply)")
                }
            }
        }
        let folder = Reaper.temporaryFolder()
        try await TestMall.with(TestMall.Settings(control: folder + "/control")) { mall in
            #expect(await mall.control("/clock/advance", ["seconds": 1]).status == 200)
            #expect(await mall.control("/clock/advance", ["seconds": -1]).status == 400)
            #expect([404, 405].contains(await mall.administrator.post("/clock/advance", ["seconds": 1]).status))
            // Nobody but the owner of the folder may speak to it.
            var status = stat()
            #expect(stat(folder + "/control", &status) == 0 && status.st_mode & 0o077 == 0)
        }
    }
}
