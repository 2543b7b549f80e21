/// The loop's named limits.
enum Limits {
    /// How many events one `epoll_wait` fetches. More waits for the next turn, so that no turn grows without bound.
    static let eventsPerTurn = 256
    /// How many jobs one turn runs before descriptors are looked at again.
    static let jobsPerTurn = 4096
    /// How often a silent peer is asked before it is given up.
    static let probes: Int32 = 3
    /// How many pending connections the kernel keeps for a listening socket.
    static let backlog: Int32 = 4096
}
