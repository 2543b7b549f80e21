import Glibc

/// A head while its lines arrive: what has been read, and what must be known of it as a whole before it is believed.
struct HeadDraft: Sendable {
    private var method = Method.get
    private var minorVersion = 1
    // Places count from the start of the head.
    private var path = 0..<0
    private var query = 0..<0
    private var targetAuthority: Range<Int>?
    private var host: Range<Int>?
    private var length: Int?
    private var codings: [Coding] = []
    private var closes = false
    private var persists = false
    private var expectsContinue = false
    var fields: [Headers.Field] = []

    private enum Coding { case chunked, other, malformed }

    // RFC 9112 §3

    @inline(__always)
    mutating func readRequestLine(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, from base: Int
    ) throws(Violation) {
        var index = line.lowerBound
        while index < line.upperBound, ByteSet.token.contains(bytes[index]) { index += 1 }
        let name = line.lowerBound..<index
        guard !name.isEmpty, index < line.upperBound, bytes[index] == .space else { throw .malformedRequestLine }
        index += 1
        let start = index
        while index < line.upperBound, bytes[index] > .space, bytes[index] < 127 { index += 1 }
        let target = start..<index
        guard !target.isEmpty, index < line.upperBound, bytes[index] == .space else { throw .malformedRequestLine }
        let version = bytes.part(index + 1..<line.upperBound)
        guard version.count == 8, version.part(0..<5).equals("HTTP/"), version[6] == UInt8(ascii: "."),
            let major = version[5].decimal, let minor = version[7].decimal
        else { throw .malformedRequestLine }
        guard major == 1 else { throw .unknownVersion }
        minorVersion = minor == 0 ? 0 : 1
        guard let method = Method(bytes.part(name)) else { throw .unknownMethod }
        self.method = method
        try readTarget(bytes, target, base)
    }

    private mutating func readTarget(
        _ bytes: UnsafeRawBufferPointer, _ target: Range<Int>, _ base: Int
    ) throws(Violation) {
        if bytes[target.lowerBound] == UInt8(ascii: "/") { return try readPath(bytes, target, base) }
        if bytes.part(target).equals("*") {
            guard method == .options else { throw .malformedTarget }
            return
        }
        // Absolute form, which every server must accept. RFC 9112 §3.2.2.
        let rest: Range<Int>
        if target.count > 7, bytes.part(target.lowerBound..<target.lowerBound + 7).equalsIgnoringCase("http://") {
            rest = target.lowerBound + 7..<target.upperBound
        } else if target.count > 8, bytes.part(target.lowerBound..<target.lowerBound + 8).equalsIgnoringCase("https://")
        {
            rest = target.lowerBound + 8..<target.upperBound
        } else {
            throw .malformedTarget
        }
        let end = rest.first { bytes[$0] == UInt8(ascii: "/") || bytes[$0] == UInt8(ascii: "?") } ?? rest.upperBound
        let authority = rest.lowerBound..<end
        guard isAuthority(bytes.part(authority)) else { throw .malformedTarget }
        targetAuthority = authority.lowerBound - base..<authority.upperBound - base
        // No path in the target means the root: the last slash of the scheme stands for it.
        guard end < rest.upperBound, bytes[end] == UInt8(ascii: "/") else {
            // Neither path nor query: OPTIONS asks the server as a whole. RFC 9112 §3.2.4.
            if method == .options, end == rest.upperBound { return }
            try readQuery(bytes, end..<rest.upperBound, base)
            path = rest.lowerBound - 1 - base..<rest.lowerBound - base
            return
        }
        try readPath(bytes, end..<rest.upperBound, base)
    }

    @inline(__always)
    private mutating func readPath(
        _ bytes: UnsafeRawBufferPointer, _ target: Range<Int>, _ base: Int
    ) throws(Violation) {
        let end = try scan(bytes, target, for: ByteSet.path)
        path = target.lowerBound - base..<end - base
        try readQuery(bytes, end..<target.upperBound, base)
    }

    /// `rest` is empty or starts with the question mark.
    @inline(__always)
    private mutating func readQuery(
        _ bytes: UnsafeRawBufferPointer, _ rest: Range<Int>, _ base: Int
    ) throws(Violation) {
        guard !rest.isEmpty else { return }
        let content = rest.lowerBound + 1..<rest.upperBound
        guard bytes[rest.lowerBound] == UInt8(ascii: "?"),
            try scan(bytes, content, for: ByteSet.query) == content.upperBound
        else { throw .malformedTarget }
        query = content.lowerBound - base..<content.upperBound - base
    }

    /// Where the first byte outside `set` is. A percent sign must be followed by two hexadecimal digits. RFC 3986 §2.1.
    @inline(__always)
    private func scan(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, for set: ByteSet) throws(Violation) -> Int {
        var index = range.lowerBound
        while index < range.upperBound, set.contains(bytes[index]) {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < range.upperBound, bytes[index + 1].hexadecimal != nil,
                    bytes[index + 2].hexadecimal != nil
                else { throw .malformedTarget }
            }
            index += 1
        }
        return index
    }

    // Fields

    @inline(__always)
    mutating func add(
        _ bytes: UnsafeRawBufferPointer, _ name: Range<Int>, _ value: Range<Int>, from base: Int
    ) throws(Violation) {
        fields.append(
            Headers.Field(
                name: UInt32(
                    truncatingIfNeeded: name.lowerBound - base)..<UInt32(truncatingIfNeeded: name.upperBound - base),
                value: UInt32(
                    truncatingIfNeeded: value.lowerBound - base)..<UInt32(truncatingIfNeeded: value.upperBound - base)))
        switch name.count {
        case 4 where bytes.part(name).equalsIgnoringCase("host"):
            guard host == nil else { throw .repeatedHost }
            guard isAuthority(bytes.part(value)) else { throw .malformedHost }
            host = value.lowerBound - base..<value.upperBound - base
        case 6 where bytes.part(name).equalsIgnoringCase("expect"):
            // RFC 9110 §10.1.1: an HTTP/1.0 client cannot mean it.
            guard minorVersion > 0 else { return }
            guard bytes.part(value).equalsIgnoringCase("100-continue") else { throw .unmetExpectation }
            expectsContinue = true
        case 10 where bytes.part(name).equalsIgnoringCase("connection"):
            bytes.part(value).forEachListMember { option in
                if option.equalsIgnoringCase("close") { closes = true }
                if option.equalsIgnoringCase("keep-alive") { persists = true }
            }
        case 14 where bytes.part(name).equalsIgnoringCase("content-length"):
            // RFC 9112 §6.3 would let equal lengths pass; refusing them leaves nothing for two readers to see
            // differently.
            guard length == nil else { throw .repeatedLength }
            length = try contentLength(bytes.part(value))
        case 17 where bytes.part(name).equalsIgnoringCase("transfer-encoding"):
            addCodings(bytes.part(value))
        default: break
        }
    }

    private func contentLength(_ value: UnsafeRawBufferPointer) throws(Violation) -> Int {
        guard !value.isEmpty else { throw .malformedLength }
        var length = 0
        for byte in value {
            guard let digit = byte.decimal else { throw .malformedLength }
            // Beyond this it is larger than any limit; the exact number no longer matters.
            length = length > Int.max / 16 ? Int.max / 16 : length * 10 + Int(digit)
        }
        return length
    }

    private mutating func addCodings(_ value: UnsafeRawBufferPointer) {
        // RFC 9110 §5.6.1.2 would let empty members pass; readers differ about `chunked,`, and nobody needs it.
        value.forEachListMember(withEmpty: true) { coding in
            if coding.equalsIgnoringCase("chunked") {
                codings.append(.chunked)
            } else {
                let isToken = !coding.isEmpty && coding.allSatisfy(ByteSet.token.contains)
                codings.append(isToken ? .other : .malformed)
            }
        }
    }

    /// `uri-host [ ":" port ]`, without user information, which RFC 9110 §4.2.4 has us treat as an error.
    private func isAuthority(_ text: UnsafeRawBufferPointer) -> Bool {
        guard !text.isEmpty else { return false }
        var host = text
        if text[0] == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: UInt8(ascii: "]")), end > 1 else { return false }
            guard isLiteral(text.part(1..<end)) else { return false }
            host = text.part(end + 1..<text.count)
            guard host.isEmpty || host[0] == UInt8(ascii: ":") else { return false }
        }
        let colon = host.firstIndex(of: UInt8(ascii: ":")) ?? host.count
        for byte in host.part(0..<colon) {
            guard ByteSet.host.contains(byte), byte != UInt8(ascii: "["), byte != UInt8(ascii: "]") else {
                return false
            }
        }
        guard colon > 0 || text[0] == UInt8(ascii: "[") else { return false }
        guard colon < host.count else { return true }
        let port = host.part(colon + 1..<host.count)
        guard port.count <= 5, port.allSatisfy({ $0.decimal != nil }) else { return false }
        return port.reduce(0) { $0 * 10 + Int($1.decimal ?? 0) } <= 65_535
    }

    /// An address of IPv6, without a zone, or one of a future version. RFC 3986 §3.2.2.
    private func isLiteral(_ text: UnsafeRawBufferPointer) -> Bool {
        if text.first?.lowercased == UInt8(ascii: "v") {
            guard let dot = text.firstIndex(of: UInt8(ascii: ".")), dot > 1, dot + 1 < text.count else { return false }
            return text.part(1..<dot).allSatisfy { $0.hexadecimal != nil }
                && text.part(dot + 1..<text.count).allSatisfy {
                    ByteSet.host.contains($0) && $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]")
                }
        }
        var address = in6_addr()
        return inet_pton(AF_INET6, String(decoding: text, as: UTF8.self), &address) == 1
    }

    // RFC 9112 §6.3

    func finish(_ bytes: UnsafeRawBufferPointer, _ head: Range<Int>) throws(Violation) -> RequestHead {
        guard host != nil || minorVersion == 0 else { throw .missingHost }
        let framing = try framing()
        return RequestHead(
            method: method, pathRange: path, queryRange: query, authorityRange: targetAuthority ?? host ?? 0..<0,
            minorVersion: minorVersion, headers: Headers(bytes: Array(bytes[head]), fields: fields), framing: framing,
            keepsAlive: !closes && (minorVersion > 0 || persists),
            expectsContinue: expectsContinue && framing != .none)
    }

    @inline(__always)
    private func framing() throws(Violation) -> RequestHead.Framing {
        guard !codings.isEmpty else {
            if let length { return length == 0 ? .none : .length(length) }
            // RFC 1945 §8.3: without a length the body of an HTTP/1.0 request would have no end.
            if minorVersion == 0, method == .post || method == .put || method == .patch { throw .lengthRequired }
            return .none
        }
        guard minorVersion > 0 else { throw .codingInOldVersion }
        guard length == nil else { throw .lengthAndCoding }
        guard !codings.contains(.malformed), codings.last == .chunked, codings.count(where: { $0 == .chunked }) == 1
        else {
            throw codings.contains(.chunked) || codings.contains(.malformed) ? .malformedCoding : .unknownCoding
        }
        guard codings.count == 1 else { throw .unknownCoding }
        return .chunked
    }
}
