import Kernel

/// A telephone number in E.164: `+`, a country code and at most 15 digits in all. One person's spellings become one number.
struct PhoneNumber: Equatable {
    let e164: String

    /// E.164 §6 allows 15 digits; shorter than 8 is nobody's mobile number.
    private static let digits = 8...15
    /// More than anybody writes between the digits of a number.
    private static let limit = 40

    /// Reads `+49 170 1234567`, `0049 (0)170 1234567` and, at home in the country with this code, `0170/1234567`.
    init(_ text: String, diallingCode: String) throws(Refusal) {
        func invalid(_ what: String) -> Refusal { .invalid(what, field: "smsNumber") }
        let written = text.utf8.drop { $0 == UInt8(ascii: " ") }
        guard !written.isEmpty else { throw invalid("smsNumber is required") }
        guard written.count <= Self.limit else { throw invalid("the number is too long") }

        var number = ""
        for byte in written {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"):
                number.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "("), UInt8(ascii: ")"): number.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"): continue
            default: throw invalid("a number has digits, and a + before the country code")
            }
        }
        // Before the trunk zero in brackets stands the country code, so the zero is not dialled.
        if number.hasPrefix("+") || number.hasPrefix("00"), let trunk = number.firstRange(of: "(0)") {
            number.removeSubrange(trunk)
        }
        number.removeAll { $0 == "(" || $0 == ")" }

        let international: String
        if number.hasPrefix("+") {
            international = String(number.dropFirst())
        } else if number.hasPrefix("00") {
            international = String(number.dropFirst(2))
        } else if number.hasPrefix("0") {
            international = diallingCode + number.dropFirst()
        } else {
            throw invalid("the number must begin with 0, or with + and the country code")
        }
        guard !international.contains("+") else { throw invalid("a number has one +, at its beginning") }
        guard !international.hasPrefix("0"), Self.digits.contains(international.count) else {
            throw invalid("this is not a telephone number")
        }
        e164 = "+\(international)"
    }
}
