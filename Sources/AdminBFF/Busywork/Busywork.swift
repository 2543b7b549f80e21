public import EventLoop
import Synchronization

/// The mall that runs by itself: customers, robots, clerks, cashiers, managers and an administrator who know the system
/// by its public gateways and by nothing else.
public struct Busywork: Sendable {
    public struct Settings: Sendable {
        public var address: SocketAddress
        public var kioskToken: String
        /// An administrator, who hires the others.
        public var user: String
        public var password: String
        /// How much faster than life everybody is.
        public var factor = 30
        public var seed: UInt64 = 1
        /// How long customers come; nil for as long as nobody ends it.
        public var length: Duration?
        /// The socket of the system's test control, if cards are to be refused.
        public var control: String?
        public var parameters = Parameters()
        /// How many commands of a thousand are sent twice.
        public var repeats = 0

        public init(address: SocketAddress, kioskToken: String, user: String, password: String) {
            (self.address, self.kioskToken, self.user, self.password) = (address, kioskToken, user, password)
        }
    }

    /// What a look at a quiet system found: what does not hold, or nil if it could not be seen.
    public typealias Check = @Sendable (_ isLast: Bool) async -> [String]?

    private let settings: Settings
    private let check: Check?
    private let say: @Sendable (String) -> Void
    private let found = Found()

    /// What did not hold, each told once however often it is seen.
    private final class Found: Sendable {
        private let all = Mutex<Set<String>>([])

        func news(_ seen: [String]) -> [String] {
            all.withLock { all in seen.filter { all.insert($0).inserted } }
        }
    }

    public init(_ settings: Settings, check: Check? = nil, say: @escaping @Sendable (String) -> Void) {
        (self.settings, self.check, self.say) = (settings, check, say)
    }

    /// Runs to the end of its length, or until the task is cancelled. Returns how often something did not hold.
    public func run() async throws -> Int {
        let loop = EventLoop(name: "busywork")
        defer { loop.stop() }
        return try await loop.spawnCancellable { try await run(on: loop) }
    }

    private func run(on loop: EventLoop) async throws -> Int {
        let crew = Crew(settings, on: loop)
        try await crew.prepare()
        say("the mall is open: \(crew.stores.count) stores, \(crew.robots.count) robots, factor \(settings.factor)")
        let begun = ContinuousClock.now
        let work = crew.begin()
        let desk = crew.openDesk()
        let door = loop.spawn { await crew.letIn() }
        let guarding = loop.spawn { await guardPeace(of: crew) }

        if let length = settings.length {
            await loop.sleep(for: length)
        } else {
            while !Task.isCancelled { await loop.sleep(for: .seconds(3600)) }
        }
        door.cancel()
        let visits = await door.value
        let busy = ContinuousClock.now - begun
        // Those who are in the mall may finish, except who comes back late, or not at all.
        let closing = ContinuousClock.now + max(Self.closing / settings.factor, Self.shortestClosing)
        while crew.crowd > 0, ContinuousClock.now < closing, !Task.isCancelled {
            await loop.sleep(for: .milliseconds(50))
        }
        guarding.cancel()
        var violations = await guarding.value
        for task in visits + work { task.cancel() }
        crew.desk.close()
        for task in visits + work + desk { await task.value }

        if !Task.isCancelled {
            violations += await look(isLast: true)
            await report(crew, busy, violations)
            await crew.leave()
        }
        return violations
    }

    private static let closing = Duration.seconds(1800)
    private static let shortestClosing = Duration.seconds(10)
    /// Of the mall's time; but peace costs, so there is none more often than this.
    private static let between = Duration.seconds(10)
    private static let leastBetween = Duration.seconds(3)
    /// Of one look.
    private static let shown = 50

    /// Stops everybody now and then and looks whether everything holds. Returns how often something did not.
    private func guardPeace(of crew: Crew) async -> Int {
        guard check != nil else { return 0 }
        var violations = 0
        while !Task.isCancelled {
            await crew.pace.rest(max(Self.between / settings.factor, Self.leastBetween))
            if Task.isCancelled { break }
            await crew.gate.close()
            violations += await look(isLast: false)
            crew.gate.open()
        }
        return violations
    }

    private func look(isLast: Bool) async -> Int {
        guard let check, let seen = await check(isLast) else { return 0 }
        let found = found.news(seen)
        for violation in found.prefix(Self.shown) { say("violation: \(violation)") }
        if found.count > Self.shown { say("violations: \(found.count - Self.shown) more") }
        return found.count
    }

    private func report(_ crew: Crew, _ busy: Duration, _ violations: Int) async {
        let orders = await crew.ordersByState()
        let seconds = max(1, busy.components.seconds)
        let minutes = max(1, seconds * Int64(settings.factor) / 60)
        let ended = orders["completed"] ?? 0
        func perMinute(_ count: Int) -> String {
            let hundredths = Int64(count) * 100 / minutes
            return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
        }
        say("seed \(settings.seed), factor \(settings.factor): \(seconds) s, \(minutes) minutes of the mall")
        say("orders: " + orders.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        say(
            "throughput: \(perMinute(orders.values.reduce(0, +))) orders and \(perMinute(ended)) completed "
                + "in a minute of the mall")
        say("checkout → approved: \(crew.tally.summary(of: "checkout → approved"))")
        say("event → page: \(crew.tally.summary(of: "event → page"))")
        say(
            "done: "
                + crew.tally.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        for (kind, refusal) in crew.tally.refusals.sorted(by: { $0.key < $1.key }) {
            say("refused: \(kind) × \(refusal.count), as: \(refusal.example)")
        }
        if check != nil { say("\(violations) violations") }
    }
}

extension EventLoop {
    /// Work on this loop that is cancelled when its caller is.
    fileprivate func spawnCancellable<Value: Sendable>(
        _ operation: sending @escaping @isolated(any) () async throws -> Value
    ) async throws -> Value {
        let task = spawnThrowing(operation)
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
