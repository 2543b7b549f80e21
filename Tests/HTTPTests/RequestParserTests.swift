import HTTP
import Testing

@Suite struct RequestParserTests {
    private static let next = Array("GET /next HTTP/1.1\r\nHost: next\r\n\r\n".utf8)

    /// What is read from `pieces`.
    private func read(_ pieces: [ArraySlice<UInt8>], _ rule: Case) -> [String] {
        var reader = Reader(rule.limits, namesHost: rule.expected.contains { $0.contains(" host=") })
        for piece in pieces { reader.feed(piece) }
        return reader.result
    }

    @Test(arguments: Case.all) func `a case is read the same however it is cut`(rule: Case) {
        let input = rule.input[...]
        #expect(read([input], rule) == rule.expected)
        #expect(read(input.indices.map { input[$0...$0] }, rule) == rule.expected)
        for cut in input.indices {
            #expect(read([input[..<cut], input[cut...]], rule) == rule.expected, "cut at \(cut)")
        }
        var random = SeededRandom(seed: 7)
        for _ in 0..<20 {
            var pieces: [ArraySlice<UInt8>] = []
            var rest = input
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...7, using: &random))
                pieces.append(piece)
                rest = rest.dropFirst(piece.count)
            }
            #expect(read(pieces, rule) == rule.expected, "seed 7, cut in \(pieces.map(\.count))")
        }
    }

    @Test(arguments: Case.all.filter { $0.expected.last != "waits" })
    func `the next request is read after it, and a refusal stands`(rule: Case) {
        let isRefused = rule.expected.last!.hasPrefix("refused")
        let host = rule.expected.contains { $0.contains(" host=") } ? " host=next" : ""
        let expected = isRefused ? rule.expected : rule.expected + ["GET /next" + host]
        var rule = rule
        // The limits are the case's own; what follows must not meet them.
        if !isRefused {
            rule.limits.requestLine = max(rule.limits.requestLine, 30)
            rule.limits.fieldBytes = max(rule.limits.fieldBytes, 30)
        }
        let input = (rule.input + Self.next)[...]
        #expect(read([input], rule) == expected)
        #expect(read(input.indices.map { input[$0...$0] }, rule) == expected)
    }

    @Test func `the cases speak of every violation a parser can find`() {
        let spoken = Set(Case.all.compactMap { $0.expected.last?.split(separator: " ").last.map(String.init) })
        let connections: [Violation] = [
            .headTooSlow, .bodyTooSlow, .endedEarly, .noMemoryForBody, .tooManyConnections,
        ]
        let found = Violation.allCases.filter { !connections.contains($0) }
        #expect(found.filter { !spoken.contains("\($0)") } == [])
    }

    @Test func `an end inside a request is a violation, between requests it is none`() {
        var parser = RequestParser()
        #expect(parser.endOfInput == nil)
        for byte in Self.next.dropLast() {
            var position = 0
            _ = [byte].withUnsafeBytes { parser.next($0, at: &position) }
            #expect(parser.endOfInput == .endedEarly)
        }
    }

    @Test func `random bytes never stop the parser, and are judged the same however they are cut`() {
        var random = SeededRandom(seed: 20_240_607)
        let words = [
            "GET ", "POST ", "/", "/a", " HTTP/1.1", " HTTP/1.0", "\r\n", "\r\n", "\r\n", "Host: a",
            "Content-Length: 3",
            "Transfer-Encoding: chunked", ": ", "3", "abc", "0", "\n", "\r", " ", "%41", "?", "*", "\u{0}", "é",
        ]
        for round in 0..<3_000 {
            let input = Array(
                (0..<Int.random(in: 1...14, using: &random)).map { _ in words.randomElement(using: &random)! }.joined()
                    .utf8)
            var whole = Reader(Limits(), namesHost: true)
            whole.feed(input)
            var bytewise = Reader(Limits(), namesHost: true)
            for byte in input { bytewise.feed([byte]) }
            #expect(
                whole.result == bytewise.result,
                "seed 20240607, round \(round): \(String(decoding: input, as: UTF8.self))")
        }
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
