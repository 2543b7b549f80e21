import FoundationEssentials
import Kernel

/// JSON (RFC 8259) put together byte by byte: rows come encoded, and an encoder would only copy them.
extension [UInt8] {
    mutating func add(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func add(_ value: Int64) {
        if value >= 0 && value < 10 {
            append(48 + UInt8(value))
            return
        }
        if value < 0 { append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        let start = count
        while rest > 0 {
            append(48 + UInt8(rest % 10))
            rest /= 10
        }
        self[start...].reverse()
    }

    mutating func add(_ value: Int) { add(Int64(value)) }

    /// An identifier as a JSON string.
    mutating func add(_ key: UUID) {
        let digits: StaticString = "0123456789abcdef"
        append(UInt8(ascii: "\""))
        Swift.withUnsafeBytes(of: key.uuid) { bytes in
            for index in 0..<16 {
                if index == 4 || index == 6 || index == 8 || index == 10 { append(UInt8(ascii: "-")) }
                append(digits.utf8Start[Int(bytes[index] >> 4)])
                append(digits.utf8Start[Int(bytes[index] & 15)])
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// A text as a JSON string, escaped as RFC 8259 §7 demands and no further.
    mutating func add(quoted text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): add("\\\"")
            case UInt8(ascii: "\\"): add("\\\\")
            case 0..<0x20:
                add("\\u00")
                let digits: StaticString = "0123456789abcdef"
                append(digits.utf8Start[Int(byte >> 4)])
                append(digits.utf8Start[Int(byte & 15)])
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    mutating func add(_ value: ColumnValue) {
        switch value {
        case .null: add("null")
        case .bool(let value): value ? add("true") : add("false")
        case .int(let value): add(value)
        case .text(let text): add(quoted: text)
        case .uuid(let uuid): add(uuid)
        case .uuids(let uuids): add(list: uuids)
        }
    }

    mutating func add(list keys: some Collection<UUID>) {
        append(UInt8(ascii: "["))
        var first = true
        for key in keys {
            if !first { append(UInt8(ascii: ",")) }
            first = false
            add(key)
        }
        append(UInt8(ascii: "]"))
    }
}
