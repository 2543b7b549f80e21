public import Kernel

/// A connection lent to one caller for the length of a closure, alone or within a transaction.
///
/// It belongs to one session of the connection: if that is lost, everything asked of the `Session` from then on fails.
/// Using it after its closure has ended stops the program.
public struct Session: Sendable {
    let connection: Connection
    let lease: UInt64

    public func query(_ sql: SQL, timeout: Duration? = nil) async throws -> SQLRows {
        SQLRows(try await connection.perform([sql], inLease: lease, timeout: timeout)[0])
    }

    @discardableResult
    public func execute(_ sql: SQL, timeout: Duration? = nil) async throws -> Int {
        try await connection.perform([sql], inLease: lease, timeout: timeout)[0].affected
    }

    /// Runs statements in one round trip; the first error skips the rest.
    public func pipeline(_ statements: [SQL], timeout: Duration? = nil) async throws -> [SQLRows] {
        if statements.isEmpty { return [] }
        return try await connection.perform(statements, inLease: lease, timeout: timeout).map { SQLRows($0) }
    }

    /// A part of a transaction that can fail without the rest: what it did is undone if `body` throws.
    public func savepoint<Value>(
        on caller: isolated (any Actor)? = #isolation, _ body: (Session) async throws -> Value
    ) async throws -> Value {
        let name = await connection.openSavepoint(lease)
        do {
            let value = try await body(self)
            try await connection.closeSavepoint(name, lease, keeps: true)
            return value
        } catch {
            // If that fails the transaction is lost, which its own end will say.
            try? await connection.closeSavepoint(name, lease, keeps: false)
            throw error
        }
    }
}

/// How much a transaction may see of others.
public enum Isolation: String, Sendable {
    case readCommitted = "read committed"
    case repeatableRead = "repeatable read"
    case serializable
}

/// Who has a connection to himself, and what is to precede his next statement.
///
/// `begin` and `savepoint` are not sent alone: they travel with the first statement in one segment, so that they cost no
/// round trip, and if they failed that statement would not run.
struct Lease {
    private(set) var number: UInt64 = 0
    private(set) var isInTransaction = false
    /// The session it is bound to, from its first statement on.
    private var session: UInt64?
    /// Its transaction could not be opened: nothing of it may run.
    var isPoisoned = false
    var pending: [SQL] = []
    var savepoints = 0

    mutating func begin(transaction: SQL?) {
        self = Lease(number: number + 1)
        isInTransaction = transaction != nil
        if let transaction { pending = [transaction] }
    }

    mutating func end() { self = Lease(number: number + 1) }

    init() {}
    private init(number: UInt64) { self.number = number }

    func isLost(_ number: UInt64, in current: UInt64?) -> Bool {
        check(number)
        return isPoisoned || session != nil && session != current
    }

    mutating func bind(_ number: UInt64, to current: UInt64) -> Bool {
        if isLost(number, in: current) { return false }
        session = current
        return true
    }

    func check(_ number: UInt64) {
        precondition(number == self.number, "a database session was used after its closure had ended")
    }

    /// Whether anything of the transaction has been sent.
    var hasBegun: Bool { session != nil }
}

extension Connection {
    func perform(_ statements: [SQL], inLease number: UInt64, timeout: Duration?) async throws -> [Answer] {
        lease.check(number)
        let leading = lease.pending
        lease.pending = []
        let answers = try await perform(
            leading + statements, leading: leading.count, lease: number, settles: !lease.isInTransaction,
            timeout: timeout)
        return leading.isEmpty ? answers : Array(answers.dropFirst(leading.count))
    }

    func lend(transaction: SQL?) -> Session {
        lease.begin(transaction: transaction)
        return Session(connection: self, lease: lease.number)
    }

    /// Commits. Fails if the transaction had failed before, whoever caught that error.
    func commit(_ number: UInt64) async throws {
        lease.check(number)
        guard lease.pending.isEmpty else { return }
        let answers = try await perform(["commit"], lease: number, shielded: true)
        guard answers[0].tag == "COMMIT" else {
            throw PostgresError.server(
                ServerError(
                    state: .failedTransaction,
                    message: "a statement in the transaction had failed, so it was rolled back"))
        }
    }

    /// Undoes what was begun. A session that cannot even do that is replaced.
    func rollback(_ number: UInt64) async {
        lease.check(number)
        guard lease.pending.isEmpty, lease.hasBegun, !lease.isPoisoned else { return }
        do {
            _ = try await perform(
                ["rollback"], lease: number, settles: false, shielded: true, timeout: Limits.rollbackTime)
        } catch PostgresError.connectionLost {
            return
        } catch {
            replace(reason: "the rollback failed: \(error)")
        }
    }

    /// Takes the connection back. One that is still in a transaction, or still working, is replaced.
    func takeBack() {
        lease.end()
        if isUp && !isClean { replace(reason: "it was given back within a transaction") }
    }

    fileprivate func openSavepoint(_ number: UInt64) -> String {
        lease.check(number)
        precondition(lease.isInTransaction, "a savepoint needs a transaction")
        lease.savepoints += 1
        let name = "p\(lease.savepoints)"
        lease.pending.append(SQL(raw: "savepoint \(name)").planned(.custom))
        return name
    }

    fileprivate func closeSavepoint(_ name: String, _ number: UInt64, keeps: Bool) async throws {
        lease.check(number)
        defer { lease.savepoints -= 1 }
        let opening = SQL(raw: "savepoint \(name)")
        if lease.pending.last?.text == opening.text {
            lease.pending.removeLast()
            return
        }
        // Not prepared: a failed transaction would refuse to prepare the release before it is rolled back.
        let release = SQL(raw: "release savepoint \(name)").planned(.custom)
        let back = SQL(raw: "rollback to savepoint \(name)").planned(.custom)
        let statements = keeps ? [release] : [back, release]
        _ = try await perform(statements, lease: number, settles: false, shielded: true)
    }
}
