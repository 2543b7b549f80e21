import CLinux
import Glibc

/// What a private cluster consists of on disk: one folder that belongs to it alone.
///
/// ```
/// lock           held by the process that owns the cluster
/// data/          what initdb made, and private.conf
/// socket/        the only way in; nobody else may enter
/// postgres.log   what the server has to say
/// ```
struct ClusterFiles {
    let folder: String
    let account: Account
    let programs: String

    var data: String { "\(folder)/data" }
    var socket: String { "\(folder)/socket" }
    var log: String { "\(folder)/postgres.log" }
    static let port = 5432

    /// The server's log starts anew, at a start of the server, when it has grown beyond this.
    static let logLimit = 16 << 20

    init(folder: String) throws(ClusterError) {
        account = try .forCluster()
        programs = try Self.findPrograms()
        try Self.makeFolder(folder)
        guard let resolved = realpath(folder, nil) else { throw ClusterError(system: "cannot find \(folder)") }
        defer { free(resolved) }
        self.folder = String(cString: resolved)
        try account.owns(self.folder)
        if access(socket, F_OK) != 0 { try Self.makeFolder(socket) }
        chmod(socket, 0o700)
        try account.owns(socket)
        // sun_path in unix(7) holds 107 bytes and a null.
        guard "\(socket)/.s.PGSQL.\(Self.port)".utf8.count <= 107 else {
            throw ClusterError("\(socket) is too long a path for a socket; choose a shorter one for the data")
        }
    }

    /// Where Debian puts each version's programs; the newest is taken.
    private static func findPrograms() throws(ClusterError) -> String {
        let root = "/usr/lib/postgresql"
        var versions: [Int] = []
        if let listing = opendir(root) {
            defer { closedir(listing) }
            while let entry = readdir(listing) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if let version = Int(name), access("\(root)/\(name)/bin/postgres", X_OK) == 0 {
                    versions.append(version)
                }
            }
        }
        guard let newest = versions.max() else {
            throw ClusterError("no PostgreSQL found below \(root); install it or set DATABASE_URL")
        }
        return "\(root)/\(newest)/bin"
    }

    private static func makeFolder(_ path: String) throws(ClusterError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw ClusterError(system: "cannot make \(path)") }
    }

    /// The lock on the folder, held until the descriptor is closed or the process ends. flock(2).
    func lock() throws(ClusterError) -> Int32 {
        let path = "\(folder)/lock"
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ClusterError(system: "cannot open \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw ClusterError("\(folder) is in use by another process")
        }
        return descriptor
    }

    /// Lets go of the lock at once: closing alone would leave it to a child that is between fork and exec just now.
    static func unlock(_ descriptor: Int32) {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Makes the cluster if there is none. It appears complete or not at all: made beside its place, flushed, then moved.
    func initialise() throws(ClusterError) {
        if access("\(data)/PG_VERSION", F_OK) == 0 { return }
        let draft = "\(folder)/data.new"
        if access(draft, F_OK) == 0 { _ = try ChildProcess.run(["/bin/rm", "-rf", draft]) }
        _ = try ChildProcess.run(
            account.command([
                "\(programs)/initdb", "--no-sync", "--auth=peer", "--username=postgres", "--encoding=UTF8",
                "--locale=C.UTF-8", "--pgdata=\(draft)",
            ]))
        try write("local all all peer map=app\n", to: "\(draft)/pg_hba.conf")
        let names = account.isChangedTo ? ["root", account.name] : [account.name]
        try write(names.map { "app \"\($0)\" postgres\n" }.joined(), to: "\(draft)/pg_ident.conf")
        try append("\ninclude 'private.conf'\n", to: "\(draft)/postgresql.conf")
        try write("", to: "\(draft)/private.conf")
        try flush(draft)
        guard rename(draft, data) == 0 else { throw ClusterError(system: "cannot move \(draft) to \(data)") }
    }

    func configure(_ settings: [(String, String)]) throws(ClusterError) {
        let all = [("listen_addresses", ""), ("unix_socket_directories", socket), ("port", "\(Self.port)")] + settings
        let text = all.map {
            "\($0) = '\($1.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'\n"
        }
        try write(text.joined(), to: "\(data)/private.conf")
    }

    /// The process id in the first line of `postmaster.pid`: of a server that runs, or that was killed.
    var recordedServer: pid_t? {
        let descriptor = open("\(data)/postmaster.pid", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = read(descriptor, &buffer, buffer.count)
        let line = buffer.prefix(max(count, 0)).prefix { $0 != UInt8(ascii: "\n") }
        return pid_t(String(decoding: line, as: UTF8.self))
    }

    func openLog() throws(ClusterError) -> Int32 {
        var status = stat()
        if stat(log, &status) == 0, status.st_size > Self.logLimit { rename(log, "\(log).old") }
        let descriptor = open(log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ClusterError(system: "cannot open \(log)") }
        return descriptor
    }

    private func write(_ text: String, to path: String) throws(ClusterError) {
        try put(text, path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC)
    }

    private func append(_ text: String, to path: String) throws(ClusterError) {
        try put(text, path, O_WRONLY | O_APPEND | O_CLOEXEC)
    }

    private func put(_ text: String, _ path: String, _ flags: Int32) throws(ClusterError) {
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw ClusterError(system: "cannot open \(path)") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw ClusterError(system: "cannot write \(path)")
        }
        try account.owns(path)
    }

    private func flush(_ path: String) throws(ClusterError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ClusterError(system: "cannot open \(path)") }
        defer { close(descriptor) }
        guard syncfs(descriptor) == 0 else { throw ClusterError(system: "cannot flush \(path)") }
    }
}
