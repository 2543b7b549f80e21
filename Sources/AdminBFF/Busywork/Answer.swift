import FoundationEssentials
import Kernel

/// What the system answered to a request.
struct Answer: Sendable {
    let status: Int
    let fields: [(name: String, value: String)]
    let body: [UInt8]

    var isDone: Bool { 200..<300 ~= status }

    /// The kind of a refusal.
    var code: String? { (try? read(Refused.self))?.code }
    var message: String { (try? read(Refused.self))?.message ?? String(decoding: body.prefix(200), as: UTF8.self) }

    func read<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
        try Coding.decode(Value.self, from: body)
    }

    subscript(field name: String) -> String? { fields.first { $0.name == name }?.value }

    private struct Refused: Decodable {
        let code: String
        let message: String
    }
}

/// Reads answers from a connection's bytes: heads with a Content-Length, as this system writes them, and nothing else.
struct AnswerParser: Sendable {
    private var bytes: [UInt8] = []

    /// The bytes are no answer.
    struct Nonsense: Error {}

    mutating func receive(_ new: some Collection<UInt8>) { bytes += new }

    /// The next answer, once it is whole.
    mutating func next() throws(Nonsense) -> Answer? {
        guard let end = endOfHead else { return nil }
        let lines = String(decoding: bytes[..<(end - 4)], as: UTF8.self).split(separator: "\r\n")
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3))
        else { throw Nonsense() }
        let fields = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        let length = fields.first { $0.name == "content-length" }.map { Int($0.value) } ?? 0
        guard let length, length >= 0 else { throw Nonsense() }
        guard bytes.count >= end + length else { return nil }
        let body = Array(bytes[end..<(end + length)])
        bytes.removeFirst(end + length)
        return Answer(status: status, fields: fields, body: body)
    }

    /// Where the body begins.
    private var endOfHead: Int? {
        guard bytes.count >= 4 else { return nil }
        for place in 0...(bytes.count - 4)
        where bytes[place] == 13 && bytes[place + 1] == 10 && bytes[place + 2] == 13 && bytes[place + 3] == 10 {
            return place + 4
        }
        return nil
    }
}
