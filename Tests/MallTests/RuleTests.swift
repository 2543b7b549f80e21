import FoundationEssentials
import Kernel
import PostgresTestSupport
import TestSupport
import Testing

@testable import App

/// The acceptance features that can be reached from end to end, by their rows in the specification.
@Suite struct RuleTests {
    // Stores

    @Test func `row 1: a new store is in the mall, takes no part, and is not at the kiosk`() async throws {
        try await TestMall.with { mall in
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "mall")
            let created = await mall.administrator.post(
                "/admin/api/stores", ["name": "  Lamps ", "location": "Level 1"])
            #expect(created.status == 201 && created.json.version == 1)
            #expect(await page.shows(1, created.id) { $0.value.name == "Lamps" && $0.value.participating == false })
            #expect(await mall.kiosk.get("/api/stores/participating").json.stores.list.isEmpty)
            let streams = try await mall.streams()
            for (body, field) in [
                (["name": "Lamps"], "location"), (["location": "Level 1"], "name"),
                (["name": " ", "location": "Level 1"], "name"),
                (["name": "Lamps", "location": ""], "location"),
            ] as [(JSON, String)] {
                let reply = await mall.administrator.post("/admin/api/stores", body)
                #expect(reply.isError(400, "invalid") && reply.json.field == .text(field), "\(body): \(reply)")
            }
            #expect(try await mall.streams() == streams)
        }
    }

    @Test func `row 2: participation that is so already is a conflict`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps", participating: false)
            let path = "/admin/api/stores/\(store)/participating"
            #expect(await mall.administrator.delete(path).isError(409, "conflict"))
            #expect(await mall.administrator.put(path).status == 200)
            #expect(await mall.administrator.put(path).isError(409, "conflict"))
        }
    }

    @Test func `row 3: a renamed store has its new name in the mall, in baskets and in new orders`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            let product = await mall.product(store, "Lamp", 1_000)
            let customer = await mall.customer("Ada", "01701234567")
            let old = try #require(await mall.order(customer, [(product, 1)]).json.orderId.text)
            let renamed = await mall.administrator.put("/admin/api/stores/\(store)/rebrand", ["name": "Lights"])
            #expect(renamed.status == 200)
            // Baskets hear of it by a message.
            #expect(
                await eventually {
                    await mall.count("select count(*) from baskets.stores_cache where name = 'Lights'") == 1
                })
            let basket = await mall.basket(customer)
            #expect(await mall.add(basket, product).json.items[0].storeName == "Lights")
            let fresh = try #require(await mall.order(customer, [(product, 1)]).json.orderId.text)
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "orders")
            await page.open(2, "mall")
            // Row 63: the old row keeps the name of the day.
            #expect(await page.shows(1, fresh) { $0.value.items[0].storeName == "Lights" })
            #expect(await page.shows(1, old) { $0.value.items[0].storeName == "Lamps" })
            #expect(await page.shows(2, store) { $0.value.name == "Lights" })
            #expect(await mall.kiosk.get("/api/stores/\(store)").json.name == "Lights")
        }
    }

    @Test func `row 4: a product may cost nothing, and never less`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            let path = "/admin/api/stores/\(store)/products"
            #expect(
                await mall.administrator.post(path, ["name": "Sticker", "sku": "S-1", "priceMinor": 0]).status == 201)
            #expect(await mall.administrator.post(path, ["name": "Sticker", "priceMinor": -1]).isError(400, "invalid"))
            #expect(
                await mall.administrator.post(path, ["name": "Sticker", "priceMinor": 100_000_000]).isError(
                    400, "invalid"))
            #expect(await mall.administrator.post(path, ["name": " ", "priceMinor": 1]).isError(400, "invalid"))
            #expect(
                await mall.administrator.post(path, ["name": "Other", "sku": "S-1", "priceMinor": 1]).isError(
                    409, "conflict"))
            let unknown = await mall.administrator.post(
                "/admin/api/stores/\(Route.unknown)/products", ["name": "Sticker", "priceMinor": 1])
            #expect(unknown.isError(404, "not_found"))
        }
    }

    @Test func `row 5: a raised price is in the catalogue, and in the basket's cache, once`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            let product = await mall.product(store, "Lamp", 1_000)
            let customer = await mall.customer("Ada", "01701234567")
            let basket = await mall.basket(customer)
            #expect(await mall.add(basket, product).json.totalMinor == 1_000)
            let raised = await mall.administrator.put(
                "/admin/api/stores/products/\(product)/increasePrice", ["priceMinor": 1_250])
            #expect(raised.status == 200)
            let listed = await mall.kiosk.get(
                "/api/stores/\(store)/products", fields: ["After-Position: \(raised.position)"])
            #expect(listed.json.products[0].priceMinor == 1_250)
            #expect(
                await eventually {
                    await mall.kiosk.get("/api/baskets/\(basket)").json.priceChanges[0].newPriceMinor == 1_250
                })
            let events = try await mall.rows(
                "select convert_from(body, 'UTF8') from mall.log where type = 'storesapi.ProductPriceIncreased'")
            #expect(events.count == 1)
            let event = JSON(Array(try #require(events.first?[0, as: String.self]).utf8))
            #expect(event.deltaMinor == 250 && event.priceMinor == 1_250)
        }
    }

    @Test func `row 6: a price is not raised downwards nor lowered upwards`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            let product = await mall.product(store, "Lamp", 1_000)
            for (step, prices) in [
                ("increasePrice", [900, 1_000, -1, 100_000_000]), ("decreasePrice", [1_100, 1_000, -1]),
            ] as [(String, [Int64])] {
                for price in prices {
                    let reply = await mall.administrator.put(
                        "/admin/api/stores/products/\(product)/\(step)", ["priceMinor": .int(price)])
                    #expect(reply.isError(400, "invalid"), "\(step) \(price): \(reply)")
                }
            }
            let details = await mall.kiosk.get("/api/stores/products/\(product)").json
            #expect(details.priceMinor == 1_000 && details.version == 1)
        }
    }

    @Test func `row 7: a removed product is not changed, not removed again, and not listed`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            let product = await mall.product(store, "Lamp", 1_000)
            let path = "/admin/api/stores/products/\(product)"
            let removed = await mall.administrator.delete(path)
            #expect(removed.status == 200)
            #expect(await mall.administrator.delete(path).isError(409, "conflict"))
            #expect(await mall.administrator.put("\(path)/rebrand", ["name": "B"]).isError(409, "conflict"))
            #expect(
                await mall.administrator.put("\(path)/increasePrice", ["priceMinor": 2_000]).isError(409, "conflict"))
            let listed = await mall.kiosk.get(
                "/api/stores/\(store)/products", fields: ["After-Position: \(removed.position)"])
            #expect(listed.json.products.list.isEmpty)
        }
    }

    @Test func `row 10: a request that is denied, made again and granted is seen live, each step`() async throws {
        try await TestMall.with { mall in
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "mall")
            let store = await mall.store("Lamps", participating: false)
            let path = "/admin/api/stores/\(store)/participation-request"
            #expect(await mall.administrator.post(path, ["note": "we would like to"]).status == 200)
            #expect(await page.shows(1, store) { $0.value.request.note == "we would like to" })
            #expect(await mall.administrator.post(path, ["note": "again"]).isError(409, "conflict"))
            #expect(await mall.administrator.delete(path, ["note": "not yet"]).status == 200)
            #expect(await page.shows(1, store) { $0.value.request == .null && $0.value.denied.note == "not yet" })
            #expect(await mall.administrator.delete(path, ["note": "no"]).isError(409, "conflict"))
            #expect(await mall.administrator.post(path, ["note": "now?"]).status == 200)
            #expect(await page.shows(1, store) { $0.value.request.note == "now?" && $0.value.denied == .null })
            #expect(await mall.administrator.put("/admin/api/stores/\(store)/participating").status == 200)
            #expect(await page.shows(1, store) { $0.value.participating == true && $0.value.request == .null })
        }
    }

    // Customers

    @Test func `row 11: whoever registers may order, under a number in one form`() async throws {
        try await TestMall.with { mall in
            let registered = await mall.kiosk.post("/api/customers", ["name": "Ada", "smsNumber": "0170 / 123-4567"])
            #expect(registered.status == 201)
            let details = await mall.kiosk.get("/api/customers/\(registered.id)").json
            #expect(details.smsNumber == "+491701234567" && details.enabled == true)
            for body in [
                ["smsNumber": "01701234567"], ["name": "Ada"], ["name": "", "smsNumber": "01701234568"],
                ["name": "Ada", "smsNumber": ""], ["name": "Ada", "smsNumber": "0170 CALL ME"],
            ] as [JSON] {
                let reply = await mall.kiosk.post("/api/customers", body)
                #expect(reply.isError(400, "invalid"), "\(body): \(reply)")
            }
            let listed = await mall.administrator.get(
                "/admin/api/customers?text=4567", fields: ["After-Position: \(registered.position)"])
            #expect(listed.json.customers.list.map(\.id) == [.text(registered.id)])
        }
    }

    @Test func `row 12: a known number is the known customer, and says no name`() async throws {
        try await TestMall.with { mall in
            let ada = await mall.customer("Ada", "0170 1234567")
            let again = await mall.kiosk.post("/api/customers", ["name": "Eve", "smsNumber": "+49 (0)170 1234567"])
            #expect(again.status == 200 && again.id == ada)
            #expect(again.answer?.text.contains("Ada") == false)
            #expect(await mall.kiosk.get("/api/customers/\(ada)").json.name == "Ada")
            let path = "/admin/api/customers/\(ada)"
            #expect(await mall.administrator.put("\(path)/enable").isError(409, "conflict"))
            #expect(await mall.administrator.put("\(path)/disable").status == 200)
            #expect(await mall.administrator.put("\(path)/disable").isError(409, "conflict"))
        }
    }

    // Baskets

    @Test func `row 14: a basket has its lines in order and its total to the unit`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            let (a, b) = (await mall.product(store, "A", 1_999), await mall.product(store, "B", 3))
            let basket = await mall.basket(await mall.customer("Ada", "01701234567"))
            await mall.add(basket, a, 1)
            await mall.add(basket, b, 1)
            let whole = await mall.add(basket, a, 1)
            #expect(whole.status == 200)
            #expect(whole.json.items.list.map(\.productId) == [.text(a), .text(b)])
            #expect(whole.json.items.list.map(\.quantity) == [2, 1])
            #expect(whole.json.totalMinor == 4_001 && whole.json.status == "open")
        }
    }

    @Test func `row 15: who may not order starts no basket, and a line has 1 to 999 units`() async throws {
        try await TestMall.with { mall in
            #expect(
                await mall.kiosk.post("/api/baskets", ["customerId": .text(Route.unknown)]).isError(404, "not_found"))
            let eve = await mall.customer("Eve", "01701111111")
            _ = await mall.administrator.put("/admin/api/customers/\(eve)/disable")
            #expect(await mall.kiosk.post("/api/baskets", ["customerId": .text(eve)]).isError(403, "forbidden"))
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 1)
            let basket = await mall.basket(await mall.customer("Ada", "01701234567"))
            for quantity in [0, -1, 1_000] as [Int64] {
                let reply = await mall.add(basket, product, quantity)
                #expect(reply.isError(400, "invalid") && reply.json.field == "quantity", "\(quantity): \(reply)")
            }
            #expect(await mall.add(basket, product, 999).status == 200)
            #expect(await mall.add(basket, product, 1).isError(400, "invalid"))
        }
    }

    @Test func `row 16: a product the basket has not heard of is looked up`() async throws {
        let folder = Reaper.temporaryFolder()
        try await TestMall.with(TestMall.Settings(control: folder + "/control")) { mall in
            // Nothing is heard: the caches stay empty.
            for table in ["table.baskets.stores_cache", "table.baskets.products_cache"] {
                let paused = await mall.control("/listeners", ["listener": .text(table), "paused": true])
                #expect(paused.status == 204, "\(paused)")
            }
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 700)
            let basket = await mall.basket(await mall.customer("Ada", "01701234567"))
            #expect(await mall.add(basket, product).json.totalMinor == 700)
            #expect(await mall.count("select count(*) from baskets.products_cache") == 1)
            let unknown = await mall.kiosk.put(
                "/api/baskets/\(basket)/addItem", ["productId": .text(Route.unknown), "quantity": 1])
            #expect(unknown.isError(404, "not_found"), "\(unknown)")
        }
    }

    @Test func `row 17: what is removed is gone unit by unit, and no more than there is`() async throws {
        try await TestMall.with { mall in
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 500)
            let basket = await mall.basket(await mall.customer("Ada", "01701234567"))
            await mall.add(basket, product, 3)
            func remove(_ quantity: Int64) async -> Reply {
                await mall.kiosk.put(
                    "/api/baskets/\(basket)/removeItem", ["productId": .text(product), "quantity": .int(quantity)])
            }
            #expect(await remove(4).isError(400, "invalid"))
            #expect(await remove(2).json.items[0].quantity == 1)
            let empty = await remove(1)
            #expect(empty.json.items == [] && empty.json.totalMinor == 0)
            #expect(await remove(1).isError(400, "invalid"))
        }
    }

    @Test func `row 18: a withdrawn product leaves a basket, and keeps it from checking out`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            let (lamp, bulb) = (await mall.product(store, "Lamp", 500), await mall.product(store, "Bulb", 50))
            let basket = await mall.basket(await mall.customer("Ada", "01701234567"))
            await mall.add(basket, lamp, 2)
            await mall.add(basket, bulb)
            let payment = await mall.kiosk.post("/api/payments", ["basketId": .text(basket)]).id
            _ = await mall.administrator.delete("/admin/api/stores/products/\(lamp)")
            #expect(
                await eventually {
                    await mall.count("select count(*) from baskets.products_cache where removed") == 1
                })
            let refused = await mall.kiosk.put("/api/baskets/\(basket)/checkout", ["paymentId": .text(payment)])
            #expect(
                refused.isError(409, "conflict") && refused.json.message.text?.contains("Lamp") == true, "\(refused)")
            let left = await mall.kiosk.put(
                "/api/baskets/\(basket)/removeItem", ["productId": .text(lamp), "quantity": 2])
            #expect(left.json.totalMinor == 50)
            #expect(
                await mall.kiosk.put("/api/baskets/\(basket)/checkout", ["paymentId": .text(payment)]).status == 202)
        }
    }

    @Test func `row 19: a store that leaves is refused at adding and at checkout, by name`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            let product = await mall.product(store, "Lamp", 500)
            let basket = await mall.basket(await mall.customer("Ada", "01701234567"))
            await mall.add(basket, product)
            let payment = await mall.kiosk.post("/api/payments", ["basketId": .text(basket)]).id
            _ = await mall.administrator.delete("/admin/api/stores/\(store)/participating")
            #expect(
                await eventually {
                    await mall.count("select count(*) from baskets.stores_cache where not participating") == 1
                })
            for (path, body) in [
                ("addItem", ["productId": .text(product), "quantity": 1]), ("checkout", ["paymentId": .text(payment)]),
            ] as [(String, JSON)] {
                let reply = await mall.kiosk.put("/api/baskets/\(basket)/\(path)", body)
                #expect(reply.isError(409, "conflict"), "\(path): \(reply)")
                #expect(reply.json.message.text?.contains("Lamps") == true, "\(path): \(reply)")
            }
            #expect(await mall.kiosk.get("/api/ordering/\(basket)").isError(404, "not_found"))
        }
    }

    @Test func `row 20: a changed price is confirmed by checking out again`() async throws {
        try await TestMall.with { mall in
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 500)
            let basket = await mall.basket(await mall.customer("Ada", "01701234567"))
            await mall.add(basket, product, 2)
            let payment = await mall.kiosk.post("/api/payments", ["basketId": .text(basket)]).id
            _ = await mall.administrator.put("/admin/api/stores/products/\(product)/increasePrice", ["priceMinor": 650])
            #expect(
                await eventually { await mall.kiosk.get("/api/baskets/\(basket)").json.priceChanges.list.count == 1 })
            let told = await mall.kiosk.put("/api/baskets/\(basket)/checkout", ["paymentId": .text(payment)])
            #expect(told.isError(409, "conflict"), "\(told)")
            let change = told.json.priceChanges[0]
            #expect(change.oldPriceMinor == 500 && change.newPriceMinor == 650 && change.productName == "Lamp")
            #expect(told.json.totalMinor == 1_300)
            let dearer = await mall.kiosk.post("/api/payments", ["basketId": .text(basket)]).id
            let done = await mall.kiosk.put("/api/baskets/\(basket)/checkout", ["paymentId": .text(dearer)])
            #expect(done.status == 202 && done.json.totalMinor == 1_300, "\(done)")
        }
    }

    @Test func `row 21: nothing is checked out empty, unpaid, or twice, and what is canceled stays so`() async throws {
        try await TestMall.with { mall in
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 500)
            let customer = await mall.customer("Ada", "01701234567")
            let basket = await mall.basket(customer)
            func checkout(_ body: JSON) async -> Reply { await mall.kiosk.put("/api/baskets/\(basket)/checkout", body) }
            #expect(await checkout(["paymentId": .text(Route.unknown)]).isError(400, "invalid"))
            #expect(await mall.kiosk.post("/api/payments", ["basketId": .text(basket)]).isError(400, "invalid"))
            await mall.add(basket, product)
            #expect(await checkout([:]).isError(400, "invalid"))
            let payment = await mall.kiosk.post("/api/payments", ["basketId": .text(basket)]).id
            #expect(await checkout(["paymentId": .text(payment)]).status == 202)
            #expect(await checkout(["paymentId": .text(payment)]).isError(409, "conflict"))

            let other = await mall.basket(customer)
            await mall.add(other, product)
            #expect(await mall.kiosk.delete("/api/baskets/\(other)").status == 200)
            let body: JSON = ["productId": .text(product), "quantity": 1]
            for reply in [
                await mall.kiosk.put("/api/baskets/\(other)/addItem", body),
                await mall.kiosk.put("/api/baskets/\(other)/removeItem", body),
                await mall.kiosk.put("/api/baskets/\(other)/checkout", ["paymentId": .text(payment)]),
                await mall.kiosk.delete("/api/baskets/\(other)"),
                await mall.kiosk.post("/api/payments", ["basketId": .text(other)]),
            ] {
                #expect(reply.isError(409, "conflict"), "\(reply)")
            }
        }
    }

    @Test func `row 22: a basket nobody touches for ten minutes is abandoned, and its card released`() async throws {
        let folder = Reaper.temporaryFolder()
        try await TestMall.with(TestMall.Settings(control: folder + "/control")) { mall in
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 500)
            let basket = await mall.basket(await mall.customer("Ada", "01701234567"))
            await mall.add(basket, product)
            _ = await mall.control("/clock/advance", ["seconds": 599])
            // A touch begins the ten minutes anew.
            await mall.add(basket, product)
            let payment = await mall.kiosk.post("/api/payments", ["basketId": .text(basket)]).id
            _ = await mall.control("/clock/advance", ["seconds": 590])
            #expect(await mall.kiosk.get("/api/baskets/\(basket)").json.status == "open")
            _ = await mall.control("/clock/advance", ["seconds": 11])
            #expect(await eventually { await mall.kiosk.get("/api/baskets/\(basket)").json.status == "canceled" })
            #expect(await mall.kiosk.get("/api/baskets/\(basket)").json.cancelReason == "abandoned")
            #expect(
                await eventually {
                    await mall.count(
                        """
                        select count(*) from mall.log where type = 'paymentsapi.PaymentReleased'
                            and convert_from(body, 'UTF8')::jsonb ->> 'id' = \(payment)
                        """) == 1
                })
        }
    }

    @Test func `row 23: sixteen kiosks on one basket lose no line and double none`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            var products: [String] = []
            for index in 0..<4 { products.append(await mall.product(store, "Lamp \(index)", 10)) }
            let basket = await mall.basket(await mall.customer("Ada", "01701234567"))
            for product in products { await mall.add(basket, product) }
            let added = await withTaskGroup(of: [Int64].self) { group in
                for kiosk in 0..<16 {
                    group.addTask { [products] in
                        let caller = mall.kiosk.again
                        var done: [Int64] = [0, 0, 0, 0]
                        for step in 0..<8 {
                            let which = (kiosk + step) % 4
                            let reply = await caller.put(
                                "/api/baskets/\(basket)/addItem", ["productId": .text(products[which]), "quantity": 1])
                            if reply.status == 200 {
                                done[which] += 1
                            } else {
                                #expect(reply.isError(409, "stale"), "\(reply)")
                            }
                        }
                        return done
                    }
                }
                return await group.reduce(into: [1, 1, 1, 1] as [Int64]) { sum, done in
                    for index in 0..<4 { sum[index] += done[index] }
                }
            }
            let whole = await mall.kiosk.get("/api/baskets/\(basket)").json
            #expect(whole.items.list.map(\.quantity) == added.map { .int($0) })
            let units = added.reduce(0, +)
            #expect(whole.totalMinor.int == units * 10)
            // All sixteen go through one lane here: nobody has to give up.
            #expect(units == 132)
        }
    }

    // Search

    @Test func `row 63: orders that are paged while others arrive repeat none and miss none`() async throws {
        try await TestMall.with { mall in
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 500)
            let customer = await mall.customer("Ada", "01701234567")
            var old: Set<String> = []
            for _ in 0..<13 { old.insert(try #require(await mall.order(customer, [(product, 1)]).json.orderId.text)) }
            #expect(await eventually { await mall.administrator.all("/admin/api/orders", "orders").count == 13 })
            var seen: [String] = []
            var next: String?
            repeat {
                let reply = await mall.administrator.get(
                    "/admin/api/orders?limit=5" + (next.map { "&next=\($0)" } ?? ""))
                #expect(reply.status == 200, "\(reply)")
                seen += reply.json.orders.list.compactMap(\.orderId.text)
                next = reply.json.next.text
                _ = await mall.order(customer, [(product, 1)])
            } while next != nil && seen.count < 100
            #expect(Set(seen).count == seen.count)
            #expect(old.isSubset(of: seen))
        }
    }

    // Messaging, staff, kiosk

    @Test func `row 75: one correlation id runs from the kiosk's call to the last message`() async throws {
        try await TestMall.with { mall in
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "orders")
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 500)
            let basket = await mall.basket(await mall.customer("Ada", "01701234567"))
            await mall.add(basket, product)
            let payment = await mall.kiosk.post("/api/payments", ["basketId": .text(basket)]).id
            let id = "0189abcd-0000-7000-8000-00000000beef"
            let placed = await mall.kiosk(
                "PUT", "/api/baskets/\(basket)/checkout", ["paymentId": .text(payment)],
                fields: ["X-Correlation-Id: \(id)"])
            #expect(placed.status == 202)
            #expect(
                await page.shows(1, basket) {
                    $0.cause.correlationId == .text(id) && $0.cause.actor == "kiosk:entrance"
                })
            let types = try await mall.rows(
                "select type from mall.log where correlation_id = \(id)::uuid order by position"
            )
            .map { try $0[0, as: String.self] }
            #expect(
                types.contains("basketsapi.BasketCheckedOut") && types.contains("ordersapi.OrderCreated"), "\(types)")
        }
    }

    @Test func `row 83: an order read right after checkout is pending and never unknown`() async throws {
        let folder = Reaper.temporaryFolder()
        try await TestMall.with(TestMall.Settings(control: folder + "/control")) { mall in
            // Even if nothing follows the checkout.
            _ = await mall.control("/listeners", ["listener": "ordering.reactions", "paused": true])
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 500)
            let placed = await mall.order(await mall.customer("Ada", "01701234567"), [(product, 2)])
            let order = try #require(placed.json.orderId.text)
            let read = await mall.kiosk.get("/api/ordering/\(order)")
            #expect(read.status == 200 && read.json.status == "pending" && read.json.totalMinor == 1_000, "\(read)")
            #expect(read.json.pickupCode == placed.json.pickupCode && read.json.version == 0)
            _ = await mall.control("/listeners", ["listener": "ordering.reactions", "paused": false])
            #expect(await eventually { await mall.kiosk.get("/api/ordering/\(order)").json.version.int ?? 0 >= 1 })
        }
    }

    @Test func `rows 57 to 59: an order is canceled by who placed it, once, and staff give a reason`() async throws {
        try await TestMall.with { mall in
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 500)
            let placed = await mall.order(await mall.customer("Ada", "01701234567"), [(product, 1)])
            let order = try #require(placed.json.orderId.text)
            let code = try #require(placed.json.pickupCode.text)
            _ = await mall.order(order) { $0.version.int ?? 0 > 0 }
            let silent = await mall.administrator.post("/admin/api/orders/\(order)/cancel", ["reason": " "])
            #expect(silent.isError(400, "invalid") && silent.json.field == "reason")
            for proof in [
                ["smsNumber": "01709999999", "pickupCode": .text(code)],
                ["smsNumber": "01701234567", "pickupCode": "XXXXXX"],
            ] as [JSON] {
                #expect(await mall.kiosk.delete("/api/ordering/\(order)", proof).isError(403, "forbidden"))
            }
            let canceled = await mall.kiosk.delete(
                "/api/ordering/\(order)", ["smsNumber": "0170 1234567", "pickupCode": .text(code)])
            #expect(canceled.status == 200, "\(canceled)")
            let again = await mall.administrator.post("/admin/api/orders/\(order)/cancel", ["reason": "late"])
            #expect(again.isError(409, "conflict"), "\(again)")
            // The card is free again.
            #expect(
                await eventually {
                    await mall.count("select count(*) from mall.log where type = 'paymentsapi.PaymentReleased'") == 1
                })
        }
    }
}
