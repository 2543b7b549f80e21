/// What stands before a request's body, as it was received and found to be well-formed.
public struct RequestHead: Sendable {
    /// How the body's end is found. RFC 9112 §6.
    public enum Framing: Sendable, Equatable {
        case none
        case length(Int)
        case chunked
    }

    public let method: Method
    /// Both are places in the block of bytes the headers hold; the path is empty for `OPTIONS *`.
    let pathRange: Range<Int>
    let queryRange: Range<Int>
    let authorityRange: Range<Int>
    /// The 1 of HTTP/1.1. A later minor version counts as 1 (RFC 9110 §2.5).
    public let minorVersion: Int
    public let headers: Headers
    public let framing: Framing
    /// Whether the connection may serve another request after this one. RFC 9112 §9.3.
    public let keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body. RFC 9110 §10.1.1.
    public let expectsContinue: Bool

    /// The path as it was sent, escapes and all: `/orders/a%2Fb`; `*` for a request to the server as a whole.
    public var path: String { pathRange.isEmpty ? "*" : text(pathRange) }

    /// What follows the question mark, as it was sent.
    public var query: String { text(queryRange) }

    /// Host and port by which the client means us: from an absolute target, else from the Host field. RFC 9112 §3.3.
    public var authority: String { text(authorityRange) }

    /// Calls `body` with the path's bytes as they were sent.
    public func withPath<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        headers.bytes.withUnsafeBytes { body($0.part(pathRange)) }
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: headers.bytes[range], as: UTF8.self) }
}
