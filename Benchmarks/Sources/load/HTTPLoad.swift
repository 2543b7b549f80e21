import ArgumentParser
import EventLoop
import Glibc

/// Each connection sends requests, one or several at once, and sends again when all their answers have come.
struct HTTPLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "http", abstract: "GET requests on connections that stay open.")

    @OptionGroup var target: Target
    @Option(help: "How many requests are sent at once on a connection.") var pipeline = 1
    @Option(help: "A file that holds what every answer's body must be.") var expect: String?

    func validate() throws {
        guard 1...Limits.pipeline ~= pipeline else {
            throw ValidationError("expected a pipeline of 1 to \(Limits.pipeline)")
        }
    }

    func run() async throws {
        try makeRoom(forDescriptors: target.connections)
        let loop = EventLoop(name: "load")
        let body = try expect.map(readFile)
        print(
            try await loop.spawnThrowing { [target, pipeline] in
                try await HTTPRun(target, pipeline, body, loop).run()
            }.value)
    }
}

private final class HTTPRun {
    let requests: [UInt8]
    let pipeline: Int
    let body: [UInt8]?
    var latencies = Latencies()
    /// Connections whose answers have not all come.
    var waiting = 0
    private(set) var isPausing = false
    private let target: Target
    private let ground: Ground

    init(_ target: Target, _ pipeline: Int, _ body: [UInt8]?, _ loop: EventLoop) {
        (self.target, self.pipeline, self.body, ground) = (target, pipeline, body, Ground(loop))
        let request = "GET \(target.path) HTTP/1.1\r\nHost: \(target.host):\(target.port)\r\nAccept: */*\r\n\r\n"
        requests = Array(String(repeating: request, count: pipeline).utf8)
    }

    func run() async throws -> String {
        let clients = try (0..<target.connections).map { number in
            try HTTPClient(of: target, from: target.source(number), on: ground, run: self)
        }
        // They send when they are connected.
        waiting = clients.count
        try await ground.warm(target.pid, for: target.warmUp)
        try await finish(clients)
        latencies.reset()
        let stretch = try Stretch(target.pid.map(ServerProcess.init))
        waiting = clients.count
        isPausing = false
        for client in clients { client.send() }
        await ground.loop.sleep(for: .seconds(target.seconds))
        try await finish(clients)
        let name = "http: \(clients.count) connections, pipeline \(pipeline)"
        let report =
            target.json
            ? try stretch.figures(latencies.total, latencies).json(name)
            : try "\(name) · " + stretch.report(latencies.total, "request", "requests", latencies)
        for client in clients { client.close() }
        return report
    }

    /// Waits until every request is answered, so that what is counted was begun and ended within.
    private func finish(_ clients: [HTTPClient]) async throws {
        isPausing = true
        let deadline = ground.loop.now + Limits.arrivesWithin
        while waiting > 0 {
            if let failure = clients.lazy.compactMap(\.failure).first { throw Failure(description: failure) }
            guard ground.loop.now < deadline else {
                throw Failure(description: "\(waiting) connections had no answer within \(Limits.arrivesWithin)")
            }
            await ground.loop.sleep(for: Limits.look)
        }
    }
}

/// One connection of requests. It understands answers with a Content-Length, which is what the server sends for a path
/// worth measuring, and takes only 200 for an answer.
private final class HTTPClient: LinkOwner {
    private(set) var failure: String?
    private let run: HTTPRun
    private var link: Link?
    private var sentAt: UInt64 = 0
    private var awaited = 0
    /// The bytes of a body still to come.
    private var bodyLeft = 0
    /// A head that was cut.
    private var head: [UInt8] = []

    init(of target: Target, from source: String, on ground: Ground, run: HTTPRun) throws {
        self.run = run
        link = try Link(
            to: target.host, target.port, from: source, on: ground.loop, buffer: ground.buffer, owner: self)
    }

    func close() { link?.close() }

    func connected() { send() }

    func ended(_ why: String) { failure = failure ?? why }

    func send() {
        awaited = run.pipeline
        sentAt = nanoseconds()
        link?.send(run.requests)
    }

    func received(_ bytes: UnsafeMutableRawBufferPointer) {
        var rest = UnsafeRawBufferPointer(bytes)
        while !rest.isEmpty, failure == nil {
            if bodyLeft > 0 {
                let taken = min(bodyLeft, rest.count)
                guard isExpected(rest[..<taken]) else { return fail("wrong answer: another body of the same length") }
                bodyLeft -= taken
                rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            } else if head.isEmpty, let size = readHead(rest) {
                rest = UnsafeRawBufferPointer(rebasing: rest[size...])
            } else if head.isEmpty {
                head = Array(rest)
                return
            } else {
                guard let size = extendHead(rest) else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[size...])
            }
            if failure == nil, bodyLeft == 0 { answered() }
        }
    }

    /// Whether a piece of the body is what the body has at its place.
    private func isExpected(_ piece: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let body = run.body else { return true }
        return body.withUnsafeBytes {
            memcmp($0.baseAddress! + $0.count - bodyLeft, piece.base.baseAddress! + piece.startIndex, piece.count) == 0
        }
    }

    private func answered() {
        run.latencies.note(nanoseconds() - sentAt)
        awaited -= 1
        guard awaited == 0 else { return }
        if run.isPausing { run.waiting -= 1 } else { send() }
    }

    /// Adds to a head that was cut: how many of `bytes` completed it, or nil if they did not.
    private func extendHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        let held = head.count
        head += bytes
        guard head.count <= Limits.responseHead else {
            fail("expected a head of at most \(Limits.responseHead) bytes")
            return nil
        }
        guard let size = head.withUnsafeBytes(readHead) else { return nil }
        head = []
        return size - held
    }

    /// The size of the head `bytes` begin with, or nil if it is not complete; notes how long the body will be.
    private func readHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var line = 0
        var length: Int?
        while let end = memchr(bytes.baseAddress! + line, 0x0a, bytes.count - line) {
            let next = bytes.baseAddress!.distance(to: UnsafeRawPointer(end)) + 1
            if next - line <= 2 {
                guard let length else {
                    fail("expected an answer with a Content-Length")
                    return nil
                }
                if let body = run.body, body.count != length {
                    fail("wrong answer: expected a body of \(body.count) bytes, got \(length)")
                    return nil
                }
                bodyLeft = length
                return next
            }
            if line == 0, !bytes.starts(with: "HTTP/1.1 200".utf8) {
                fail("wrong answer: expected status 200, got \(String(decoding: bytes[..<next], as: UTF8.self))")
                return nil
            }
            if bytes[line] | 0x20 == UInt8(ascii: "c"), next - line > Self.lengthField.utf8.count,
                strncasecmp(bytes.baseAddress! + line, Self.lengthField, Self.lengthField.utf8.count) == 0
            {
                length = bytes[(line + Self.lengthField.utf8.count)..<next].reduce(0) { sum, byte in
                    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte ? sum * 10 + Int(byte - UInt8(ascii: "0")) : sum
                }
            }
            line = next
        }
        return nil
    }

    private static let lengthField = "content-length:"

    private func fail(_ why: String) {
        failure = why
        link?.close()
    }
}

private func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw SystemError("cannot open \(path)") }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: Limits.bodySize + 1)
    let count = fread(&bytes, 1, bytes.count, file)
    guard count <= Limits.bodySize else {
        throw Failure(description: "expected at most \(Limits.bodySize) bytes in \(path)")
    }
    return Array(bytes[..<count])
}
