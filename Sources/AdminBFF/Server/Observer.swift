public import HTTP

/// A request and its answer, for metrics and the access log.
public struct Exchange: Sendable {
    public let method: Method
    /// The path as it was asked for, without the query.
    public let path: String
    /// The pattern of the route, which has few values: `/admin/api/orders/{id}`; empty when none matched.
    public let route: String
    public let status: Status
    /// Bytes of the bodies.
    public let received: Int
    public let sent: Int
    /// From the end of the head to the answer's place in the output.
    public let duration: Duration
    public let peer: String
}

/// Who is told what happens on the server's connections. Called on their loops, so it must be quick.
public struct Observer: Sendable {
    public var started: @Sendable (_ method: Method, _ route: String) -> Void
    public var finished: @Sendable (Exchange) -> Void
    /// A peer broke the protocol or a bound.
    public var refused: @Sendable (_ violation: Violation, _ peer: String) -> Void

    public init(
        started: @escaping @Sendable (_ method: Method, _ route: String) -> Void = { _, _ in },
        finished: @escaping @Sendable (Exchange) -> Void = { _ in },
        refused: @escaping @Sendable (_ violation: Violation, _ peer: String) -> Void = { _, _ in }
    ) {
        (self.started, self.finished, self.refused) = (started, finished, refused)
    }
}
