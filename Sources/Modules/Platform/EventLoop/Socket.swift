import CLinux
import Glibc

/// A system call that failed: what was tried, and what the kernel said.
public struct SystemError: Error, CustomStringConvertible, Sendable, Equatable {
    public let doing: String
    public let code: Int32

    public init(_ doing: String, code: Int32 = errno) { (self.doing, self.code) = (doing, code) }

    public var description: String { "\(doing): \(systemError(code))" }
}

/// Where a socket listens or connects to.
public enum SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// A numeric IPv4 or IPv6 address; port 0 lets the kernel choose.
    case ip(host: String, port: UInt16)
    /// A path of at most 107 bytes in the file system.
    case unix(path: String)

    public var description: String {
        switch self {
        case .ip(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }
}

/// The socket calls the layers above need, all non-blocking. Descriptors are plain numbers here; who opened one closes it
/// through the loop.
public enum Socket {
    /// A listening socket. With `shared`, several loops or processes listen on one port and the kernel spreads
    /// connections among them (`SO_REUSEPORT`, socket(7)).
    public static func listen(on address: SocketAddress, shared: Bool = false) throws(SystemError) -> Int32 {
        let descriptor = try open(address)
        do throws(SystemError) {
            if case .ip = address {
                try set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
                if shared { try set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
            }
            let bound = try withAddress(address) { bind(descriptor, $0, $1) }
            guard bound == 0 else { throw SystemError("cannot listen on \(address)") }
            guard Glibc.listen(descriptor, Limits.backlog) == 0 else {
                throw SystemError("cannot listen on \(address)")
            }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Starts connecting. The connection stands, or has failed (`pendingError`), when the descriptor becomes writable.
    public static func connect(to address: SocketAddress) throws(SystemError) -> Int32 {
        let descriptor = try open(address)
        do throws(SystemError) {
            let result = try withAddress(address) { Glibc.connect(descriptor, $0, $1) }
            guard result == 0 || errno == EINPROGRESS else { throw SystemError("cannot connect to \(address)") }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// The next waiting connection, with its peer's numeric address; nil when none waits.
    public static func accept(_ listener: Int32) throws(SystemError) -> (descriptor: Int32, peer: String)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let descriptor = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                accept4(listener, $0, &length, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
            }
        }
        guard descriptor >= 0 else {
            switch errno {
            // A connection that was reset while it waited is not the listener's failure. accept(2), "Error handling".
            case EAGAIN, EINTR, ECONNABORTED, EPROTO, EPERM: return nil
            default: throw SystemError("cannot accept a connection")
            }
        }
        return (descriptor, host(storage))
    }

    /// What listens already and was handed to this process, by systemd or by who speaks its protocol: `LISTEN_PID` names
    /// this process and `LISTEN_FDS` says how many there are, from 3 on. sd_listen_fds(3). Taken once: a process that is
    /// started from here does not have them.
    public static func inherited() throws(SystemError) -> [Int32] {
        func variable(_ name: String) -> Int32? { getenv(name).flatMap { Int32(String(cString: $0)) } }
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        guard variable("LISTEN_PID") == getpid(), let count = variable("LISTEN_FDS"), count > 0 else { return [] }
        var descriptors: [Int32] = []
        for descriptor in 3..<3 + count {
            var listens: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 else {
                throw SystemError("descriptor \(descriptor) was handed over and is no socket")
            }
            guard listens == 1 else {
                throw SystemError("socket \(descriptor) was handed over and does not listen", code: EINVAL)
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            descriptors.append(descriptor)
        }
        return descriptors
    }

    /// A further descriptor of the same socket.
    public static func duplicate(_ descriptor: Int32) throws(SystemError) -> Int32 {
        let other = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard other >= 0 else { throw SystemError("cannot duplicate descriptor \(descriptor)") }
        return other
    }

    /// Has the kernel find out that a peer has gone without a word: it asks one who has been silent for `silence`, and
    /// gives up one who has not acknowledged anything for `patience`. tcp(7). What a listening socket is told counts for
    /// every connection it accepts.
    public static func watchPeers(_ descriptor: Int32, silence: Duration, patience: Duration) {
        func seconds(_ duration: Duration) -> Int32 { Int32(clamping: max(1, duration.components.seconds)) }
        let tcp = Int32(IPPROTO_TCP)
        try? set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        try? set(descriptor, tcp, TCP_KEEPIDLE, seconds(silence))
        try? set(descriptor, tcp, TCP_KEEPINTVL, max(1, seconds(silence) / Limits.probes))
        try? set(descriptor, tcp, TCP_KEEPCNT, Limits.probes)
        try? set(descriptor, tcp, TCP_USER_TIMEOUT, Int32(clamping: seconds(patience)) * 1000)
    }

    /// Bytes that were handed to the kernel and that the peer has not acknowledged.
    public static func unacknowledged(_ descriptor: Int32) -> Int {
        var count: Int32 = 0
        return ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
    }

    /// Sends small segments at once. Without it Nagle's algorithm and delayed acknowledgements add up to 40 ms.
    public static func setNoDelay(_ descriptor: Int32) {
        try? set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    /// The error a failed connection left on its socket; 0 for none.
    public static func pendingError(_ descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        return code
    }

    /// The port a listening socket was given.
    public static func port(of descriptor: Int32) -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &storage) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return withUnsafeBytes(of: &storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
    }

    private static func open(_ address: SocketAddress) throws(SystemError) -> Int32 {
        let family =
            switch address {
            case .ip(let host, _): host.contains(":") ? AF_INET6 : AF_INET
            case .unix: AF_UNIX
            }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw SystemError("cannot open a socket for \(address)") }
        return descriptor
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) throws(SystemError) {
        var value = value
        guard setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw SystemError("cannot set socket option \(option)")
        }
    }

    private static func withAddress(
        _ address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) -> Int32 {
        var storage = sockaddr_storage()
        let length: Int
        switch address {
        case .ip(let host, let port) where host.contains(":"):
            var ip = sockaddr_in6()
            ip.sin6_family = sa_family_t(AF_INET6)
            ip.sin6_port = port.bigEndian
            guard inet_pton(AF_INET6, host, &ip.sin6_addr) == 1 else {
                throw SystemError("\(host) is no address", code: EINVAL)
            }
            length = copy(ip, into: &storage)
        case .ip(let host, let port):
            var ip = sockaddr_in()
            ip.sin_family = sa_family_t(AF_INET)
            ip.sin_port = port.bigEndian
            guard inet_pton(AF_INET, host, &ip.sin_addr) == 1 else {
                throw SystemError("\(host) is no address", code: EINVAL)
            }
            length = copy(ip, into: &storage)
        case .unix(let path):
            var local = sockaddr_un()
            local.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8)
            guard bytes.count < MemoryLayout.size(ofValue: local.sun_path) else {
                throw SystemError("socket path \(path)", code: ENAMETOOLONG)
            }
            withUnsafeMutableBytes(of: &local.sun_path) { $0.copyBytes(from: bytes) }
            length = copy(local, into: &storage)
        }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    private static func copy<Address>(_ address: Address, into storage: inout sockaddr_storage) -> Int {
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
        return MemoryLayout<Address>.size
    }

    private static func host(_ storage: sockaddr_storage) -> String {
        var storage = storage
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        switch Int32(storage.ss_family) {
        case AF_INET:
            withUnsafeBytes(of: &storage) { _ = inet_ntop(AF_INET, $0.baseAddress! + 4, &text, socklen_t(text.count)) }
        case AF_INET6:
            withUnsafeBytes(of: &storage) { _ = inet_ntop(AF_INET6, $0.baseAddress! + 8, &text, socklen_t(text.count)) }
        default: return "local"
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
