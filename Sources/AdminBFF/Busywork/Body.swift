import Kernel

/// What a request says, as JSON.
enum Body: Sendable, Encodable {
    case text(String)
    case number(Int64)
    case list([Body])
    case object([String: Body])

    var bytes: [UInt8] {
        guard let bytes = try? Coding.encode(self) else { preconditionFailure("texts and numbers are always JSON") }
        return bytes
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .list(let list): try container.encode(list)
        case .object(let members): try container.encode(members)
        }
    }
}

extension Body: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    init(stringLiteral text: String) { self = .text(text) }
    init(integerLiteral number: Int64) { self = .number(number) }
    init(arrayLiteral list: Body...) { self = .list(list) }
    init(dictionaryLiteral members: (String, Body)...) { self = .object(Dictionary(uniqueKeysWithValues: members)) }
}
