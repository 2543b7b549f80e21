import Kernel

/// Lets few passwords be checked at a time, and few be guessed.
///
/// A check costs 50 ms of a processor by design, so a flood of them would be a way to stop the mall.
actor PasswordGate {
    private enum Limits {
        static let atOnce = 2
        static let waiting = 32
        /// Wrong passwords for one user from one address within `memory`.
        static let guesses = 10
        static let memory = Duration.seconds(300)
        static let remembered = 10_000
    }

    private struct Guesser: Hashable {
        let user: String
        let peer: String
    }

    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var wrong: [Guesser: (count: Int, since: Instant)] = [:]

    /// Runs a check, which answers nil for a wrong password, when its turn has come.
    func check<Value: Sendable>(
        _ user: String, from peer: String, now: Instant, _ check: @Sendable () async throws -> Value?
    ) async throws -> Value? {
        let guesser = Guesser(user: user, peer: peer)
        if let known = wrong[guesser], now - known.since < Limits.memory {
            guard known.count < Limits.guesses else {
                throw Refusal.unavailable("too many wrong passwords; try again in a few minutes")
            }
        } else {
            wrong[guesser] = nil
        }
        if running >= Limits.atOnce {
            guard waiting.count < Limits.waiting else {
                throw Refusal.unavailable("too many people log in at once; try again")
            }
            await withCheckedContinuation { waiting.append($0) }
        } else {
            running += 1
        }
        defer { leave() }
        let value = try await check()
        if value == nil {
            if wrong.count >= Limits.remembered { wrong.removeAll() }
            wrong[guesser] = ((wrong[guesser]?.count ?? 0) + 1, wrong[guesser]?.since ?? now)
        } else {
            wrong[guesser] = nil
        }
        return value
    }

    private func leave() {
        // The place goes to the next in line, or is free.
        if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() }
    }
}
