import ArgumentParser
import EventLoop
import Glibc
import HTTP
import Logging
import Server
import WebSocket

extension AddressRange: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// A server that does nothing but transport, to measure it and to hold test suites of the protocols against.
@main struct Echo: AsyncParsableCommand {
    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 lets the kernel choose.") var port: UInt16 = 8080
    @Option(help: "How many event loops serve, each on a thread of its own.") var loops = 1
    @Option(help: "A folder whose files are served.") var folder: String?

    @Option(help: "off, shared (nothing is kept between messages) or own (a history for each connection).")
    var compression = CompressionMode.shared

    @Option(
        help: "Proxies whose word on a client's address is believed: an address or a range, as 10.0.0.0/8; repeatable.")
    var trustedProxy: [AddressRange] = []
    @Option(help: "What limits of time are divided by: for tests that wait for them.") var haste = 1

    static let largest = 16 << 20

    func validate() throws {
        guard (1...64).contains(loops) else { throw ValidationError("--loops is 1 to 64, not \(loops)") }
        guard haste >= 1 else { throw ValidationError("--haste is 1 or more, not \(haste)") }
    }

    func run() async throws {
        var configuration = Server.Configuration(.ip(host: host, port: port))
        configuration.securityHeaders = [:]
        configuration.trustedProxies = trustedProxy
        configuration.inherited = try Socket.inherited()
        hasten(&configuration)
        Descriptors.raiseLimit()
        Signals.catchAll([SIGINT, SIGTERM])
        let loops = (1...loops).map { EventLoop(name: "loop \($0)") }
        let logger = Logger(label: "echo")
        let server = try Server(configuration, try router(), on: loops, logger: logger)
        await Signals.next()
        await server.drain(within: .seconds(5))
    }

    private func router() throws -> Router {
        var router = Router()
        router.direct(.get, "/plaintext") { _ in .text("Hello, World!") }
        router.direct(.get, "/peer") { .text($0.peer) }
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

    private func hasten(_ configuration: inout Server.Configuration) {
        configuration.limits.headTime /= haste
        configuration.limits.bodyTime /= haste
        configuration.limits.idleTime /= haste
        configuration.serverLimits.stallTime /= haste
        configuration.serverLimits.pingAfter /= haste
        configuration.serverLimits.pongWithin /= haste
        configuration.serverLimits.probeAfter /= haste
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
