import Deflate
import EventLoop
import HTTP
import Server
import TestSupport
import Testing
import WebSocket

/// Sends everything back, and notes its end.
private final class Echo: WebSocketHandler {
    private weak var peer: WebSocketPeer?
    private let ended: Noted<UInt16>

    init(_ peer: WebSocketPeer, _ ended: Noted<UInt16>) { (self.peer, self.ended) = (peer, ended) }

    func received(text: Payload) { text.withUnsafeBytes { peer?.send(text: $0) } }
    func received(binary: Payload) { binary.withUnsafeBytes { peer?.send(binary: $0) } }
    func drained() {}
    func closed(_ code: CloseCode, _: String) { ended.note(code.rawValue) }
}

@Suite struct CompressionTests {
    private let peers = Noted<WebSocketPeer>()
    private let ended = Noted<UInt16>()
    private static let rows = String(repeating: #"{"id":"8e3c","status":"ready","store":"Lamps"},"#, count: 200)

    private func routes(_ router: inout Router) {
        let policies: [(String, PerMessageDeflate.Policy?)] = [("/off", nil), ("/shared", .shared), ("/own", .own)]
        for (path, policy) in policies {
            router.webSocket(path, maximumMessage: 16 << 20, compression: policy) { peer, _ in
                peers.note(peer)
                return Echo(peer, ended)
            }
        }
    }

    private func open(
        _ server: TestServer, _ path: String, offers: [PerMessageDeflate.Offer] = [PerMessageDeflate.Offer()]
    ) async -> WebSocketClient {
        let socket = WebSocketClient(server.client())
        #expect(await socket.open(path, offers: offers))
        return socket
    }

    @Test(arguments: ["/shared", "/own"])
    func `messages come back compressed and the same`(path: String) async throws {
        let server = try TestServer(routes: routes)
        let socket = await open(server, path)
        #expect(await socket.compression?.serverTakesOver == (path == "/own"))
        for _ in 0..<3 {
            await socket.send(Self.rows)
            #expect(await socket.receive() == .text(Self.rows))
            await socket.send("short")
            #expect(await socket.receive() == .text("short"))
        }
        #expect(await socket.received < 3 * Self.rows.utf8.count / 10)
        let noise = (0..<300_000).map { _ in UInt8.random(in: 0...255) }
        await socket.send(.binary, noise)
        #expect(await socket.receive() == .binary(noise))
        await server.stop()
    }

    @Test func `nobody is compressed who has not offered it, or where it is not wanted`() async throws {
        let server = try TestServer(routes: routes)
        for socket in [await open(server, "/shared", offers: []), await open(server, "/off")] {
            #expect(await socket.compression == nil)
            await socket.send(Self.rows)
            #expect(await socket.receive() == .text(Self.rows))
            #expect(await socket.received > Self.rows.utf8.count)
        }
        await server.stop()
    }

    @Test func `a compressed message where none was agreed on closes with 1002`() async throws {
        let server = try TestServer(routes: routes)
        let socket = await open(server, "/off")
        var frame: [UInt8] = []
        [0x00].withUnsafeBytes { Frame.append(.text, $0, to: &frame, isCompressed: true, mask: 1) }
        await socket.client.send(frame)
        guard case .close(1002, _) = await socket.receive() else {
            Issue.record("the peer was not closed with 1002")
            return
        }
        await server.stop()
    }

    @Test func `one message goes to all, each in the form they agreed on, between messages of their own`() async throws
    {
        let server = try TestServer(routes: routes)
        var narrow = PerMessageDeflate.Offer()
        narrow.serverWindowBits = 9
        var sockets = [await open(server, "/off")]
        for path in ["/shared", "/own"] {
            sockets.append(await open(server, path))
            sockets.append(await open(server, path, offers: [narrow]))
            sockets.append(await open(server, path, offers: []))
        }
        let shared = SharedBytes.text(Self.rows)
        server.loop.wait {
            for peer in peers.all {
                peer.send(text: Self.rows)
                peer.send(framed: shared)
                peer.send(text: Self.rows)
            }
        }
        for socket in sockets {
            for _ in 0..<3 { #expect(await socket.receive() == .text(Self.rows)) }
            #expect(await (socket.received < Self.rows.utf8.count) == (socket.compression != nil))
        }
        await server.stop()
    }

    @Test func `a bomb closes with 1009, and others are served`() async throws {
        let server = try TestServer(routes: routes)
        let codecs = Codecs()
        var bomb: [UInt8] = []
        [UInt8](repeating: 0, count: 32 << 20).withUnsafeBytes {
            Deflater(windowBits: 15).deflate($0, to: &bomb, scratch: codecs.deflated)
        }
        let other = await open(server, "/own")
        let socket = await open(server, "/own")
        var frame: [UInt8] = []
        bomb.withUnsafeBytes { Frame.append(.binary, $0, to: &frame, isCompressed: true, mask: 1) }
        await socket.client.send(frame)
        guard case .close(1009, _) = await socket.receive() else {
            Issue.record("the peer was not closed with 1009")
            return
        }
        await other.send(Self.rows)
        #expect(await other.receive() == .text(Self.rows))
        await server.stop()
    }

    @Test func `a message of the largest size comes back`() async throws {
        let server = try TestServer(routes: routes)
        let largest = [UInt8](repeating: 7, count: 16 << 20)
        for path in ["/off", "/own"] {
            let socket = await open(server, path)
            await socket.send(.binary, largest)
            #expect(await socket.receive() == .binary(largest))
        }
        await server.stop()
    }

    @Test func `who reads too slowly for what all are sent is dropped, and nobody else`() async throws {
        let server = try TestServer({ $0.serverLimits.backlog = 1 << 20 }, routes: routes)
        let slow = WebSocketClient(server.client(receiveBuffer: 4_096))
        #expect(await slow.open("/off"))
        let quick = await open(server, "/off")
        let (slowPeer, quickPeer) = (peers.all[0], peers.all[1])
        let frame = SharedBytes.binary([UInt8](repeating: 1, count: 100_000))
        for _ in 0..<100 {
            let unsent = server.loop.wait {
                for peer in [slowPeer, quickPeer] { peer.send(framed: frame) }
                return slowPeer.unsentBytes
            }
            #expect(unsent <= 1 << 20 + frame.count)
            #expect(await quick.receive() == .binary([UInt8](repeating: 1, count: 100_000)))
        }
        #expect(await eventually { ended.all == [1006] })
        #expect(await server.holds(1))
        await server.stop()
    }
}
