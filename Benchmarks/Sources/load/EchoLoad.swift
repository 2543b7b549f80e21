import ArgumentParser
import EventLoop
import WebSocket

/// Each connection sends a message, awaits its echo, and sends again.
struct EchoLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo", abstract: "Messages that come back, one in flight on each connection.")

    @OptionGroup var target: Target
    @Option(parsing: .upToNextOption, help: "The bytes of a message; several are measured in turn.") var size = [20]

    func validate() throws { try validateSizes(size) }

    func run() async throws {
        try makeRoom(forDescriptors: target.connections)
        let loop = EventLoop(name: "load")
        try await loop.spawnThrowing { [target, size] in try await EchoRun(target, loop).run(size) }.value
    }
}

func validateSizes(_ sizes: [Int]) throws {
    guard !sizes.isEmpty, sizes.allSatisfy({ 1...Limits.messageSize ~= $0 }) else {
        throw ValidationError("expected sizes of 1 to \(Limits.messageSize)")
    }
}

private final class EchoRun: PeerOwner {
    private let target: Target
    private let ground: Ground
    private var text: [UInt8] = []
    private var frame: [UInt8] = []
    private var latencies = Latencies()
    private var inFlight = 0
    private var isPausing = false
    private var failure: Failure?

    init(_ target: Target, _ loop: EventLoop) { (self.target, ground) = (target, Ground(loop)) }

    func run(_ sizes: [Int]) async throws {
        let peers = try await ground.open(target.connections) { number in
            try Peer(of: target, from: target.source(number), on: ground, owner: self)
        }
        for size in sizes { try await measure(size, peers) }
        for peer in peers { peer.close() }
    }

    private func measure(_ size: Int, _ peers: [Peer]) async throws {
        text = sampleText(size)
        frame = ground.frame(text, compressed: target.compressed)
        // What a connection's first message costs is no part of what the others do.
        try await exchange(peers) { try await ground.warm(target.pid, for: target.warmUp) }
        latencies.reset()
        let before = ground.received
        let stretch = try Stretch(target.pid.map(ServerProcess.init))
        try await exchange(peers) { await ground.loop.sleep(for: .seconds(target.seconds)) }
        let name = "echo: \(peers.count) connections, \(size) B"
        let report =
            target.json
            ? try stretch.figures(latencies.total, latencies).json(name)
            : try "\(name) · " + stretch.report(latencies.total, "message", "messages", latencies)
        if target.compressed { try ground.check(latencies.total, of: size, since: before) }
        print(report)
    }

    /// Begins and ends with nothing on its way: a server that reads from all before it answers one has done for the last
    /// what would be counted with the first.
    private func exchange(_ peers: [Peer], while waiting: () async throws -> Void) async throws {
        isPausing = false
        for peer in peers { send(peer) }
        try await waiting()
        isPausing = true
        try await wait("an echo on every connection") { inFlight == 0 }
    }

    private func wait(_ what: String, until isSo: () -> Bool) async throws {
        let deadline = ground.loop.now + Limits.arrivesWithin
        while !isSo() {
            guard failure == nil, ground.loop.now < deadline else { break }
            await ground.loop.sleep(for: Limits.look)
        }
        if let failure { throw failure }
        guard isSo() else { throw Failure(description: "\(what) did not come within \(Limits.arrivesWithin)") }
    }

    private func send(_ peer: Peer) {
        inFlight += 1
        peer.sentAt = nanoseconds()
        peer.send(frame)
    }

    func received(_ peer: Peer, _ message: Payload) {
        guard message.equals(text) else { return failure = failure ?? .wrong("another text than was sent") }
        latencies.note(nanoseconds() - peer.sentAt)
        inFlight -= 1
        if !isPausing { send(peer) }
    }

    func ended(_ peer: Peer) { failure = failure ?? Failure(description: peer.failure ?? "") }
}
