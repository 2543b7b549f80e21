import EventLoop
import Server
import Synchronization
import WebSocket

/// Sends every message back as it came.
final class EchoHandler: WebSocketHandler {
    private weak var peer: WebSocketPeer?

    init(_ peer: WebSocketPeer) { self.peer = peer }

    func received(text: Payload) { text.withUnsafeBytes { peer?.send(text: $0) } }
    func received(binary: Payload) { binary.withUnsafeBytes { peer?.send(binary: $0) } }
    func drained() {}
    func closed(_: CloseCode, _: String) {}
}

/// Everyone who listens, on whichever loop.
final class Room: Sendable {
    private let members = Mutex<[ObjectIdentifier: WebSocketPeer]>([:])

    func join(_ peer: WebSocketPeer) { members.withLock { $0[ObjectIdentifier(peer)] = peer } }
    func leave(_ peer: WebSocketPeer) { _ = members.withLock { $0.removeValue(forKey: ObjectIdentifier(peer)) } }

    /// Sends one frame to all: at once to those on `loop`, through their loops to the others.
    func send(_ frame: SharedBytes, from loop: EventLoop) {
        let peers = members.withLock { Array($0.values) }
        var elsewhere: [ObjectIdentifier: [WebSocketPeer]] = [:]
        for peer in peers {
            if peer.loop === loop {
                peer.send(framed: frame)
            } else {
                elsewhere[ObjectIdentifier(peer.loop), default: []].append(peer)
            }
        }
        for peers in elsewhere.values {
            peers[0].loop.call { for peer in peers { peer.send(framed: frame) } }
        }
    }
}

/// Sends every message to everyone, framed once.
final class BroadcastHandler: WebSocketHandler {
    private let peer: WebSocketPeer
    private let room: Room

    init(_ peer: WebSocketPeer, _ room: Room) {
        (self.peer, self.room) = (peer, room)
        room.join(peer)
    }

    func received(text: Payload) { text.withUnsafeBytes { room.send(.text($0), from: peer.loop) } }
    func received(binary: Payload) { binary.withUnsafeBytes { room.send(.binary($0), from: peer.loop) } }
    func drained() {}
    func closed(_: CloseCode, _: String) { room.leave(peer) }
}
