/// One element of `Sec-WebSocket-Extensions` (RFC 6455 §9.1).
struct ExtensionField: Equatable {
    let name: String
    /// In their order, and as often as they were given.
    var parameters: [Parameter] = []

    struct Parameter: Equatable {
        let name: String
        let value: String?
    }

    /// The elements of a list; nil if it is not in the field's form, which must fail the connection.
    static func parse(_ list: String) -> [ExtensionField]? {
        var reader = Reader(rest: Array(list.utf8)[...])
        var fields: [ExtensionField] = []
        repeat {
            reader.skipBlanks()
            // Empty elements of a list are passed over (RFC 9110 §5.6.1.2).
            if reader.isAtElementsEnd { continue }
            guard let name = reader.token() else { return nil }
            var field = ExtensionField(name: name)
            while reader.take(";") {
                guard let parameter = reader.parameter() else { return nil }
                field.parameters.append(parameter)
            }
            fields.append(field)
        } while reader.take(",")
        return reader.rest.isEmpty ? fields : nil
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        var isAtElementsEnd: Bool { rest.first.map { $0 == UInt8(ascii: ",") } ?? true }

        mutating func skipBlanks() { rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            skipBlanks()
            guard rest.first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        mutating func token() -> String? {
            skipBlanks()
            let token = rest.prefix(while: Self.isTokenByte)
            rest = rest.dropFirst(token.count)
            return token.isEmpty ? nil : String(decoding: token, as: UTF8.self)
        }

        mutating func parameter() -> Parameter? {
            guard let name = token() else { return nil }
            guard take("=") else { return Parameter(name: name, value: nil) }
            guard let value = take("\"") ? quoted() : token() else { return nil }
            return Parameter(name: name, value: value)
        }

        /// What is quoted must be a token once the backslashes are gone.
        private mutating func quoted() -> String? {
            var value: [UInt8] = []
            while let byte = rest.popFirst() {
                switch byte {
                case UInt8(ascii: "\""):
                    return value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let escaped = rest.popFirst(), Self.isTokenByte(escaped) else { return nil }
                    value.append(escaped)
                default:
                    guard Self.isTokenByte(byte) else { return nil }
                    value.append(byte)
                }
            }
            return nil
        }

        /// RFC 9110 §5.6.2.
        private static func isTokenByte(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
    }
}
