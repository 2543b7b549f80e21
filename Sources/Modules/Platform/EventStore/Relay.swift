public import EventLoop
import Kernel
public import Logging
public import Postgres

/// Tells the other processes on the same database that something was written here, and hears it of them.
///
/// A notification says nothing but "look": NOTIFY in every commit would cut throughput to a sixth, so there is at most one in
/// `Limits.relay`, on a connection of its own and without waiting for the disk. A lost one costs the poll's interval.
public actor Relay {
    private let loop: EventLoop
    private let channel: String
    private let connection: Connection
    private let heard: @Sendable () -> Void
    private var listener: Listener?
    /// The server process that sends for this one; its own notifications are no news.
    private var own: Int32?
    private var lastSent = LoopInstant(nanoseconds: 0)
    private var isDue = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// `heard` is called on the loop when another process has told, or may have while nobody listened.
    public init(
        _ channel: String, _ configuration: Configuration, on loop: EventLoop, logger: Logger,
        heard: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.channel = channel
        self.heard = heard
        var settings = configuration
        settings.settings["synchronous_commit"] = "off"
        connection = Connection(settings, on: loop, logger: logger)
        loop.call { self.assumeIsolated { $0.listen(configuration, logger) } }
    }

    /// Returns once it hears others.
    public func ready() async throws { try await listener?.ready() }

    /// Tells the others, at once or when the least time has passed.
    public nonisolated func tell() {
        if loop.isCurrent { assumeIsolated { $0.send() } } else { loop.call { self.assumeIsolated { $0.send() } } }
    }

    public func close() async {
        await connection.close()
        await listener?.close()
    }

    private func listen(_ configuration: Configuration, _ logger: Logger) {
        listener = Listener(
            configuration, channels: [channel], on: loop, logger: logger, onReconnect: heard,
            onNotification: { notification in self.assumeIsolated { $0.hear(notification.backend) } })
    }

    private func hear(_ backend: Int32) {
        if backend != own { heard() }
    }

    private func send() {
        if isDue { return }
        isDue = true
        let passed = loop.now - lastSent
        loop.schedule(after: passed >= Limits.relay ? .zero : Limits.relay - passed) { [loop] in
            loop.spawn { await self.sendNow() }
        }
    }

    private func sendNow() async {
        isDue = false
        lastSent = loop.now
        let rows = try? await connection.pipeline([
            "notify \(identifier: channel)", "select pg_backend_pid()",
        ])
        own = try? rows?.last?.first?[0]
    }
}

extension LogFeed {
    /// Joins the feeds of all processes on one database: each looks when another has written.
    public nonisolated func relay(over configuration: Configuration, on loop: EventLoop, logger: Logger) -> Relay {
        let relay = Relay("mall_log", configuration, on: loop, logger: logger) {
            self.assumeIsolated { $0.poke() }
        }
        loop.call { self.assumeIsolated { $0.onAdvance { relay.tell() } } }
        return relay
    }
}
