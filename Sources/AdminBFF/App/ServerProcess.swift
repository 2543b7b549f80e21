import EventLoop
import Glibc
import Kernel

/// A server in a process of its own, on a private PostgreSQL in a folder that is thrown away: to be killed and started
/// again. It ends nothing but what it started.
actor ServerProcess {
    private nonisolated let loop = EventLoop(name: "server process")
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let folder: String
    private(set) var port: UInt16 = 0
    private(set) var password = ""
    private(set) var kioskToken = ""
    private var process: pid_t?

    nonisolated var data: String { folder + "/data" }
    nonisolated var control: String { folder + "/control" }
    nonisolated var log: String { folder + "/server.log" }

    /// A first start makes the database; one after a kill recovers it.
    private static let timeToStart = Duration.seconds(90)
    private static let timeToStop = Duration.seconds(30)
    private static let look = Duration.milliseconds(20)

    init() throws(SystemError) {
        var name = Array("/var/tmp/mallbots-busywork.XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw SystemError("cannot make a folder in /var/tmp") }
        folder = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // PostgreSQL may run as another user, who has to get to what is theirs.
        chmod(folder, 0o711)
    }

    deinit { loop.stop() }

    /// Returns when it serves. What is told once, at the first start, is kept.
    func start() async throws {
        unlink(control)
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw SystemError("cannot write \(log)") }
        defer { close(output) }
        let begin = lseek(output, 0, SEEK_END)
        process = try spawn(
            ["/proc/self/exe", "serve", "--port", "\(port)", "--data", data, "--test-control", control], output: output)
        let deadline = ContinuousClock.now + Self.timeToStart
        while ContinuousClock.now < deadline {
            for line in lines(from: begin) {
                if let told = line.told("administrator: admin / ") { password = told }
                if let told = line.told("kiosk token: ") { kioskToken = told }
                if let told = line.told("serving on http://127.0.0.1:"), let port = UInt16(told) {
                    self.port = port
                    return
                }
            }
            guard let process, !hasEnded(process) else { break }
            await loop.sleep(for: Self.look)
        }
        throw Refusal(.internal, "the server did not start; see \(log)")
    }

    /// As a crash ends it: PostgreSQL runs on, and the next start finds it.
    func kill() async { await end(SIGKILL) }

    /// As Ctrl-C ends it, and what it started.
    func stop() async { await end(SIGTERM) }

    /// Kills PostgreSQL; the server starts another.
    func killPostgres() {
        guard let file = read(data + "/data/postmaster.pid"), let id = pid_t(file.prefix { $0 != "\n" }), id > 1 else {
            return
        }
        Glibc.kill(id, SIGKILL)
    }

    /// Stops it and takes its folder away.
    func remove() async {
        await stop()
        if let remover = try? spawn(["/bin/rm", "-rf", folder], output: STDERR_FILENO) {
            while !hasEnded(remover) { await loop.sleep(for: Self.look) }
        }
    }

    private func end(_ signal: Int32) async {
        guard let process else { return }
        Glibc.kill(process, signal)
        let deadline = ContinuousClock.now + Self.timeToStop
        while !hasEnded(process) {
            if ContinuousClock.now >= deadline { Glibc.kill(process, SIGKILL) }
            await loop.sleep(for: Self.look)
        }
        self.process = nil
    }

    private func hasEnded(_ process: pid_t) -> Bool {
        var status: Int32 = 0
        return waitpid(process, &status, WNOHANG) != 0
    }

    private func lines(from offset: off_t) -> [Substring] {
        (read(log) ?? "").utf8.dropFirst(Int(offset)).split(separator: UInt8(ascii: "\n")).compactMap { Substring($0) }
    }

    private func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = Glibc.read(file, &buffer, buffer.count), count > 0 { bytes += buffer.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func spawn(_ arguments: [String], output: Int32) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: the terminal's interrupt is for this program, which then ends the server itself.
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let texts = arguments.map { strdup($0) } + [nil]
        // Its database is its own, whatever this program was told.
        let variables: [String] = ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"]
        let environment = variables.map { strdup($0) } + [nil]
        defer { for text in texts + environment { free(text) } }
        var id: pid_t = 0
        let result = posix_spawn(&id, arguments[0], &actions, &attributes, texts, environment)
        guard result == 0 else { throw SystemError("cannot start \(arguments[0])", code: result) }
        return id
    }
}

extension Substring {
    fileprivate func told(_ beginning: String) -> String? {
        hasPrefix(beginning) ? String(dropFirst(beginning.count)) : nil
    }
}
