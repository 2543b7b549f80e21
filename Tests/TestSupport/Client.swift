import EventLoop
import Glibc

/// A client of one TCP connection to this machine, for tests: it sends what it is told, cut as it is told, and gives
/// what comes back. Every wait ends after `patience`, with nothing.
///
/// It blocks, and therefore lives on a thread of its own: a test that waits keeps no other from running.
public actor Client {
    public static let patience = 10

    private let descriptor: Int32
    private nonisolated let thread = EventLoop(name: "client")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Connects; `receiveBuffer` makes the kernel hold less for a client that does not read.
    public init(port: UInt16, receiveBuffer: Int32? = nil) {
        descriptor = Self.socket(AF_INET)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(result == 0, "port \(port) refuses: \(String(cString: strerror(errno)))")
    }

    /// Connects to a socket in the file system.
    public init(path: String) {
        descriptor = Self.socket(AF_UNIX)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        precondition(bytes.count < MemoryLayout.size(ofValue: address.sun_path), "\(path) is too long for a socket")
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(result == 0, "\(path) refuses: \(String(cString: strerror(errno)))")
    }

    private static func socket(_ family: Int32) -> Int32 {
        // Inherited by a process that another test starts, it would stay open beyond its close.
        let descriptor = Glibc.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        precondition(descriptor >= 0, "no socket")
        var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return descriptor
    }

    deinit {
        close(descriptor)
        thread.stop()
    }

    /// Sends everything; false if the peer takes no more.
    @discardableResult
    public func send(_ bytes: some Collection<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    @discardableResult
    public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Sends a few bytes while another call may be waiting for what comes.
    @discardableResult
    public nonisolated func sendAside(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } == bytes.count
    }

    /// Sends nothing more, and goes on reading.
    public func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection by a reset instead of a close.
    public func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        // What is closed for real by `deinit` must not be the number of another socket by then.
        let nothing = open("/dev/null", O_RDWR)
        dup2(nothing, descriptor)
        close(nothing)
    }

    /// What was received beyond what was asked for.
    private var buffered: [UInt8] = []

    /// What has come, at most `limit` bytes; empty at the connection's end; nil when nothing comes or it was reset.
    public func receive(_ limit: Int = 65_536) -> [UInt8]? {
        if buffered.isEmpty {
            let size = max(limit, 65_536)
            var count = 0
            buffered = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
                count = recv(descriptor, buffer.baseAddress, size, 0)
                filled = max(count, 0)
            }
            if count < 0 { return nil }
        }
        let bytes = Array(buffered.prefix(limit))
        buffered.removeFirst(bytes.count)
        return bytes
    }

    /// Exactly `count` bytes; nil if they do not come.
    public func receive(exactly count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let more = receive(count - bytes.count), !more.isEmpty else { return nil }
            bytes += more
        }
        return bytes
    }

    /// Everything up to the connection's end, as text; nil if it does not end.
    public func receiveToEnd() -> String? {
        var bytes: [UInt8] = []
        while let more = receive() {
            if more.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += more
        }
        return nil
    }

    /// One response: its status, its head as text, its body by its content length.
    public func receiveResponse(to method: String = "GET") -> Answer? {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard head.count < 65_536, let more = receive(), !more.isEmpty else { return nil }
            // The end may have been cut: it is looked for in what there is of the head as well.
            let start = max(head.count - 3, 0)
            head += more
            let end = (start..<max(head.count - 3, start)).first { head[$0...].starts(with: "\r\n\r\n".utf8) }
            guard let end else { continue }
            buffered = head[(end + 4)...] + buffered
            head.removeLast(head.count - end - 4)
        }
        var answer = Answer(head: String(decoding: head, as: UTF8.self))
        if method != "HEAD", let length = answer["content-length"].flatMap({ Int($0) }) {
            guard let body = receive(exactly: length) else { return nil }
            answer.body = body
        }
        return answer
    }

    /// The bodies of the next responses, as text, until one does not come.
    public func receiveTexts(_ count: Int) -> [String] {
        var texts: [String] = []
        while texts.count < count, let answer = receiveResponse() { texts.append(answer.text) }
        return texts
    }

    /// Sends a request and waits for its response.
    public func ask(_ method: String, _ target: String, _ fields: String..., body: String? = nil) -> Answer? {
        ask(method, target, fields: fields, body: body.map { Array($0.utf8) })
    }

    public func ask(_ method: String, _ target: String, fields: [String], body: [UInt8]?) -> Answer? {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: test\r\n"
        for field in fields { text += field + "\r\n" }
        if let body { text += "Content-Length: \(body.count)\r\n" }
        guard send(Array((text + "\r\n").utf8) + (body ?? [])) else { return nil }
        return receiveResponse(to: method)
    }
}

/// A response as a client sees it.
public struct Answer: Sendable {
    public let status: Int
    public let head: String
    public var body: [UInt8] = []

    init(head: String) {
        self.head = head
        status = Int(head.split(separator: " ", maxSplits: 2).dropFirst().first ?? "") ?? 0
    }

    public var text: String { String(decoding: body, as: UTF8.self) }

    public subscript(field: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts[0].lowercased() == field.lowercased() {
                return parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
            }
        }
        return nil
    }
}
