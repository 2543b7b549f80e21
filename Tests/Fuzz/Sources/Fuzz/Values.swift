internal import HTTP
internal import Kernel

/// Any bytes as what stands in a request's parts.
func fuzzValues(_ bytes: UnsafeRawBufferPointer) {
    let text = String(decoding: bytes, as: UTF8.self)
    let query = Query(text)
    for (name, _) in query.pairs { precondition(query[name] != nil && !query.all(name).isEmpty) }
    _ = Cookies([text, text]).count

    if let decoded = PercentEncoding.decode(bytes) {
        precondition(decoded.count <= bytes.count)
        let encoded = decoded.flatMap { byte in
            Array("%\(String(byte >> 4, radix: 16))\(String(byte & 15, radix: 16))".utf8)
        }
        precondition(PercentEncoding.decode(encoded) == decoded)
    }
    for segment in PercentEncoding.segments(of: bytes) ?? [] {
        precondition(!segment.utf8.contains(0), "a segment \(segment)")
    }
    fuzzFields(text)
    if let second = HTTPDate.parse(text) {
        precondition(HTTPDate.parse(HTTPDate.text(second)) == second, "\(text) is \(HTTPDate.text(second))")
    }
}

/// Any text as the value of fields that have a grammar of their own.
private func fuzzFields(_ text: String) {
    let headers: Headers = ["accept-encoding": text, "forwarded": text, "x-forwarded-for": text]
    _ = headers.prefers(coding: "gzip")
    let client = ClientAddress.of(headers, peer: "10.0.0.1", trusted: [AddressRange("10.0.0.0/8")!])
    precondition(client == "10.0.0.1" || AddressRange(client) != nil, "a client at \(client)")
    if let range = AddressRange(text), !text.contains("/") { precondition(range.contains(text)) }

    let line = String(decoding: text.utf8.map { $0 < 32 || $0 == 127 ? 32 : $0 }, as: UTF8.self)
    for condition in ["", "If-Range: \(line)\r\n"] {
        let request = Array("GET / HTTP/1.1\r\nHost: a\r\nRange: \(line)\r\n\(condition)\r\n".utf8)
        var parser = RequestParser()
        var position = 0
        let step = request.withUnsafeBytes { parser.next($0, at: &position) }
        guard case .head(let head) = step else { continue }
        switch ByteRanges(head, length: 100, tag: "\"a\"", modified: 0, now: 10) {
        case .whole, .unsatisfiable: break
        case .parts(let parts):
            precondition(!parts.isEmpty && parts.count <= ByteRanges.limit)
            precondition(parts.allSatisfy { !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= 100 }, "\(parts)")
            precondition(parts.reduce(0) { $0 + $1.count } <= 100, "\(parts)")
        }
    }
}

/// Any bytes as a request's JSON: what is accepted stays so with space around it and as a member of a list, and is whole.
func fuzzJSON(_ bytes: UnsafeRawBufferPointer) {
    let text = Array(bytes)
    let accepted = JSONGrammar.accepts(text)
    precondition(JSONGrammar.accepts([32, 9] + text + [10, 13]) == accepted)
    precondition(
        JSONGrammar.accepts(Array("[".utf8) + text + Array(",null]".utf8)) || !accepted
            || depth(text) >= JSONGrammar.depth)
    if accepted { precondition(!JSONGrammar.accepts(text + Array("]".utf8)) && !text.isEmpty) }
}

/// How deep brackets lie in one another, at the most.
private func depth(_ text: [UInt8]) -> Int {
    var (depth, deepest, inString, escaped) = (0, 0, false, false)
    for byte in text {
        switch byte {
        case _ where escaped: escaped = false
        case UInt8(ascii: "\\") where inString: escaped = true
        case UInt8(ascii: "\""): inString.toggle()
        case UInt8(ascii: "["), UInt8(ascii: "{"): depth += inString ? 0 : 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= inString ? 0 : 1
        default: break
        }
        deepest = max(deepest, depth)
    }
    return deepest
}
