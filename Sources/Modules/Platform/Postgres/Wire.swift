import CPostgres
import EventLoop
import Glibc
import Kernel
import Logging

/// One libpq connection object and its place at the loop. It knows how to say things to libpq, and decides nothing.
///
/// libpq closes its descriptor whenever it sees fit: between attempts to connect, and when the peer has gone. The loop
/// therefore watches a duplicate, which only this type closes.
final class Wire {
    let connection: OpaquePointer
    private let loop: EventLoop
    private let parameters = ParameterBuffers()
    private let notices: NoticeSink
    private var watched: (descriptor: Int32, registration: Registration, interest: Readiness)?

    /// Nil if libpq found no memory or no sense in the connection string; then `refusal` says why.
    init?(_ configuration: Configuration, on loop: EventLoop, logger: Logger, refusal: inout String) {
        let keywords = configuration.keywords
        var names = keywords.map { strdup($0.0) } + [nil]
        var values = keywords.map { strdup($0.1) } + [nil]
        defer { for text in names + values { free(text) } }
        let started = names.withUnsafeMutableBufferPointer { names in
            values.withUnsafeMutableBufferPointer { values in
                names.withMemoryRebound(to: UnsafePointer<CChar>?.self) { names in
                    values.withMemoryRebound(to: UnsafePointer<CChar>?.self) { values in
                        PQconnectStartParams(names.baseAddress!, values.baseAddress!, 1)
                    }
                }
            }
        }
        guard let started else {
            refusal = "libpq has no memory for a connection"
            return nil
        }
        guard PQstatus(started) != CONNECTION_BAD else {
            refusal = oneLine(PQerrorMessage(started))
            PQfinish(started)
            return nil
        }
        connection = started
        self.loop = loop
        notices = NoticeSink(logger)
        PQsetNoticeReceiver(started, receiveNotice, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit { PQfinish(connection) }

    var isBroken: Bool { PQstatus(connection) == CONNECTION_BAD }
    var lastError: String { oneLine(PQerrorMessage(connection)) }
    var isIdle: Bool { PQtransactionStatus(connection) == PQTRANS_IDLE }
    var backend: Int32 { PQbackendPID(connection) }

    func poll() -> Dialing.Poll {
        switch PQconnectPoll(connection) {
        case PGRES_POLLING_READING: .wantsRead
        case PGRES_POLLING_WRITING: .wantsWrite
        case PGRES_POLLING_OK: .connected
        default: .failed
        }
    }

    // Watching

    func watch(_ interest: Readiness, _ handler: @autoclosure () -> any Pollable) {
        if let watched {
            guard watched.interest != interest else { return }
            loop.change(watched.registration, to: interest)
            self.watched?.interest = interest
            return
        }
        let descriptor = fcntl(PQsocket(connection), F_DUPFD_CLOEXEC, 0)
        precondition(descriptor >= 0, "a database connection's descriptor cannot be duplicated: \(systemError(errno))")
        watched = (descriptor, loop.register(descriptor, for: interest, handler()), interest)
    }

    func unwatch() {
        guard let watched else { return }
        loop.close(watched.descriptor, watched.registration)
        self.watched = nil
    }

    // Saying

    func begin() -> Bool {
        PQsetnonblocking(connection, 1) == 0 && PQenterPipelineMode(connection) == 1
    }

    func sync() -> Bool { PQpipelineSync(connection) == 1 }

    func prepare(_ sql: SQL, as name: String) -> Bool {
        parameters.load(sql)
        return PQsendPrepare(connection, name, sql.text, Int32(sql.parameters.count), parameters.types) == 1
    }

    func run(_ sql: SQL, prepared name: String) -> Bool {
        sql.bytes.withUnsafeBytes { bytes in
            parameters.load(sql, bytes)
            return PQsendQueryPrepared(
                connection, name, Int32(sql.parameters.count), parameters.values, parameters.lengths,
                parameters.formats, 1) == 1
        }
    }

    func run(_ sql: SQL) -> Bool {
        sql.bytes.withUnsafeBytes { bytes in
            parameters.load(sql, bytes)
            return PQsendQueryParams(
                connection, sql.text, Int32(sql.parameters.count), parameters.types, parameters.values,
                parameters.lengths, parameters.formats, 1) == 1
        }
    }

    func run(script: String) -> Bool {
        PQexitPipelineMode(connection) == 1 && PQsendQuery(connection, script) == 1
    }

    func endScript() -> Bool { PQenterPipelineMode(connection) == 1 }

    /// Whether something is left to be written; nil if the connection is broken.
    func flush() -> Bool? {
        switch PQflush(connection) {
        case 0: false
        case 1: true
        default: nil
        }
    }

    // Hearing

    /// Takes in what has arrived; false if the peer is gone.
    func consume() -> Bool { PQconsumeInput(connection) == 1 }

    func notification() -> Notification? {
        guard let raw = PQnotifies(connection) else { return nil }
        defer { PQfreemem(raw) }
        return Notification(
            channel: String(cString: raw.pointee.relname), payload: String(cString: raw.pointee.extra),
            backend: raw.pointee.be_pid)
    }

    enum Heard {
        case reply(Conversation<Request, Answer>.Reply), nothingYet, violation(String)
    }

    func reply() -> Heard {
        guard PQisBusy(connection) == 0 else { return .nothingYet }
        guard let result = PQgetResult(connection) else { return .reply(.endOfStatement) }
        let status = PQresultStatus(result)
        switch status {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return .reply(.answer(Answer(result)))
        default: break
        }
        defer { PQclear(result) }
        switch status {
        case PGRES_PIPELINE_SYNC: return .reply(.sync)
        case PGRES_PIPELINE_ABORTED: return .reply(.skipped)
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE: return .reply(.failure(ServerError(result)))
        default:
            return .violation("an answer of kind \(String(cString: PQresStatus(status))), which nothing here can take")
        }
    }

    /// Asks the server, by another connection, to stop what this session runs. False if that is impossible.
    func cancel(done: @escaping @Sendable () -> Void) -> Bool {
        guard let cancel = PQgetCancel(connection) else { return false }
        Canceller.shared.send(cancel, done: done)
        return true
    }
}

/// What `NOTIFY` sent.
public struct Notification: Sendable, Equatable {
    public let channel: String
    public let payload: String
    /// The process id of the session that sent it.
    public let backend: Int32
}

/// The arrays libpq wants a statement's parameters in, kept from one statement to the next.
private final class ParameterBuffers {
    private var capacity = 0
    private(set) var types = UnsafeMutablePointer<Oid>.allocate(capacity: 0)
    private(set) var values = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: 0)
    private(set) var lengths = UnsafeMutablePointer<Int32>.allocate(capacity: 0)
    private(set) var formats = UnsafeMutablePointer<Int32>.allocate(capacity: 0)
    /// A null pointer would mean null; an empty value needs one that is not.
    private let empty = UnsafeMutablePointer<CChar>.allocate(capacity: 1)

    init() { empty.initialize(to: 0) }

    deinit {
        free()
        empty.deallocate()
    }

    func load(_ sql: SQL) {
        reserve(sql.parameters.count)
        for (index, parameter) in sql.parameters.enumerated() { types[index] = parameter.type.rawValue }
    }

    /// The pointers are into `bytes` and live no longer.
    func load(_ sql: SQL, _ bytes: UnsafeRawBufferPointer) {
        reserve(sql.parameters.count)
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        for (index, parameter) in sql.parameters.enumerated() {
            types[index] = parameter.type.rawValue
            lengths[index] = Int32(max(parameter.length, 0))
            values[index] =
                switch parameter.length {
                case ..<0: nil
                case 0: UnsafePointer(empty)
                default: start! + parameter.offset
                }
        }
    }

    private func reserve(_ count: Int) {
        guard count > capacity else { return }
        free()
        capacity = max(16, count)
        types = .allocate(capacity: capacity)
        values = .allocate(capacity: capacity)
        lengths = .allocate(capacity: capacity)
        formats = .allocate(capacity: capacity)
        formats.initialize(repeating: 1, count: capacity)
    }

    private func free() {
        types.deallocate()
        values.deallocate()
        lengths.deallocate()
        formats.deallocate()
    }
}

/// Where notices go: warnings of the server and the output of `raise notice`.
private final class NoticeSink {
    let logger: Logger
    init(_ logger: Logger) { self.logger = logger }
}

private func receiveNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let context, let result else { return }
    let logger = Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue().logger
    let notice = ServerError(result)
    logger.debug("notice", metadata: ["state": "\(notice.state)", "message": "\(notice.message)"])
}
