import Glibc
public import Kernel
import Synchronization

/// The one clock that all domain time comes from.
///
/// It follows the machine's clock, or a test's: `advance` moves it forward and wakes whoever waits for a time of day.
public final class MallClock: Sendable {
    private struct State {
        var offset: Int64 = 0
        var listeners: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    public init() {}

    public var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let real = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
        return Instant(microseconds: real + state.withLock(\.offset))
    }

    /// Moves the mall's time forward, for tests; it never goes back.
    public func advance(by duration: Duration) {
        let step = max(0, (Instant(microseconds: 0) + duration).microseconds)
        let listeners = state.withLock { state in
            state.offset += step
            return state.listeners
        }
        for wake in listeners { wake() }
    }

    func onAdvance(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.listeners.append(wake) } }
}
