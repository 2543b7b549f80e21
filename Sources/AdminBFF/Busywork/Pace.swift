import EventLoop

/// The mall's time: what takes its people a minute takes a run one `factor`-th of that.
///
/// Only the people hurry. The system's own clock, by which it calls a robot lost or a basket abandoned, is real.
final class Pace: @unchecked Sendable {
    let factor: Int
    private let loop: EventLoop
    private let start = ContinuousClock.now

    init(factor: Int, on loop: EventLoop) { (self.factor, self.loop) = (factor, loop) }

    /// How long the mall has been busy, in its own time.
    var elapsed: Duration { (ContinuousClock.now - start) * factor }

    func take(_ time: Duration) async { await loop.sleep(for: time / factor) }

    /// Waits in real time.
    func rest(_ time: Duration) async { await loop.sleep(for: time) }
}

/// Stops everybody at their next step: while it is closed nothing is asked of the system, so that what it holds can be
/// looked at in peace. Touched on the loop's thread only.
final class Gate: @unchecked Sendable {
    private var isClosed = false
    private var inside = 0
    private var outside: [CheckedContinuation<Void, Never>] = []
    private var emptied: CheckedContinuation<Void, Never>?

    func enter() async {
        while isClosed { await withCheckedContinuation { outside.append($0) } }
        inside += 1
    }

    func leave() {
        inside -= 1
        if inside == 0, let emptied {
            self.emptied = nil
            emptied.resume()
        }
    }

    /// Returns when nobody is inside any more.
    func close() async {
        isClosed = true
        if inside > 0 { await withCheckedContinuation { emptied = $0 } }
    }

    func open() {
        isClosed = false
        let waiting = outside
        outside = []
        for each in waiting { each.resume() }
    }
}
