/// A complete request, as a handler gets it.
public struct Request: Sendable {
    public let head: RequestHead
    public var body: [UInt8]
    /// What stood in the places the route's pattern names.
    public var parameters: PathParameters
    /// The numeric address of who sent it; the proxy's, where one stands before us that is not trusted.
    public var peer: String

    public init(head: RequestHead, body: [UInt8] = [], parameters: PathParameters = PathParameters(), peer: String = "")
    {
        (self.head, self.body, self.parameters, self.peer) = (head, body, parameters, peer)
    }

    /// A request that did not come over a wire. What no client could send stops the program.
    public init(
        _ method: Method, _ target: String, headers: Headers = [:], body: [UInt8] = [],
        parameters: PathParameters = PathParameters(), peer: String = "127.0.0.1"
    ) {
        var text = "\(method.rawValue) \(target) HTTP/1.1\r\n"
        if headers["host"] == nil { text += "host: localhost\r\n" }
        for (name, value) in headers.pairs { text += "\(name): \(value)\r\n" }
        if !body.isEmpty, headers["content-length"] == nil { text += "content-length: \(body.count)\r\n" }
        text += "\r\n"
        var parser = RequestParser()
        var position = 0
        let step = Array(text.utf8).withUnsafeBytes { parser.next($0, at: &position) }
        guard case .head(let head) = step else { preconditionFailure("\(method) \(target) is no request: \(step)") }
        self.init(head: head, body: body, parameters: parameters, peer: peer)
    }

    public var method: Method { head.method }
    /// The path as it was sent, escapes and all.
    public var path: String { head.path }
    public var headers: Headers { head.headers }
    /// What follows the question mark, as it was sent.
    public var rawQuery: String { head.query }
    public var query: Query { Query(head.query) }
    public var cookies: Cookies { Cookies(head.headers.all("cookie")) }
}

/// The parts of a path that a route's pattern names, with their escapes resolved.
public struct PathParameters: Sendable, ExpressibleByDictionaryLiteral {
    private var values: [(name: String, value: String)]

    public init() { values = [] }

    public init(dictionaryLiteral elements: (String, String)...) { values = elements.map { ($0, $1) } }

    public subscript(name: String) -> String? { values.first { $0.name == name }?.value }

    /// The value of a parameter as a number, or another type that has a text form.
    public func value<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type = Value.self) -> Value? {
        self[name].flatMap(Value.init)
    }

    public mutating func add(_ name: String, _ value: String) { values.append((name, value)) }
}
