/// The pickup desk's queue: customers stand in it, cashiers call the next one. Touched on the loop's thread only.
final class Desk: @unchecked Sendable {
    struct Visit: Sendable {
        let order: String
        let code: String
        let cash: Bool
    }

    private var queue: [(visit: Visit, done: CheckedContinuation<Void, Never>)] = []
    private var idle: [CheckedContinuation<Void, Never>] = []
    private var isClosed = false

    /// Waits in the queue until a cashier has dealt with it.
    func stand(_ visit: Visit) async {
        if isClosed { return }
        await withCheckedContinuation { done in
            queue.append((visit, done))
            if !idle.isEmpty { idle.removeFirst().resume() }
        }
    }

    /// Gives a cashier the next customer; nil when the desk is closed.
    func serve(_ body: (Visit) async -> Void) async -> Bool {
        while queue.isEmpty {
            if isClosed { return false }
            await withCheckedContinuation { idle.append($0) }
        }
        let (visit, done) = queue.removeFirst()
        await body(visit)
        done.resume()
        return true
    }

    /// Sends everybody home.
    func close() {
        isClosed = true
        for (_, done) in queue { done.resume() }
        queue = []
        for each in idle { each.resume() }
        idle = []
    }
}
