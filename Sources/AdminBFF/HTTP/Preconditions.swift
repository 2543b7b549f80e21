/// Whether a conditional request is to be answered in full. RFC 9110 §13.2.2, the order of its steps included.
public enum Preconditions: Sendable, Equatable {
    case proceed
    case notModified
    case failed

    /// - Parameters:
    ///   - tag: the strong entity tag of what would be sent, with its quotes
    ///   - modified: when that was last changed, in seconds since 1970
    public init(_ request: RequestHead, tag: String, modified: Int, now: Int = 0) {
        let headers = request.headers
        let reads = request.method == .get || request.method == .head
        let ifMatch = headers.all("if-match")
        if !ifMatch.isEmpty {
            guard Self.matches(ifMatch, tag, weakly: false) else {
                self = .failed
                return
            }
        } else if let since = headers["if-unmodified-since"].flatMap({ HTTPDate.parse($0, now: now) }), modified > since
        {
            self = .failed
            return
        }
        let ifNoneMatch = headers.all("if-none-match")
        if !ifNoneMatch.isEmpty {
            self = !Self.matches(ifNoneMatch, tag, weakly: true) ? .proceed : reads ? .notModified : .failed
        } else if reads, let since = headers["if-modified-since"].flatMap({ HTTPDate.parse($0, now: now) }),
            modified <= since
        {
            self = .notModified
        } else {
            self = .proceed
        }
    }

    /// Whether one of the listed tags is this one. A weak tag never matches strongly. RFC 9110 §8.8.3.2.
    private static func matches(_ fields: [String], _ tag: String, weakly: Bool) -> Bool {
        for field in fields {
            if field == "*" { return true }
            var rest = Substring(field)
            while true {
                rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
                let isWeak = rest.hasPrefix("W/")
                if isWeak { rest = rest.dropFirst(2) }
                guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else { break }
                if rest[...end] == tag, weakly || !isWeak { return true }
                rest = rest[rest.index(after: end)...]
            }
        }
        return false
    }
}
