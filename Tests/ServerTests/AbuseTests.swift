import EventLoop
import Glibc
import HTTP
import Server
import TestSupport
import Testing

@Suite struct AbuseTests {
    private func routes(_ router: inout Router) {
        router.get("/hello") { _ in .text("hello") }
        router.post("/echo") { request in Response(.ok, body: request.body) }
        router.get("/large") { _ in Response(.ok, body: [UInt8](repeating: 97, count: 32 << 20)) }
    }

    @Test func `a body that comes drop by drop is answered with 408`() async throws {
        let server = try TestServer({ $0.limits.bodyTime = .seconds(20) }, routes: routes)
        let client = server.client()
        await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        #expect(await server.holds(1))
        var sent = 0
        // A byte a second is soon enough for `bodyTime`, and too slow on average.
        #expect(
            await eventually {
                server.clock.advance(by: .seconds(1))
                if await client.send("x") { sent += 1 }
                return await server.server.connections == 0
            })
        #expect(sent >= 15)
        #expect(await client.receiveResponse()?.status == 408)
        await server.stop()
    }

    @Test func `a body at the least rate is read to its end`() async throws {
        let server = try TestServer(routes: routes)
        let client = server.client()
        let rate = Limits().bodyRate
        let seconds = 60
        await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(rate * seconds)\r\n\r\n")
        for _ in 0..<seconds {
            server.clock.advance(by: .seconds(1))
            #expect(await client.send([UInt8](repeating: 98, count: rate)))
            _ = await server.server.connections
        }
        #expect(await client.receiveResponse()?.body.count == rate * seconds)
        await server.stop()
    }

    @Test func `a client that takes nothing of its answer is dropped, and so is one that takes it by drops`()
        async throws
    {
        for takes in [false, true] {
            let server = try TestServer(routes: routes)
            let client = server.client(receiveBuffer: 4096)
            await client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.receive(1) != nil)
            #expect(
                await eventually {
                    server.clock.advance(by: .seconds(10))
                    if takes { _ = await client.receive(exactly: 512) }
                    return await server.server.connections == 0
                })
            await server.stop()
        }
    }

    @Test func `bodies beyond what a loop may hold are refused, and room that is given back is used again`()
        async throws
    {
        let door = Door()
        let server = try TestServer({ $0.serverLimits.bodies = 1000 }) { router in
            routes(&router)
            router.post("/slow") { request in
                await door.pass()
                return Response(.ok, body: request.body)
            }
        }
        let first = server.client()
        await first.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n")
        await first.send([UInt8](repeating: 97, count: 900))
        #expect(await eventually { door.isAwaited })
        let refused = await server.client().ask("POST", "/echo", body: String(repeating: "b", count: 200))
        #expect(refused?.status == 503)
        #expect(refused?["retry-after"] == "1")
        #expect(await server.client().ask("POST", "/echo", body: String(repeating: "b", count: 100))?.status == 200)
        door.open()
        #expect(await first.receiveResponse()?.body.count == 900)
        #expect(await server.client().ask("POST", "/echo", body: String(repeating: "b", count: 1000))?.status == 200)
        await server.stop()
    }

    @Test func `where no more connections fit, one that waits makes room, or the new one is told 503`() async throws {
        let door = Door()
        let server = try TestServer({ $0.serverLimits.connections = 4 }) { router in
            routes(&router)
            router.get("/slow") { _ in
                await door.pass()
                return .text("slow")
            }
        }
        let idle = server.client()
        #expect(await idle.ask("GET", "/hello")?.status == 200)
        let busy = [server.client(), server.client(), server.client()]
        for client in busy { await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(await server.holds(4))
        // The idle one has not waited for long enough to lose its place.
        let early = await server.client().ask("GET", "/hello")
        #expect(early?.status == 503)
        #expect(early?["retry-after"] == "1")
        server.clock.advance(by: .seconds(4))
        #expect(await server.client().ask("GET", "/hello")?.status == 200)
        #expect(await idle.receive() == [])
        door.open()
        for client in busy { #expect(await client.receiveResponse()?.text == "slow") }
        await server.stop()
    }

    @Test func `who has connected when a server leaves is still answered`() async throws {
        let server = try TestServer(routes: routes)
        let early = server.client()
        let idle = server.client()
        #expect(await idle.ask("GET", "/hello")?.status == 200)
        #expect(await server.holds(2))
        async let drained: Void = server.server.drain(within: .seconds(30))
        // The leaving has begun.
        #expect(await idle.receive() == [])
        let answer = await early.ask("GET", "/hello")
        #expect(answer?.text == "hello")
        #expect(answer?["connection"] == "close")
        await early.finishSending()
        await idle.finishSending()
        await drained
        server.loop.stop()
    }

    @Test func `a socket that was handed over serves, and another server may follow on it`() async throws {
        let listener = try Socket.listen(on: .ip(host: "127.0.0.1", port: 0))
        let port = Socket.port(of: listener)
        for round in 0..<2 {
            let own = try Socket.duplicate(listener)
            let server = try TestServer({ $0.inherited = [own] }) { router in
                router.get("/round") { _ in .text("\(round)") }
            }
            #expect(server.server.port == port)
            #expect(await Client(port: port).ask("GET", "/round", "Connection: close")?.text == "\(round)")
            await server.stop()
        }
        // Nobody serves, and nobody is refused either.
        let waiting = Client(port: port)
        await waiting.send("GET /round HTTP/1.1\r\nHost: a\r\n\r\n")
        let last = try TestServer({ $0.inherited = [listener] }) { router in
            router.get("/round") { _ in .text("last") }
        }
        #expect(await waiting.receiveResponse()?.text == "last")
        await last.stop()
    }

    @Test func `a client behind a trusted proxy is known by what the proxy says`() async throws {
        func server(_ trusted: [String]) throws -> TestServer {
            try TestServer({ $0.trustedProxies = trusted.map { AddressRange($0)! } }) { router in
                router.get("/peer") { request in .text(request.peer) }
            }
        }
        for (trusted, expected) in [
            (["127.0.0.0/8"], "198.51.100.7"), ([], "127.0.0.1"), (["10.0.0.0/8"], "127.0.0.1"),
        ] {
            let server = try server(trusted)
            #expect(
                await server.client().ask("GET", "/peer", "X-Forwarded-For: 203.0.113.1, 198.51.100.7")?.text
                    == expected)
            await server.stop()
        }
    }
}
