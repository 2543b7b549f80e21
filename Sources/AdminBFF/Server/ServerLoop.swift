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
    private var connections: [Connection] = []
    private var spareBuffers: [[UInt8]] = []
    private var whenEmpty: [@Sendable () -> Void] = []

    init(_ loop: EventLoop, _ configuration: Server.Configuration, _ router: Router, _ logger: Logger) {
        (self.loop, self.configuration, self.router, self.logger) = (loop, configuration, router, logger)
        writer = ResponseWriter(common: configuration.securityHeaders)
    }

    deinit { readBuffer.deallocate() }

    var limits: ServerLimits { configuration.serverLimits }
    var count: Int { connections.count }

    // Accepting

    func listen(on descriptor: Int32) {
        listener = descriptor
        registration = loop.register(descriptor, for: .readable, self)
    }

    func ready(_: Readiness) {
        guard let listener else { return }
        for _ in 0..<ServerLimits.acceptsPerTurn {
            guard connections.count < limits.connections else { return updateListening() }
            do {
                guard let (descriptor, peer) = try Socket.accept(listener) else { return }
                isShort = false
                add(descriptor, peer)
            } catch {
                // No descriptor is left, or no memory. The connection stays in the kernel's queue: to try again at once
                // would turn the loop without end.
                logger.error(
                    "accepting is paused", metadata: ["cause": "\(error)", "connections": "\(connections.count)"])
                isPaused = true
                loop.schedule(after: ServerLimits.acceptPause) { [weak self] in
                    self?.isPaused = false
                    self?.updateListening()
                }
                return updateListening()
            }
        }
    }

    private func updateListening() {
        guard let registration else { return }
        loop.change(registration, to: isPaused || connections.count >= limits.connections ? [] : .readable)
    }

    private func add(_ descriptor: Int32, _ peer: String) {
        Socket.setNoDelay(descriptor)
        let connection = Connection(descriptor, peer: peer, server: self)
        connection.session = HTTPSession(connection)
        connection.index = connections.count
        connections.append(connection)
        sweepLater()
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
