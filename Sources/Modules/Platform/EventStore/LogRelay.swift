public import EventLoop
import Kernel
public import Logging
public import Postgres

/// Tells the other processes on the same database that this one has written, and hears it of them.
///
/// A notification says nothing but "look": NOTIFY in every commit would cut throughput to a sixth, so there is at most one in
/// `Limits.relay`, on a connection of its own and without waiting for the disk. A lost one costs the poll's interval.
public actor LogRelay {
    private static let channel = "mall_log"

    private let loop: EventLoop
    private let connection: Connection
    private let feed: LogFeed
    private var listener: Listener?
    /// The server process that sends for this one; its own notifications are no news.
    private var own: Int32?
    private var lastSent = LoopInstant(nanoseconds: 0)
    private var isDue = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    public init(_ configuration: Configuration, on loop: EventLoop, feed: LogFeed, logger: Logger) {
        self.loop = loop
        self.feed = feed
        var settings = configuration
        settings.settings["synchronous_commit"] = "off"
        connection = Connection(settings, on: loop, logger: logger)
        loop.call {
            self.assumeIsolated { $0.listen(configuration, logger) }
            feed.assumeIsolated { $0.onAdvance { self.assumeIsolated { $0.hasWritten() } } }
        }
    }

    /// Returns once it hears others.
    public func ready() async throws { try await listener?.ready() }

    public func close() async {
        await feed.onAdvance {}
        await connection.close()
        await listener?.close()
    }

    private func listen(_ configuration: Configuration, _ logger: Logger) {
        listener = Listener(
            configuration, channels: [Self.channel], on: loop, logger: logger,
            onReconnect: { [feed] in feed.assumeIsolated { $0.poke() } },
            onNotification: { notification in self.assumeIsolated { $0.heard(notification.backend) } })
    }

    private func heard(_ backend: Int32) {
        if backend != own { feed.assumeIsolated { $0.poke() } }
    }

    private func hasWritten() {
        if isDue { return }
        isDue = true
        let passed = loop.now - lastSent
        loop.schedule(after: passed >= Limits.relay ? .zero : Limits.relay - passed) { [loop] in
            loop.spawn { await self.send() }
        }
    }

    private func send() async {
        isDue = false
        lastSent = loop.now
        let rows = try? await connection.pipeline([SQL(raw: "notify \(Self.channel)"), "select pg_backend_pid()"])
        own = try? rows?.last?.first?[0]
    }
}
