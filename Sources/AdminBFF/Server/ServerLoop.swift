import CLinux
import Deflate
import EventLoop
import Glibc
import HTTP
import Logging

/// The server on one loop: a listening socket, the connections it has accepted, and what they share.
final class ServerLoop: Pollable, @unchecked Sendable {
    // Unchecked, because everything in it is touched on its loop only; `Server` gets there by `loop.call`.
    let loop: EventLoop
    let configuration: Server.Configuration
    let router: Router
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: ServerLimits.readBuffer, alignment: 16)
    /// What the loop's WebSockets compress with.
    let codecs = Codecs()
    private(set) var writer: ResponseWriter
    private(set) var isLeaving = false
    private let logger: Logger
    private var listener: Int32?
    private var registration: Registration?
    private var isPaused = false
    /// Whether the last attempt to accept failed: the log is told once.
    private var isShort = false
    private var isSweeping = false
    /// Bytes of requests' bodies that are held now.
    var heldBodies = 0
    private var connections: [Connection] = []
    /// Where the search for a connection that makes room has come to.
    private var hand = 0
    /// A descriptor to give up when there is no other, so that a waiting connection can be told 503.
    private var spare: Int32 = -1
    private let capacity: Int
    private var spareBuffers: [[UInt8]] = []
    private var whenEmpty: [@Sendable () -> Void] = []

    /// `capacity` is how many connections it may hold.
    init(
        _ loop: EventLoop, _ configuration: Server.Configuration, _ router: Router, capacity: Int, _ logger: Logger
    ) {
        self.capacity = capacity
        (self.loop, self.configuration, self.router, self.logger) = (loop, configuration, router, logger)
        writer = ResponseWriter(common: configuration.securityHeaders)
    }

    deinit {
        readBuffer.deallocate()
        if spare >= 0 { close(spare) }
    }

    var limits: ServerLimits { configuration.serverLimits }
    var count: Int { connections.count }

    // Accepting

    func listen(on descriptor: Int32) {
        listener = descriptor
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
        // A connection has what its listener has.
        Socket.setNoDelay(descriptor)
        Socket.watchPeers(descriptor, silence: limits.probeAfter, patience: limits.stallTime)
        registration = loop.register(descriptor, for: .readable, self)
    }

    func ready(_: Readiness) {
        guard let listener else { return }
        for _ in 0..<ServerLimits.acceptsPerTurn {
            guard connections.count < capacity + ServerLimits.refusals else { return updateListening() }
            do {
                guard let (descriptor, peer) = try Socket.accept(listener) else { return }
                isShort = false
                let isFull = connections.count >= capacity && !makeRoom()
                let session = add(descriptor, peer)
                if isFull { session.refuse(.tooManyConnections) }
            } catch {
                return pause(error, listener)
            }
        }
    }

    /// No descriptor is left, or no memory. To try again at once would turn the loop without end.
    private func pause(_ error: SystemError, _ listener: Int32) {
        if !isShort {
            logger.error("accepting is paused", metadata: ["cause": "\(error)", "connections": "\(connections.count)"])
        }
        isShort = true
        if !makeRoom() { refuseWaiting(listener) }
        isPaused = true
        loop.schedule(after: ServerLimits.acceptPause) { [weak self] in
            self?.isPaused = false
            self?.updateListening()
        }
        updateListening()
    }

    /// Drops a connection that waits for its next request; false if none was found. Its descriptor is free when the turn is
    /// over.
    private func makeRoom() -> Bool {
        for _ in 0..<min(ServerLimits.evictionLooks, connections.count) {
            hand = (hand + 1) % connections.count
            if let session = connections[hand].session as? HTTPSession, session.mayMakeRoom(loop.now) {
                connections[hand].drop()
                return true
            }
        }
        return false
    }

    /// Tells those who wait in the kernel's queue 503, one after the other, over the descriptor that is kept for it.
    private func refuseWaiting(_ listener: Int32) {
        guard spare >= 0 else { return }
        close(spare)
        for _ in 0..<ServerLimits.refusals {
            guard let (descriptor, _) = try? Socket.accept(listener) else { break }
            // What has come is read, or closing would reset the connection before the answer is.
            _ = recv(descriptor, readBuffer.baseAddress, readBuffer.count, 0)
            _ = Self.busy.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            shutdown(descriptor, Int32(SHUT_WR))
            close(descriptor)
        }
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    private static let busy = Array(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".utf8)

    private func updateListening() {
        guard let registration else { return }
        let isFull = connections.count >= capacity + ServerLimits.refusals
        loop.change(registration, to: isPaused || isFull ? [] : .readable)
    }

    @discardableResult
    private func add(_ descriptor: Int32, _ peer: String) -> HTTPSession {
        let connection = Connection(descriptor, peer: peer, server: self)
        let session = HTTPSession(connection)
        connection.session = session
        connection.index = connections.count
        connections.append(connection)
        sweepLater()
        return session
    }

    func remove(_ connection: Connection) {
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.index] = last
            last.index = connection.index
        }
        updateListening()
        guard connections.isEmpty else { return }
        for body in whenEmpty { body() }
        whenEmpty = []
    }

    // What connections share

    func renewDate() { writer.setDate(Int(time(nil))) }

    func takeSpareBuffer() -> [UInt8] { spareBuffers.popLast() ?? [] }

    func giveBack(_ buffer: [UInt8]) {
        guard spareBuffers.count < ServerLimits.spareBuffers, 1...ServerLimits.spareBufferSize ~= buffer.capacity else {
            return
        }
        spareBuffers.append(buffer)
    }

    // Time

    private func sweepLater() {
        guard !isSweeping else { return }
        isSweeping = true
        loop.schedule(after: ServerLimits.sweep) { [weak self] in
            guard let self else { return }
            isSweeping = false
            let now = loop.now
            for connection in connections { connection.tick(now) }
            if !connections.isEmpty { sweepLater() }
        }
    }

    // Leaving

    /// Stops accepting, lets requests end and sends WebSocket peers away one by one over most of `time`. What is left
    /// then is dropped. `done` is called when no connection is left.
    func drain(within time: Duration, _ done: @escaping @Sendable () -> Void) {
        // Whoever waits in the queue of a socket that is ours alone would be reset.
        if !configuration.isInherited { ready(.readable) }
        if let listener { loop.close(listener, registration) }
        (listener, registration) = (nil, nil)
        isLeaving = true
        guard !connections.isEmpty else { return done() }
        whenEmpty.append(done)
        let peers = connections.compactMap { $0.session as? WebSocketPeer }
        for connection in connections { (connection.session as? HTTPSession)?.leave() }
        for (index, peer) in peers.enumerated() {
            loop.schedule(after: time * (ServerLimits.drainSpread * Double(index) / Double(peers.count))) {
                [weak peer] in
                // The reason is a delay in milliseconds, another for each, so that not all come back at once.
                peer?.close(.serverLeaving, "\(Int.random(in: ServerLimits.returnDelay))")
            }
        }
        loop.schedule(after: time) { [weak self] in
            guard let self else { return }
            for connection in connections { connection.drop() }
        }
    }
}
