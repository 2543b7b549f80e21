import Glibc
import Synchronization

/// A moment of a loop's clock, in nanoseconds since an arbitrary start. It never goes back and says nothing of the date.
public struct LoopInstant: Comparable, Hashable, Sendable {
    public let nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }

    /// The moment `duration` later; a negative duration counts as none.
    public static func + (instant: Self, duration: Duration) -> Self {
        Self(nanoseconds: instant.nanoseconds &+ duration.wholeNanoseconds)
    }

    /// How long after `earlier` this moment is; zero if it is not after it.
    public static func - (later: Self, earlier: Self) -> Duration {
        .nanoseconds(later > earlier ? Int64(later.nanoseconds - earlier.nanoseconds) : 0)
    }
}

extension Duration {
    var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return seconds < 0 || attoseconds < 0
            ? 0 : UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}

/// Where a loop's time comes from. A test takes a manual clock and moves it; everything else takes the kernel's.
public enum LoopClock: Sendable {
    /// `CLOCK_MONOTONIC`.
    case monotonic
    case manual(ManualClock)

    public var now: LoopInstant {
        switch self {
        case .monotonic:
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return LoopInstant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
        case .manual(let clock): return clock.now
        }
    }
}

/// A clock that stands still until it is told to move, and then wakes the loops that live by it.
public final class ManualClock: Sendable {
    private struct State {
        var now = LoopInstant(nanoseconds: 1_000_000_000)
        var listeners: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    public init() {}

    public var now: LoopInstant { state.withLock { $0.now } }

    /// Moves the clock forward and wakes every loop that reads it, so that due timers fire.
    public func advance(by duration: Duration) {
        let listeners = state.withLock { state in
            state.now = state.now + duration
            return state.listeners
        }
        for wake in listeners { wake() }
    }

    func onAdvance(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.listeners.append(wake) } }
}
