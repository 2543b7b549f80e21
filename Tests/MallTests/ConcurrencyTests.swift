import Busywork
import FoundationEssentials
import Kernel
import PostgresTestSupport
import TestSupport
import Testing

@testable import App

@Suite struct ConcurrencyTests {
    @Test func `two kiosks that claim one phone number at once get one customer`() async throws {
        try await TestMall.with { mall in
            for round in 0..<10 {
                let number = "+4917000000\(10 + round)"
                let replies = await withTaskGroup(of: Reply.self) { group in
                    for kiosk in 0..<8 {
                        group.addTask {
                            await mall.kiosk.again.post(
                                "/api/customers", ["name": .text("Kiosk \(kiosk)"), "smsNumber": .text(number)])
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                let (new, known, others) = (
                    replies.filter { $0.status == 201 }, replies.filter { $0.status == 200 },
                    replies.filter { $0.status != 200 && $0.status != 201 }
                )
                #expect(new.count == 1, "\(replies)")
                #expect(known.allSatisfy { $0.id == new.first?.id })
                #expect(others.allSatisfy { $0.status == 409 && $0.hasErrorBody }, "\(others)")
            }
            #expect(await mall.count("select count(*) from mall.streams where category = 'customers.Customer'") == 10)
        }
    }

    @Test func `two colleagues that give one SKU at once: one of them has it`() async throws {
        try await TestMall.with { mall in
            let store = await mall.store("Lamps")
            for round in 0..<10 {
                let replies = await withTaskGroup(of: Reply.self) { group in
                    for colleague in 0..<8 {
                        group.addTask {
                            await mall.administrator.again.post(
                                "/admin/api/stores/\(store)/products",
                                ["name": .text("Lamp \(colleague)"), "sku": .text("SKU-\(round)"), "priceMinor": 1])
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(replies.count { $0.status == 201 } == 1, "\(replies)")
                #expect(
                    replies.allSatisfy { $0.status == 201 || $0.isError(409, "conflict") || $0.isError(409, "stale") },
                    "\(replies)")
            }
            #expect(await mall.count("select count(*) from mall.streams where category = 'stores.Product'") == 10)
        }
    }

    @Test func `two checkouts of one basket at once make one order`() async throws {
        try await TestMall.with { mall in
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 500)
            let customer = await mall.customer("Ada", "01701234567")
            for _ in 0..<5 {
                let basket = await mall.basket(customer)
                await mall.add(basket, product)
                let payment = await mall.kiosk.post("/api/payments", ["basketId": .text(basket)]).id
                let replies = await withTaskGroup(of: Reply.self) { group in
                    for _ in 0..<6 {
                        group.addTask {
                            await mall.kiosk.again.put("/api/baskets/\(basket)/checkout", ["paymentId": .text(payment)])
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(replies.count { $0.status == 202 } == 1, "\(replies)")
                #expect(replies.allSatisfy { $0.status == 202 || $0.isError(409, "conflict") }, "\(replies)")
            }
            #expect(await eventually { await mall.administrator.all("/admin/api/orders", "orders").count == 5 })
            #expect(await mall.count("select count(*) from mall.log where type = 'ordersapi.OrderCreated'") == 5)
        }
    }

    @Test func `a page equals the query after each of a thousand changes, whatever other pages do`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("changes seed \(seed)")
        var generator = SmallGenerator(seed: seed)
        try await TestMall.with { mall in
            let pages = (0..<2).map { _ in LivePage(mall.port, cookie: mall.cookie) }
            for page in pages {
                #expect(await page.connect())
                await page.open(1, "mall", count: true)
                await page.open(2, "mall", ["participating": true], limit: 5, count: true)
                await page.open(3, "mall", ["text": "lamp"])
                for view in 1...3 { #expect(await page.completes(view)) }
            }
            // Reads nothing for stretches, with little room in between.
            let slow = LivePage(mall.port, cookie: mall.cookie, receiveBuffer: 4_096)
            #expect(await slow.connect())
            await slow.open(1, "mall", count: true)
            #expect(await slow.completes(1))
            let comings = LivePage(mall.port, cookie: mall.cookie)
            #expect(await comings.connect())
            await comings.open(1, "mall", count: true)
            #expect(await comings.completes(1))
            await comings.disconnect()

            var stores: [(id: String, participates: Bool)] = []
            var serial = 0
            for change in 1...1_000 {
                let reply: Reply
                let dice = Int.random(in: 0..<10, using: &generator)
                if stores.isEmpty || (dice < 2 && stores.count < 60) {
                    serial += 1
                    let name = ["Lamp", "Chair", "Book", "Äpfel"].randomElement(using: &generator)!
                    reply = await mall.administrator.post(
                        "/admin/api/stores", ["name": .text("\(name) \(serial)"), "location": "Level 1"])
                    stores.append((reply.id, false))
                } else {
                    let index = Int.random(in: 0..<stores.count, using: &generator)
                    let path = "/admin/api/stores/\(stores[index].id)"
                    if dice < 6 {
                        reply =
                            await stores[index].participates
                            ? mall.administrator.delete("\(path)/participating")
                            : mall.administrator.put("\(path)/participating")
                        stores[index].participates.toggle()
                    } else {
                        serial += 1
                        let name = ["Lamp", "Chair", "Zebra", "aardvark"].randomElement(using: &generator)!
                        reply = await mall.administrator.put("\(path)/rebrand", ["name": .text("\(name) \(serial)")])
                    }
                }
                #expect((200...201).contains(reply.status), "seed \(seed), change \(change): \(reply)")
                guard await pages[0].reaches(reply.position) else {
                    let list = await mall.administrator.get(
                        "/admin/api/mall", fields: ["After-Position: \(reply.position)"])
                    Issue.record(
                        """
                        seed \(seed): change \(change) at \(reply.position) did not come; \(await pages[0].state); \
                        the other: \(await pages[1].state); the list: \(list.status)
                        """)
                    return
                }
                let listed = await mall.administrator.all("/admin/api/mall", "stores", after: reply.position)
                let shown = await pages[0].values(1)
                guard shown == listed else {
                    Issue.record(
                        "seed \(seed): after change \(change) at \(reply.position) the page differs from the list")
                    return
                }
                #expect(await pages[0].total(1) == Int64(listed.count), "seed \(seed), change \(change)")
                let taking = listed.filter { $0.participating == true }
                #expect(await pages[0].values(2) == Array(taking.prefix(5)), "seed \(seed), change \(change)")
                #expect(await pages[0].total(2) == Int64(taking.count), "seed \(seed), change \(change)")
                let lamps = listed.filter { $0.name.text!.lowercased().contains("lamp") }
                #expect(await pages[0].values(3) == lamps, "seed \(seed), change \(change)")

                if change % 100 == 50 {
                    // Back after a while: only what changed since, and equal.
                    #expect(await comings.connect())
                    #expect(await comings.reaches(reply.position))
                    #expect(await comings.values(1) == listed, "seed \(seed), change \(change)")
                    #expect(await comings.total(1) == Int64(listed.count))
                    await comings.disconnect()
                }
                // Shorter than the silence after which a peer counts as dead.
                if change % 250 == 200 { await slow.stall(true) }
                if change % 250 == 0 {
                    await slow.stall(false)
                    #expect(await slow.reaches(reply.position))
                    #expect(await slow.values(1) == listed, "seed \(seed), change \(change)")
                }
            }
            for page in pages { await page.check(1) }
            for page in pages { #expect(await eventually { await page.checks > 0 }) }
            let all = await mall.administrator.all("/admin/api/mall", "stores")
            #expect(await eventually { await pages[1].values(1) == all })
            for page in pages + [slow, comings] {
                #expect(await page.faults == [])
                #expect(await page.resets == [])
            }
        }
    }

    @Test func `row 79: a page that stops reading is conflated, ends equal, and keeps nobody waiting`() async throws {
        try await TestMall.with { mall in
            var stores: [String] = []
            for index in 0..<40 { stores.append(await mall.store("Store \(index)", participating: false)) }
            let slow = LivePage(mall.port, cookie: mall.cookie, receiveBuffer: 4_096)
            let quick = LivePage(mall.port, cookie: mall.cookie)
            for page in [slow, quick] {
                #expect(await page.connect())
                await page.open(1, "mall")
                #expect(await page.completes(1))
                #expect(await eventually { await page.rows(1).count == 40 })
            }
            await slow.stall(true)
            let before = await slow.rowsReceived
            // Far more than a socket holds: each change is a row of a kilobyte.
            let long = String(repeating: "🪔", count: 185)
            let changes = 4_000
            let last = await withTaskGroup(of: Int64.self) { group in
                for caller in 0..<16 {
                    group.addTask { [stores] in
                        let administrator = mall.administrator.again
                        var position: Int64 = 0
                        for step in 0..<(changes / 16) {
                            let reply = await administrator.put(
                                "/admin/api/stores/\(stores[(caller * 7 + step) % 40])/rebrand",
                                ["name": .text("\(long) \(caller) \(step)")])
                            #expect(reply.status == 200 || reply.isError(409, "stale"), "\(reply)")
                            position = max(position, reply.position)
                        }
                        return position
                    }
                }
                return await group.reduce(0) { max($0, $1) }
            }
            #expect(await quick.reaches(last))
            let listed = await mall.administrator.all("/admin/api/mall", "stores", after: last)
            #expect(await quick.values(1) == listed)
            #expect(await slow.position < last)
            await slow.stall(false)
            #expect(await slow.reaches(last))
            #expect(await slow.values(1) == listed)
            let received = await slow.rowsReceived - before
            #expect(received < changes * 3 / 4, "\(received) rows of \(changes) changes: nothing was conflated")
            for page in [slow, quick] {
                #expect(await page.faults == [])
                #expect(await page.closed?.reason == nil)
            }
        }
    }

    @Test func `sixteen callers on one store lose no product and double none`() async throws {
        try await TestMall.with(TestMall.Settings(loops: 2)) { mall in
            let store = await mall.store("Lamps")
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "catalog", ["store": .text(store)], count: true)
            #expect(await page.completes(1))
            let added = await withTaskGroup(of: [String].self) { group in
                for caller in 0..<16 {
                    group.addTask {
                        let administrator = mall.administrator.again
                        var ids: [String] = []
                        for step in 0..<20 {
                            let reply = await administrator.post(
                                "/admin/api/stores/\(store)/products",
                                [
                                    "name": .text("Lamp \(caller)-\(step)"), "sku": .text("\(caller)-\(step)"),
                                    "priceMinor": .int(Int64(step)),
                                ])
                            #expect(reply.status == 201, "\(reply)")
                            ids.append(reply.id)
                        }
                        return ids
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(added).count == 320)
            #expect(await eventually { await page.rows(1).count == 320 })
            #expect(Set(await page.rows(1).map(\.key)) == Set(added))
            #expect(await page.total(1) == 320)
            await page.open(2, "mall")
            #expect(await page.shows(2, store) { $0.value.products == 320 })
            #expect(await page.faults == [])
        }
    }
}
