import TestSupport
import Testing

@testable import App

/// Whole orders, from the kiosk to the handover, by nothing but the gateways.
@Suite struct LifeTests {
    @Test func `rows 25, 38, 47, 51 and 52: an order is fetched, counted, paid and handed over`() async throws {
        try await TestMall.with { mall in
            let (clerk, _) = try await mall.staff("carl", [.depotClerk])
            let (cashier, cookie) = try await mall.staff("cora", [.cashier])
            let desk = LivePage(mall.port, cookie: cookie)
            #expect(await desk.connect())
            await desk.open(1, "pickup")
            #expect(await desk.completes(1))
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "orders")

            let stores = [await mall.store("Lamps"), await mall.store("Paper & Ink")]
            let lamp = await mall.product(stores[0], "Walnut lamp", 1_205)
            let pen = await mall.product(stores[1], "Fountain pen", 3_490)
            let customer = await mall.customer("Mira Quandt", "0151 12345678")
            let placed = await mall.order(customer, [(lamp, 3), (pen, 1)])
            let order = try #require(placed.json.orderId.text, "\(placed)")
            let code = try #require(placed.json.pickupCode.text)
            #expect(await page.shows(1, order) { $0.value.status == "approved" && $0.value.progress == 0 })
            #expect(await desk.shows(1, order) { $0.value.status == "approved" && $0.value.invoiceStatus == "pending" })

            // A robot asks for work and fetches it.
            let (bot, robot) = try await mall.robot("R1")
            let list = try await work(for: robot, of: order)
            #expect(list.stops.count == 2)
            #expect(await robot.post("/robots/api/lists/\(list.id)/accept").status == 200)
            #expect(await page.shows(1, order) { $0.value.status == "in-progress" && $0.value.botName == "R1" })
            var reports: Int64 = 0
            func report(_ path: String, _ body: [String: JSON] = [:]) async {
                reports += 1
                let reply = await robot.post(
                    "/robots/api/lists/\(list.id)/\(path)", .object(body.merging(["reportNo": .int(reports)]) { $1 }))
                #expect(reply.status == 200, "\(path): \(reply)")
            }
            await report("start")
            for stop in list.stops {
                await report("arrive", ["storeId": stop.storeId])
                for line in stop.lines.list {
                    await report(
                        "pick", ["storeId": stop.storeId, "productId": line.productId, "quantity": line.ordered])
                }
            }
            #expect(await page.shows(1, order) { $0.value.progress == 100 })
            let early = await clerk.post("/admin/api/lists/\(list.id)/complete", ["counts": []])
            #expect(early.isError(409, "conflict"), "\(early)")
            await report("deliver")

            // Paid on arrival, and not handed over before the goods are there.
            let handover = "/admin/api/orders/\(order)/complete"
            let invoice = try #require(await desk.row(1, order)?.value.invoiceId.text)
            let outdated = await cashier.put(
                "/admin/api/invoices/\(invoice)/pay", ["method": "card_on_file", "expectedAmountMinor": 7_000])
            #expect(outdated.isError(409, "conflict"), "\(outdated)")
            let unpaid = await cashier.post(handover)
            #expect(unpaid.isError(409, "conflict"), "\(unpaid)")
            let paid = await cashier.put(
                "/admin/api/invoices/\(invoice)/pay", ["method": "card_on_file", "expectedAmountMinor": 7_105])
            #expect(paid.status == 200, "\(paid)")
            #expect(await desk.shows(1, order) { $0.value.paid == true && $0.value.invoiceStatus == "paid" })
            #expect(await mall.order(order) { $0.paid == true }.status == "in-progress")
            let uncollected = await cashier.post(handover)
            #expect(uncollected.isError(409, "conflict"), "\(uncollected)")
            #expect(uncollected.json.message.text?.contains("not collected yet") == true, "\(uncollected)")

            // Counted, ready, handed over once.
            let counted = await clerk.post("/admin/api/lists/\(list.id)/complete", ["counts": []])
            #expect(counted.status == 200, "\(counted)")
            #expect(await desk.shows(1, order) { $0.value.status == "ready" && $0.value.bay.text != nil })
            let found = await cashier.get("/admin/api/pickup?text=\(code)")
            #expect(found.json.orders.list.map(\.orderId) == [.text(order)], "\(found)")
            let done = await cashier.post(handover, key: "handed over")
            #expect(done.status == 200, "\(done)")
            let again = await cashier.post(handover, key: "handed over")
            #expect(again.status == 200 && again.position == done.position, "\(again)")
            #expect(await page.shows(1, order) { $0.value.status == "completed" && $0.value.paid == true })
            #expect(await eventually { await desk.row(1, order) == nil })
            #expect(await mall.kiosk.get("/api/ordering/\(order)").json.status == "completed")

            let end = try await mall.settles()
            #expect(await mall.administrator.get("/admin/api/bots/\(bot)").json.status == "idle")
            #expect(await mall.count("select count(*) from mall.log where type = 'ordersapi.OrderCompleted'") == 1)
            #expect(await mall.count("select count(*) from mall.log where type = 'paymentsapi.PaymentCaptured'") == 1)
            let texts = await mall.administrator.all("/admin/api/messages?order=\(order)", "messages", after: end)
            #expect(texts.compactMap(\.kind.text).sorted() == ["completed", "ready", "received"])
            #expect(texts.allSatisfy { $0.status == "sent" && $0.attempts == 1 }, "\(texts)")
            let sagas = await mall.administrator.all("/admin/api/sagas?order=\(order)", "sagas", after: end)
            #expect(sagas.map(\.status) == ["completed"], "\(sagas)")
            for page in [desk, page] { #expect(await page.faults == []) }
        }
    }

    @Test func `row 52: goods that are ready are not handed over unpaid`() async throws {
        try await TestMall.with { mall in
            let (cashier, _) = try await mall.staff("cora", [.cashier])
            let (clerk, _) = try await mall.staff("carl", [.depotClerk])
            let order = try await approved(mall)
            let (_, robot) = try await mall.robot("R1")
            let list = try await work(for: robot, of: order)
            let path = "/robots/api/lists/\(list.id)"
            let goods: [String: JSON] = [
                "storeId": list.stops[0].storeId, "productId": list.stops[0].lines[0].productId,
            ]
            for (step, number, more) in [
                ("accept", 0, [:]), ("start", 1, [:]), ("arrive", 2, ["storeId": list.stops[0].storeId]),
                ("pick", 3, goods.merging(["quantity": 1]) { $1 }), ("deliver", 4, [:]),
            ] as [(String, Int64, [String: JSON])] {
                let reply = await robot.post(
                    "\(path)/\(step)", .object(more.merging(["reportNo": .int(number)]) { $1 }))
                #expect(reply.status == 200, "\(step): \(reply)")
            }
            #expect(await clerk.post("/admin/api/lists/\(list.id)/complete", ["counts": []]).status == 200)
            #expect(await mall.order(order) { $0.status == "ready" }.status == "ready")
            let unpaid = await cashier.post("/admin/api/orders/\(order)/complete")
            #expect(unpaid.isError(409, "conflict"), "\(unpaid)")
            #expect(unpaid.json.message.text?.contains("not paid yet") == true, "\(unpaid)")
        }
    }

    @Test(arguments: ["cash", "card_on_file"])
    func `row 53: two cashiers take the money of one invoice at once, and one of them gets it`(method: String)
        async throws
    {
        try await TestMall.with { mall in
            var cashiers: [Caller] = []
            var shifts: [String] = []
            for name in ["cora", "carl"] {
                let (cashier, _) = try await mall.staff(name, [.cashier])
                let shift = await cashier.post("/admin/api/shifts", ["floatMinor": 10_000])
                #expect(shift.status == 201, "\(shift)")
                cashiers.append(cashier)
                shifts.append(shift.id)
            }
            let rounds: Int64 = 6
            for _ in 0..<rounds {
                let order = try await approved(mall)
                var invoice = JSON.null
                #expect(
                    await eventually {
                        invoice = await cashiers[0].get("/admin/api/invoices?order=\(order)").json.invoices[0]
                        return invoice.status == "pending"
                    })
                let path = "/admin/api/invoices/\(try #require(invoice.id.text))/pay"
                let body: JSON = ["method": .text(method), "expectedAmountMinor": invoice.amountMinor]
                let replies = await withTaskGroup(of: Reply.self) { group in
                    for cashier in cashiers { group.addTask { await cashier.put(path, body) } }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(replies.count { $0.status == 200 } == 1, "\(replies)")
                #expect(replies.count { $0.isError(409, "conflict") } == 1, "\(replies)")
                #expect(await mall.order(order) { $0.paid == true }.paid == true)
            }
            let end = try await mall.settles()
            #expect(await mall.count("select count(*) from mall.log where type = 'paymentsapi.InvoicePaid'") == rounds)
            let captured = await mall.count("select count(*) from mall.log where type = 'paymentsapi.PaymentCaptured'")
            #expect(captured == (method == "cash" ? 0 : rounds))
            // What is in the drawers is what was paid in cash, once each.
            let drawers = await mall.administrator.all("/admin/api/shifts", "shifts", after: end)
            let taken = drawers.compactMap(\.expectedMinor.int).reduce(0, +) - 20_000
            #expect(taken == (method == "cash" ? 500 * rounds : 0), "\(drawers)")
            #expect(Set(drawers.compactMap(\.id.text)) == Set(shifts))
        }
    }

    @Test func `row 36: six robots race for one list, and one of them has it`() async throws {
        try await TestMall.with { mall in
            var robots: [(id: String, caller: Caller)] = []
            for name in 1...6 { robots.append(try await mall.robot("R\(name)")) }
            var winners: [String: String] = [:]
            // The first is busy in the second round, and two are in the third.
            for round in 1...3 {
                let order = try await approved(mall)
                let asked = try #require(robots.first { winners[$0.id] == nil })
                let list = try await work(for: asked.caller, of: order).id
                let path = "/robots/api/lists/\(list)/accept"
                let replies = await withTaskGroup(of: (String, Reply).self) { group in
                    for robot in robots {
                        group.addTask { (robot.id, await robot.caller.again.post(path)) }
                    }
                    return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
                let accepted = replies.filter { $0.value.status == 200 }
                #expect(accepted.count == 1, "round \(round): \(replies)")
                let winner = try #require(accepted.keys.first)
                #expect(winners[winner] == nil, "round \(round): a robot has two lists")
                for (robot, reply) in replies where robot != winner {
                    #expect(reply.isError(409, "conflict"), "round \(round): \(reply)")
                }
                winners[winner] = list
                let details = await mall.administrator.get("/admin/api/lists/\(list)").json
                #expect(details.botId == .text(winner) && details.status == "assigned", "round \(round): \(details)")
                #expect(await mall.order(order) { $0.status == "in-progress" }.status == "in-progress")
            }
            for robot in robots {
                let details = await mall.administrator.get("/admin/api/bots/\(robot.id)").json
                #expect(details.status == (winners[robot.id] == nil ? "idle" : "active"))
                #expect(details.listId == (winners[robot.id].map { .text($0) } ?? .null))
            }
            try await mall.settles()
            #expect(await mall.count("select count(*) from mall.log where type = 'depotapi.ShoppingListAssigned'") == 3)
        }
    }

    /// An order of one lamp at 500 that robots may fetch.
    private func approved(_ mall: TestMall) async throws -> String {
        let lamp = await mall.product(await mall.store("Lamps"), "Lamp", 500)
        let placed = await mall.order(await mall.customer("Ada", "01701234567"), [(lamp, 1)])
        let order = try #require(placed.json.orderId.text, "\(placed)")
        #expect(await mall.order(order) { $0.status == "approved" }.status == "approved")
        return order
    }

    /// The list of this order, once it is offered to the robot.
    private func work(for robot: Caller, of order: String) async throws -> (id: String, stops: [JSON]) {
        var list = JSON.null
        #expect(
            await eventually {
                list = await robot.post("/robots/api/work").json["list"]
                return list.orderId == .text(order)
            })
        return (try #require(list.id.text), list.stops.list)
    }
}
