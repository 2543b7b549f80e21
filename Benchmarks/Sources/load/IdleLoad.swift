import ArgumentParser
import EventLoop
import WebSocket

/// Connections that are opened and say nothing.
struct IdleLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle", abstract: "Connections that stay silent, and the memory the server holds for one.")

    @OptionGroup var target: Target

    func validate() throws {
        guard target.pid != nil else { throw ValidationError("expected --pid, whose memory is to be measured") }
    }

    func run() async throws {
        try makeRoom(forDescriptors: target.connections)
        let loop = EventLoop(name: "load")
        print(try await loop.spawnThrowing { [target] in try await IdleRun(target, loop).run() }.value)
    }
}

private final class IdleRun: PeerOwner {
    private let target: Target
    private let ground: Ground
    private var messages = 0

    init(_ target: Target, _ loop: EventLoop) { (self.target, ground) = (target, Ground(loop)) }

    func run() async throws -> String {
        let server = ServerProcess(pid: target.pid!)
        let before = try server.resident
        let start = nanoseconds()
        let peers = try await ground.open(target.connections) { number in
            try Peer(of: target, from: target.source(number), on: ground, owner: self)
        }
        let opened = Double(nanoseconds() - start) / 1e9
        await ground.loop.sleep(for: .seconds(target.warmUp))
        let open = try server.resident
        let cpu = try server.cpu
        await ground.loop.sleep(for: .seconds(target.seconds))
        let used = try (server.cpu - cpu) / target.seconds * 100
        let held = try server.resident
        let lost = peers.compactMap(\.failure)
        for peer in peers { peer.close() }
        guard lost.isEmpty else { throw Failure(description: "\(lost.count) connections ended: \(lost[0])") }
        let each = Double(held - before) / Double(peers.count)
        if target.json {
            return #"{"name":"idle","count":\#(peers.count),"memory":\#(each)}"#
        }
        return "idle: \(peers.count) connections from \(target.sources) addresses, opened in \(opened.text(2)) s · "
            + "server \(before >> 10) KiB before, \(open >> 10) KiB when open, \(held >> 10) KiB after "
            + "\(target.seconds.text(1)) s · \(each.text(0)) B a connection · \(used.text(1)) % of a core · "
            + "\(messages) messages came"
    }

    func received(_ peer: Peer, _ message: Payload) { messages += 1 }
}
