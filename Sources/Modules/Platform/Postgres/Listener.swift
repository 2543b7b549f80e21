public import EventLoop
import Kernel
public import Logging

/// A connection that only listens. Notifications are hints: while it is reconnecting they are lost, and `onReconnect`
/// says that some may have been.
public final class Listener: Sendable {
    private let connection: Connection

    /// Both callbacks are called on the loop.
    public init(
        _ configuration: Configuration, channels: [String], on loop: EventLoop, logger: Logger,
        onReconnect: @escaping @Sendable () -> Void, onNotification: @escaping @Sendable (Notification) -> Void
    ) {
        connection = Connection(
            configuration, on: loop, logger: logger, setup: channels.map { "listen \(identifier: $0)" },
            onChange: { change in
                // The first session cannot have missed what nobody had listened to.
                if case .up(let session) = change, session > 1 { onReconnect() }
            }, onNotification: onNotification)
    }

    /// Returns once it listens.
    public func ready() async throws { try await connection.ready() }

    public func close() async { await connection.close() }
}
