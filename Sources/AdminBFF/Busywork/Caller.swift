import EventLoop

/// Somebody who asks the system over HTTP: a kiosk or robot with its token, or a member of staff with their cookie.
///
/// One connection that stays open, made anew when it was lost, and one request in flight: who asks meanwhile waits.
/// Touched on the loop's thread only.
final class Caller: @unchecked Sendable {
    /// The connection ended before the answer had come: what was asked may have been done.
    struct Unanswered: Error {}

    /// Header fields that go with every request: who is calling.
    var identity = ""
    private let address: SocketAddress
    private let loop: EventLoop
    private var wire: Wire?
    private var parser = AnswerParser()
    private var waiting: CheckedContinuation<Answer, any Error>?
    private var isAsking = false
    private var queue: [CheckedContinuation<Void, Never>] = []

    init(of address: SocketAddress, on loop: EventLoop, identity: String = "") {
        (self.address, self.loop, self.identity) = (address, loop, identity)
    }

    /// Sends a request and waits for its answer, whatever its status.
    func ask(_ method: String, _ path: String, _ body: [UInt8]? = nil, key: String? = nil) async throws -> Answer {
        while isAsking { await withCheckedContinuation { queue.append($0) } }
        isAsking = true
        defer {
            isAsking = false
            if !queue.isEmpty { queue.removeFirst().resume() }
        }
        var head = "\(method) \(path) HTTP/1.1\r\nHost: \(address)\r\n\(identity)"
        if let key { head += "Idempotency-Key: \(key)\r\n" }
        if body != nil { head += "Content-Type: application/json\r\n" }
        if body != nil || method != "GET" { head += "Content-Length: \(body?.count ?? 0)\r\n" }
        let request = Array((head + "\r\n").utf8) + (body ?? [])
        return try await withCheckedThrowingContinuation { continuation in
            do {
                let wire = try self.wire ?? connect()
                waiting = continuation
                wire.send(request)
                // Whoever waits longer than this waits for a system that is not there.
                deadline = loop.schedule(after: Self.patience) { [weak self] in self?.lose() }
            } catch {
                continuation.resume(throwing: Unanswered())
            }
        }
    }

    func close() {
        wire?.close()
        wire = nil
    }

    private static let patience = Duration.seconds(30)
    private var deadline: TimerID?

    private func connect() throws(SystemError) -> Wire {
        parser = AnswerParser()
        let wire = try Wire(to: address, on: loop) { [weak self] in self?.received($0) }
        self.wire = wire
        return wire
    }

    private func received(_ bytes: UnsafeMutableRawBufferPointer?) {
        guard let bytes else { return lose() }
        parser.receive(bytes)
        do {
            guard let answer = try parser.next() else { return }
            if answer[field: "connection"] == "close" { close() }
            finish { $0.resume(returning: answer) }
        } catch {
            lose()
        }
    }

    private func lose() {
        close()
        finish { $0.resume(throwing: Unanswered()) }
    }

    private func finish(_ resume: (CheckedContinuation<Answer, any Error>) -> Void) {
        if let deadline { loop.cancel(deadline) }
        deadline = nil
        guard let waiting else { return }
        self.waiting = nil
        resume(waiting)
    }
}
