import HTTP

/// Any bytes as requests: read whole and in pieces they mean the same.
func fuzzRequest(_ bytes: UnsafeRawBufferPointer) { compare(bytes, behind: "") }

/// Any bytes as a body in chunks.
func fuzzChunked(_ bytes: UnsafeRawBufferPointer) {
    compare(bytes, behind: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
}

private func compare(_ bytes: UnsafeRawBufferPointer, behind head: String) {
    var whole = Reading()
    whole.take(Array(head.utf8) + bytes)
    var cut = Reading()
    cut.take(Array(head.utf8))
    for piece in Pieces(bytes) { cut.take(Array(piece)) }
    precondition(whole.heard == cut.heard, "whole: \(whole.heard), in pieces: \(cut.heard)")
}

/// What a parser made of the bytes given to it so far.
private struct Reading {
    /// A request's line, its fields and its body, or a violation.
    private(set) var heard: [String] = []
    private var parser: RequestParser
    private var kept: [UInt8] = []
    private var body: [UInt8] = []
    private var isOver = false

    init() {
        // Small, so that an input of a few hundred bytes meets them.
        var limits = Limits()
        (limits.requestLine, limits.fieldBytes, limits.fieldCount) = (64, 256, 8)
        (limits.body, limits.chunkLine) = (64, 32)
        parser = RequestParser(limits: limits)
    }

    mutating func take(_ bytes: [UInt8]) {
        guard !isOver else { return }
        kept += bytes
        var position = 0
        kept.withUnsafeBytes { bytes in
            while true {
                let before = position
                let step = parser.next(bytes, at: &position)
                precondition(before <= position && position <= bytes.count, "moved from \(before) to \(position)")
                switch step {
                case .needsMore: return
                case .head(let head):
                    let fields = head.headers.pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "|")
                    heard.append("\(head.method) \(head.authority) \(head.path) \(head.query) \(fields)")
                    _ = head.withPath(PercentEncoding.segments)
                    _ = Preconditions(head, tag: "\"a\"", modified: 0)
                    body = []
                case .body(let piece):
                    precondition(
                        !piece.isEmpty && piece.upperBound <= position, "a piece of \(piece) before \(position)")
                    body += bytes[piece]
                    precondition(body.count <= parser.bodyLimit, "a body of \(body.count)")
                case .end: heard.append("end \(body)")
                case .violation(let violation):
                    heard.append("\(violation)")
                    isOver = true
                    return
                }
            }
        }
        kept.removeFirst(position)
    }
}
