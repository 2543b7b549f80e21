public import EventLoop
public import Kernel
public import Logging

/// One session with the server, driven by libpq in the loop that is its executor. It replaces itself when it is lost.
///
/// Always in pipeline mode: each request is a segment of its own, sent at once, so requests of several tasks share a
/// round trip and are answered in the order they were made. A request that was with the server when the session was
/// lost fails, and is never sent again; those that had not been sent wait for the next session, up to `patience`.
/// It holds itself at the loop until `close`.
public actor Connection {
    public nonisolated let loop: EventLoop
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// What an observer is told.
    public enum Change: Sendable {
        /// A session stands; the first is number 1. What earlier ones held (locks, listened channels) is gone.
        case up(session: UInt64)
        case down(reason: String)
    }

    private let configuration: Configuration
    private let setup: [SQL]
    private let logger: Logger
    private let onChange: (@Sendable (Change) -> Void)?
    private let onNotification: (@Sendable (Notification) -> Void)?

    private var wire: Wire?
    private var dialing = Dialing()
    private var dialTimer: TimerID?
    private var conversation = Conversation<Request, Answer>()
    private var prepared: PreparedStatements
    /// The names of the statements being sent, kept from one request to the next.
    private var names: [String] = []
    private var lastRequest: UInt64 = 0
    /// Counts sessions; a transaction belongs to one.
    private var session: UInt64 = 0
    /// The session's setup is done and requests may follow.
    private var isSetUp = false
    /// A cancel request was sent to this session, and may have met a statement it was not meant for.
    private var hasCanceled = false
    private var lastReason = "not connected yet"
    var lease = Lease()

    /// Starts connecting at once.
    /// - Parameters:
    ///   - setup: run in each new session before anything else.
    ///   - onChange: called on the loop when a session stands or is lost.
    ///   - onNotification: called on the loop for each notification.
    public init(
        _ configuration: Configuration, on loop: EventLoop, logger: Logger, setup: [SQL] = [],
        onChange: (@Sendable (Change) -> Void)? = nil, onNotification: (@Sendable (Notification) -> Void)? = nil
    ) {
        self.loop = loop
        self.configuration = configuration
        self.setup = setup
        self.logger = logger
        self.onChange = onChange
        self.onNotification = onNotification
        prepared = PreparedStatements(limit: configuration.preparedStatements)
        loop.call { self.assumeIsolated { connection in connection.take(connection.dialing.start()) } }
    }

    // Asking

    /// Runs one statement. If the task is cancelled the server is asked to stop it; what it answers is the outcome.
    public func query(_ sql: SQL, timeout: Duration? = nil) async throws -> SQLRows {
        SQLRows(try await perform([sql], timeout: timeout)[0])
    }

    /// Runs one statement and returns how many rows it affected.
    @discardableResult
    public func execute(_ sql: SQL, timeout: Duration? = nil) async throws -> Int {
        try await perform([sql], timeout: timeout)[0].affected
    }

    /// Runs statements as one: in one round trip, in an implicit transaction that all of them share.
    public func pipeline(_ statements: [SQL], timeout: Duration? = nil) async throws -> [SQLRows] {
        if statements.isEmpty { return [] }
        return try await perform(statements, timeout: timeout).map { SQLRows($0) }
    }

    /// Runs a text of several statements, which may begin and end transactions itself. It waits until nothing else is
    /// on its way. For migrations; it can bind nothing and returns nothing.
    public func script(_ text: String) async throws {
        _ = try await perform([SQL(raw: text)], isScript: true)
    }

    /// Returns when a session stands; fails when none does within the configured patience.
    public func ready() async throws { _ = try await perform([SQL(raw: "select").planned(.custom)]) }

    /// Whether a session stands and is set up.
    public var isUp: Bool { isSetUp }

    /// Whether a transaction is open, as far as the server has said.
    var isInTransaction: Bool { wire.map { !$0.isIdle } ?? false }

    /// Ends the session for good. What is on its way fails.
    public func close() {
        guard dialing.state != .closed else { return }
        dialing.close()
        dropWire(reason: "the connection was closed", outcomeKnown: false)
        for request in conversation.giveUp() { request.fail(.unavailable("the connection was closed"), loop) }
    }

    /// Gives this session up for a new one: what it holds is not known, or not wanted.
    func replace(reason: String) { lose(reason: reason) }

    func perform(
        _ statements: [SQL], leading: Int = 0, lease: UInt64? = nil, settles: Bool = true, isScript: Bool = false,
        shielded: Bool = false, timeout: Duration? = nil
    ) async throws -> [Answer] {
        precondition(
            statements.count <= Limits.statementsPerPipeline,
            "\(statements.count) statements in one request, \(Limits.statementsPerPipeline) are allowed")
        if !shielded { try Task.checkCancellation() }
        lastRequest += 1
        let id = lastRequest
        func wait() async throws -> [Answer] {
            try await withCheckedThrowingContinuation { continuation in
                enqueue(
                    Request(
                        id: id, statements: statements, leading: leading, lease: lease, settles: settles,
                        isScript: isScript, timeout: timeout, continuation: continuation))
            }
        }
        if shielded { return try await wait() }
        return try await withTaskCancellationHandler {
            try await wait()
        } onCancel: {
            loop.call { self.assumeIsolated { $0.interrupt(id, .canceled) } }
        }
    }

    private func enqueue(_ request: Request) {
        guard dialing.state != .closed else {
            return drop(request, .unavailable("the connection was closed"))
        }
        guard conversation.waitingCount < Limits.waitingRequests else {
            return drop(request, .unavailable("\(Limits.waitingRequests) requests wait already"))
        }
        if let number = request.lease, lease.isLost(number, in: isSetUp ? session : nil) {
            return drop(request, .connectionLost(outcomeUnknown: false, reason: lastReason))
        }
        let id = request.id
        if let timeout = request.timeout {
            request.timers.append(loop.schedule(after: timeout) { self.interrupt(id, .timedOut(timeout)) })
        }
        if !isSetUp {
            request.timers.append(loop.schedule(after: configuration.patience) { self.interrupt(id, .impatient) })
        }
        conversation.ask(request, id: id, isScript: request.isScript)
        sendWaiting()
    }

    /// Ends a request's wait if it has not been sent; else asks the server to stop it.
    private func interrupt(_ id: UInt64, _ cause: Request.Interruption) {
        switch conversation.withdraw(id) {
        case .taken(let request): drop(request, cause, reason: lastReason)
        case .sent where cause == .impatient: break
        case .sent(let isNext):
            conversation.update(id) { if $0.interruption == nil { $0.interruption = cause } }
            if isNext { cancelCurrent() }
        case .unknown: break
        }
    }

    /// Ends a request that was never sent. If it was to open a transaction, the rest of that must not run without it.
    private func drop(_ request: Request, _ error: PostgresError) {
        if request.leading > 0 { lease.isPoisoned = true }
        request.fail(error, loop)
    }

    private func drop(_ request: Request, _ cause: Request.Interruption, reason: String) {
        if request.leading > 0 { lease.isPoisoned = true }
        request.fail(cause.error(for: request, reason: reason), loop)
    }

    private func cancelCurrent() {
        guard let wire, !conversation.isHeld else { return }
        let number = session
        hasCanceled = true
        conversation.isHeld = wire.cancel { [loop] in
            loop.call { self.assumeIsolated { $0.cancelSent(in: number) } }
        }
    }

    private func cancelSent(in number: UInt64) {
        guard number == session, isSetUp else { return }
        conversation.isHeld = false
        sendWaiting()
    }

    // Sending

    private func sendWaiting() {
        guard isSetUp, let wire else { return }
        var hasSent = false
        while let (_, request) = conversation.next() {
            if let number = request.lease, !lease.bind(number, to: session) {
                request.fail(.connectionLost(outcomeUnknown: false, reason: lastReason), loop)
                continue
            }
            guard send(request, over: wire) else { return lose(reason: wire.lastError) }
            hasSent = true
        }
        if hasSent { flush() }
    }

    /// False if the connection is broken. The request counts as sent in any case: part of it may have left.
    private func send(_ request: Request, over wire: Wire) -> Bool {
        if request.isScript {
            conversation.sent(request, id: request.id, as: .script)
            return wire.run(script: request.statements[0].text)
        }
        var preparations: [Conversation<Request, Answer>.Preparation] = []
        names.removeAll(keepingCapacity: true)
        var isWell = true
        for (index, sql) in request.statements.enumerated() {
            guard sql.planning == .prepared else {
                names.append("")
                continue
            }
            let (name, isNew) = prepared.name(of: sql)
            names.append(name)
            if isNew {
                isWell = isWell && wire.prepare(sql, as: name) && wire.sync()
                preparations.append(.prepare(index))
            }
        }
        // A failed transaction would refuse it, so names are freed between transactions only.
        if request.settles {
            for name in prepared.takeUnused() {
                isWell = isWell && wire.run(SQL(raw: "deallocate \(name)")) && wire.sync()
                preparations.append(.forget)
            }
        }
        for (index, sql) in request.statements.enumerated() {
            isWell = isWell && (names[index].isEmpty ? wire.run(sql) : wire.run(sql, prepared: names[index]))
        }
        conversation.sent(
            request, id: request.id, as: .statements(request.statements.count, after: preparations))
        return isWell && wire.sync()
    }

    private func flush() {
        guard let wire else { return }
        switch wire.flush() {
        case true?: watch([.readable, .writable])
        case false?: watch(.readable)
        case nil: hear()
        }
    }

    // Hearing

    fileprivate func ready(_ readiness: Readiness) {
        switch dialing.state {
        case .connecting: poll()
        case .up:
            if readiness.contains(.writable) { flush() }
            if readiness != .writable { hear() }
        case .resting, .pausing, .closed: break
        }
    }

    private func hear() {
        guard let wire else { return }
        let isAlive = wire.consume()
        while let notification = wire.notification() { onNotification?(notification) }
        listening: while conversation.isExpecting {
            switch wire.reply() {
            case .nothingYet: break listening
            case .violation(let what): return lose(reason: what)
            case .reply(let reply):
                if wire.isBroken, case .endOfStatement = reply { break listening }
                switch conversation.received(reply) {
                case .more: break
                case .finished(let request, let outcome): finish(request, outcome)
                case .violation(let what): return lose(reason: what)
                }
                if wire.isBroken { break listening }
            }
            guard wire === self.wire else { return }
        }
        if !isAlive || wire.isBroken {
            let said = conversation.flights.first?.outcome.failure.map { "\($0.error.state) \($0.error.message)" }
            return lose(reason: said ?? wire.lastError)
        }
        sendWaiting()
    }

    private func finish(_ request: Request, _ outcome: Conversation<Request, Answer>.Outcome) {
        if request.isScript, wire?.endScript() != true { return lose(reason: wire?.lastError ?? lastReason) }
        defer { cancelNextIfInterrupted() }
        guard let failure = outcome.failure else { return request.succeed(outcome.answers, loop) }
        if repeats(request, failure) { return }
        if request.leading > failure.statement { lease.isPoisoned = true }
        if failure.error.state == .queryCanceled, let cause = request.interruption {
            return request.fail(cause.error(for: request, reason: failure.error.message), loop)
        }
        var error = failure.error
        error.statement = request.statements[min(failure.statement, request.statements.count - 1)].text
        request.fail(.server(error), loop)
    }

    /// Sends a request once more that failed without effect because of what a session remembers, not of what it says:
    /// a plan whose result type has changed, a statement the server has forgotten, another request's cancellation.
    private func repeats(_ request: Request, _ failure: Conversation<Request, Answer>.Failure) -> Bool {
        let state = failure.error.state
        if failure.isInPreparation {
            prepared.forget(request.statements[failure.statement], isKnownToServer: false)
            return false
        }
        let isStale = state == .featureNotSupported || state == .unknownStatement
        if isStale {
            for sql in request.statements {
                prepared.forget(sql, isKnownToServer: state == .featureNotSupported)
            }
        }
        let isStray = state == .queryCanceled && request.interruption == nil && hasCanceled
        guard isStale || isStray, request.settles, !request.isScript, request.lease == nil,
            request.attempts < Limits.repeats
        else { return false }
        request.attempts += 1
        conversation.ask(request, id: request.id, first: true)
        return true
    }

    /// A request that was given up while another ran is stopped when its turn comes.
    private func cancelNextIfInterrupted() {
        if conversation.flights.first?.asked.interruption != nil { cancelCurrent() }
    }

    // Connecting

    private func take(_ step: Dialing.Step) {
        switch step {
        case .nothing: break
        case .connect: dial()
        case .watch(let interest): watch(interest)
        case .connected: begin()
        case .pause(let pause):
            dialTimer = loop.schedule(after: pause) { self.take(self.dialing.due()) }
        }
    }

    private func dial() {
        var refusal = ""
        guard let wire = Wire(configuration, on: loop, logger: logger, refusal: &refusal) else {
            return lose(reason: refusal)
        }
        self.wire = wire
        dialTimer = loop.schedule(after: Limits.connectTime) {
            self.lose(reason: "no session within \(Limits.connectTime)")
        }
        // libpq's manual, 34.1: behave as if the last poll had asked for writing.
        take(dialing.polled(.wantsWrite, jitter: 0))
    }

    private func poll() {
        guard let wire else { return }
        // The poll may open another descriptor, under the same number even.
        wire.unwatch()
        let poll = wire.poll()
        if poll == .failed { return lose(reason: wire.lastError) }
        take(dialing.polled(poll, jitter: 0))
    }

    private func begin() {
        guard let wire, wire.begin() else { return lose(reason: wire?.lastError ?? lastReason) }
        watch(.readable)
        prepared.forgetAll()
        hasCanceled = false
        session += 1
        if setup.isEmpty { return stand() }
        let request = Request.setup(setup.map { $0.planned(.custom) }) { [loop] result in
            loop.preconditionIsCurrent()
            self.assumeIsolated { connection in
                switch result {
                case .success: connection.stand()
                case .failure(let error): connection.lose(reason: "the session's setup failed: \(error)")
                }
            }
        }
        guard send(request, over: wire) else { return lose(reason: wire.lastError) }
        flush()
    }

    private func stand() {
        if let dialTimer { loop.cancel(dialTimer) }
        dialTimer = nil
        isSetUp = true
        logger.debug(
            "database session stands", metadata: ["session": "\(session)", "backend": "\(wire?.backend ?? 0)"])
        onChange?(.up(session: session))
        sendWaiting()
    }

    private func lose(reason: String) {
        dropWire(reason: reason, outcomeKnown: false)
        take(dialing.lost(jitter: .random(in: 0...1)))
    }

    private func dropWire(reason: String, outcomeKnown: Bool) {
        if let dialTimer { loop.cancel(dialTimer) }
        dialTimer = nil
        lastReason = reason
        let wasUp = isSetUp
        isSetUp = false
        wire?.unwatch()
        wire = nil
        for flight in conversation.lost() {
            let unknown = flight.asked.settles && flight.outcome.failure == nil
            flight.asked.fail(.connectionLost(outcomeUnknown: unknown, reason: reason), loop)
        }
        guard dialing.state != .closed else { return }
        logger.log(
            level: wasUp ? .warning : .debug, "no database session",
            metadata: ["reason": "\(reason)", "failures": "\(dialing.failures)"])
        if wasUp { onChange?(.down(reason: reason)) }
    }

    private func watch(_ interest: Readiness) { wire?.watch(interest, Ear(self)) }

    // Leases: see Session.

    /// Whether the session is outside any transaction and owes nothing.
    var isClean: Bool { isSetUp && !conversation.isExpecting && conversation.waitingCount == 0 && wire?.isIdle == true }
}

/// What the loop holds of a connection.
private final class Ear: Pollable {
    let connection: Connection
    init(_ connection: Connection) { self.connection = connection }
    func ready(_ readiness: Readiness) { connection.assumeIsolated { $0.ready(readiness) } }
}
