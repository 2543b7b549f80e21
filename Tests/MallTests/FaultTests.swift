import EventLoop
import FoundationEssentials
import Glibc
import Kernel
import Postgres
import PostgresTestSupport
import TestSupport
import Testing

@testable import App

@Suite struct FaultTests {
    @Test func `row 74: while PostgreSQL is away everything is unavailable, and afterwards it goes on by itself`()
        async throws
    {
        let folder = Reaper.temporaryFolder()
        let cluster = Cluster(dataDirectory: folder, settings: TestCluster.settings, logger: TestCluster.quiet)
        let conninfo = try await cluster.start()
        let application = try await Application(
            TestMall.options(TestMall.Settings(), conninfo), logger: TestCluster.quiet)
        let administrator = StaffMember(user: "admin", name: "Admin", roles: [.administrator])
        try await application.accounts.put(
            user: "admin", name: "Admin", password: "a long one", roles: [.administrator])
        let cookie = try await application.accounts.open(administrator)
        let staff = Caller(port: application.port, fields: ["Cookie: session=\(cookie)"])
        let page = LivePage(application.port, cookie: cookie)
        #expect(await page.connect())
        await page.open(1, "mall")
        let store = await staff.post("/admin/api/stores", ["name": "Lamps", "location": "Level 1"])
        #expect(await page.shows(1, store.id))

        await cluster.stop()
        // What was under way when it ended may fail in its own way; then there is nothing but 503.
        #expect(await eventually { await staff.get("/readyz").status == 503 })
        #expect(await staff.get("/healthz").status == 200)
        for (method, path, body) in [
            ("GET", "/admin/api/mall", nil), ("POST", "/admin/api/stores", ["name": "A", "location": "B"]),
            ("PUT", "/admin/api/stores/\(store.id)/participating", nil), ("GET", "/admin/api/session", nil),
        ] as [(String, String, JSON?)] {
            let reply = await staff(method, path, body)
            #expect(reply.isError(503, "unavailable"), "\(method) \(path): \(reply)")
            #expect(reply.answer?["retry-after"] != nil)
        }
        #expect(await page.closed == nil)
        // Nothing is heard of the log, and the page does not say that it is fresh.
        #expect(await eventually { await page.lag > 1_000 })

        _ = try await cluster.start()
        #expect(await eventually { await staff.get("/readyz").status == 200 })
        var second = Reply(nil)
        #expect(
            await eventually {
                second = await staff.post("/admin/api/stores", ["name": "Chairs", "location": "Level 1"], key: "again")
                return second.status == 201
            })
        #expect(await page.shows(1, second.id))
        #expect(await page.rows(1).count == 2)
        #expect(await eventually { await page.lag < 1_000 })
        #expect(await page.faults == [])
        await application.stop()
        await cluster.stop()
    }

    @Test func `a server process that is killed under the mall costs a moment and no data`() async throws {
        try await TestMall.with { mall in
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "mall")
            var done = 0
            for round in 0..<8 {
                // Every connection of this mall, its worker's and its listener's included.
                _ = try? await mall.rows(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = \(mall.database.name) and pid <> pg_backend_pid()"
                )
                var reply = Reply(nil)
                #expect(
                    await eventually {
                        reply = await mall.administrator.post(
                            "/admin/api/stores", ["name": .text("Store \(round)"), "location": "A"],
                            key: "round \(round)")
                        return reply.status != 503
                    })
                #expect(reply.status == 201, "\(reply)")
                done += 1
                #expect(await page.shows(1, reply.id), "round \(round)")
            }
            #expect(await page.rows(1).count == done)
            #expect(
                await mall.count("select count(*) from mall.streams where category = 'stores.Store'") == Int64(done))
            #expect(await page.faults == [])
        }
    }

    @Test func `while the projector stands still the lag grows, and then every page ends equal`() async throws {
        let folder = Reaper.temporaryFolder()
        try await TestMall.with(TestMall.Settings(control: folder + "/control")) { mall in
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "mall", count: true)
            let store = await mall.store("Lamps")
            #expect(await page.shows(1, store) { $0.value.participating == true })
            #expect(await eventually { await page.lag < 500 })

            #expect(await mall.control("/listeners", ["listener": "projector", "paused": true]).status == 204)
            var position: Int64 = 0
            for index in 0..<5 {
                position = await mall.administrator.put(
                    "/admin/api/stores/\(store)/rebrand", ["name": .text("Lamps \(index)")]
                ).position
            }
            var lags: [Int64] = []
            for _ in 0..<3 {
                let commits = await page.commits
                #expect(await eventually { await page.commits > commits })
                lags.append(await page.lag)
            }
            #expect(lags == lags.sorted() && lags[2] > 2_000, "\(lags)")
            #expect(await page.row(1, store)?.value.name == "Lamps")
            let waited = await mall.administrator.get("/admin/api/mall", fields: ["After-Position: \(position)"])
            #expect(waited.isError(503, "unavailable"), "\(waited)")

            #expect(await mall.control("/listeners", ["listener": "projector", "paused": false]).status == 204)
            #expect(await page.reaches(position))
            #expect(await page.row(1, store)?.value.name == "Lamps 4")
            #expect(await eventually { await page.lag < 500 })
            #expect(await page.faults == [])
        }
    }

    @Test func `row 78: after a restart a page resumes with the rows that changed, and no others`() async throws {
        try await TestMall.with { mall in
            var stores: [String] = []
            for index in 0..<30 { stores.append(await mall.store("Store \(index)", participating: false)) }
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "mall", count: true)
            await page.open(2, "mall", ["text": "store"], limit: 10)
            #expect(await eventually { await page.rows(1).count == 30 })
            #expect(await page.completes(2))
            await page.disconnect()

            // Away for a while: some rows change, one of them often, and the server leaves.
            var position: Int64 = 0
            for name in ["A", "B", "C"] {
                position = await mall.administrator.put(
                    "/admin/api/stores/\(stores[7])/rebrand", ["name": .text("Store 7\(name)")]
                ).position
            }
            _ = await mall.administrator.put("/admin/api/stores/\(stores[8])/participating")
            await mall.stop()
            try await mall.another { mall in
                position = max(
                    position, await mall.administrator.put("/admin/api/stores/\(stores[9])/participating").position)
                #expect(await page.connect(to: mall.port), "the session outlives the process")
                #expect(await page.reaches(position))
                let listed = await mall.administrator.all("/admin/api/mall", "stores", after: position)
                #expect(listed.count == 30)
                #expect(await eventually { await page.values(1) == listed })
                #expect(await page.values(2) == Array(listed.filter { $0.name.text!.hasPrefix("Store") }.prefix(10)))
                #expect(await page.resets == [])
                // Three rows of the one view; the other holds a part of them.
                #expect(await page.rowsReceived <= 6)
                #expect(await page.faults == [])
                #expect(
                    await mall.kiosk.get("/api/stores/\(stores[0])").status == 200, "the token outlives the process")
            }
        }
    }

    @Test func `row 78: two processes serve any page, and one takes over when the other stops`() async throws {
        try await TestMall.with { first in
            try await first.another { second in
                let malls = [first, second]
                let pages = malls.map { LivePage($0.port, cookie: $0.cookie) }
                for page in pages {
                    #expect(await page.connect())
                    await page.open(1, "mall", count: true)
                    #expect(await page.completes(1))
                }
                // Commands through both, on the same store as well.
                let store = await first.store("Lamps", participating: false)
                let positions = await withTaskGroup(of: Int64.self) { group in
                    for caller in 0..<8 {
                        group.addTask {
                            let administrator = malls[caller % 2].administrator.again
                            var position: Int64 = 0
                            for step in 0..<20 {
                                let reply =
                                    step % 2 == 0
                                    ? await administrator.put(
                                        "/admin/api/stores/\(store)/rebrand", ["name": .text("Lamps \(caller) \(step)")]
                                    )
                                    : await administrator.post(
                                        "/admin/api/stores",
                                        ["name": .text("Store \(caller) \(step)"), "location": "A"])
                                #expect((200...201).contains(reply.status) || reply.isError(409, "stale"), "\(reply)")
                                position = max(position, reply.position)
                            }
                            return position
                        }
                    }
                    return await group.reduce(0) { max($0, $1) }
                }
                let listed = await second.administrator.all("/admin/api/mall", "stores", after: positions)
                #expect(listed.count == 81)
                for page in pages {
                    #expect(await page.reaches(positions))
                    #expect(await page.values(1) == listed)
                    #expect(await page.total(1) == 81)
                }

                // The first works; when it leaves, the second does, and its pages go on.
                await first.stop()
                let moved = await second.administrator.put("/admin/api/stores/\(store)/rebrand", ["name": "Taken over"])
                #expect(moved.status == 200)
                #expect(await pages[1].shows(1, store) { $0.value.name == "Taken over" })
                // And the first's page comes to the second.
                await pages[0].disconnect()
                #expect(await pages[0].connect(to: second.port))
                #expect(await pages[0].shows(1, store) { $0.value.name == "Taken over" })
                let theirs = await pages[1].values(1)
                #expect(await pages[0].values(1) == theirs)
                #expect(await pages[0].rowsReceived <= 2)
                for page in pages {
                    #expect(await page.faults == [])
                    #expect(await page.resets == [])
                }
                let order = await second.order(
                    second.customer("Ada", "01701234567"), [(second.product(second.store("New"), "Lamp", 1), 1)])
                #expect(order.status == 202, "\(order)")
                #expect(
                    await eventually { await second.administrator.get("/admin/api/orders").json.orders.list.count == 1 }
                )
            }
        }
    }

    @Test func `a new epoch of the log resets every page and every memory`() async throws {
        try await TestMall.with { mall in
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "mall", count: true)
            let store = await mall.store("Lamps")
            #expect(await page.shows(1, store) { $0.value.participating == true })
            let old = try #require(await page.cursor)

            // The past is replaced, as a restore does it: the store never took part, and is called otherwise.
            _ = try await mall.rows(
                """
                with store as (select stream_no from mall.streams where category = 'stores.Store')
                delete from mall.log where stream_no in (select stream_no from store) and version > 1
                """)
            _ = try await mall.rows("update mall.streams set version = 1 where category = 'stores.Store'")
            _ = try await mall.rows("delete from mall.checkpoints")
            _ = try await mall.rows("delete from live.mall")
            _ = try await mall.rows("update mall.epoch set epoch = gen_random_uuid()")
            #expect(await eventually { await !page.resets.isEmpty })
            #expect(await page.shows(1, store) { $0.value.participating == false })
            #expect(await eventually { await page.total(1) == 1 })
            #expect(await page.cursor.map { $0.prefix { $0 != "." } } != old.prefix { $0 != "." })
            // What was in memory is forgotten: the store does not take part, and can.
            #expect(await mall.kiosk.get("/api/stores/\(store)").json.participating == false)
            #expect(await mall.administrator.put("/admin/api/stores/\(store)/participating").status == 200)
            #expect(await page.shows(1, store) { $0.value.participating == true })

            // Whoever was away meanwhile starts anew as well.
            let away = LivePage(mall.port, cookie: mall.cookie)
            #expect(await away.connect())
            await away.open(1, "mall")
            #expect(await away.completes(1))
            await away.disconnect()
            _ = try await mall.rows("update mall.epoch set epoch = gen_random_uuid()")
            #expect(await eventually { await page.resets.count == 2 })
            #expect(await away.connect())
            #expect(await eventually { await away.resets.count == 1 })
            #expect(await away.shows(1, store) { $0.value.participating == true })
            #expect(await page.faults == [])
            #expect(await away.faults == [])
        }
    }

    @Test func `a card service that cannot be reached, or refuses, leaves nothing behind`() async throws {
        let folder = Reaper.temporaryFolder()
        try await TestMall.with(TestMall.Settings(control: folder + "/control")) { mall in
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 500)
            let basket = await mall.basket(await mall.customer("Ada", "01701234567"))
            await mall.add(basket, product)
            let streams = try await mall.streams()
            for (mood, status, code) in [("unreachable", 503, "unavailable"), ("refusing", 409, "conflict")] {
                #expect(await mall.control("/services", ["card": .text(mood)]).status == 204)
                let reply = await mall.kiosk.post("/api/payments", ["basketId": .text(basket)], key: "pay")
                #expect(reply.isError(status, code), "\(reply)")
                #expect(try await mall.streams() == streams)
            }
            _ = await mall.control("/services", ["card": "approving"])
            #expect(
                await mall.kiosk.post("/api/payments", ["basketId": .text(basket)], key: "another card").status == 201)
        }
    }

    @Test func `a test control's socket that was left behind is taken over, and one that is in use is not`()
        async throws
    {
        let path = Reaper.temporaryFolder() + "/control"
        let socket = try Socket.listen(on: .unix(path: path))
        TestControl.takeOver(path)
        #expect(access(path, F_OK) == 0)
        // Now it is as a server that was killed leaves it: there, and nobody listens any more.
        close(socket)
        try await TestMall.with(TestMall.Settings(control: path)) { mall in
            #expect(await mall.control("/clock/advance", ["seconds": 1]).status == 200)
        }
    }

    @Test func `row 69: a consumer that stands still misses nothing`() async throws {
        let folder = Reaper.temporaryFolder()
        try await TestMall.with(TestMall.Settings(control: folder + "/control")) { mall in
            _ = await mall.control("/listeners", ["listener": "ordering.reactions", "paused": true])
            let product = await mall.product(await mall.store("Lamps"), "Lamp", 500)
            let customer = await mall.customer("Ada", "01701234567")
            for _ in 0..<3 { #expect(await mall.order(customer, [(product, 1)]).status == 202) }
            #expect(await mall.count("select count(*) from mall.log where type = 'ordersapi.OrderCreated'") == 0)
            #expect(await mall.administrator.get("/admin/api/orders").json.orders == [])
            _ = await mall.control("/listeners", ["listener": "ordering.reactions", "paused": false])
            #expect(await eventually { await mall.administrator.get("/admin/api/orders").json.orders.list.count == 3 })
            let metrics = await mall.nobody.get("/metrics").answer?.text ?? ""
            #expect(metrics.contains("mallbots_dead_letters 0") && metrics.contains("mallbots_parked_messages 0"))
        }
    }
}
