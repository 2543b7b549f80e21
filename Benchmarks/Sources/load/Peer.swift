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
    private var connection = WebSocketConnection(role: .client, limits: Limits(messageSize: 16 << 20))
    private var link: Link?
    private var keys = MaskKeys()

    init(
        of target: Target, path: String? = nil, subprotocols: [String] = [],
        fields: [(name: String, value: String)] = [],
        from source: String? = nil, on ground: Ground, owner: any PeerOwner
    ) throws {
        handshake = ClientHandshake(
            host: "\(target.host):\(target.port)", path: path ?? target.path, subprotocols: subprotocols, fields: fields
        )
        self.owner = owner
        link = try Link(
            to: target.host, target.port, from: source, on: ground.loop, buffer: ground.buffer, owner: self)
    }

    var isOpen: Bool { if case .open = state { true } else { false } }

    /// Why the connection is over; nil while it is not.
    var failure: String? { if case .ended(let why) = state { why } else { nil } }

    /// Sends what is framed already. One masked frame is sent many times: masking is for proxies (RFC 6455 §10.3), and
    /// there is none on the way.
    func send(_ frames: [UInt8]) { link?.send(frames) }

    /// Sends a text message.
    func send(text: String) { send(Frame.bytes(.text, text.utf8, mask: keys.next())) }

    func close() { link?.close() }

    func connected() { link?.send(handshake.request) }

    func received(_ bytes: UnsafeMutableRawBufferPointer) {
        var input = bytes
        if case .opening = state {
            do {
                guard try handshake.receive(&input) != nil else { return }
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

    private typealias Limits = WebSocket.Limits
}

/// What all connections of a run stand on.
final class Ground {
    let loop: EventLoop
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.readSize, alignment: 64)

    init(_ loop: EventLoop) { self.loop = loop }
    deinit { buffer.deallocate() }

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
