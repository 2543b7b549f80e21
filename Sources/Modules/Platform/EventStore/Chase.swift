import Kernel

/// Whether a rebuild comes nearer to what it runs after: the log grows while it is folded anew.
struct Chase {
    private var looked: (behind: Int64, at: ContinuousClock.Instant)?
    /// It was no nearer at the last look than at the one before.
    private(set) var isLosing = false

    /// Takes how many positions are left, as often as one likes: it looks at them every few seconds.
    mutating func look(behind: Int64, at now: ContinuousClock.Instant) {
        guard let last = looked else {
            looked = (behind, now)
            return
        }
        guard now - last.at >= Limits.chase else { return }
        isLosing = behind >= last.behind
        looked = (behind, now)
    }
}
