import Busywork
import FoundationEssentials
import Kernel
import TestSupport
import Testing
import WebSocket

@testable import App

/// Whatever comes in, the answer is a refusal in its one form, and the server goes on.
@Suite struct FuzzTests {
    /// Bodies that are no JSON object.
    private static let malformed: [[UInt8]] = texts.map { Array($0.utf8) } + bytes

    private static let texts: [String] = [
        "{", "}", "[", "[]", "[{}]", "\"x\"", "1", "null", "true", "{\"a\"}", "{\"a\":}", "{,}", "{\"a\":1,,\"b\":2}",
        "{'a':1}",
        "{\"a\":1}{\"b\":2}", "{\"a\":1} x {}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":NaN}", "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\q\"}",
        "/**/{}", "{\"a\":\"unfinished}", "{\"a\":[1,2}", "{\"a\":{}", "{}}", "{{}}", "{\"a\":1", "\u{FEFF}",
        "{\"a\":tru}",
    ]

    private static let bytes: [[UInt8]] = [
        [0xff], [0], [0x7b, 0xff, 0x7d], [0x7b, 0, 0x7d], quoted([0xc0, 0xaf]), quoted([0xed, 0xa0, 0x80]), quoted([1]),
        quoted([0xf5, 0x80, 0x80, 0x80]),
    ]

    /// An object with one text of these bytes.
    private static func quoted(_ bytes: [UInt8]) -> [UInt8] { Array("{\"name\":\"".utf8) + bytes + Array("\"}".utf8) }

    /// Values that no field of any command takes, as they stand in JSON.
    private static let wrong: [String] = [
        "true", "1.5", "1e400", "-1e400", "9223372036854775808", "-9223372036854775809", "1e19", "[]", "{}", "[1]",
        "[[\"x\"]]",
        "{\"a\":{\"b\":null}}", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\u0007\"", "\"\\ud800\"",
        String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000),
        String(repeating: "{\"a\":", count: 10_000) + "1" + String(repeating: "}", count: 10_000),
        "\"" + String(repeating: "n", count: 1 << 20) + "\"",
        "\"" + String(repeating: "e\u{301}", count: 100_000) + "\"",
        String(repeating: "9", count: 5_000),
    ]

    /// Where the log ends, but for what was noted of refusals.
    private static let end: SQL = """
        select coalesce(max(position), 0) from mall.log join mall.streams using (stream_no) where category <> 'admin.Deed'
        """

    /// A mall in which every kind of thing is there, and the paths of all commands on things that are there.
    private func fill(_ mall: TestMall) async throws -> [(route: Route, path: String)] {
        let store = await mall.store("Lamps")
        let product = await mall.product(store, "Lamp", 1_000)
        let customer = await mall.customer("Ada", "01709999999")
        let placed = await mall.order(customer, [(product, 1)])
        let order = try #require(placed.json.orderId.text, "\(placed)")
        // What follows the checkout has followed: nothing but the tests writes any more.
        #expect(await mall.order(order) { $0.status == "approved" }.status == "approved")
        try await mall.settles()
        let basket = await mall.basket(customer)
        return Route.all.filter(\.isCommand).map { route in
            let id =
                switch route.path {
                case let path where path.contains("/products/{id}"): product
                case let path where path.contains("/stores/{id}"): store
                case let path where path.contains("/customers/{id}"): customer
                case let path where path.contains("/baskets/{id}"): basket
                default: order
                }
            return (route, route.path(id))
        }
    }

    @Test func `a body that is no JSON object is invalid on every route`() async throws {
        try await TestMall.with { mall in
            let routes = try await fill(mall)
            for (route, path) in routes {
                let caller = (route.side == .staff ? mall.administrator : mall.kiosk).again
                for body in Self.malformed {
                    let reply = await caller.send(route.method, path, body)
                    #expect(
                        reply.isError(400, "invalid"), "\(route) \(String(decoding: body, as: UTF8.self)): \(reply)")
                }
            }
            let logIn = mall.nobody
            for body in Self.malformed + [Array("{\"user\":1,\"password\":[]}".utf8)] {
                let reply = await logIn.send("POST", "/admin/api/session", body)
                #expect(reply.isError(400, "invalid"), "session \(String(decoding: body, as: UTF8.self)): \(reply)")
            }
        }
    }

    @Test func `a value of the wrong type, size or depth is refused on every route`() async throws {
        try await TestMall.with { mall in
            let routes = try await fill(mall)
            let position = try await mall.number(Self.end)
            for (route, path) in routes {
                let caller = (route.side == .staff ? mall.administrator : mall.kiosk).again
                for (field, _) in (route.body?.members ?? [:]).sorted(by: { $0.key < $1.key }) {
                    for value in Self.wrong {
                        var others = route.body?.members ?? [:]
                        others[field] = nil
                        var text = JSON.object(others).string
                        text.removeLast()
                        text += (others.isEmpty ? "" : ",") + "\"\(field)\":\(value)}"
                        let reply = await caller.send(route.method, path, Array(text.utf8))
                        #expect(
                            (400..<500).contains(reply.status) && reply.hasErrorBody,
                            "\(route) \(field) \(value.prefix(40)): \(reply)")
                    }
                }
            }
            #expect(await mall.count(Self.end) == position)
            #expect(await mall.administrator.get("/admin/api/mall").status == 200)
        }
    }

    @Test func `a second id in a body never wins over the path's`() async throws {
        try await TestMall.with { mall in
            let mine = await mall.store("Mine")
            let theirs = await mall.store("Theirs")
            for (index, key) in ["\"id\"", "\"\\u0069d\"", "\"i\\u0064\"", "\"ID\"", "\"id\":\"\(theirs)\",\"id\""]
                .enumerated()
            {
                let name = "Mine \(index)"
                let reply = await mall.administrator.send(
                    "PUT", "/admin/api/stores/\(mine)/rebrand",
                    Array("{\(key):\"\(theirs)\",\"name\":\"\(name)\"}".utf8))
                if reply.status != 200 { #expect(reply.isError(400, "invalid"), "\(key): \(reply)") }
                #expect(await mall.kiosk.get("/api/stores/\(theirs)").json.name == "Theirs", "\(key)")
                if reply.status == 200 {
                    #expect(await mall.kiosk.get("/api/stores/\(mine)").json.name == .text(name), "\(key)")
                }
            }
            // Of other fields that come twice one is taken, and nothing breaks.
            let twice = await mall.administrator.send(
                "PUT", "/admin/api/stores/\(mine)/rebrand", Array("{\"name\":\"A\",\"name\":\"B\"}".utf8))
            #expect(twice.status == 200 || twice.isError(400, "invalid"), "\(twice)")
            // And a name that tries to end its text stays a name.
            let name = "x\",\"id\":\"\(theirs)"
            #expect(
                await mall.administrator.put("/admin/api/stores/\(mine)/rebrand", ["name": .text(name)]).status == 200)
            #expect(await mall.kiosk.get("/api/stores/\(mine)").json.name == .text(name))
            #expect(await mall.kiosk.get("/api/stores/\(theirs)").json.name == "Theirs")
        }
    }

    @Test func `random bytes and mutated bodies never break the server`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("fuzz seed \(seed)")
        var generator = SmallGenerator(seed: seed)
        try await TestMall.with { mall in
            let routes = try await fill(mall)
            var staff = mall.administrator.again
            var kiosk = mall.kiosk.again
            for _ in 0..<1_500 {
                let (route, path) = routes.randomElement(using: &generator)!
                var body = (route.body ?? [:]).bytes
                switch Int.random(in: 0..<4, using: &generator) {
                case 0:
                    body = (0..<Int.random(in: 0..<200, using: &generator)).map { _ in
                        UInt8.random(in: 0...255, using: &generator)
                    }
                case 1:
                    for _ in 0..<Int.random(in: 1...4, using: &generator) where !body.isEmpty {
                        body[Int.random(in: 0..<body.count, using: &generator)] = UInt8.random(
                            in: 0...255, using: &generator)
                    }
                case 2: body.removeLast(Int.random(in: 0...body.count, using: &generator))
                default:
                    let at = Int.random(in: 0...body.count, using: &generator)
                    body.insert(contentsOf: Array("{}[]:,\"\\0e-.".utf8).shuffled(using: &generator).prefix(3), at: at)
                }
                let reply = await (route.side == .staff ? staff : kiosk).send(route.method, path, body)
                let allowed =
                    (200..<300).contains(reply.status) || ((400..<500).contains(reply.status) && reply.hasErrorBody)
                #expect(allowed, "seed \(seed): \(route) \(String(decoding: body, as: UTF8.self)): \(reply)")
                if reply.status == 0 || reply.answer?["connection"] == "close" {
                    staff = mall.administrator.again
                    kiosk = mall.kiosk.again
                }
            }
            #expect(await mall.administrator.again.get("/admin/api/mall").status == 200)
        }
    }

    @Test func `queries of every kind are answered or refused`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("fuzz seed \(seed)")
        var generator = SmallGenerator(seed: seed)
        try await TestMall.with { mall in
            _ = try await fill(mall)
            let names = [
                "status", "store", "product", "customer", "from", "to", "minTotalMinor", "maxTotalMinor", "text",
                "limit", "next",
                "participating", "enabled", "nonsense",
            ]
            let values = [
                "", "%00", "a%00b", "%ff", "%c0%af", "'", "%25", "_", "\\", "%5C", "*", "0", "-1",
                "9223372036854775807",
                "9223372036854775808", "1e400", "1.5", "true", "null", "2026-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
                "9999-12-31T23:59:59.999999999%2B23:59", "2026-13-01T00:00:00Z", "canceled", Route.unknown,
                "%F0%9F%98%80",
                String(repeating: "a", count: 300), String(repeating: "a+", count: 40), "e%CC%81", "%E2%80%AE",
            ]
            let paths = [
                (mall.administrator, "/admin/api/orders"), (mall.administrator, "/admin/api/mall"),
                (mall.administrator, "/admin/api/customers"), (mall.kiosk, "/api/stores/participating"),
            ]
            for (caller, path) in paths {
                for name in names {
                    for value in values {
                        let reply = await caller.get("\(path)?\(name)=\(value)")
                        #expect(
                            reply.status == 200 || (reply.status == 400 && reply.hasErrorBody),
                            "\(path)?\(name)=\(value): \(reply)")
                    }
                }
                for _ in 0..<150 {
                    let query = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                        "\(names.randomElement(using: &generator)!)=\(values.randomElement(using: &generator)!)"
                    }.joined(separator: "&")
                    let reply = await caller.get("\(path)?\(query)")
                    #expect(
                        reply.status == 200 || (reply.status == 400 && reply.hasErrorBody),
                        "seed \(seed): \(path)?\(query): \(reply)")
                }
            }
        }
    }

    @Test func `a live message that is not understood is refused or ends the connection with 4409`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("fuzz seed \(seed)")
        var generator = SmallGenerator(seed: seed)
        try await TestMall.with { mall in
            _ = try await fill(mall)
            let good =
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"filter\":{\"status\":[\"pending\"]},\"order\":\"-number\",\"limit\":5,\"count\":true}"
            var messages = [
                "", "x", "[]", "1", "null", "\"open\"", "{", "{}", "{\"type\":1}", "{\"type\":\"open\"}",
                "{\"type\":\"nothing\",\"view\":1}",
                "{\"type\":\"open\",\"view\":\"1\",\"topic\":\"orders\"}",
                "{\"type\":\"open\",\"view\":1.5,\"topic\":\"orders\"}",
                "{\"type\":\"open\",\"view\":1e400,\"topic\":\"orders\"}",
                "{\"type\":\"open\",\"view\":9223372036854775808,\"topic\":\"orders\"}",
                "{\"type\":\"open\",\"view\":-1,\"topic\":\"orders\"}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"nothing\"}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"limit\":0}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"limit\":2001}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"limit\":-9223372036854775808}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"order\":\"nothing\"}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"filter\":[]}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"filter\":{\"x\":1}}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"filter\":{\"status\":\"pending\"}}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"filter\":{\"minTotalMinor\":1.5}}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"filter\":{\"text\":\"\\u0000\"}}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"cursor\":\"nonsense\",\"have\":[]}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"cursor\":\"x.9223372036854775807\",\"have\":[]}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"cursor\":\"x.1\",\"have\":[1]}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"cursor\":\"x.1\",\"have\":[\"x\"]}",
                "{\"type\":\"change-view\",\"view\":7}", "{\"type\":\"close\",\"view\":7}",
                "{\"type\":\"check\",\"view\":7}", "\u{FEFF}{}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"filter\":" + String(repeating: "[", count: 10_000)
                    + String(repeating: "]", count: 10_000) + "}",
                "{\"type\":\"open\",\"view\":1,\"topic\":\"\(String(repeating: "o", count: 100_000))\"}", good + good,
                String(repeating: "{\"a\":", count: 10_000), String(repeating: "x", count: 200_000),
            ]
            for _ in 0..<150 {
                var bytes = Array(good.utf8)
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                        in: 32...126, using: &generator)
                }
                messages.append(
                    String(decoding: bytes.prefix(Int.random(in: 1...bytes.count, using: &generator)), as: UTF8.self))
            }
            for message in messages {
                let socket = try await connected(mall)
                await socket.send(message)
                // Either it is refused, or answered, or the end: a second message tells which.
                await socket.send("{\"type\":\"open\",\"view\":31,\"topic\":\"mall\",\"limit\":1}")
                var end: String?
                while end == nil {
                    switch await socket.receive() {
                    case .text(let text):
                        if JSON(Array(text.utf8)).view == 31 { end = "went on" }
                    case .close(4409, _), .close(1009, _): end = "closed"
                    case .ping, .pong: continue
                    case let other: end = "\(other)"
                    }
                }
                #expect(end == "went on" || end == "closed", "seed \(seed): \(message.prefix(300)): \(end ?? "")")
            }
            for opcode in [Opcode.binary, Opcode.text] {
                let socket = try await connected(mall)
                await socket.send(opcode, [0xff, 0xfe, 0x00])
                var message = await socket.receive()
                while case .text = message { message = await socket.receive() }
                guard case .close(let code, _) = message else {
                    Issue.record("\(opcode) of nonsense was answered by \(message)")
                    continue
                }
                #expect(code == (opcode == .binary ? 4409 : 1007))
            }
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            await page.open(1, "orders")
            #expect(await page.completes(1))
        }
    }

    @Test func `a page may hold thirty-two views, and a thirty-third is refused`() async throws {
        try await TestMall.with { mall in
            let page = LivePage(mall.port, cookie: mall.cookie)
            #expect(await page.connect())
            for view in 0..<32 { await page.open(view, "mall", ["text": .text("\(view)")]) }
            for view in 0..<32 { #expect(await page.completes(view)) }
            await page.open(32, "mall")
            #expect(await eventually { await page.refused(32) != nil })
            await page.close(0)
            await page.open(33, "mall")
            #expect(await page.completes(33))
        }
    }

    private func connected(_ mall: TestMall) async throws -> WebSocketClient {
        let socket = WebSocketClient(Client(port: mall.port))
        let isOpen = await socket.open(
            "/admin/live", subprotocols: ["mallbots.live.v1"], origin: "http://test",
            fields: [(name: "Cookie", value: "session=\(mall.cookie)")])
        try #require(isOpen)
        return socket
    }
}
