import ArgumentParser
import EventLoop
import WebSocket

/// Each connection sends a message, awaits its echo, and sends again.
struct EchoLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo", abstract: "Messages that come back, one in flight on each connection.")

    @OptionGroup var target: Target
    @Option(help: "The bytes of a message.") var size = 20

    func validate() throws {
        guard 1...Limits.messageSize ~= size else {
            throw ValidationError("expected a size of 1 to \(Limits.messageSize)")
        }
    }

    func run() async throws {
        try makeRoom(forDescriptors: target.connections)
        let loop = EventLoop(name: "load")
        print(try await loop.spawnThrowing { [target, size] in try await EchoRun(target, size, loop).run() }.value)
    }
}

private final class EchoRun: PeerOwner {
    private let target: Target
    private let size: Int
    private let ground: Ground
    private let frame: [UInt8]
    private var latencies = Latencies()
    private var wrong = 0

    init(_ target: Target, _ size: Int, _ loop: EventLoop) {
        (self.target, self.size, ground) = (target, size, Ground(loop))
        var keys = MaskKeys()
        frame = Frame.bytes(.text, [UInt8](repeating: UInt8(ascii: "e"), count: size), mask: keys.next())
    }

    func run() async throws -> String {
        let peers = try await ground.open(target.connections) { _ in try Peer(of: target, on: ground, owner: self) }
        for peer in peers { send(peer) }
        await ground.loop.sleep(for: .seconds(target.warmUp))
        latencies.reset()
        let stretch = try Stretch(target.pid.map(ServerProcess.init))
        await ground.loop.sleep(for: .seconds(target.seconds))
        let report = try stretch.report(latencies.total, "message", "messages", latencies)
        for peer in peers { peer.close() }
        let lost = peers.compactMap(\.failure)
        guard lost.isEmpty, wrong == 0 else {
            throw Failure(description: "\(lost.count) connections ended (\(lost.first ?? "")), \(wrong) wrong echoes")
        }
        return "echo: \(peers.count) connections, \(size) B · \(report)"
    }

    private func send(_ peer: Peer) {
        peer.sentAt = nanoseconds()
        peer.send(frame)
    }

    func received(_ peer: Peer, _ message: Payload) {
        if message.count != size { wrong += 1 }
        latencies.note(nanoseconds() - peer.sentAt)
        send(peer)
    }
}
