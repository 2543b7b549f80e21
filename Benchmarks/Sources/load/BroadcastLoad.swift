import ArgumentParser
import EventLoop
import WebSocket

/// One connection sends, the server sends it on to all, and when the last has it the next goes out.
struct BroadcastLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broadcast",
        abstract: "Messages of one sender that the server sends to every connection.",
        discussion: "The server must send each text message it gets at --path to every connection there.")

    @OptionGroup var target: Target
    @Option(parsing: .upToNextOption, help: "The bytes of a message; several are measured in turn.") var size = [200]
    @Option(help: "How many messages the sender sends at once.") var burst = 1

    func validate() throws {
        try validateSizes(size)
        guard 1...Limits.pipeline ~= burst else { throw ValidationError("expected a burst of 1 to \(Limits.pipeline)") }
    }

    func run() async throws {
        try makeRoom(forDescriptors: target.connections + 1)
        let loop = EventLoop(name: "load")
        try await loop.spawnThrowing { [target, size, burst] in
            try await BroadcastRun(target, burst, loop).run(size)
        }.value
    }
}

private final class BroadcastRun: PeerOwner {
    private enum Stage {
        case warmingUp(until: UInt64)
        case measuring(Stretch, until: UInt64)
        case measured(String)
    }

    private let target: Target
    private let burst: Int
    private let ground: Ground
    private var text: [UInt8] = []
    private var frames: [UInt8] = []
    private var sender: Peer?
    private var sentAt: UInt64 = 0
    private var awaited = 0
    private var receivedBefore = 0
    private var stage = Stage.measured("")
    private var latencies = Latencies()
    private var lastOnes = Latencies()
    private var failure: Failure?

    init(_ target: Target, _ burst: Int, _ loop: EventLoop) {
        (self.target, self.burst, ground) = (target, burst, Ground(loop))
    }

    func run(_ sizes: [Int]) async throws {
        let listeners = try await ground.open(target.connections) { number in
            try Peer(of: target, from: target.source(number), on: ground, owner: self)
        }
        let sender = try await ground.open(1) { _ in try Peer(of: target, on: ground, owner: self) }[0]
        self.sender = sender
        for size in sizes { try await measure(size) }
        for peer in listeners + [sender] { peer.close() }
    }

    private func measure(_ size: Int) async throws {
        text = sampleText(size)
        let frame = ground.frame(text, compressed: target.compressed)
        frames = (0..<burst).flatMap { _ in frame }
        stage = .warmingUp(until: nanoseconds() + UInt64(target.warmUp * 1e9))
        send()
        while true {
            if case .measured(let report) = stage { return print(report) }
            if let failure { throw failure }
            let waited = nanoseconds() - sentAt
            guard waited < UInt64(Limits.arrivesWithin.components.seconds) * 1_000_000_000 else {
                throw Failure(
                    description: "\(awaited) deliveries did not come: does the server broadcast at \(target.path)?")
            }
            await ground.loop.sleep(for: Limits.look)
        }
    }

    private func send() {
        awaited = target.connections * burst
        sentAt = nanoseconds()
        sender?.send(frames)
    }

    /// Only whole rounds are measured: a server may do for all at once what the first of them waits for.
    private func roundEnded() throws {
        switch stage {
        case .warmingUp(let end):
            if nanoseconds() >= end {
                latencies.reset()
                lastOnes.reset()
                receivedBefore = ground.received
                stage = .measuring(
                    try Stretch(target.pid.map(ServerProcess.init)),
                    until: nanoseconds() + UInt64(target.seconds * 1e9))
            }
            send()
        case .measuring(let stretch, let end):
            if nanoseconds() >= end { stage = .measured(try report(stretch)) } else { send() }
        case .measured: break
        }
    }

    private func report(_ stretch: Stretch) throws -> String {
        if target.compressed { try ground.check(latencies.total, of: text.count, since: receivedBefore) }
        let name = "broadcast: \(target.connections) connections, \(text.count) B, burst \(burst)"
        guard !target.json else { return try stretch.figures(latencies.total, latencies).json(name) }
        let report = try stretch.report(latencies.total, "delivery", "deliveries", latencies)
        return "\(name) · \(report) · last one p50 \(lastOnes.milliseconds(0.5).text(3)) ms, "
            + "p99 \(lastOnes.milliseconds(0.99).text(3)) ms"
    }

    func received(_ peer: Peer, _ message: Payload) {
        // The sender may get its own words back; they are not counted.
        guard peer !== sender else { return }
        guard message.equals(text) else { return failure = failure ?? .wrong("another text than was sent") }
        let took = nanoseconds() - sentAt
        latencies.note(took)
        awaited -= 1
        guard awaited == 0 else { return }
        lastOnes.note(took)
        do { try roundEnded() } catch { failure = failure ?? Failure(description: "\(error)") }
    }

    func ended(_ peer: Peer) { failure = failure ?? Failure(description: peer.failure ?? "") }
}
