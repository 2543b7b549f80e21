import Glibc

/// Reads requests from a connection's bytes, one event at a time, and refuses whatever RFC 9112 does not allow.
///
/// It holds no bytes: the caller presents what it has not been told to drop, and more of it after `.needsMore`. A line
/// is
/// judged when its end has arrived, or when it has become longer than allowed, so that a verdict never depends on how
/// the bytes were cut. After a violation nothing more may be asked of it.
public struct RequestParser: Sendable {
    public enum Step: Sendable {
        /// Nothing can be said until more bytes come.
        case needsMore
        /// A head is complete. `bodyLimit` may be set now, before the next step.
        case head(RequestHead)
        /// A piece of the body: a place in the bytes that were presented.
        case body(Range<Int>)
        /// The request is complete; what follows is the next one.
        case end
        case violation(Violation)
    }

    private enum State {
        case head
        case bodyStart(RequestHead.Framing)
        case body(left: Int)
        case chunkSize
        case chunk(left: Int)
        case chunkEnd
        case trailers
        case violated(Violation)
    }

    private let limits: Limits
    private var state = State.head
    /// Bytes of the body at the most. Every head sets it back to `Limits.body`.
    public var bodyLimit: Int

    // The line that is being read: all places count from the start of the bytes that are not yet dropped.
    private var lineStart = 0
    private var scanned = 0
    private var fieldsStart = 0
    private var emptyLines = 0
    private var draft = HeadDraft()
    private var bodyBytes = 0
    private var chunkOverhead = 0
    private var trailerBytes = 0
    private var trailerCount = 0

    public init(limits: Limits = Limits()) {
        self.limits = limits
        bodyLimit = limits.body
    }

    /// Whether the connection may end here without anything being cut off.
    public var isBetweenRequests: Bool {
        if case .head = state { return scanned == 0 }
        return false
    }

    /// What it means that no more bytes will come: nothing between requests, else a violation.
    public var endOfInput: Violation? { isBetweenRequests ? nil : .endedEarly }

    /// The next event in `bytes` from `position` on, which moves past what need not be presented again.
    public mutating func next(_ bytes: UnsafeRawBufferPointer, at position: inout Int) -> Step {
        do throws(Violation) {
            while true {
                switch state {
                case .head:
                    guard let head = try readHead(bytes, &position) else { return .needsMore }
                    bodyLimit = limits.body
                    state = .bodyStart(head.framing)
                    return .head(head)
                case .bodyStart(let framing):
                    switch framing {
                    case .none:
                        state = .head
                        return .end
                    case .length(let length):
                        guard length <= bodyLimit else { throw .bodyTooLarge }
                        state = .body(left: length)
                    case .chunked:
                        (bodyBytes, chunkOverhead, trailerBytes, trailerCount) = (0, 0, 0, 0)
                        state = .chunkSize
                    }
                case .body(left: 0):
                    state = .head
                    return .end
                case .body(let left):
                    guard let piece = take(left, bytes, &position) else { return .needsMore }
                    state = .body(left: left - piece.count)
                    return .body(piece)
                case .chunkSize:
                    guard let line = try line(bytes, position, atMost: limits.chunkLine, else: .malformedChunk) else {
                        return .needsMore
                    }
                    let size = try chunkSize(bytes.part(line))
                    drop(line, &position)
                    guard size <= bodyLimit - bodyBytes else { throw .bodyTooLarge }
                    bodyBytes += size
                    chunkOverhead = max(0, chunkOverhead + line.count - 16 - 2 * size)
                    guard chunkOverhead <= limits.chunkOverhead else { throw .wastefulChunks }
                    state = size == 0 ? .trailers : .chunk(left: size)
                case .chunk(left: 0):
                    state = .chunkEnd
                case .chunk(let left):
                    guard let piece = take(left, bytes, &position) else { return .needsMore }
                    state = .chunk(left: left - piece.count)
                    return .body(piece)
                case .chunkEnd:
                    guard position < bytes.count else { return .needsMore }
                    guard bytes[position] == .carriageReturn else { throw .malformedChunk }
                    guard position + 1 < bytes.count else { return .needsMore }
                    guard bytes[position + 1] == .lineFeed else { throw .malformedChunk }
                    position += 2
                    state = .chunkSize
                case .trailers:
                    // Read for their form and forgotten: RFC 9110 §6.5.1 lets nobody merge them unknown into the
                    // headers. What another reader could take for framing, routing or credentials is refused.
                    let room = limits.fieldBytes - trailerBytes - 2
                    guard let line = try line(bytes, position, atMost: room, else: .fieldsTooLarge) else {
                        return .needsMore
                    }
                    if !line.isEmpty {
                        trailerCount += 1
                        guard trailerCount <= limits.fieldCount else { throw .tooManyFields }
                        let name = bytes.part(try field(bytes, line).name)
                        guard !Self.isForbiddenInTrailers(name) else { throw .forbiddenTrailer }
                    }
                    trailerBytes += line.count + 2
                    drop(line, &position)
                    if line.isEmpty {
                        state = .head
                        return .end
                    }
                case .violated(let violation): throw violation
                }
            }
        } catch {
            state = .violated(error)
            return .violation(error)
        }
    }

    // Lines

    /// The line at `position`, without its end; nil until its end has come. `scanned` remembers how far was looked.
    private mutating func line(
        _ bytes: UnsafeRawBufferPointer, _ position: Int, atMost limit: Int, else violation: Violation
    ) throws(Violation) -> Range<Int>? {
        let start = position + lineStart
        let end = lineFeed(bytes, from: position + scanned)
        // The carriage return is counted with a line that has not ended, so a complete line meets the same bound.
        guard (end ?? bytes.count) - start <= limit + 1 else { throw violation }
        guard let end else {
            scanned = bytes.count - position
            return nil
        }
        guard end > start, bytes[end - 1] == .carriageReturn else { throw .lineWithoutCarriageReturn }
        return start..<end - 1
    }

    /// Moves past a line that is done with, and its end.
    private mutating func drop(_ line: Range<Int>, _ position: inout Int) {
        position = line.upperBound + 2
        scanned = 0
    }

    @inline(__always)
    private func lineFeed(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        guard let found = memchr(base + start, Int32(UInt8.lineFeed), bytes.count - start) else { return nil }
        return UnsafeRawPointer(found) - base
    }

    private func take(_ left: Int, _ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Range<Int>? {
        let piece = position..<min(position + left, bytes.count)
        position = piece.upperBound
        return piece.isEmpty ? nil : piece
    }

    // Head

    private mutating func readHead(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(Violation) -> RequestHead? {
        while fieldsStart == 0 {
            guard position < bytes.count else { return nil }
            // Told from the first byte, so that a client speaking another protocol is not waited for.
            let first = bytes[position]
            guard ByteSet.token.contains(first) || first == .carriageReturn else { throw .malformedRequestLine }
            guard let line = try line(bytes, position, atMost: limits.requestLine, else: .requestLineTooLong) else {
                return nil
            }
            if line.isEmpty {
                guard emptyLines < limits.emptyLines else { throw .malformedRequestLine }
                emptyLines += 1
                drop(line, &position)
                continue
            }
            draft.fields.reserveCapacity(16)
            try draft.readRequestLine(bytes, line, from: position)
            startLine(after: line, position)
            fieldsStart = lineStart
        }
        while true {
            let room = limits.fieldBytes - (lineStart - fieldsStart) - 2
            guard let line = try line(bytes, position, atMost: room, else: .fieldsTooLarge) else { return nil }
            if line.isEmpty {
                let head = try draft.finish(bytes, position..<line.upperBound + 2)
                position = line.upperBound + 2
                (lineStart, scanned, fieldsStart, emptyLines) = (0, 0, 0, 0)
                draft = HeadDraft()
                return head
            }
            guard draft.fields.count < limits.fieldCount else { throw .tooManyFields }
            let (name, value) = try field(bytes, line)
            try draft.add(bytes, name, value, from: position)
            startLine(after: line, position)
        }
    }

    @inline(__always)
    private mutating func startLine(after line: Range<Int>, _ position: Int) {
        lineStart = line.upperBound + 2 - position
        scanned = lineStart
    }

    /// Name and value of a field line. RFC 9112 §5.
    @inline(__always)
    private func field(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>
    ) throws(Violation) -> (name: Range<Int>, value: Range<Int>) {
        if bytes[line.lowerBound] == .space || bytes[line.lowerBound] == .tab { throw .foldedField }
        var colon = line.lowerBound
        while colon < line.upperBound, ByteSet.token.contains(bytes[colon]) { colon += 1 }
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == UInt8(ascii: ":") else {
            throw .malformedFieldName
        }
        var start = colon + 1
        var end = line.upperBound
        while start < end, bytes[start] == .space || bytes[start] == .tab { start += 1 }
        while start < end, bytes[end - 1] == .space || bytes[end - 1] == .tab { end -= 1 }
        guard !bytes.part(start..<end).hasControls else { throw .malformedFieldValue }
        return (line.lowerBound..<colon, start..<end)
    }

    /// RFC 9110 §6.5.1.
    private static func isForbiddenInTrailers(_ name: UnsafeRawBufferPointer) -> Bool {
        let forbidden: [StaticString] = [
            "authorization", "connection", "content-encoding", "content-length", "content-range", "content-type",
            "cookie", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade",
        ]
        return forbidden.contains { name.equalsIgnoringCase($0) }
    }

    /// The size in a chunk's first line. Extensions must be well-formed and are ignored. RFC 9112 §7.1.1.
    private func chunkSize(_ line: UnsafeRawBufferPointer) throws(Violation) -> Int {
        var index = 0
        var size = 0
        var digits = 0
        while index < line.count, let digit = line[index].hexadecimal {
            digits += 1
            size = size > Int.max >> 5 ? Int.max >> 4 : size << 4 | Int(digit)
            index += 1
        }
        guard digits > 0 else { throw .malformedChunk }
        func skipBlanks() { while index < line.count, line[index] == .space || line[index] == .tab { index += 1 } }
        func skipToken() -> Bool {
            let start = index
            while index < line.count, ByteSet.token.contains(line[index]) { index += 1 }
            return index > start
        }
        func skipQuoted() -> Bool {
            index += 1
            while index < line.count, line[index] != UInt8(ascii: "\"") {
                if line[index] == UInt8(ascii: "\\") { index += 1 }
                guard index < line.count, line[index] == .tab || line[index] >= 32 && line[index] != 127 else {
                    return false
                }
                index += 1
            }
            index += 1
            return index <= line.count
        }
        while index < line.count {
            skipBlanks()
            guard index < line.count, line[index] == UInt8(ascii: ";") else { throw .malformedChunk }
            index += 1
            skipBlanks()
            guard skipToken() else { throw .malformedChunk }
            let afterName = index
            skipBlanks()
            guard index < line.count, line[index] == UInt8(ascii: "=") else {
                index = afterName
                continue
            }
            index += 1
            skipBlanks()
            let quoted = index < line.count && line[index] == UInt8(ascii: "\"")
            guard quoted ? skipQuoted() : skipToken() else { throw .malformedChunk }
        }
        return size
    }
}
