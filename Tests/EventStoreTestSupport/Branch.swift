public import EventLoop
public import EventStore
public import FoundationEssentials
public import Kernel
import Logging
public import Postgres
import PostgresTestSupport
import Synchronization

/// One process of the bank: a loop, a lane, a dispatcher and a worker of its own on a database that others may share.
public final class Branch: Sendable {
    public let configuration: Configuration
    public let loop: EventLoop
    public let pool: Pool
    public let feed: LogFeed
    public let lane: CommitLane
    public let clock: MallClock
    public let dispatcher: Dispatcher
    public let worker: Worker
    public let published = Published()
    private let lock: Connection
    private let working = Mutex<Task<Void, Never>?>(nil)

    /// The batches a projector has committed, in order.
    public final class Published: Sendable {
        private let kept = Mutex<[ProjectedBatch]>([])
        public var batches: [ProjectedBatch] { kept.withLock { $0 } }
        func append(_ batch: ProjectedBatch) { kept.withLock { $0.append(batch) } }
    }

    public init(
        _ configuration: Configuration, modules: [Module] = bank(), clock: MallClock = MallClock(),
        connections: Int = 4,
        lock lockSettings: Configuration? = nil, name: String = "branch", disturbance: Disturbance? = nil
    ) {
        var configuration = configuration
        configuration.name = name
        self.configuration = configuration
        loop = EventLoop(name: name)
        pool = Pool(configuration, size: connections, on: loop, logger: TestCluster.quiet)
        feed = LogFeed(on: loop)
        lane = CommitLane(on: loop, pool: pool, feed: feed)
        self.clock = clock
        dispatcher = Dispatcher(on: loop, catalogue: Catalogue(modules), pool: pool, lane: lane, clock: clock)
        var lockSettings = lockSettings ?? configuration
        lockSettings.name = "\(name) lock"
        lock = Connection(lockSettings, on: loop, logger: TestCluster.quiet)
        worker = Worker(
            on: loop, dispatcher: dispatcher, pool: pool, lock: lock, feed: feed, clock: clock,
            disturbance: disturbance,
            publish: { [published] in published.append($0) })
    }

    /// Begins to consume, project and keep time.
    public func work() {
        working.withLock { $0 = loop.spawn { await self.worker.run() } }
    }

    /// Ends that, and returns when it has.
    public func rest() async {
        let task = working.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    public func close() async {
        await rest()
        await pool.close()
        await lock.close()
        loop.stop()
    }

    @discardableResult
    public func perform(_ command: some PublicCommand, id: UUID? = nil) async throws -> Outcome {
        let given = id ?? UUID()
        return try await dispatcher.perform(
            command,
            CommandRequest(
                id: given, mayRepeat: id != nil, cause: Cause(correlation: given, causation: given, actor: "teller")))
    }

    public func open(_ name: String = UUID().lowercase) async throws -> AccountID {
        let reply = try await perform(OpenAccount(name: name)).reply
        return try Coding.decode(OpenAccount.Reply.self, from: reply).account
    }

    public func state(of account: AccountID) async throws -> (state: Account, version: Version)? {
        try await dispatcher.questions.state(of: Account.self, account)
    }

    public func bonus(of account: AccountID) async throws -> Bonus? {
        try await dispatcher.questions.state(of: Bonus.self, account)?.state
    }

    /// A single number from the database.
    public func number(_ sql: SQL) async throws -> Int { try await pool.query(sql)[0][0] }

    /// Whether every listener has read to the end and nothing is parked.
    public func isSettled() async throws -> Bool {
        try await number(
            """
            select count(*) from (
                select 1 from unnest(\(worker.listenerNames)) l(name) left join mall.checkpoints c on c.consumer = l.name
                where coalesce(c.position, 0) < (select coalesce(max(position), 0) from mall.log)
                union all select 1 from mall.parked
            ) x
            """) == 0
    }
}

/// The tables of the bank's modules and of the event store.
public func bankMigrations() -> Migrations {
    var steps: [(module: String, migrations: [Migration])] = [("eventstore", eventStoreMigrations)]
    for module in bank() {
        for case .migrates(let own) in module.parts { steps.append((module.name, own)) }
    }
    return Migrations(steps + [("accounts", accounts.storage.migrations)])
}

/// Gives `body` a bank's database.
public func withBank<Value: Sendable>(
    _ body: (TestDatabase, EventLoop) async throws -> Value
) async throws -> Value {
    let template = try await TestDatabase.template("bank") { database, loop in
        let connection = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
        try await bankMigrations().run(on: connection, logger: TestCluster.quiet)
        await connection.close()
    }
    return try await TestDatabase.with(template: template, body)
}

/// Gives `body` a bank with one branch.
public func withBranch<Value: Sendable>(
    modules: [Module] = bank(), works: Bool = false, disturbance: Disturbance? = nil,
    _ body: (Branch) async throws -> Value
) async throws -> Value {
    try await withBank { database, _ in
        let branch = Branch(database.configuration, modules: modules, disturbance: disturbance)
        if works { branch.work() }
        do {
            let value = try await body(branch)
            await branch.close()
            return value
        } catch {
            await branch.close()
            throw error
        }
    }
}

/// Nothing came of a wait.
public struct Waited: Error, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
}

/// Returns once `condition` holds; fails when it does not within the time that a busy machine may take.
public func until(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let start = ContinuousClock.now
    while try await !condition() {
        if ContinuousClock.now - start > limit { throw Waited(description: "\(what): not within \(limit)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
