import Busywork
import EventLoop
import Kernel

/// Breaks what a mall stands on, in an order that the seed decides: the server, PostgreSQL, a listener, the card and
/// the text service.
actor Faults {
    private let server: ServerProcess
    private let factor: Int
    private let say: @Sendable (String) -> Void
    private let loop: EventLoop
    private var generator: SmallGenerator
    /// When the last thing that was broken was whole again.
    private var mended: ContinuousClock.Instant?
    private var isBroken = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Of the mall's time; but a system that starts must be let start, so there is this much real time between two.
    private static let between = Duration.seconds(300)
    private static let leastBetween = Duration.seconds(20)
    private static let outage = 5...60

    init(
        on loop: EventLoop, of server: ServerProcess, factor: Int, seed: UInt64,
        say: @escaping @Sendable (String) -> Void
    ) {
        (self.loop, self.server, self.factor, self.say) = (loop, server, factor, say)
        generator = SmallGenerator(seed: seed, for: "faults")
    }

    /// Whether something was broken so lately that lateness is no news.
    var isExcused: Bool { isBroken || mended.map { .now - $0 < Self.grace } ?? false }

    private static let grace = Duration.seconds(120)

    /// Breaks one thing after the other until the task is cancelled, and leaves everything whole.
    func run() async throws {
        while !Task.isCancelled {
            await loop.sleep(for: max(Self.between / factor, Self.leastBetween))
            if Task.isCancelled { return }
            let outage = Duration.seconds(Int.random(in: Self.outage, using: &generator)) / factor
            isBroken = true
            defer {
                isBroken = false
                mended = .now
            }
            switch Int.random(in: 0..<5, using: &generator) {
            case 0:
                say("fault: the server is killed")
                await server.kill()
                await loop.sleep(for: outage)
                try await server.start()
            case 1:
                say("fault: PostgreSQL is killed")
                await server.killPostgres()
            case 2:
                say("fault: the card service cannot be reached")
                await tell("/services", "{\"card\":\"unreachable\"}")
                await loop.sleep(for: outage)
                await tell("/services", "{\"card\":\"approving\"}")
            case 3:
                say("fault: the text service cannot be reached")
                await tell("/services", "{\"sms\":\"unreachable\"}")
                await loop.sleep(for: outage)
                await tell("/services", "{\"sms\":\"accepting\"}")
            default:
                let names = await listeners()
                guard let deaf = names.randomElement(using: &generator) else { continue }
                say("fault: \(deaf) hears nothing")
                await tell("/listeners", "{\"listener\":\"\(deaf)\",\"paused\":true}")
                await loop.sleep(for: outage)
                await tell("/listeners", "{\"listener\":\"\(deaf)\",\"paused\":false}")
            }
        }
    }

    @discardableResult
    private func tell(_ path: String, _ body: String) async -> String {
        await TestControlClient(at: server.control, on: loop).post(path, body)
    }

    /// The control names them to whoever does not know them.
    private func listeners() async -> [String] {
        let answer = await tell("/listeners", "{}")
        guard let list = answer.split(separator: "listeners: ").last, answer.contains("listeners: ") else { return [] }
        return list.split(separator: "\n")[0].split(separator: ", ").map(String.init)
    }
}
