public import EventLoop
import Kernel

/// Where the log ends, as far as this process knows, and who waits for it to grow.
///
/// Wake-ups are hints: a lost one costs the poll's interval, never a message.
public actor LogFeed {
    private let loop: EventLoop
    private var head = Position.start
    private var waiting: [UInt64: (beyond: Position, wake: () -> Void)] = [:]
    private var tickets: UInt64 = 0
    private var relay: (@Sendable () -> Void)?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    public init(on loop: EventLoop) { self.loop = loop }

    /// The log reaches at least to `position`. Called by the lane, on the loop.
    nonisolated func advance(to position: Position) {
        assumeIsolated { feed in
            guard position > feed.head else { return }
            feed.head = position
            feed.wake { $0 < position }
            feed.relay?()
        }
    }

    /// Something may have happened: another process said so, or time was moved. Everybody looks.
    public func poke() { wake { _ in true } }

    /// Is told when this process has written, to tell others.
    public func onAdvance(_ relay: @escaping @Sendable () -> Void) { self.relay = relay }

    /// Returns when the log may reach beyond `position`, or after `limit`.
    func wait(beyond position: Position, atMost limit: Duration) async {
        if head > position { return }
        tickets += 1
        let ticket = tickets
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                if Task.isCancelled { return continuation.resume() }
                let timer = loop.schedule(after: limit) { self.assumeIsolated { $0.wake(ticket) } }
                waiting[ticket] = (position, { [loop] in
                    loop.cancel(timer)
                    continuation.resume()
                })
            }
        } onCancel: {
            loop.call { self.assumeIsolated { $0.wake(ticket) } }
        }
    }

    private func wake(_ ticket: UInt64) { waiting.removeValue(forKey: ticket)?.wake() }

    private func wake(_ isDue: (Position) -> Bool) {
        for (ticket, waiter) in waiting where isDue(waiter.beyond) { wake(ticket); _ = waiter }
    }
}
