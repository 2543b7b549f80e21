public import EventLoop
public import Kernel

/// Where the log ends, as far as this process knows, and who waits for it to grow.
///
/// Wake-ups are hints: a lost one costs the poll's interval, never a message.
public actor LogFeed {
    private struct Waiter {
        let beyond: Position
        /// The messages it waits for; nil where any row will do.
        let heard: Set<String>?
        let timer: TimerID
        let continuation: CheckedContinuation<Void, Never>
    }

    private let loop: EventLoop
    /// The last position that this process has written.
    public private(set) var head = Position.start
    /// Counts the hints that came without a position. Read before looking at the log, it makes `wait` return at once if
    /// another came while one looked.
    private(set) var hints: UInt64 = 0
    private var waiting: [UInt64: Waiter] = [:]
    private var tickets: UInt64 = 0
    private var relay: (@Sendable () -> Void)?
    private var tail: (@Sendable ([LogRow]) -> Void)?
    /// Whether those who were not woken are about to be.
    private var isStrolling = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    public init(on loop: EventLoop) { self.loop = loop }

    /// The log reaches at least to `position`. Called by the lane, on the loop, if it can with the rows it has written there.
    ///
    /// Those are woken who hear something in these rows. The others would only move on, and do so together a little later.
    nonisolated func advance(to position: Position, with rows: [LogRow]?) {
        assumeIsolated { feed in
            if let rows { feed.tail?(rows) }
            guard position > feed.head else { return }
            feed.head = position
            if let rows {
                let said = Set(rows.lazy.map(\.envelope).filter { $0.kind == .message }.map(\.type))
                feed.wake { $0.beyond < position && !($0.heard?.isDisjoint(with: said) ?? false) }
                feed.stroll()
            } else {
                feed.wake { $0.beyond < position }
            }
            feed.relay?()
        }
    }

    /// Has everybody who is behind look, a little later.
    private func stroll() {
        guard !isStrolling, !waiting.isEmpty else { return }
        isStrolling = true
        loop.schedule(after: Limits.stroll) {
            self.assumeIsolated { feed in
                feed.isStrolling = false
                feed.wake { $0.beyond < feed.head }
            }
        }
    }

    /// Something may have happened: another process said so, or time was moved. Everybody looks.
    public func poke() {
        hints += 1
        wake { _ in true }
    }

    /// Is told, on the loop, when this process has written, to tell others.
    public func onAdvance(_ relay: @escaping @Sendable () -> Void) { self.relay = relay }

    /// Is given, on the loop, the rows that this process has written, as they are written.
    func onRows(_ tail: @escaping @Sendable ([LogRow]) -> Void) { self.tail = tail }

    /// Forgets how far the log reached: its past was replaced.
    func reset() {
        head = .start
        poke()
    }

    /// Returns when the log may reach beyond `position`, when there was a hint after the one counted `hint`, or after `limit`.
    /// Who names what it hears may be told of other rows a little later.
    func wait(
        beyond position: Position, for heard: Set<String>? = nil, since hint: UInt64, atMost limit: Duration
    ) async {
        // Others run in between even if there is nothing to wait for: between actors of one loop nothing else suspends.
        if head > position || hints != hint { return await Task.yield() }
        tickets += 1
        let ticket = tickets
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                if Task.isCancelled { return continuation.resume() }
                let timer = loop.schedule(after: limit) { self.assumeIsolated { $0.wake(ticket) } }
                waiting[ticket] = Waiter(
                    beyond: position, heard: heard, timer: timer, continuation: continuation)
            }
        } onCancel: {
            loop.call { self.assumeIsolated { $0.wake(ticket) } }
        }
    }

    private func wake(_ ticket: UInt64) {
        guard let waiter = waiting.removeValue(forKey: ticket) else { return }
        loop.cancel(waiter.timer)
        waiter.continuation.resume()
    }

    private func wake(where isDue: (Waiter) -> Bool) {
        for ticket in waiting.filter({ isDue($0.value) }).keys { wake(ticket) }
    }
}
