/// The parts of a representation that a request asks for. RFC 9110 §14.
public enum ByteRanges: Sendable, Equatable {
    /// All of it: no part was asked for, or nothing that is worth answering in parts.
    case whole
    /// In the order they were asked for. They are no longer than the whole together.
    case parts([Range<Int>])
    case unsatisfiable

    /// Ranges of one request. Whoever asks for more is sent the whole, as RFC 9110 §14.2 allows: many small or
    /// overlapping ranges are how a server is made to send a file many times over.
    public static let limit = 16

    /// - Parameters:
    ///   - length: bytes of the representation
    ///   - tag: its strong entity tag, with its quotes
    ///   - modified: when it was last changed, in seconds since 1970
    public init(_ request: RequestHead, length: Int, tag: String, modified: Int, now: Int) {
        let fields = request.headers.all("range")
        guard request.method == .get, fields.count == 1, let specs = Self.specs(fields[0]),
            Self.isCurrent(request.headers.all("if-range"), tag, modified, now)
        else {
            self = .whole
            return
        }
        var parts: [Range<Int>] = []
        for spec in specs {
            switch spec {
            case .from(let first, let last) where first < length:
                parts.append(first..<(last < length ? last + 1 : length))
            case .from: break
            case .last(let count) where count > 0: parts.append(max(0, length - count)..<length)
            case .last: break
            }
        }
        // An empty part has no place that `Content-Range` could name.
        if parts.contains(where: \.isEmpty) || parts.reduce(0, { $0 + $1.count }) > length {
            self = .whole
        } else {
            self = parts.isEmpty ? .unsatisfiable : .parts(parts)
        }
    }

    private enum Spec {
        case from(Int, through: Int)
        case last(Int)
    }

    /// What the field asks for; nil if it is malformed, of another unit or too much, and so to be ignored.
    private static func specs(_ field: String) -> [Spec]? {
        let parts = field.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].map(\.lowercased).elementsEqual("bytes".utf8) else { return nil }
        var specs: [Spec] = []
        for member in parts[1].split(separator: UInt8(ascii: ",")) {
            let blank = { (byte: UInt8) in byte == .space || byte == .tab }
            var member = member.drop(while: blank)
            while let last = member.last, blank(last) { member = member.dropLast() }
            if member.isEmpty { continue }
            guard specs.count < limit, let spec = spec(member) else { return nil }
            specs.append(spec)
        }
        return specs.isEmpty ? nil : specs
    }

    private static func spec(_ text: Substring.UTF8View) -> Spec? {
        let ends = text.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        if ends[0].isEmpty { return number(ends[1]).map { .last($0) } }
        guard let first = number(ends[0]) else { return nil }
        if ends[1].isEmpty { return .from(first, through: .max) }
        guard let last = number(ends[1]), last >= first else { return nil }
        return .from(first, through: last)
    }

    /// Digits only. What no file reaches is the largest number there is.
    private static func number(_ text: Substring.UTF8View) -> Int? {
        guard !text.isEmpty else { return nil }
        var number = 0
        for byte in text {
            guard let digit = byte.decimal else { return nil }
            let (product, isOver) = number.multipliedReportingOverflow(by: 10)
            let (sum, isBeyond) = product.addingReportingOverflow(Int(digit))
            number = isOver || isBeyond || number == .max ? .max : sum
        }
        return number
    }

    /// Whether what the client has parts of is what there is. RFC 9110 §13.1.5: a tag must match strongly, and a date must
    /// be the very one, of a second that is over.
    private static func isCurrent(_ fields: [String], _ tag: String, _ modified: Int, _ now: Int) -> Bool {
        guard let field = fields.first else { return true }
        guard fields.count == 1 else { return false }
        return field == tag || HTTPDate.parse(field, now: now) == modified && modified < now
    }
}
