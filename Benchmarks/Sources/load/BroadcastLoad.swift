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
    @Option(help: "The bytes of a message.") var size = 200
    @Option(help: "How many messages the sender sends at once.") var burst = 1

    func validate() throws {
        guard 1...Limits.messageSize ~= size else {
            throw ValidationError("expected a size of 1 to \(Limits.messageSize)")
        }
        guard 1...Limits.pipeline ~= burst else { throw ValidationError("expected a burst of 1 to \(Limits.pipeline)") }
    }

    func run() async throws {
        try makeRoom(forDescriptors: target.connections + 1)
        let loop = EventLoop(name: "load")
        print(
            try await loop.spawnThrowing { [target, size, burst] in
                try await BroadcastRun(target, size, burst, loop).run()
            }.value)
    }
}

private final class BroadcastRun: PeerOwner {
    private let target: Target
    private let size: Int
    private let burst: Int
    private let ground: Ground
    private let frames: [UInt8]
    private var sender: Peer?
    private var sentAt: UInt64 = 0
    private var awaited = 0
    private var latencies = Latencies()
    private var lastOnes = Latencies()
    private var wrong = 0
    private var isEnding = false

    init(_ target: Target, _ size: Int, _ burst: Int, _ loop: EventLoop) {
        (self.target, self.size, self.burst, ground) = (target, size, burst, Ground(loop))
        var keys = MaskKeys()
        frames = (0..<burst).flatMap { _ in
            Frame.bytes(.text, [UInt8](repeating: UInt8(ascii: "b"), count: size), mask: keys.next())
        }
    }

    func run() async throws -> String {
        let listeners = try await ground.open(target.connections) { _ in try Peer(of: target, on: ground, owner: self) }
        let sender = try await ground.open(1) { _ in try Peer(of: target, on: ground, owner: self) }[0]
        self.sender = sender
        send()
        await ground.loop.sleep(for: .seconds(target.warmUp))
        try checkProgress(of: listeners)
        latencies.reset()
        lastOnes.reset()
        let stretch = try Stretch(target.pid.map(ServerProcess.init))
        await ground.loop.sleep(for: .seconds(target.seconds))
        try checkProgress(of: listeners)
        let report = try stretch.report(latencies.total, "delivery", "deliveries", latencies)
        isEnding = true
        for peer in listeners + [sender] { peer.close() }
        let last =
            "last one p50 \(lastOnes.milliseconds(0.5).text(3)) ms, p99 \(lastOnes.milliseconds(0.99).text(3)) ms"
        return "broadcast: \(listeners.count) connections, \(size) B, burst \(burst) · \(report) · \(last)"
    }

    private func checkProgress(of listeners: [Peer]) throws {
        if let failure = (listeners + [sender!]).lazy.compactMap(\.failure).first {
            throw Failure(description: failure)
        }
        guard wrong == 0 else { throw Failure(description: "\(wrong) deliveries were not of \(size) bytes") }
        let waited = nanoseconds() - sentAt
        guard waited < UInt64(Limits.arrivesWithin.components.seconds) * 1_000_000_000, latencies.total > 0 else {
            throw Failure(
                description: "\(awaited) deliveries did not come: does the server broadcast at \(target.path)?")
        }
    }

    private func send() {
        awaited = target.connections * burst
        sentAt = nanoseconds()
        sender?.send(frames)
    }

    func received(_ peer: Peer, _ message: Payload) {
        // The sender may get its own words back; they are not counted.
        guard peer !== sender, !isEnding else { return }
        if message.count != size { wrong += 1 }
        let took = nanoseconds() - sentAt
        latencies.note(took)
        awaited -= 1
        guard awaited == 0 else { return }
        lastOnes.note(took)
        send()
    }
}
