import CPostgres
import EventLoop
import Glibc
public import Logging

/// A PostgreSQL of the program's own: made when there is none, started, watched and stopped with the program.
///
/// It listens on a socket in a folder nobody else may enter, and on no port. A cluster that still runs, because the
/// program before was killed, is adopted. It lives on a thread of its own, where process work may block.
public actor Cluster {
    private nonisolated let loop = EventLoop(name: "cluster")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// What a small machine that does this and nothing else is given.
    public static let settings = [
        ("shared_buffers", "256MB"), ("max_wal_size", "2GB"), ("checkpoint_timeout", "15min"), ("jit", "off"),
        ("random_page_cost", "1.1"), ("idle_in_transaction_session_timeout", "10s"), ("lock_timeout", "5s"),
        ("timezone", "UTC"), ("log_timezone", "UTC"),
    ]

    /// How long a server may take until it accepts connections; recovery after a crash is part of that.
    static let startTime: Duration = .seconds(60)
    /// How long sessions are given to end before they are cut off, and those then to go.
    static let stopTime: Duration = .seconds(10)
    static let quitTime: Duration = .seconds(5)
    /// The pause between two looks at a server that starts or stops, and after orphans were told to go.
    static let lookPause: Duration = .milliseconds(20)
    static let orphanPause: Duration = .milliseconds(100)
    static let longestRestartPause: Duration = .seconds(5)

    private let folder: String
    private let database: String
    private let settings: [(String, String)]
    private let logger: Logger

    private var files: ClusterFiles?
    private var lock: Int32?
    private var server: ChildProcess?
    private var watching: Registration?
    private var isStopping = false

    public init(
        dataDirectory: String, database: String = "mallbots", settings: [(String, String)] = Cluster.settings,
        logger: Logger
    ) {
        (folder, self.database, self.settings, self.logger) = (dataDirectory, database, settings, logger)
    }

    /// A cluster that is let go without `stop` leaves its server running, for the next one to adopt.
    deinit {
        if let lock { ClusterFiles.unlock(lock) }
        if let server { close(server.descriptor) }
        loop.stop()
    }

    /// Returns the connection string once the server accepts connections and the database is there.
    public func start() async throws -> String {
        let files = try ClusterFiles(folder: folder)
        self.files = files
        if lock == nil { lock = try files.lock() }
        isStopping = false
        do {
            try files.initialise()
            try files.configure(settings)
            try await run(files)
            try makeDatabase(files)
        } catch {
            unlock()
            throw error
        }
        return conninfo(files, database)
    }

    /// The server's process, to be told apart from the one after it.
    public var process: Int32? { server?.id }

    /// From now on a server that dies is started again, after a pause that doubles while it keeps dying.
    public func watch() {
        guard watching == nil, let server, !isStopping else { return }
        let observer = ServerObserver(cluster: self)
        watching = loop.register(server.descriptor, for: .readable, observer)
    }

    /// Ends the server: sessions are rolled back and closed, then it writes its checkpoint. One that does not end in
    /// time is cut off, and recovers at the next start.
    public func stop() async {
        isStopping = true
        unwatch()
        defer { unlock() }
        guard let server else { return }
        for (signal, patience) in [(SIGINT, Self.stopTime), (SIGQUIT, Self.quitTime), (SIGKILL, Self.quitTime)] {
            server.signal(signal)
            let deadline = ContinuousClock.now + patience
            while !server.hasEnded && ContinuousClock.now < deadline { await loop.sleep(for: Self.lookPause) }
            if server.hasEnded { break }
            logger.warning("postgres does not stop", metadata: ["signal": "\(signal)"])
        }
        if server.hasEnded { server.waitForExit() }
        self.server = nil
    }

    private func unlock() {
        if let lock { ClusterFiles.unlock(lock) }
        lock = nil
    }

    private func unwatch() {
        if let watching { loop.remove(watching) }
        watching = nil
    }

    // Running

    /// Comes to a server that accepts connections: adopts one, waits for one, or starts one.
    private func run(_ files: ClusterFiles) async throws {
        let deadline = ContinuousClock.now + Self.startTime
        var lastEnd = "it did not start"
        while ContinuousClock.now < deadline {
            switch ping(files) {
            case PQPING_OK:
                if server == nil { server = files.recordedServer.flatMap(ChildProcess.init(found:)) }
                guard server != nil else {
                    throw ClusterError("a server answers at \(files.socket), and is not in \(files.data)")
                }
                return
            case PQPING_REJECT: break
            default:
                if let server {
                    guard server.hasEnded else { break }
                    lastEnd = "it ended with \(server.waitForExit()); see \(files.log)"
                    self.server = nil
                }
                let running = ChildProcess.working(in: files.data)
                if let recorded = files.recordedServer, running.contains(recorded) {
                    // A server that is coming up or going down. It is not disturbed.
                    break
                }
                if !running.isEmpty {
                    // What a killed server left behind holds its shared memory, and a new one refuses to start while
                    // they live. They cannot commit any more. postmaster.pid stays: it is what protects the data.
                    logger.warning("backends outlived their server", metadata: ["count": "\(running.count)"])
                    for id in running { kill(id, SIGQUIT) }
                    await loop.sleep(for: Self.orphanPause)
                    continue
                }
                let log = try files.openLog()
                defer { close(log) }
                server = try ChildProcess(
                    files.account.command(["\(files.programs)/postgres", "-D", files.data]), output: log)
            }
            await loop.sleep(for: Self.lookPause)
            if isStopping { throw ClusterError("the cluster was stopped while it started") }
        }
        throw ClusterError("no server accepted connections within \(Self.startTime): \(lastEnd)")
    }

    fileprivate func serverEnded() {
        unwatch()
        guard let server, !isStopping else { return }
        let status = server.waitForExit()
        self.server = nil
        logger.error("postgres died and is started again", metadata: ["status": "\(status)"])
        loop.spawn { await self.restart() }
    }

    private func restart() async {
        guard let files else { return }
        var pause = Self.orphanPause
        while !isStopping {
            do {
                try await run(files)
                return watch()
            } catch {
                logger.error("postgres cannot be started", metadata: ["reason": "\(error)"])
            }
            await loop.sleep(for: pause)
            pause = min(pause * 2, Self.longestRestartPause)
        }
    }

    /// How a cluster that runs in this folder is reached. Whether one does, the connection shows.
    public static func conninfo(running folder: String, database: String = "mallbots") -> String {
        let resolved = realpath(folder, nil)
        defer { free(resolved) }
        return conninfo(socket: (resolved.map { String(cString: $0) } ?? folder) + "/socket", database)
    }

    // Talking, blocking

    private func conninfo(_ files: ClusterFiles, _ database: String) -> String {
        Self.conninfo(socket: files.socket, database)
    }

    private static func conninfo(socket: String, _ database: String) -> String {
        let host = socket.flatMap { $0 == "'" || $0 == "\\" ? "\\\($0)" : "\($0)" }
        return "host='\(String(host))' port=\(ClusterFiles.port) user=postgres dbname=\(database)"
    }

    private func ping(_ files: ClusterFiles) -> PGPing {
        PQping(conninfo(files, "postgres") + " connect_timeout=2")
    }

    private func makeDatabase(_ files: ClusterFiles) throws(ClusterError) {
        let connection = PQconnectdb(conninfo(files, "postgres"))
        defer { PQfinish(connection) }
        guard PQstatus(connection) == CONNECTION_OK else {
            throw ClusterError("cannot connect to the cluster: \(oneLine(PQerrorMessage(connection)))")
        }
        guard let name = PQescapeIdentifier(connection, database, database.utf8.count) else {
            throw ClusterError("\(database) cannot name a database")
        }
        defer { PQfreemem(name) }
        let result = PQexec(connection, "create database \(String(cString: name))")
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else {
            let error = ServerError(result!)
            if error.state == .duplicateDatabase { return }
            throw ClusterError("cannot make database \(database): \(error)")
        }
    }
}

/// Tells a cluster that its server has ended: a pidfd is readable then.
private final class ServerObserver: Pollable {
    weak let cluster: Cluster?
    init(cluster: Cluster) { self.cluster = cluster }
    func ready(_: Readiness) { cluster?.assumeIsolated { $0.serverEnded() } }
}
