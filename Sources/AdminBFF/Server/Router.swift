public import HTTP

/// Which handler answers which request. A literal segment wins over a parameter; the rest is answered with 404, or with
/// 405 and the methods there are. HEAD is answered by GET's handler, OPTIONS by the router.
///
/// A pattern is a path: `/admin/api/orders/{id}/cancel`. `{id}` takes any segment, `{id:uuid}` and `{n:int}` only those
/// of that form. Two patterns that mean the same stop the program.
public struct Router: Sendable {
    public typealias Handler = @Sendable (Request) async -> Response

    enum Action: Sendable {
        case task(Handler)
        case direct(@Sendable (Request) -> Response)
        case webSocket(WebSocketEndpoint)
        case files(StaticFiles, FilePlace)
    }

    /// A class, so that a match is a reference.
    final class Endpoint: Sendable {
        let pattern: String
        let bodyLimit: Int?
        let action: Action

        init(pattern: String, bodyLimit: Int?, action: Action) {
            (self.pattern, self.bodyLimit, self.action) = (pattern, bodyLimit, action)
        }
    }

    enum Match {
        case endpoint(Endpoint, PathParameters)
        case refusal(Response)
    }

    /// The tree of segments; the first is its root.
    private var nodes = [Node()]
    private var folders: [(prefix: [UInt8], endpoint: Endpoint)] = []
    private var reserved: [[UInt8]] = []

    /// What a request that no handler takes is told: that there is nothing, or nothing for its method. The methods there
    /// are the router adds itself.
    public var refusal: @Sendable (RequestHead, Status) -> Response = { _, status in .plain(status) }

    public init() {}

    public mutating func get(_ pattern: String, _ handler: @escaping Handler) {
        on(.get, pattern, handler)
    }

    public mutating func post(_ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping Handler) {
        on(.post, pattern, bodyLimit: bodyLimit, handler)
    }

    public mutating func put(_ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping Handler) {
        on(.put, pattern, bodyLimit: bodyLimit, handler)
    }

    public mutating func patch(_ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping Handler) {
        on(.patch, pattern, bodyLimit: bodyLimit, handler)
    }

    public mutating func delete(_ pattern: String, _ handler: @escaping Handler) {
        on(.delete, pattern, handler)
    }

    /// The handler runs in a task on the connection's loop. `bodyLimit` stands for `Limits.body` on this route.
    public mutating func on(
        _ method: Method, _ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping Handler
    ) {
        add(method, pattern, bodyLimit, .task(handler))
    }

    /// As `on`, for a handler that waits for nothing: it is called in place, without a task.
    public mutating func direct(
        _ method: Method, _ pattern: String, bodyLimit: Int? = nil,
        _ handler: @escaping @Sendable (Request) -> Response
    ) {
        add(method, pattern, bodyLimit, .direct(handler))
    }

    /// Serves files for what no route takes and starts with `prefix`, which ends with a slash. The longest prefix wins.
    public mutating func files(_ prefix: String, _ files: StaticFiles) {
        precondition(
            prefix.hasPrefix("/") && prefix.hasSuffix("/"), "a folder's prefix starts and ends with a slash: \(prefix)")
        let endpoint = Endpoint(
            pattern: prefix + "*", bodyLimit: 0, action: .files(files, .below(prefix.utf8.count)))
        folders.append((Array(prefix.utf8), endpoint))
        folders.sort { $0.prefix.count > $1.prefix.count }
    }

    /// Serves a folder's `index.html` at a path of another name: a page that shows screens at paths of its own.
    public mutating func index(_ pattern: String, of files: StaticFiles) {
        add(.get, pattern, 0, .files(files, .index))
    }

    /// Keeps folders from answering at `path` and below it: what no route takes there is refused.
    public mutating func reserve(_ path: String) { reserved.append(Array(path.utf8)) }

    mutating func add(_ method: Method, _ pattern: String, _ bodyLimit: Int?, _ action: Action) {
        precondition(pattern.hasPrefix("/"), "a pattern starts with a slash: \(pattern)")
        let segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(Segment.init)
        var place = 0
        for segment in segments { place = child(of: place, by: segment, pattern) }
        precondition(nodes[place].endpoint(method) == nil, "\(method.rawValue) \(pattern) is routed twice")
        nodes[place].endpoints.append((method, Endpoint(pattern: pattern, bodyLimit: bodyLimit, action: action)))
    }

    func match(_ head: RequestHead) -> Match {
        head.withPath { path in
            guard !path.isEmpty else { return .refusal(Self.options(methods)) }
            var parameters = PathParameters()
            if let place = find(path, from: 1, in: 0, &parameters) {
                let node = nodes[place]
                let method = head.method == .head && node.endpoint(.head) == nil ? .get : head.method
                if let endpoint = node.endpoint(method) { return .endpoint(endpoint, parameters) }
                return .refusal(head.method == .options ? Self.options(node.methods) : notAllowed(node.methods, head))
            }
            let slash = UInt8(ascii: "/")
            if reserved.contains(where: { path.starts(with: $0) && (path.count == $0.count || path[$0.count] == slash) }
            ) {
                return .refusal(refusal(head, .notFound))
            }
            for folder in folders where path.starts(with: folder.prefix) {
                switch head.method {
                case .get, .head: return .endpoint(folder.endpoint, parameters)
                case .options: return .refusal(Self.options([.get, .head, .options]))
                default: return .refusal(notAllowed([.get, .head, .options], head))
                }
            }
            return .refusal(refusal(head, .notFound))
        }
    }

    /// What is answered anywhere here.
    private var methods: [Method] {
        let own = Set(nodes.flatMap(\.methods) + (folders.isEmpty ? [] : [.get, .head])).union([.options])
        return Method.allCases.filter(own.contains)
    }

    /// The place a segment leads to, which is made if there is none.
    private mutating func child(of place: Int, by segment: Segment, _ pattern: String) -> Int {
        switch segment {
        case .literal(let name):
            if let known = nodes[place].literals.first(where: { $0.name == name }) { return known.place }
            nodes[place].literals.append((name, nodes.count))
        case .parameter(let name, let form):
            if let known = nodes[place].parameters.first(where: { $0.form == form }) {
                precondition(known.name == name, "\(pattern) renames the parameter \(known.name) of another pattern")
                return known.place
            }
            nodes[place].parameters.append((name, form, nodes.count))
            // The narrower form is tried first.
            nodes[place].parameters.sort { $0.form != .any && $1.form == .any }
        }
        nodes.append(Node())
        return nodes.count - 1
    }

    /// The place at which the path ends. `start` is behind the slash before the next segment.
    private func find(
        _ path: UnsafeRawBufferPointer, from start: Int, in place: Int, _ found: inout PathParameters
    ) -> Int? {
        guard start <= path.count else { return nodes[place].endpoints.isEmpty ? nil : place }
        var end = start
        var isEscaped = false
        while end < path.count, path[end] != UInt8(ascii: "/") {
            isEscaped = isEscaped || path[end] == UInt8(ascii: "%")
            end += 1
        }
        let raw = UnsafeRawBufferPointer(rebasing: path[start..<end])
        let decoded = isEscaped ? PercentEncoding.decode(raw) ?? [] : []
        for literal in nodes[place].literals {
            guard isEscaped ? decoded == literal.name : raw.elementsEqual(literal.name) else { continue }
            if let end = find(path, from: end + 1, in: literal.place, &found) { return end }
        }
        guard !nodes[place].parameters.isEmpty else { return nil }
        let bytes = isEscaped ? decoded : Array(raw)
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        for parameter in nodes[place].parameters where parameter.form.admits(text) {
            var inner = found
            inner.add(parameter.name, text)
            if let end = find(path, from: end + 1, in: parameter.place, &inner) {
                found = inner
                return end
            }
        }
        return nil
    }

    private static func options(_ methods: [Method]) -> Response {
        Response(.noContent, headers: ["allow": methods.map(\.rawValue).joined(separator: ", ")])
    }

    private func notAllowed(_ methods: [Method], _ head: RequestHead) -> Response {
        var response = refusal(head, .methodNotAllowed)
        response.headers.add("allow", methods.map(\.rawValue).joined(separator: ", "))
        return response
    }
}

/// One segment of a pattern.
private enum Segment: Hashable {
    case literal([UInt8])
    case parameter(String, Form)

    enum Form: String { case any, int, uuid }

    init(_ text: Substring) {
        guard text.hasPrefix("{"), text.hasSuffix("}") else {
            precondition(!text.contains("{") && !text.contains("}"), "a parameter takes a whole segment: \(text)")
            self = .literal(Array(text.utf8))
            return
        }
        let parts = text.dropFirst().dropLast().split(separator: ":", omittingEmptySubsequences: false)
        let form = parts.count > 1 ? Form(rawValue: String(parts[1])) : .any
        guard let form, !parts[0].isEmpty, parts.count <= 2 else {
            preconditionFailure("a parameter is {name}, {name:int} or {name:uuid}, not \(text)")
        }
        self = .parameter(String(parts[0]), form)
    }
}

extension Segment.Form {
    func admits(_ text: String) -> Bool {
        switch self {
        case .any: return !text.isEmpty
        case .int: return Int(text) != nil && !text.hasPrefix("+")
        case .uuid:
            let bytes = Array(text.utf8)
            return bytes.count == 36
                && bytes.indices.allSatisfy {
                    [8, 13, 18, 23].contains($0)
                        ? bytes[$0] == UInt8(ascii: "-") : Character(UnicodeScalar(bytes[$0])).isHexDigit
                }
        }
    }
}

/// A place in the tree of segments.
private struct Node: Sendable {
    var literals: [(name: [UInt8], place: Int)] = []
    var parameters: [(name: String, form: Segment.Form, place: Int)] = []
    var endpoints: [(method: Method, endpoint: Router.Endpoint)] = []

    func endpoint(_ method: Method) -> Router.Endpoint? {
        for entry in endpoints where entry.method == method { return entry.endpoint }
        return nil
    }

    /// The methods that are answered here, those answered on behalf of others included.
    var methods: [Method] {
        let own = endpoints.map(\.method)
        return Method.allCases.filter { own.contains($0) || $0 == .options || $0 == .head && own.contains(.get) }
    }
}
