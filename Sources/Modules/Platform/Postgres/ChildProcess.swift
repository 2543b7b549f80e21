import CLinux
import Glibc

/// A process that this one started or found, and can wait for without polling: its pidfd becomes readable at its end.
///
/// Calls here block, briefly or until a child has ended; they belong on a thread of their own.
struct ChildProcess {
    let id: pid_t
    /// pidfd_open(2). It keeps naming this process, even if its number is given to another one.
    let descriptor: Int32
    private let isOwn: Bool

    /// A running process that is not a child of this one; nil if there is none.
    init?(found id: pid_t) {
        let descriptor = pidfd_open(id, 0)
        guard descriptor >= 0 else { return nil }
        (self.id, self.descriptor, isOwn) = (id, descriptor, false)
    }

    /// Starts a program in a session of its own, so that the terminal's interrupt is not meant for it, with nothing
    /// inherited but where it writes.
    init(_ arguments: [String], output: Int32) throws(ClusterError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        posix_spawn_file_actions_addchdir_np(&actions, "/")
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | Self.newSession))
        let texts = arguments.map { strdup($0) } + [nil]
        let variables: [String] = ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TZ=UTC"]
        let environment = variables.map { strdup($0) } + [nil]
        defer { for text in texts + environment { free(text) } }
        var id: pid_t = 0
        let result = posix_spawn(&id, arguments[0], &actions, &attributes, texts, environment)
        guard result == 0 else { throw ClusterError(system: "cannot start \(arguments[0])", code: result) }
        let descriptor = pidfd_open(id, 0)
        guard descriptor >= 0 else { throw ClusterError(system: "cannot watch process \(id)") }
        (self.id, self.descriptor, isOwn) = (id, descriptor, true)
    }

    /// Runs a program to its end and returns what it wrote.
    static func run(_ arguments: [String]) throws(ClusterError) -> String {
        var ends: [Int32] = [0, 0]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw ClusterError(system: "cannot make a pipe") }
        defer { close(ends[0]) }
        let started = Result { () throws(ClusterError) in try ChildProcess(arguments, output: ends[1]) }
        close(ends[1])
        let child = try started.get()
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(ends[0], &buffer, buffer.count), count > 0 {
            // The end of what it says tells why it failed.
            output = (output + buffer.prefix(count)).suffix(outputLimit)
        }
        let status = child.waitForExit()
        let text = String(decoding: output, as: UTF8.self)
        guard status == 0 else {
            throw ClusterError("\(arguments.joined(separator: " ")) ended with \(status): \(text)")
        }
        return text
    }

    /// `POSIX_SPAWN_SETSID`, which Swift does not see.
    private static let newSession: Int32 = 0x80
    private static let outputLimit = 16_384

    var hasEnded: Bool { isReadable(within: 0) }

    private func isReadable(within milliseconds: Int32) -> Bool {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&event, 1, milliseconds) > 0
    }

    func signal(_ signal: Int32) { if !hasEnded { kill(id, signal) } }

    /// Waits for the end, takes the process from the kernel's table if it is a child, and returns its exit status.
    @discardableResult
    func waitForExit() -> Int32 {
        _ = isReadable(within: -1)
        defer { close(descriptor) }
        guard isOwn else { return 0 }
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    /// The running processes whose working folder is this one: a server's, and those its backends are left as when it
    /// was killed.
    static func working(in folder: String) -> [pid_t] {
        guard let wanted = realPath(folder), let processes = opendir("/proc") else { return [] }
        defer { closedir(processes) }
        var found: [pid_t] = []
        while let entry = readdir(processes) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let id = pid_t(name), realPath("/proc/\(name)/cwd") == wanted else { continue }
            found.append(id)
        }
        return found
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
