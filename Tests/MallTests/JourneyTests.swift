import Kernel
import TestSupport
import Testing

@Suite struct JourneyTests {
    @Test func `an order placed at a kiosk is in every page's list, and its cancellation too`() async throws {
        try await TestMall.with { mall in
            let pages = [LivePage(mall.port, cookie: mall.cookie), LivePage(mall.port, cookie: mall.cookie)]
            for page in pages {
                #expect(await page.connect())
                await page.open(1, "orders", count: true)
                #expect(await page.completes(1))
                #expect(await eventually { await page.total(1) == 0 })
            }
            let store = await mall.store("Paper & Ink")
            let pen = await mall.product(store, "Fountain pen", 3_490)
            let ink = await mall.product(store, "Midnight ink", 1_190)
            let customer = await mall.customer("Ada Lovelace", "0170 1234567")
            let placed = await mall.order(customer, [(pen, 1), (ink, 2)])
            #expect(placed.status == 202, "\(placed)")
            let order = try #require(placed.json.orderId.text)

            for page in pages {
                #expect(await page.shows(1, order) { $0.value.status == "approved" })
                let value = try #require(await page.row(1, order)).value
                #expect(value.customerName == "Ada Lovelace")
                #expect(value.totalMinor == 5_870)
                #expect(value.items.list.map(\.productName) == ["Fountain pen", "Midnight ink"])
                #expect(await eventually { await page.total(1) == 1 })
            }
            let settled = try await mall.settles()
            for page in pages { #expect(await page.reaches(settled)) }
            let byHand = await mall.administrator.get("/admin/api/orders")
            #expect(byHand.json.orders.list == [try #require(await pages[0].row(1, order)).value])

            await pages[0].open(2, "order", ["order": .text(order)])
            #expect(await pages[0].shows(2, order))
            let canceled = await mall.administrator.post(
                "/admin/api/orders/\(order)/cancel", ["reason": "the customer called"])
            #expect(canceled.status == 200, "\(canceled)")
            // The list, the invoice and the card follow, and the caller is the cause of all of it.
            let undone = try await mall.settles()
            for page in pages {
                #expect(await page.shows(1, order) { $0.value.status == "canceled" })
                #expect(await page.reaches(undone))
                let row = try #require(await page.row(1, order))
                #expect(row.value.reason == "the customer called")
                #expect(row.cause.actor == "admin")
                let effects: [JSON] = ["depotapi.ShoppingListCanceled", "paymentsapi.InvoiceCanceled"]
                #expect(effects.contains(row.cause.action))
                #expect(row.cause.correlationId == canceled.json.correlationId)
                #expect(await page.position >= canceled.position)
                #expect(await page.total(1) == 1)
            }
            #expect(await pages[0].shows(2, order) { $0.value.status == "canceled" })
            let timeline = try #require(await pages[0].row(2, order)).value.timeline.list
            #expect(
                timeline.prefix(4).map(\.event) == ["OrderCreated", "OrderApproved", "InvoiceCreated", "OrderCanceled"])
            #expect(
                timeline.dropFirst(4).compactMap(\.event.text).sorted() == ["InvoiceCanceled", "ShoppingListCanceled"])
            #expect(timeline.dropFirst(3).allSatisfy { $0.actor == "admin" })
            for page in pages { #expect(await page.faults == []) }
        }
    }

    @Test func `the list over HTTP and the live view agree on every filter`() async throws {
        try await TestMall.with { mall in
            let stores = [await mall.store("Zebra Books"), await mall.store("Äpfel & Birnen")]
            let products = [
                await mall.product(stores[0], "Atlas", 2_000), await mall.product(stores[0], "Novel", 900),
                await mall.product(stores[1], "Boskop", 350),
            ]
            let customers = [
                await mall.customer("Grace Hopper", "01701111111"),
                await mall.customer("Émilie du Châtelet", "01702222222"),
            ]
            var orders: [String] = []
            for index in 0..<8 {
                var lines = [(products[index % 3], Int64(1 + index % 4))]
                if index == 7 { lines.append((products[0], 1)) }
                let placed = await mall.order(customers[index % 2], lines)
                orders.append(try #require(placed.json.orderId.text, "\(placed)"))
            }
            for order in orders.prefix(3) {
                #expect(await mall.order(order) { $0.status == "approved" }.status == "approved")
                let canceled = await mall.administrator.post("/admin/api/orders/\(order)/cancel", ["reason": "no"])
                #expect(canceled.status == 200)
            }
            let settled = try await mall.settles()
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "orders")
            #expect(await page.completes(1))
            #expect(await page.reaches(settled))
            #expect(await page.rows(1).count == 8)
            #expect(await eventually { await page.values(1).count { $0.status == "canceled" } == 3 })
            let all = await page.values(1)
            let middle = try #require(all[4].createdAt.text)

            // Each as a filter and as the query that means the same.
            let filters: [(JSON, String, (JSON) -> Bool)] = [
                (["status": ["canceled"]], "status=canceled", { $0.status == "canceled" }),
                (["status": ["canceled", "approved"]], "status=canceled&status=approved", { _ in true }),
                (["status": ["ready"]], "status=ready", { _ in false }),
                (
                    ["store": .text(stores[1])], "store=\(stores[1])",
                    { $0.items.list.contains { $0.storeId == .text(stores[1]) } }
                ),
                (
                    ["product": .text(products[0])], "product=\(products[0])",
                    { $0.items.list.contains { $0.productId == .text(products[0]) } }
                ),
                (
                    ["customer": .text(customers[1])], "customer=\(customers[1])",
                    { $0.customerId == .text(customers[1]) }
                ),
                (["from": .text(middle)], "from=\(Caller.escaped(middle))", { $0.createdAt.text! >= middle }),
                (["to": .text(middle)], "to=\(Caller.escaped(middle))", { $0.createdAt.text! < middle }),
                (["minTotalMinor": 1_400], "minTotalMinor=1400", { $0.totalMinor.int! >= 1_400 }),
                (["maxTotalMinor": 1_400], "maxTotalMinor=1400", { $0.totalMinor.int! <= 1_400 }),
                (
                    ["minTotalMinor": 900, "maxTotalMinor": 900], "minTotalMinor=900&maxTotalMinor=900",
                    { $0.totalMinor == 900 }
                ),
                (
                    ["text": "émilie CHÂTELET"], "text=%C3%A9milie+CH%C3%82TELET",
                    { $0.customerId == .text(customers[1]) }
                ),
                (
                    ["text": "ZEBRA hop"], "text=ZEBRA%20hop",
                    {
                        $0.customerId == .text(customers[0])
                            && $0.items.list.contains { $0.storeId == .text(stores[0]) }
                    }
                ),
                (
                    ["text": "birne", "status": ["approved"]], "text=birne&status=approved",
                    {
                        $0.status == "approved" && $0.items.list.contains { $0.storeId == .text(stores[1]) }
                    }
                ),
                (["text": "%"], "text=%25", { _ in false }),
            ]
            for (index, (filter, query, matches)) in filters.enumerated() {
                let view = 2 + index
                await page.open(view, "orders", filter, count: true)
                #expect(await page.completes(view), "\(query)")
                let wanted = all.filter(matches)
                #expect(await page.values(view) == wanted, "\(query)")
                #expect(await eventually { await page.total(view) == Int64(wanted.count) }, "\(query)")
                #expect(
                    await mall.administrator.all("/admin/api/orders?\(query)", "orders", limit: 2) == wanted, "\(query)"
                )
            }
            #expect(await page.faults == [])
        }
    }

    @Test func `a product's price history and a store's request are live`() async throws {
        try await TestMall.with { mall in
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "mall")
            let store = await mall.store("Lamps", participating: false)
            #expect(await page.shows(1, store) { $0.value.participating == false && $0.value.request == .null })
            await page.open(2, "catalog", ["store": .text(store)])
            let lamp = await mall.product(store, "Walnut lamp", 1_000)
            _ = await mall.administrator.put("/admin/api/stores/products/\(lamp)/increasePrice", ["priceMinor": 1_250])
            #expect(await page.shows(2, lamp) { $0.value.history.list.map(\.priceMinor) == [1_000, 1_250] })
            #expect(await page.shows(1, store) { $0.value.products == 1 })
            _ = await mall.administrator.delete("/admin/api/stores/products/\(lamp)")
            #expect(await eventually { await page.rows(2).isEmpty })
            #expect(await page.shows(1, store) { $0.value.products == 0 })
            #expect(await page.faults == [])
        }
    }
}
