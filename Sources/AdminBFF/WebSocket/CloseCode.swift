/// Why a connection ends (RFC 6455 §7.4).
public struct CloseCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let normal = CloseCode(rawValue: 1000)
    public static let goingAway = CloseCode(rawValue: 1001)
    public static let protocolError = CloseCode(rawValue: 1002)
    public static let unsupportedData = CloseCode(rawValue: 1003)
    /// The connection ended without a close frame. Said about a connection, never on it.
    public static let abnormal = CloseCode(rawValue: 1006)
    public static let invalidData = CloseCode(rawValue: 1007)
    public static let policyViolation = CloseCode(rawValue: 1008)
    public static let messageTooBig = CloseCode(rawValue: 1009)
    public static let internalError = CloseCode(rawValue: 1011)

    /// Whether a close frame may carry this code: the registered ones, those of libraries (3000) and those of
    /// applications (4000). 1004, 1005, 1006 and 1015 are reserved to stand for what no frame said (§7.4.1, §7.4.2).
    public var mayBeSent: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

/// What the peer did against the protocol, and the code to close the connection with.
public struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
    public let code: CloseCode
    public let description: String

    init(_ code: CloseCode, _ description: String) { (self.code, self.description) = (code, description) }
}
