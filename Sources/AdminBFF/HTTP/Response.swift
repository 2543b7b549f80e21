/// What a handler answers. Length, date and connection are added when it is written; a handler cannot set them.
public struct Response: Sendable {
    public var status: Status
    public var headers: Headers
    public var body: [UInt8]

    public init(_ status: Status, headers: Headers = Headers(), body: [UInt8] = []) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    public static func text(_ text: String, _ status: Status = .ok) -> Response {
        Response(status, headers: plainText, body: Array(text.utf8))
    }

    public static func json(_ body: [UInt8], _ status: Status = .ok) -> Response {
        Response(status, headers: json, body: body)
    }

    public static func html(_ text: String, _ status: Status = .ok) -> Response {
        Response(status, headers: html, body: Array(text.utf8))
    }

    public static let noContent = Response(.noContent)

    /// The short text that goes with a status when nothing better is known.
    public static func plain(_ status: Status) -> Response { .text("\(status.code) \(status.reason)\n", status) }

    // Made once: most responses carry exactly one of these.
    private static let plainText: Headers = ["content-type": "text/plain; charset=utf-8"]
    private static let json: Headers = ["content-type": "application/json"]
    private static let html: Headers = ["content-type": "text/html; charset=utf-8"]
}
