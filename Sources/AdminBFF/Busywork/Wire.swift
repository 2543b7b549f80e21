import EventLoop
import Glibc

/// One connection to the system. What it reads it hands on; at its end it says so once. Touched on the loop's thread only.
final class Wire: Pollable {
    /// Called with what arrived, lent for the length of the call, or with nil when nothing will any more.
    private let onBytes: (UnsafeMutableRawBufferPointer?) -> Void
    private let loop: EventLoop
    private let descriptor: Int32
    private var registration: Registration?
    private var unsent: [UInt8] = []
    private var isConnected = false

    private static let readSize = 64 << 10

    init(
        to address: SocketAddress, on loop: EventLoop, onBytes: @escaping (UnsafeMutableRawBufferPointer?) -> Void
    ) throws(SystemError) {
        (self.loop, self.onBytes) = (loop, onBytes)
        descriptor = try Socket.connect(to: address)
        if case .ip = address { Socket.setNoDelay(descriptor) }
        registration = loop.register(descriptor, for: .writable, self)
    }

    func send(_ bytes: [UInt8]) {
        unsent += bytes
        if isConnected { flush() }
    }

    func close() {
        guard let registration else { return }
        self.registration = nil
        loop.close(descriptor, registration)
    }

    func ready(_ readiness: Readiness) {
        if !isConnected {
            guard Socket.pendingError(descriptor) == 0 else { return end() }
            isConnected = true
        }
        if readiness.contains(.writable) { flush() }
        guard registration != nil, readiness != .writable else { return }
        withUnsafeTemporaryAllocation(byteCount: Self.readSize, alignment: 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 {
                onBytes(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
            } else if count == 0 || errno != EAGAIN {
                end()
            }
        }
    }

    private func flush() {
        guard let registration else { return }
        if !unsent.isEmpty {
            let sent = unsent.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent >= 0 || errno == EAGAIN else { return end() }
            unsent.removeFirst(max(sent, 0))
        }
        loop.change(registration, to: unsent.isEmpty ? .readable : [.readable, .writable])
    }

    private func end() {
        guard registration != nil else { return }
        close()
        onBytes(nil)
    }
}
