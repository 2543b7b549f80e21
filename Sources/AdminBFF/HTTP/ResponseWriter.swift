/// Writes responses as bytes. RFC 9112 §4, §6.
public struct ResponseWriter: Sendable {
    /// What the connection does after a response.
    public enum Connection: Sendable { case stays, staysForOldVersion, closes, upgrades }

    /// The `Date` line, to the second; whoever owns the clock renews it.
    public private(set) var second = -1
    private var date: [UInt8] = []
    /// Lines that every response carries.
    private let common: [UInt8]

    public init(common: Headers = Headers()) {
        var lines: [UInt8] = []
        Self.append(common, to: &lines)
        self.common = lines
    }

    /// Sets the date that responses carry, in seconds since 1970.
    public mutating func setDate(_ second: Int) {
        guard second != self.second else { return }
        self.second = second
        date = Array("date: ".utf8) + HTTPDate.bytes(second) + [.carriageReturn, .lineFeed]
    }

    /// Appends the head of `response`, to a request made with `method`. The body is left to the caller, who must send
    /// it exactly if this returns true; `length` is what it has where it is not the response's own.
    public func write(
        _ response: Response, length: Int? = nil, to method: Method, _ connection: Connection,
        into output: inout [UInt8]
    ) -> Bool {
        output.append(literal: "HTTP/1.1 ")
        output.append(decimal: response.status.code)
        output.append(.space)
        output.append(literal: response.status.reason)
        output.append(literal: "\r\n")
        output.append(contentsOf: date)
        output.append(contentsOf: common)
        response.headers.bytes.withUnsafeBytes { bytes in
            for field in response.headers.fields {
                let name = bytes.part(Int(field.name.lowerBound)..<Int(field.name.upperBound))
                if Self.isOurs(name, connection) { continue }
                output.append(contentsOf: name)
                output.append(literal: ": ")
                output.append(contentsOf: bytes.part(Int(field.value.lowerBound)..<Int(field.value.upperBound)))
                output.append(literal: "\r\n")
            }
        }
        // Who names a protocol in `Upgrade` must say so here too. RFC 9110 §7.8.
        let offers = response.status == .upgradeRequired
        switch connection {
        case .stays where offers: output.append(literal: "connection: upgrade\r\n")
        case .stays, .upgrades: break
        case .staysForOldVersion: output.append(literal: "connection: keep-alive\r\n")
        case .closes where offers: output.append(literal: "connection: close, upgrade\r\n")
        case .closes: output.append(literal: "connection: close\r\n")
        }
        // Nothing may say there is a body where there is none. RFC 9110 §8.6.
        guard !response.status.isBodiless else {
            output.append(literal: "\r\n")
            return false
        }
        output.append(literal: "content-length: ")
        let length = length ?? response.body.count
        output.append(decimal: length)
        output.append(literal: "\r\n\r\n")
        return method != .head && length > 0
    }

    /// Fields that describe the connection or the framing, which a handler knows nothing about.
    @inline(__always)
    private static func isOurs(_ name: UnsafeRawBufferPointer, _ connection: Connection) -> Bool {
        switch name.count {
        case 4: name.equalsIgnoringCase("date")
        case 10:
            if case .upgrades = connection { false } else { name.equalsIgnoringCase("connection") }
        case 14: name.equalsIgnoringCase("content-length")
        case 17: name.equalsIgnoringCase("transfer-encoding")
        default: false
        }
    }

    private static func append(_ headers: Headers, to lines: inout [UInt8]) {
        for (name, value) in headers.pairs { lines.append(contentsOf: "\(name): \(value)\r\n".utf8) }
    }
}

extension [UInt8] {
    @inline(__always)
    mutating func append(literal text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(decimal number: Int) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }
}
