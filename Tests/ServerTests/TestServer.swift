import EventLoop
import HTTP
import Logging
import Server
import Synchronization
import TestSupport
import Testing

/// A server on a loop of its own, with a clock that only the test moves.
struct TestServer {
    let clock = ManualClock()
    let loop: EventLoop
    let server: Server

    init(
        _ change: (inout Server.Configuration) -> Void = { _ in }, routes: (inout Router) -> Void
    ) throws {
        loop = EventLoop(clock: .manual(clock))
        var configuration = Server.Configuration(.ip(host: "127.0.0.1", port: 0))
        change(&configuration)
        var router = Router()
        routes(&router)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        server = try Server(configuration, router, on: [loop], logger: logger)
    }

    func client(receiveBuffer: Int32? = nil) -> Client { Client(port: server.port, receiveBuffer: receiveBuffer) }

    /// Waits until the server holds `count` connections; false if it does not come to that.
    func holds(_ count: Int) async -> Bool { await eventually { await server.connections == count } }

    func stop() async {
        await server.drain(within: .zero)
        loop.stop()
    }
}

/// A value that a handler notes and a test reads.
final class Noted<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    func note(_ value: Value) { values.withLock { $0.append(value) } }
    var all: [Value] { values.withLock { $0 } }
}

/// A door that a handler waits at until the test opens it.
final class Door: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    var isAwaited: Bool { state.withLock { !$0.waiting.isEmpty } }
}
