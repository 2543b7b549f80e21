import EventLoop
import HTTP
import Server
import Synchronization
import TestSupport
import Testing
import WebSocket

/// Sends everything back, and notes what happens to it.
private final class Echo: WebSocketHandler {
    let peer: WebSocketPeer
    let seen: Noted<String>

    init(_ peer: WebSocketPeer, _ seen: Noted<String>) { (self.peer, self.seen) = (peer, seen) }

    func received(text: Payload) { text.withUnsafeBytes { peer.send(text: $0) } }
    func received(binary: Payload) { binary.withUnsafeBytes { peer.send(binary: $0) } }
    func drained() { seen.note("drained with \(peer.unsentBytes) unsent") }
    func closed(_ code: CloseCode, _ reason: String) { seen.note("closed \(code.rawValue) \(reason)") }
}

@Suite struct WebSocketTests {
    private let seen = Noted<String>()
    private let peers = Noted<WebSocketPeer>()

    private func routes(_ router: inout Router) {
        router.webSocket("/live", subprotocols: ["mall.v1"], maximumMessage: 1 << 20) { peer, _ in
            peers.note(peer)
            return Echo(peer, seen)
        }
        router.webSocket(
            "/guarded",
            authorize: { request in
                guard let name = request.query["name"] else { return .reject(.plain(.unauthorized)) }
                return .accept(context: name)
            },
            open: { peer, context in
                peer.send(text: "hello \(context)")
                return Echo(peer, seen)
            })
        router.get("/hello") { _ in .text("hello") }
    }

    @Test func `messages come back as they were sent`() async throws {
        let server = try TestServer(routes: routes)
        let socket = WebSocketClient(server.client())
        #expect(await socket.open("/live", subprotocols: ["other", "mall.v1"]))
        #expect(await socket.subprotocol == "mall.v1")
        await socket.send("grüezi")
        #expect(await socket.receive() == .text("grüezi"))
        let large = [UInt8](repeating: 7, count: 1 << 20)
        await socket.send(.binary, large)
        #expect(await socket.receive() == .binary(large))
        await socket.send(.ping, [1, 2])
        #expect(await socket.receive() == .pong([1, 2]))
        await socket.close(.normal)
        #expect(await socket.receive() == .close(1000, ""))
        #expect(await eventually { seen.all == ["closed 1000 "] })
        #expect(await server.holds(0))
        await server.stop()
    }

    @Test func `a message sent with the handshake is not lost`() async throws {
        let server = try TestServer(routes: routes)
        let socket = WebSocketClient(server.client())
        #expect(await socket.open("/live", early: Frame.bytes(.text, Array("early".utf8), mask: 77)))
        #expect(await socket.receive() == .text("early"))
        await server.stop()
    }

    @Test func `authorize decides before the handshake is answered`() async throws {
        let server = try TestServer(routes: routes)
        let refused = server.client()
        let handshake =
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
        #expect(await refused.ask("GET", "/guarded", handshake)?.status == 401)
        #expect(await refused.ask("GET", "/hello")?.text == "hello")
        let socket = WebSocketClient(server.client())
        #expect(await socket.open("/guarded?name=Anna"))
        #expect(await socket.receive() == .text("hello Anna"))
        await server.stop()
    }

    @Test func `a page of another origin is refused`() async throws {
        let server = try TestServer(routes: routes)
        #expect(await WebSocketClient(server.client()).open("/live", origin: "https://test"))
        #expect(await WebSocketClient(server.client()).open("/live", origin: "https://evil.example") == false)
        #expect(await WebSocketClient(server.client()).open("/live", origin: "null") == false)
        await server.stop()
    }

    @Test func `a plain request to an endpoint is told to upgrade`() async throws {
        let server = try TestServer(routes: routes)
        let answer = await server.client().ask("GET", "/live")
        #expect(answer?.status == 426)
        #expect(answer?["upgrade"] == "websocket")
        #expect(answer?["connection"] == "upgrade")
        #expect(answer?["sec-websocket-version"] == "13")
        let last = await server.client().ask("GET", "/live", "Connection: close")
        #expect(last?["connection"] == "close, upgrade")
        await server.stop()
    }

    @Test func `one frame is shared by all peers`() async throws {
        let server = try TestServer(routes: routes)
        var sockets: [WebSocketClient] = []
        for _ in 0..<5 {
            sockets.append(WebSocketClient(server.client()))
            #expect(await sockets.last!.open("/live"))
        }
        let frame = SharedBytes.text("to all")
        server.loop.wait {
            for peer in peers.all {
                peer.send(text: "before")
                peer.send(framed: frame)
                peer.send(text: "after")
            }
        }
        for socket in sockets {
            #expect(await socket.receive() == .text("before"))
            #expect(await socket.receive() == .text("to all"))
            #expect(await socket.receive() == .text("after"))
        }
        await server.stop()
    }

    @Test func `a peer that does not read is told of, and told when it has drained`() async throws {
        let server = try TestServer(routes: routes)
        let socket = WebSocketClient(server.client(receiveBuffer: 4096))
        #expect(await socket.open("/live"))
        let peer = try #require(peers.all.first)
        let frame = SharedBytes.binary([UInt8](repeating: 1, count: 1 << 20))
        let frames = 16
        let queued = server.loop.wait {
            for _ in 0..<frames { peer.send(framed: frame) }
            return peer.unsentBytes
        }
        #expect(queued == frames * frame.count)
        #expect(await eventually { server.loop.wait { peer.unsentBytes } < queued })
        #expect(server.loop.wait { peer.unsentBytes } > 0)
        #expect(seen.all == [])
        for _ in 0..<frames { #expect(await socket.receive() == .binary([UInt8](repeating: 1, count: 1 << 20))) }
        #expect(await eventually { seen.all == ["drained with 0 unsent"] })
        await server.stop()
    }

    @Test func `a quiet peer is sent a ping, and dropped if it shows no life`() async throws {
        let server = try TestServer(routes: routes)
        let socket = WebSocketClient(server.client())
        #expect(await socket.open("/live"))
        server.clock.advance(by: .seconds(21))
        #expect(await socket.receive() == .ping)
        await socket.send(.pong, [])
        await socket.send("alive")
        #expect(await socket.receive() == .text("alive"))
        server.clock.advance(by: .seconds(21))
        #expect(await socket.receive() == .ping)
        server.clock.advance(by: .seconds(21))
        #expect(await socket.receive() == .nothing)
        #expect(await eventually { seen.all == ["closed 1006 "] })
        await server.stop()
    }

    @Test func `a message beyond the limit closes with 1009`() async throws {
        let server = try TestServer(routes: routes)
        let socket = WebSocketClient(server.client())
        #expect(await socket.open("/live"))
        await socket.send(.binary, [UInt8](repeating: 0, count: (1 << 20) + 1))
        guard case .close(1009, _) = await socket.receive() else {
            Issue.record("the peer was not closed with 1009")
            return
        }
        await server.stop()
    }

    @Test func `a lost connection is reported once, with 1006`() async throws {
        let server = try TestServer(routes: routes)
        let socket = WebSocketClient(server.client())
        #expect(await socket.open("/live"))
        await socket.client.reset()
        #expect(await eventually { seen.all == ["closed 1006 "] })
        let peer = try #require(peers.all.first)
        server.loop.wait { peer.send(text: "into the void") }
        #expect(await server.holds(0))
        #expect(seen.all == ["closed 1006 "])
        await server.stop()
    }

    @Test func `a drain sends peers away one by one with 4410`() async throws {
        let server = try TestServer(routes: routes)
        var sockets: [WebSocketClient] = []
        for _ in 0..<4 {
            sockets.append(WebSocketClient(server.client()))
            #expect(await sockets.last!.open("/live"))
        }
        async let drained: Void = server.server.drain(within: .seconds(10))
        for socket in sockets {
            let before = seen.all.count
            guard case .close(4410, let delay) = await socket.receive() else {
                Issue.record("expected a close with 4410")
                break
            }
            #expect((250...2000).contains(Int(delay) ?? 0), "milliseconds to wait before coming back, not \(delay)")
            // The next one is still there: it leaves when a further part of the time has passed.
            #expect(await eventually { seen.all.count == before + 1 })
            server.clock.advance(by: .seconds(2))
        }
        await drained
        server.loop.stop()
    }
}
