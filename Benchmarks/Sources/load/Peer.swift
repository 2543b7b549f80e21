import Deflate
import EventLoop
import WebSocket

/// What is told of a WebSocket connection, on the loop's thread.
protocol PeerOwner: AnyObject {
    /// A text or binary message has come to `peer`. Its bytes are lent for the length of the call.
    func received(_ peer: Peer, _ message: Payload)
    func opened(_ peer: Peer)
    /// `failure` says why; `closeCode` is what the server gave, if it closed.
    func ended(_ peer: Peer)
}

extension PeerOwner {
    func opened(_: Peer) {}
    func ended(_: Peer) {}
}

/// A client of the server under load: the client's side of RFC 6455 over one link.
final class Peer: LinkOwner {
    private enum State {
        case opening, open, ended(String)
    }

    /// When the message whose answer is awaited was sent.
    var sentAt: UInt64 = 0
    private(set) var closeCode: CloseCode?
    private let owner: any PeerOwner
    private var state = State.opening
    private var handshake: ClientHandshake
    private var connection: WebSocketConnection
    private let ground: Ground
    private let isCompressed: Bool
    private var link: Link?
    private var keys = MaskKeys()

    init(
        of target: Target, path: String? = nil, subprotocols: [String] = [],
        fields: [(name: String, value: String)] = [],
        from source: String? = nil, on ground: Ground, owner: any PeerOwner
    ) throws {
        handshake = ClientHandshake(
            host: "\(target.host):\(target.port)", path: path ?? target.path, subprotocols: subprotocols,
            offers: target.compressed ? [Self.offer] : [], fields: fields)
        (self.ground, isCompressed) = (ground, target.compressed)
        connection = WebSocketConnection(role: .client, limits: Self.limits)
        self.owner = owner
        link = try Link(
            to: target.host, target.port, from: source, on: ground.loop, buffer: ground.buffer, owner: self)
    }

    var isOpen: Bool { if case .open = state { true } else { false } }

    /// Why the connection is over; nil while it is not.
    var failure: String? { if case .ended(let why) = state { why } else { nil } }

    /// Sends what is framed already.
    func send(_ frames: [UInt8]) { link?.send(frames) }

    /// Sends a text message.
    func send(text: String) { send(Frame.bytes(.text, text.utf8, mask: keys.next())) }

    func close() { link?.close() }

    func connected() { link?.send(handshake.request) }

    func received(_ bytes: UnsafeMutableRawBufferPointer) {
        ground.received += bytes.count
        var input = bytes
        if case .opening = state {
            do {
                guard let acceptance = try handshake.receive(&input) else { return }
                if isCompressed {
                    guard let agreed = acceptance.compression else { return fail("expected compression, got none") }
                    connection = WebSocketConnection(
                        role: .client, limits: Self.limits, compression: Compression(agreed, ground.codecs))
                }
            } catch {
                return fail(error.description)
            }
            // A server may speak first: what is left of the input are frames.
            state = .open
            owner.opened(self)
        }
        while let event = connection.next(in: &input) {
            switch event {
            case .text(let payload), .binary(let payload): owner.received(self, payload)
            case .ping(let payload): send(Frame.bytes(.pong, payload.bytes, mask: keys.next()))
            case .pong: break
            case .close(let code, let reason):
                closeCode = code
                return fail("closed by the server: \(code.map { "\($0.rawValue)" } ?? "no code") \(reason)")
            case .violation(let violation): return fail("\(violation)")
            }
        }
    }

    func ended(_ why: String) { fail(why) }

    private func fail(_ why: String) {
        guard failure == nil else { return }
        state = .ended(why)
        link?.close()
        owner.ended(self)
    }

    private static let limits = WebSocket.Limits(messageSize: 16 << 20)

    /// Without takeover all servers compress alike, and may compress a message to many once.
    private static var offer: PerMessageDeflate.Offer {
        var offer = PerMessageDeflate.Offer()
        (offer.serverNoTakeover, offer.clientNoTakeover) = (true, true)
        return offer
    }
}

/// What all connections of a run stand on.
final class Ground {
    let loop: EventLoop
    /// How often something was asked over HTTP.
    var asked = 0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.readSize, alignment: 64)
    let codecs = Codecs()
    /// The bytes that came on all connections.
    var received = 0

    init(_ loop: EventLoop) { self.loop = loop }
    deinit { buffer.deallocate() }

    /// Waits until the server has used `seconds` of CPU time: what compiles while it runs has to have run, and on a busy
    /// machine the clock does not say so. One that mostly waits is not waited for longer than `Limits.warming` times that.
    func warm(_ server: Int32?, for seconds: Double) async throws {
        guard let server = server.map(ServerProcess.init) else { return await loop.sleep(for: .seconds(seconds)) }
        let begun = try server.cpu
        let end = loop.now + .seconds(seconds * Limits.warming)
        while try server.cpu - begun < seconds, loop.now < end { await loop.sleep(for: Limits.look) }
    }

    /// The frame of a text message as a client sends it, again and again: masking is for proxies (RFC 6455 §10.3), and
    /// there is none on the way.
    func frame(_ text: [UInt8], compressed: Bool) -> [UInt8] {
        var keys = MaskKeys()
        var agreed = PerMessageDeflate()
        (agreed.clientTakesOver, agreed.serverTakesOver) = (false, false)
        var connection = WebSocketConnection(
            role: .client, compression: compressed ? Compression(agreed, codecs) : nil)
        var frame: [UInt8] = []
        text.withUnsafeBytes { connection.append(.text, $0, to: &frame, mask: keys.next()) }
        return frame
    }

    /// Servers may agree to compress and yet send a message as it is.
    func check(_ messages: Int, of size: Int, since before: Int) throws {
        guard received - before < messages * size else {
            throw Failure(
                description: "expected compressed messages, \(received - before) bytes came for \(messages) of \(size)")
        }
    }

    /// Opens `count` peers, a few at a time. All of them, or it fails with the first one's reason.
    func open(_ count: Int, _ make: (Int) throws -> Peer) async throws -> [Peer] {
        var peers: [Peer] = []
        peers.reserveCapacity(count)
        let deadline = loop.now + Limits.opensWithin
        while peers.count < count {
            let batch = try (peers.count..<min(count, peers.count + Limits.opening)).map(make)
            peers += batch
            while let waiting = batch.first(where: { !$0.isOpen }) {
                if let failure = waiting.failure { throw Failure(description: failure) }
                guard loop.now < deadline else {
                    let open = peers.count { $0.isOpen }
                    let seconds = Limits.opensWithin.components.seconds
                    throw Failure(description: "expected \(count) connections within \(seconds) s, \(open) opened")
                }
                await loop.sleep(for: .milliseconds(1))
            }
        }
        return peers
    }
}
