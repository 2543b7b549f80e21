import EventLoop
import HTTP
import Server
import TestSupport
import Testing

@Suite struct ConnectionTests {
    private func routes(_ router: inout Router) {
        router.get("/hello") { _ in .text("hello") }
        router.direct(.get, "/direct") { _ in .text("direct") }
        router.get("/items/{id}") { request in .text(request.parameters["id"]!) }
        router.post("/echo") { request in Response(.ok, body: request.body) }
        router.post("/small", bodyLimit: 4) { request in Response(.ok, body: request.body) }
        router.get("/large") { _ in Response(.ok, body: [UInt8](repeating: 97, count: 8 << 20)) }
    }

    @Test func `a connection serves one request after the other`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        for number in 0..<10 {
            #expect(await client.ask("GET", "/items/\(number)")?.text == "\(number)")
            #expect(await client.ask("POST", "/echo", body: "body \(number)")?.text == "body \(number)")
        }
        #expect(await server.server.connections == 1)
        await server.stop()
    }

    @Test func `requests sent together are answered in order, whichever handler is quicker`() async throws {
        let door = Door()
        let server = try TestServer { router in
            routes(&router)
            router.get("/slow") { _ in
                await door.pass()
                return .text("slow")
            }
        }
        let client = server.client()
        let get = { (path: String) in "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n" }
        await client.send(get("/slow") + get("/direct") + get("/items/7") + get("/hello"))
        #expect(await eventually { door.isAwaited })
        door.open()
        #expect(await client.receiveTexts(4) == ["slow", "direct", "7", "hello"])
        await server.stop()
    }

    @Test func `a thousand requests in one send are all answered`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        let text = (0..<1000).map { "GET /items/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
        await client.send(text)
        #expect(await client.receiveTexts(1000) == (0..<1000).map { "\($0)" })
        await server.stop()
    }

    @Test func `a request cut into single bytes is answered`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        for byte in "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".utf8 {
            await client.send([byte])
        }
        #expect(await client.receiveResponse()?.text == "abc")
        await server.stop()
    }

    @Test func `100 is sent before the body is`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(await client.receiveResponse()?.status == 100)
        await client.send("ok")
        #expect(await client.receiveResponse()?.text == "ok")
        await server.stop()
    }

    @Test func `a body that is not wanted is refused instead of being asked for`() async throws {
        let server = try TestServer(routes: routes)
        for (path, status) in [("/small", 413), ("/nowhere", 404), ("/hello", 405)] {
            let client = server.client()
            await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            let answer = await client.receiveResponse()
            #expect(answer?.status == status)
            #expect(answer?["connection"] == "close")
            await client.finishSending()
            #expect(await client.receive() == [])
        }
        await server.stop()
    }

    @Test func `a route's own limit counts for its bodies`() async throws {
        let server = try TestServer(routes: routes)
        #expect(await server.client().ask("POST", "/small", body: "four")?.status == 200)
        #expect(await server.client().ask("POST", "/small", body: "fives")?.status == 413)
        #expect(await server.client().ask("POST", "/echo", body: "fives")?.status == 200)
        await server.stop()
    }

    @Test func `a client that has finished sending still gets every answer`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        await client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /items/2 HTTP/1.1\r\nHost: a\r\n\r\n")
        await client.finishSending()
        #expect(await client.receiveResponse()?.text == "hello")
        #expect(await client.receiveResponse()?.text == "2")
        #expect(await client.receive() == [])
        #expect(await server.holds(0))
        await server.stop()
    }

    @Test func `a request that ends early is refused`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
        await client.finishSending()
        #expect(await client.receiveResponse()?.status == 400)
        #expect(await client.receive() == [])
        await server.stop()
    }

    @Test func `a malformed request is refused, and what follows it is not read`() async throws {
        let refused = Noted<Violation>()
        let server = try TestServer(
            { $0.observer = Observer(refused: { violation, _ in refused.note(violation) }) }, routes: routes)
        let client = server.client()
        await client.send("GET /hello HTTP/1.1\r\nHost : a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = await client.receiveResponse()
        #expect(answer?.status == 400)
        #expect(answer?["connection"] == "close")
        await client.finishSending()
        #expect(await client.receive() == [])
        #expect(refused.all == [.malformedFieldName])
        #expect(await server.holds(0))
        await server.stop()
    }

    @Test func `the refusal of a large body can be read although the body was still on its way`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n")
        await client.send([UInt8](repeating: 97, count: 1_000_000))
        #expect(await client.receiveResponse()?.status == 413)
        await server.stop()
    }

    @Test func `a head that does not end in time is answered with 408`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        #expect(await client.ask("GET", "/hello")?.status == 200)
        await client.send("GET /hello HTTP/1.1\r\n")
        // More of it does not help: the time is the whole head's.
        #expect(
            await eventually {
                server.clock.advance(by: .seconds(1))
                await client.send("A: b\r\n")
                return await server.server.connections == 0
            })
        #expect(await client.receiveResponse()?.status == 408)
        await server.stop()
    }

    @Test func `a body that stands still is answered with 408`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        #expect(await server.holds(1))
        #expect(
            await eventually {
                server.clock.advance(by: .seconds(1))
                return await server.server.connections == 0
            })
        #expect(await client.receiveResponse()?.status == 408)
        await server.stop()
    }

    @Test func `a connection without a request is closed in silence`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        #expect(await client.ask("GET", "/hello")?.status == 200)
        server.clock.advance(by: .seconds(74))
        #expect(await client.ask("GET", "/hello")?.status == 200)
        server.clock.advance(by: .seconds(77))
        #expect(await client.receive() == [])
        #expect(await server.holds(0))
        await server.stop()
    }

    @Test func `a client that does not read costs a bounded amount, and is served when it reads again`() async throws {
        let handled = Noted<Int>()
        let server = try TestServer { router in
            router.get("/block") { _ in
                handled.note(1)
                return Response(.ok, body: [UInt8](repeating: 98, count: 100_000))
            }
        }
        let client = server.client(receiveBuffer: 4096)
        let requests = 400
        await client.send((0..<requests).map { _ in "GET /block HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        var before = -1
        // As long as requests are handled the kernel still takes; then the server has to stop by itself.
        #expect(
            await eventually {
                defer { before = handled.all.count }
                for _ in 0..<20 { _ = await server.server.connections }
                return handled.all.count == before && before > 0
            })
        #expect(handled.all.count < requests / 2)
        #expect(await client.receiveTexts(requests).count == requests)
        #expect(handled.all.count == requests)
        await server.stop()
    }

    @Test func `a large response arrives whole`() async throws {
        let server = try TestServer(routes: routes)
        let answer = await server.client().ask("GET", "/large")
        #expect(answer?.body == [UInt8](repeating: 97, count: 8 << 20))
        await server.stop()
    }

    @Test func `a reset in the middle of a body ends the connection`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        #expect(await server.holds(1))
        await client.reset()
        #expect(await server.holds(0))
        #expect(await server.client().ask("GET", "/hello")?.status == 200)
        await server.stop()
    }

    @Test func `a reset while a handler works ends the connection, and the handler runs to its end`() async throws {
        let door = Door()
        let ended = Noted<Bool>()
        let server = try TestServer { router in
            router.get("/slow") { _ in
                await door.pass()
                ended.note(true)
                return .text("slow")
            }
        }
        let client = server.client()
        await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { door.isAwaited })
        await client.reset()
        #expect(await server.holds(0))
        door.open()
        #expect(await eventually { ended.all == [true] })
        await server.stop()
    }

    @Test func `HTTP 1_0 closes unless it asks to stay`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        await client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(await client.receiveResponse()?["connection"] == "keep-alive")
        await client.send("GET /hello HTTP/1.0\r\n\r\n")
        #expect(await client.receiveResponse()?["connection"] == "close")
        #expect(await client.receive() == [])
        await server.stop()
    }

    @Test func `the observer hears of each request with its route`() async throws {
        let seen = Noted<String>()
        let observer = Observer(
            started: { seen.note("\($0.rawValue) \($1)") },
            finished: { seen.note("\($0.route) \($0.path) \($0.status.code) \($0.received) \($0.sent)") })
        let server = try TestServer({ $0.observer = observer }, routes: routes)
        let client = server.client()
        _ = await client.ask("GET", "/items/4")
        _ = await client.ask("POST", "/echo", body: "abc")
        _ = await client.ask("GET", "/nowhere")
        #expect(
            seen.all == [
                "GET /items/{id}", "/items/{id} /items/4 200 0 1", "POST /echo", "/echo /echo 200 3 3",
                " /nowhere 404 0 14",
            ])
        await server.stop()
    }

    @Test func `every response carries the security headers`() async throws {
        let server = try TestServer(routes: routes)
        for path in ["/hello", "/nowhere"] {
            let answer = await server.client().ask("GET", path)
            #expect(
                answer?["content-security-policy"]?.hasPrefix("default-src 'self'; base-uri 'none'; connect-src 'self'")
                    == true)
            #expect(answer?["content-security-policy"]?.contains("unsafe") == false)
            #expect(answer?["x-content-type-options"] == "nosniff")
        }
        await server.stop()
    }
}
