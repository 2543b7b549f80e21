import Glibc
import HTTP
import Testing

/// A rule of the parser, as the files in `Cases` state it; their README explains the form.
struct Case: CustomTestStringConvertible, Sendable {
    var file: String
    var rule: String
    var limits = Limits()
    var input: [UInt8] = []
    var expected: [String] = []

    var testDescription: String { "\(file): \(rule)" }

    static let all = ["request-line", "targets", "host", "fields", "framing", "chunked", "limits", "connection"]
        .flatMap(read)

    private static func read(_ name: String) -> [Case] {
        let folder = #filePath.dropLast("Case.swift".count)
        guard let file = fopen("\(folder)Cases/\(name).txt", "r") else { fatalError("there is no \(name).txt") }
        defer { fclose(file) }
        var cases: [Case] = []
        var buffer = [CChar](repeating: 0, count: 4096)
        while fgets(&buffer, Int32(buffer.count), file) != nil {
            let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let line = String(decoding: bytes, as: UTF8.self).dropLast()
            let text = line.dropFirst(2)
            switch line.first {
            case "-": cases.append(Case(file: name, rule: String(line.dropFirst(4))))
            case "%": for setting in text.split(separator: " ") { cases[cases.count - 1].set(setting) }
            case ">": cases[cases.count - 1].input += unescaped(text)
            case "=": cases[cases.count - 1].expected.append(String(text))
            case nil: break
            default: fatalError("\(name).txt has a line of no kind: \(line)")
            }
        }
        return cases
    }

    private mutating func set(_ setting: Substring) {
        let parts = setting.split(separator: "=")
        let value = Int(parts[1])!
        switch parts[0] {
        case "requestLine": limits.requestLine = value
        case "fieldBytes": limits.fieldBytes = value
        case "fieldCount": limits.fieldCount = value
        case "body": limits.body = value
        case "chunkLine": limits.chunkLine = value
        case "chunkOverhead": limits.chunkOverhead = value
        default: fatalError("there is no limit \(parts[0])")
        }
    }

    private static func unescaped(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case nil: return bytes
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "x"):
                bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)!)
                rest = rest.dropFirst(2)
            default: fatalError("an escape of no kind in: \(text)")
            }
        }
        return bytes + [13, 10]
    }
}

/// A parser with the buffer a connection would keep for it, and what it has read, as the cases write it.
struct Reader {
    private var parser: RequestParser
    private var buffer: [UInt8] = []
    private var head: RequestHead?
    private var body: [UInt8] = []
    private(set) var read: [String] = []
    private let names: Bool
    private var isRefused = false

    init(_ limits: Limits, namesHost: Bool) {
        parser = RequestParser(limits: limits)
        names = namesHost
    }

    mutating func feed(_ bytes: some Collection<UInt8>) {
        guard !isRefused else { return }
        buffer += bytes
        var position = 0
        reading: while true {
            switch buffer.withUnsafeBytes({ parser.next($0, at: &position) }) {
            case .needsMore: break reading
            case .head(let head): self.head = head
            case .body(let range): body += buffer[range]
            case .end: finish()
            case .violation(let violation):
                read.append("refused \(violation.status.code) \(violation)")
                isRefused = true
                return
            }
        }
        buffer.removeFirst(position)
    }

    private mutating func finish() {
        let head = head!
        var text = "\(head.method.rawValue) \(head.path)"
        if !head.query.isEmpty { text += "?" + head.query }
        if !body.isEmpty { text += " body=\"\(String(decoding: body, as: UTF8.self))\"" }
        if !head.keepsAlive { text += " closes" }
        if head.expectsContinue { text += " continue" }
        if names { text += " host=\(head.authority)" }
        read.append(text)
        (self.head, body) = (nil, [])
    }

    /// What was read, and whether something is left that is not complete.
    var result: [String] { isRefused || parser.isBetweenRequests && !read.isEmpty ? read : read + ["waits"] }
}
