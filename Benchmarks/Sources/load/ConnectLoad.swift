import ArgumentParser
import EventLoop
import WebSocket

/// Connections that are opened, upgraded and closed in order (RFC 6455 §7.1.2), a fixed number of them at a time.
struct ConnectLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "Connections opened, upgraded to WebSocket and closed again.")

    @OptionGroup var target: Target

    func run() async throws {
        try makeRoom(forDescriptors: target.connections * 2)
        let loop = EventLoop(name: "load")
        print(try await loop.spawnThrowing { [target] in try await ConnectRun(target, loop).run() }.value)
    }
}

private final class ConnectRun: PeerOwner {
    private let target: Target
    private let ground: Ground
    private let closing: [UInt8]
    private var latencies = Latencies()
    private var opened = 0
    private var inFlight = 0
    private var isEnding = false
    private var failure: Failure?

    init(_ target: Target, _ loop: EventLoop) {
        (self.target, ground) = (target, Ground(loop))
        var keys = MaskKeys()
        closing = Frame.close(.normal, mask: keys.next())
    }

    func run() async throws -> String {
        try await churn { try await ground.warm(target.pid, for: target.warmUp) }
        latencies.reset()
        let stretch = try Stretch(target.pid.map(ServerProcess.init))
        try await churn { await ground.loop.sleep(for: .seconds(target.seconds)) }
        let name = "connect: \(target.connections) at a time"
        return target.json
            ? try stretch.figures(latencies.total, latencies).json(name)
            : try "\(name) · " + stretch.report(latencies.total, "connection", "connections", latencies)
    }

    /// Ends with every connection closed, so that what is counted was begun and ended within.
    private func churn(while waiting: () async throws -> Void) async throws {
        isEnding = false
        for _ in 0..<target.connections { open() }
        try await waiting()
        isEnding = true
        let deadline = ground.loop.now + Limits.arrivesWithin
        while inFlight > 0, failure == nil, ground.loop.now < deadline { await ground.loop.sleep(for: Limits.look) }
        if let failure { throw failure }
        guard inFlight == 0 else {
            throw Failure(description: "\(inFlight) connections were not closed within \(Limits.arrivesWithin)")
        }
    }

    private func open() {
        do {
            let peer = try Peer(of: target, from: target.source(opened), on: ground, owner: self)
            peer.sentAt = nanoseconds()
            opened += 1
            inFlight += 1
        } catch {
            failure = failure ?? Failure(description: "\(error)")
        }
    }

    func opened(_ peer: Peer) { peer.send(closing) }

    func ended(_ peer: Peer) {
        guard peer.closeCode == .normal else {
            return failure = failure ?? .wrong("expected the close code 1000, got \(peer.failure ?? "")")
        }
        latencies.note(nanoseconds() - peer.sentAt)
        inFlight -= 1
        if !isEnding, failure == nil { open() }
    }

    func received(_ peer: Peer, _ message: Payload) { failure = failure ?? .wrong("a message that nobody sent") }
}
