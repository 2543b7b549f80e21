import Kernel

/// The members of one JSON object (RFC 8259 §4) with their values as the bytes they came in.
///
/// It finds where values end and refuses what is not an object, what nests too deep and what names a member twice; it
/// does not judge the values, whoever decodes them does.
struct Members {
    private(set) var values: [String: ArraySlice<UInt8>] = [:]

    init?(_ bytes: [UInt8]) {
        var scan = Scan(rest: bytes[...])
        scan.space()
        guard scan.take("{") else { return nil }
        scan.space()
        if !scan.take("}") {
            repeat {
                scan.space()
                guard let quoted = scan.string(), let name: String = try? Coding.decode(from: Array(quoted)) else {
                    return nil
                }
                scan.space()
                guard scan.take(":") else { return nil }
                scan.space()
                guard let value = scan.value(depth: 1), values.updateValue(value, forKey: name) == nil else {
                    return nil
                }
                scan.space()
            } while scan.take(",")
            guard scan.take("}") else { return nil }
        }
        scan.space()
        guard scan.rest.isEmpty else { return nil }
    }

    func has(_ name: String) -> Bool { values[name] != nil && values[name].map(Array.init) != Array("null".utf8) }

    /// A member's value, nil if it is not there. Throws if it is of another type.
    func read<Value: Decodable>(_ name: String, as _: Value.Type = Value.self) throws(Refusal) -> Value? {
        guard has(name), let bytes = values[name] else { return nil }
        do { return try Coding.decode(Value.self, from: Array(bytes)) } catch {
            throw Refusal.invalid("\(name) is of another type", field: name)
        }
    }
}

extension Members {
    /// The elements of a JSON list, as the bytes they came in; nil for what is none.
    static func elements(of list: [UInt8]) -> [[UInt8]]? {
        var scan = Scan(rest: list[...])
        scan.space()
        guard scan.take("[") else { return nil }
        scan.space()
        if scan.take("]") { return [] }
        var elements: [[UInt8]] = []
        repeat {
            scan.space()
            guard let value = scan.value(depth: 1) else { return nil }
            elements.append(Array(value))
            scan.space()
        } while scan.take(",")
        return scan.take("]") ? elements : nil
    }
}

private struct Scan {
    var rest: ArraySlice<UInt8>

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func space() { rest = rest.drop { $0 == 32 || $0 == 9 || $0 == 10 || $0 == 13 } }

    /// A string with its quotes.
    mutating func string() -> ArraySlice<UInt8>? {
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        var at = rest.startIndex + 1
        while at < rest.endIndex {
            switch rest[at] {
            case UInt8(ascii: "\\"): at += 2
            case UInt8(ascii: "\""):
                defer { rest = rest[(at + 1)...] }
                return rest[rest.startIndex...at]
            default: at += 1
            }
        }
        return nil
    }

    mutating func value(depth: Int) -> ArraySlice<UInt8>? {
        let start = rest
        switch rest.first {
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard depth < LiveLimits.depth else { return nil }
            let object = take("{")
            if !object { rest.removeFirst() }
            let end: Unicode.Scalar = object ? "}" : "]"
            space()
            if !take(end) {
                repeat {
                    space()
                    if object {
                        guard string() != nil else { return nil }
                        space()
                        guard take(":") else { return nil }
                        space()
                    }
                    guard value(depth: depth + 1) != nil else { return nil }
                    space()
                } while take(",")
                guard take(end) else { return nil }
            }
        default:
            rest = rest.drop { byte in
                (48...57).contains(byte) || (97...122).contains(byte) || byte == 43 || byte == 45 || byte == 46
                    || byte == 69
            }
            guard rest.startIndex > start.startIndex else { return nil }
        }
        return start[start.startIndex..<rest.startIndex]
    }
}
