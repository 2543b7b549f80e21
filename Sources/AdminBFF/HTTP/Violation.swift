/// How a peer broke the protocol, or a bound of ours. It is answered with its status, and the connection is closed.
public enum Violation: String, Error, Hashable, Sendable, CaseIterable {
    case malformedRequestLine = "the request line is not: method, space, target, space, version"
    case malformedTarget = "the request target is malformed"
    case lineWithoutCarriageReturn = "a line ends without a carriage return"
    case malformedFieldName = "a field line does not start with a name and a colon"
    case malformedFieldValue = "a field value has a control character"
    case foldedField = "a field line is folded"
    case missingHost = "a request of HTTP/1.1 names no host"
    case repeatedHost = "a request names more than one host"
    case malformedHost = "the host is malformed"
    case malformedLength = "the content length is no number"
    case repeatedLength = "a request has more than one content length"
    case lengthAndCoding = "a request has a content length and a transfer coding"
    case malformedCoding = "the transfer coding is malformed, or chunked is not its last"
    case codingInOldVersion = "a request of HTTP/1.0 has a transfer coding"
    case malformedChunk = "a chunk is malformed"
    case wastefulChunks = "the chunks are more size lines than data"
    case forbiddenTrailer = "a trailer says what only a header may say"
    case endedEarly = "the connection ended inside a request"
    case headTooSlow = "the request head took too long"
    case bodyTooSlow = "the request body took too long"
    case lengthRequired = "a request of HTTP/1.0 with a body has no content length"
    case bodyTooLarge = "the request body is larger than this resource takes"
    case requestLineTooLong = "the request line is too long"
    case unmetExpectation = "only 100-continue can be expected"
    case fieldsTooLarge = "the header section is too large"
    case tooManyFields = "the header section has too many fields"
    case noMemoryForBody = "the bodies that are held here are as many as may be"
    case tooManyConnections = "the connections that are open here are as many as may be"
    case unknownMethod = "the method is not known here"
    case unknownCoding = "the transfer coding is not known here"
    case unknownVersion = "the version of HTTP is not spoken here"

    /// RFC 9110 §15, RFC 6585 §5.
    public var status: Status {
        switch self {
        case .malformedRequestLine, .malformedTarget, .lineWithoutCarriageReturn, .malformedFieldName,
            .malformedFieldValue, .foldedField, .missingHost, .repeatedHost, .malformedHost, .malformedLength,
            .repeatedLength, .lengthAndCoding, .malformedCoding, .codingInOldVersion, .malformedChunk, .wastefulChunks,
            .forbiddenTrailer,
            .endedEarly:
            .badRequest
        case .headTooSlow, .bodyTooSlow: .requestTimeout
        case .lengthRequired: .lengthRequired
        case .bodyTooLarge: .contentTooLarge
        case .requestLineTooLong: .uriTooLong
        case .unmetExpectation: .expectationFailed
        case .fieldsTooLarge, .tooManyFields: .requestHeaderFieldsTooLarge
        case .unknownMethod, .unknownCoding: .notImplemented
        case .unknownVersion: .httpVersionNotSupported
        case .noMemoryForBody, .tooManyConnections: .serviceUnavailable
        }
    }
}
