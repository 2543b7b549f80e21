import EventLoop
import Glibc

/// A client of the mall's HTTP interface: one connection that stays open, one request in flight. Touched on the loop's
/// thread only.
///
/// It understands answers with a Content-Length, and any status is an answer.
final class Caller: LinkOwner, @unchecked Sendable {
    struct Answer: Sendable {
        let status: Int
        let head: String
        let body: [UInt8]

        /// The body's field of this name, wherever it stands: the text between quotes, or the digits.
        func field(_ name: String) throws -> String {
            guard let value = body.withUnsafeBytes({ JSONScan.field(name, in: $0) }) else {
                throw Failure(
                    description: "expected \(name) in an answer, got \(status) \(String(decoding: body, as: UTF8.self))"
                )
            }
            return value
        }

        /// Whether the body has this text.
        func has(_ text: StaticString) -> Bool {
            body.withUnsafeBytes { JSONScan.end(of: text, in: $0) != nil }
        }

        func position() throws -> Int64 {
            guard let position = Int64(try field("position")) else {
                throw Failure(description: "expected a position, a whole number")
            }
            return position
        }
    }

    /// Header fields that go with every request: who is calling.
    var fields = ""
    private let host: String
    private let ground: Ground
    private var link: Link?
    private var isConnected = false
    private var failure: String?
    private var input: [UInt8] = []
    private var waiting: CheckedContinuation<Answer, any Error>?
    private var unsent: [UInt8] = []

    init(of target: Target, on ground: Ground) throws {
        host = "\(target.host):\(target.port)"
        self.ground = ground
        link = try Link(to: target.host, target.port, on: ground.loop, buffer: ground.buffer, owner: self)
    }

    /// Sends a request and waits for its answer, whatever its status.
    func ask(_ method: String, _ path: String, _ body: String = "", key: String? = nil) async throws -> Answer {
        precondition(waiting == nil, "a second request on a connection whose answer is awaited")
        ground.asked += 1
        var request = "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)"
        if let key { request += "Idempotency-Key: \(key)\r\n" }
        if !body.isEmpty { request += "Content-Type: application/json\r\n" }
        if !body.isEmpty || method != "GET" { request += "Content-Length: \(body.utf8.count)\r\n" }
        request += "\r\n"
        request += body
        let bytes = Array(request.utf8)
        return try await withCheckedThrowingContinuation { continuation in
            if let failure { return continuation.resume(throwing: Failure(description: failure)) }
            waiting = continuation
            if isConnected { link?.send(bytes) } else { unsent += bytes }
        }
    }

    /// As `ask`; an answer that is not 2xx ends the run.
    func tell(_ method: String, _ path: String, _ body: String = "", key: String? = nil) async throws -> Answer {
        let answer = try await ask(method, path, body, key: key)
        guard 200..<300 ~= answer.status else {
            throw Failure(
                description:
                    "\(method) \(path) was answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
        }
        return answer
    }

    /// Posts a command that others may have come before (409): whether it was done.
    func isDone(_ path: String, _ body: String, key: String?) async throws -> Bool {
        let answer = try await ask("POST", path, body, key: key)
        if answer.status == 409 { return false }
        guard 200..<300 ~= answer.status else {
            throw Failure(
                description:
                    "POST \(path) was answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
        }
        return true
    }

    func close() { link?.close() }

    func connected() {
        isConnected = true
        if !unsent.isEmpty { link?.send(unsent) }
        unsent = []
    }

    func ended(_ why: String) {
        failure = why
        waiting?.resume(throwing: Failure(description: why))
        waiting = nil
    }

    func received(_ bytes: UnsafeMutableRawBufferPointer) {
        if input.isEmpty, let (answer, size) = Self.answer(UnsafeRawBufferPointer(bytes)), size == bytes.count {
            return give(answer)
        }
        input += bytes
        guard let (answer, size) = input.withUnsafeBytes(Self.answer) else { return }
        input.removeFirst(size)
        give(answer)
    }

    private func give(_ answer: Answer) {
        let waiting = waiting
        self.waiting = nil
        waiting?.resume(returning: answer)
    }

    /// The answer that `bytes` begin with and its size; nil while it is not complete.
    private static func answer(_ bytes: UnsafeRawBufferPointer) -> (Answer, Int)? {
        guard let headSize = JSONScan.end(of: "\r\n\r\n", in: bytes) else { return nil }
        let head = String(decoding: bytes[..<headSize], as: UTF8.self)
        var length = 0
        let lower = head.utf8
        if let place = head.range(ofLowercased: "content-length: ") {
            for digit in lower[place...].prefix(while: { 48...57 ~= $0 }) { length = length * 10 + Int(digit - 48) }
        }
        guard bytes.count >= headSize + length else { return nil }
        let status = lower.dropFirst(9).prefix(3).reduce(0) { (sum: Int, digit: UInt8) -> Int in
            sum * 10 + Int(digit) - 48
        }
        return (
            Answer(status: status, head: head, body: Array(bytes[headSize..<(headSize + length)])), headSize + length
        )
    }
}

extension String {
    /// The place behind `text`, compared without regard to the case of ASCII letters.
    fileprivate func range(ofLowercased text: StaticString) -> String.Index? {
        var copy = self
        let offset: Int? = copy.withUTF8 { bytes -> Int? in
            guard let start = bytes.baseAddress else { return nil }
            var place = 0
            while place + text.utf8CodeUnitCount <= bytes.count {
                if strncasecmp(start + place, text.utf8Start, text.utf8CodeUnitCount) == 0 {
                    return place + text.utf8CodeUnitCount
                }
                place += 1
            }
            return nil
        }
        return offset.map { utf8.index(startIndex, offsetBy: $0) }
    }
}

/// Finds single fields in JSON without reading it: for answers and messages of a known shape.
enum JSONScan {
    /// The place behind `pattern`, searched from `place` on.
    static func end(of pattern: StaticString, in bytes: UnsafeRawBufferPointer, from place: Int = 0) -> Int? {
        end(
            of: UnsafeRawBufferPointer(start: pattern.utf8Start, count: pattern.utf8CodeUnitCount), in: bytes,
            from: place)
    }

    private static func end(of pattern: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer, from: Int) -> Int? {
        guard let start = bytes.baseAddress, let first = pattern.first else { return nil }
        var place = from
        while place + pattern.count <= bytes.count {
            guard let found = memchr(start + place, Int32(first), bytes.count - pattern.count + 1 - place) else {
                return nil
            }
            place = start.distance(to: UnsafeRawPointer(found))
            if memcmp(found, pattern.baseAddress!, pattern.count) == 0 { return place + pattern.count }
            place += 1
        }
        return nil
    }

    /// The value behind the first `"name":`, a text without its quotes or the digits of a number.
    static func field(_ name: String, in bytes: UnsafeRawBufferPointer) -> String? {
        let pattern = Array("\"\(name)\":".utf8)
        guard let place = pattern.withUnsafeBytes({ end(of: $0, in: bytes, from: 0) }) else { return nil }
        let rest = bytes[place...]
        if rest.first == UInt8(ascii: "\"") {
            return String(decoding: rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
        }
        return String(decoding: rest.prefix { 48...57 ~= $0 || $0 == 45 }, as: UTF8.self)
    }

    /// The whole number behind `pattern`, searched from `place` on; nil if it does not occur.
    static func number(behind pattern: StaticString, in bytes: UnsafeRawBufferPointer, from place: Int = 0) -> Int64? {
        guard var at = end(of: pattern, in: bytes, from: place) else { return nil }
        var value: Int64 = 0
        while at < bytes.count, 48...57 ~= bytes[at] {
            value = value * 10 + Int64(bytes[at] - 48)
            at += 1
        }
        return value
    }
}
