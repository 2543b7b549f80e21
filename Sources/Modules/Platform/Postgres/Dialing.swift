import EventLoop

/// How a connection comes to stand and is replaced: what to do next, given what libpq said. It has no socket and no clock.
///
/// ```
/// resting ─start→ connecting ─polled ok→ up
///                  ↑      ↓ failed, late   ↓ lost
///                  └due── pausing ←────────┘        closed, from anywhere
/// ```
struct Dialing {
    enum State: Equatable { case resting, connecting, pausing, up, closed }

    /// What `PQconnectPoll` said.
    enum Poll { case wantsRead, wantsWrite, connected, failed }

    enum Step: Equatable {
        case connect, watch(Readiness), connected, pause(Duration), nothing
    }

    private(set) var state = State.resting
    /// Attempts that failed since the connection stood last.
    private(set) var failures = 0

    mutating func start() -> Step {
        guard state == .resting else { return .nothing }
        state = .connecting
        return .connect
    }

    mutating func polled(_ poll: Poll, jitter: Double) -> Step {
        guard state == .connecting else { return .nothing }
        switch poll {
        case .wantsRead: return .watch(.readable)
        case .wantsWrite: return .watch(.writable)
        case .connected:
            state = .up
            failures = 0
            return .connected
        case .failed: return lost(jitter: jitter)
        }
    }

    /// The connection, or the attempt, is gone. `jitter`, from 0 to 1, spreads those who lost theirs at the same moment.
    mutating func lost(jitter: Double) -> Step {
        guard state == .up || state == .connecting else { return .nothing }
        state = .pausing
        let growth = Double(1 << min(failures, 16))
        let longest = min(Limits.firstPause * growth, Limits.longestPause)
        failures += 1
        return .pause(longest * (0.5 + jitter / 2))
    }

    /// A pause is over.
    mutating func due() -> Step {
        guard state == .pausing else { return .nothing }
        state = .connecting
        return .connect
    }

    mutating func close() { state = .closed }
}
