import EventLoop
import Glibc

/// What is told of a link, on the loop's thread.
protocol LinkOwner: AnyObject {
    func connected()
    /// Lent for the length of the call.
    func received(_ bytes: UnsafeMutableRawBufferPointer)
    func ended(_ why: String)
}

/// One TCP connection to the server. It reads into one buffer all links of the loop share, and keeps bytes only of what
/// the kernel would not take.
final class Link: Pollable {
    /// Held, and holding this link: the loop may call until `close`, and a run's links live as long as the program.
    private let owner: any LinkOwner
    private let loop: EventLoop
    private let buffer: UnsafeMutableRawBufferPointer
    private let descriptor: Int32
    private var registration: Registration?
    private var isConnected = false
    private var unsent: [UInt8] = []

    /// Starts connecting, from the loopback address `source` if one is given: an address has 28,232 ports to connect from.
    init(
        to host: String, _ port: UInt16, from source: String? = nil, on loop: EventLoop,
        buffer: UnsafeMutableRawBufferPointer, owner: any LinkOwner
    ) throws {
        (self.loop, self.buffer, self.owner) = (loop, buffer, owner)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("cannot open a socket") }
        do {
            if let source { try bindLate(to: source) }
            let result = try withAddress(host, port) { connect(descriptor, $0, $1) }
            guard result == 0 || errno == EINPROGRESS else { throw SystemError("cannot connect to \(host):\(port)") }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        Socket.setNoDelay(descriptor)
        registration = loop.register(descriptor, for: .writable, self)
    }

    /// The port is chosen when connecting, so that several targets may share it. ip(7).
    private func bindLate(to source: String) throws {
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, &on, size)
        guard try withAddress(source, 0, { bind(descriptor, $0, $1) }) == 0 else {
            throw SystemError("cannot connect from \(source)")
        }
    }

    func send(_ bytes: [UInt8]) {
        guard unsent.isEmpty else {
            unsent += bytes
            return
        }
        let sent = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if sent == bytes.count { return }
        guard sent >= 0 || errno == EAGAIN else { return end("send: \(systemError(errno))") }
        unsent = Array(bytes[max(sent, 0)...])
        if let registration { loop.change(registration, to: [.readable, .writable]) }
    }

    func close() {
        guard let registration else { return }
        self.registration = nil
        loop.close(descriptor, registration)
    }

    func ready(_ readiness: Readiness) {
        guard isConnected else { return finishConnecting() }
        if readiness.contains(.writable), !unsent.isEmpty { flush() }
        guard readiness != .writable, registration != nil else { return }
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        switch count {
        case 1...: owner.received(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        case 0: end("the server closed the connection")
        default:
            if errno != EAGAIN { end("recv: \(systemError(errno))") }
        }
    }

    private func finishConnecting() {
        let error = Socket.pendingError(descriptor)
        guard error == 0 else { return end("connect: \(systemError(error))") }
        isConnected = true
        loop.change(registration!, to: .readable)
        owner.connected()
    }

    private func flush() {
        let bytes = unsent
        unsent = []
        loop.change(registration!, to: .readable)
        send(bytes)
    }

    private func end(_ why: String) {
        guard registration != nil else { return }
        close()
        owner.ended(why)
    }
}

private func withAddress<Result>(
    _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
) throws -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw SystemError("\(host)", code: EINVAL) }
    return try withUnsafePointer(to: address) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            try body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
