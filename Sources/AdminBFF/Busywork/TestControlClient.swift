public import EventLoop

/// Somebody at the test control of a system.
public struct TestControlClient: Sendable {
    private let address: SocketAddress
    private let loop: EventLoop

    public init(at path: String, on loop: EventLoop) { (address, self.loop) = (.unix(path: path), loop) }

    /// Asks on the loop; returns what was answered, and nothing if nobody answers.
    public func post(_ path: String, _ body: String) async -> String {
        let (address, loop) = (address, loop)
        return await loop.spawn {
            let caller = Caller(of: address, on: loop)
            defer { caller.close() }
            return String(decoding: (try? await caller.ask("POST", path, Array(body.utf8)))?.body ?? [], as: UTF8.self)
        }.value
    }
}
