/// Whether bytes are one JSON text (RFC 8259), to the letter and to a depth.
///
/// A decoder looks only at the fields it was asked for; what stands in the others it may never notice. A body that is
/// broken anywhere is not acted on.
public struct JSONGrammar {
    /// Deeper than any message of the mall.
    public static let depth = 32

    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0

    public static func accepts(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            var grammar = JSONGrammar(bytes: bytes)
            return grammar.value(0) && grammar.at == bytes.count
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 32 || byte == 9 || byte == 10 || byte == 13 { at += 1 }
    }

    /// A value and the space around it.
    private mutating func value(_ depth: Int) -> Bool {
        skipSpace()
        defer { skipSpace() }
        switch next {
        case UInt8(ascii: "{"):
            return depth < Self.depth
                && list(ending: "}") { grammar in
                    grammar.skipSpace()
                    guard grammar.string() else { return false }
                    grammar.skipSpace()
                    return grammar.take(":") && grammar.value(depth + 1)
                }
        case UInt8(ascii: "["): return depth < Self.depth && list(ending: "]") { $0.value(depth + 1) }
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number()
        }
    }

    private mutating func list(ending end: Unicode.Scalar, _ element: (inout JSONGrammar) -> Bool) -> Bool {
        at += 1
        skipSpace()
        if take(end) { return true }
        repeat {
            guard element(&self) else { return false }
        } while take(",")
        return take(end)
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"): guard escape() else { return false }
            case 0..<32: return false
            default: break
            }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard let byte = next else { return false }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = next, Character(UnicodeScalar(digit)).isHexDigit else { return false }
                at += 1
            }
            return true
        default: return false
        }
    }

    private mutating func word(_ word: StaticString) -> Bool {
        for offset in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[offset] else { return false }
            at += 1
        }
        return true
    }

    private mutating func number() -> Bool {
        _ = take("-")
        if !take("0") { guard digits() else { return false } }
        if take(".") { guard digits() else { return false } }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard digits() else { return false }
        }
        return true
    }

    private mutating func digits() -> Bool {
        let start = at
        while let byte = next, (48...57).contains(byte) { at += 1 }
        return at > start
    }
}
