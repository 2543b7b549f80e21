import DequeModule
public import EventLoop
public import Kernel
public import Logging

/// A fixed number of connections on one loop, lent to whoever asks first. The queue before it is bounded in length and
/// time: a caller is refused as unavailable rather than kept waiting for ever.
public actor Pool {
    public nonisolated let loop: EventLoop
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    public struct Health: Sendable, Equatable {
        public let size: Int
        /// Connections whose session stands.
        public let up: Int
        public let inUse: Int
        public let waiting: Int
    }

    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Connection, any Error>
        let timer: TimerID
    }

    private let connections: [Connection]
    private let waitersLimit: Int
    private let waitLimit: Duration
    /// The one given back last is lent first: its caches are warm.
    private var idle: [Connection]
    private var waiters = Deque<Waiter>()
    private var lastWaiter: UInt64 = 0
    private var isClosed = false

    public init(
        _ configuration: Configuration, size: Int, on loop: EventLoop, logger: Logger,
        waiters: Int = Limits.poolWaiters, wait: Duration = Limits.poolWait
    ) {
        precondition(size > 0, "a pool needs a connection")
        self.loop = loop
        connections = (0..<size).map { _ in Connection(configuration, on: loop, logger: logger) }
        idle = connections.reversed()
        (waitersLimit, waitLimit) = (waiters, wait)
    }

    public func query(_ sql: SQL, timeout: Duration? = nil) async throws -> SQLRows {
        let connection = try await take()
        defer { giveBack(connection) }
        return try await connection.query(sql, timeout: timeout)
    }

    @discardableResult
    public func execute(_ sql: SQL, timeout: Duration? = nil) async throws -> Int {
        let connection = try await take()
        defer { giveBack(connection) }
        return try await connection.execute(sql, timeout: timeout)
    }

    /// Runs statements as one: in one round trip, in an implicit transaction that all of them share.
    public func pipeline(_ statements: [SQL], timeout: Duration? = nil) async throws -> [SQLRows] {
        let connection = try await take()
        defer { giveBack(connection) }
        return try await connection.pipeline(statements, timeout: timeout)
    }

    /// Runs `body` in a transaction, which is committed if `body` returns and rolled back if it throws.
    ///
    /// If the connection is lost before the commit was sent, nothing was committed; only a commit that was on its way
    /// leaves the outcome unknown. A transaction in which nothing was asked is never begun.
    public func transaction<Value>(
        isolation: Isolation = .readCommitted, readOnly: Bool = false, on caller: isolated (any Actor)? = #isolation,
        _ body: (Session) async throws -> Value
    ) async throws -> Value {
        let begin = SQL(raw: "begin isolation level \(isolation.rawValue)\(readOnly ? " read only" : "")")
        let connection = try await take()
        let session = await connection.lend(transaction: begin)
        do {
            let value = try await body(session)
            try await connection.commit(session.lease)
            await giveBack(connection, lent: true)
            return value
        } catch {
            await connection.rollback(session.lease)
            await giveBack(connection, lent: true)
            throw error
        }
    }

    /// Lends a connection without a transaction. What `body` leaves behind in the session, other than an open
    /// transaction, the next caller finds.
    public func withConnection<Value>(
        on caller: isolated (any Actor)? = #isolation, _ body: (Session) async throws -> Value
    ) async throws -> Value {
        let connection = try await take()
        let session = await connection.lend(transaction: nil)
        do {
            let value = try await body(session)
            await giveBack(connection, lent: true)
            return value
        } catch {
            await giveBack(connection, lent: true)
            throw error
        }
    }

    public var health: Health {
        Health(
            size: connections.count, up: connections.count { $0.assumeIsolated { $0.isUp } },
            inUse: connections.count - idle.count, waiting: waiters.count)
    }

    /// Closes every connection; what is on its way fails, and so does everything asked later.
    public func close() {
        isClosed = true
        for waiter in waiters {
            loop.cancel(waiter.timer)
            waiter.continuation.resume(throwing: PostgresError.unavailable("the pool was closed"))
        }
        waiters.removeAll()
        for connection in connections { connection.assumeIsolated { $0.close() } }
    }

    // Lending

    private func take() async throws -> Connection {
        guard !isClosed else { throw PostgresError.unavailable("the pool was closed") }
        if let connection = takeIdle() { return connection }
        guard waiters.count < waitersLimit else {
            throw PostgresError.unavailable("\(waitersLimit) callers wait for one of \(connections.count) connections")
        }
        try Task.checkCancellation()
        lastWaiter += 1
        let id = lastWaiter
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let timer = loop.schedule(after: waitLimit) { [waitLimit] in
                    self.refuse(id, PostgresError.unavailable("no connection was free within \(waitLimit)"))
                }
                waiters.append(Waiter(id: id, continuation: continuation, timer: timer))
            }
        } onCancel: {
            loop.call { self.assumeIsolated { $0.refuse(id, CancellationError()) } }
        }
    }

    /// One whose session stands, if there is one; else any, which will connect or refuse.
    private func takeIdle() -> Connection? {
        guard let last = idle.last else { return nil }
        if last.assumeIsolated({ $0.isUp }) { return idle.removeLast() }
        let index = idle.lastIndex { $0.assumeIsolated { $0.isUp } } ?? idle.count - 1
        return idle.remove(at: index)
    }

    private func giveBack(_ connection: Connection, lent: Bool) {
        connection.assumeIsolated { $0.takeBack() }
        giveBack(connection)
    }

    private func giveBack(_ connection: Connection) {
        guard let waiter = waiters.popFirst() else {
            idle.append(connection)
            return
        }
        loop.cancel(waiter.timer)
        waiter.continuation.resume(returning: connection)
    }

    private func refuse(_ id: UInt64, _ error: any Error) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        let waiter = waiters.remove(at: index)
        loop.cancel(waiter.timer)
        waiter.continuation.resume(throwing: error)
    }
}
