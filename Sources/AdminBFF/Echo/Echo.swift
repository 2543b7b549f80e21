import ArgumentParser
import EventLoop
import Glibc
import HTTP
import Logging
import Server
import WebSocket

/// A server that does nothing but transport, to measure it and to hold test suites of the protocols against.
@main struct Echo: AsyncParsableCommand {
    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 lets the kernel choose.") var port: UInt16 = 8080
    @Option(help: "How many event loops serve, each on a thread of its own.") var loops = 1
    @Option(help: "A folder whose files are served.") var folder: String?

    @Option(help: "off, shared (nothing is kept between messages) or own (a history for each connection).")
    var compression = CompressionMode.shared

    static let largest = 16 << 20

    func validate() throws {
        guard (1...64).contains(loops) else { throw ValidationError("--loops is 1 to 64, not \(loops)") }
    }

    func run() async throws {
        var configuration = Server.Configuration(.ip(host: host, port: port))
        configuration.securityHeaders = [:]
        let loops = (1...loops).map { EventLoop(name: "loop \($0)") }
        let logger = Logger(label: "echo")
        let server = try Server(configuration, try router(), on: loops, logger: logger)
        await Self.leaveSignal()
        await server.drain(within: .seconds(5))
    }

    private func router() throws -> Router {
        var router = Router()
        router.direct(.get, "/plaintext") { _ in .text("Hello, World!") }
        router.get("/async") { _ in .text("Hello, World!") }
        let greeting = Array(#"{"message":"Hello, World!"}"#.utf8)
        router.direct(.get, "/json") { _ in .json(greeting) }
        router.post("/echo", bodyLimit: Self.largest) { request in
            var response = Response(.ok, body: request.body)
            response.headers.add("content-type", request.headers["content-type"] ?? "application/octet-stream")
            return response
        }
        router.webSocket("/ws", maximumMessage: Self.largest, compression: compression.policy, origins: .any) {
            peer, _ in
            EchoHandler(peer)
        }
        let room = Room()
        router.webSocket("/broadcast", maximumMessage: Self.largest, compression: compression.policy, origins: .any) {
            peer, _ in BroadcastHandler(peer, room)
        }
        if let folder {
            guard let files = StaticFiles(folder) else { throw ValidationError("\(folder) is no folder") }
            router.files("/", files)
        }
        return router
    }

    /// Returns when the process is told to end.
    private static func leaveSignal() async {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let loop = EventLoop(name: "signals")
            let wanted = signals
            loop.call {
                var wanted = wanted
                var signal: Int32 = 0
                sigwait(&wanted, &signal)
                loop.stop()
                continuation.resume()
            }
        }
    }
}

enum CompressionMode: String, ExpressibleByArgument {
    case off, shared, own

    var policy: PerMessageDeflate.Policy? {
        switch self {
        case .off: nil
        case .shared: .shared
        case .own: .own
        }
    }
}
