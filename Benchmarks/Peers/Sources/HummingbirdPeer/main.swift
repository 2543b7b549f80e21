import Hummingbird
import Logging
import NIOPosix

// Hummingbird with the routes of script/echo: HummingbirdPeer PORT FOLDER. One event loop, as every peer has.

let port = Int(CommandLine.arguments[1])!
let folder = CommandLine.arguments[2]

var logger = Logger(label: "peer")
logger.logLevel = .error

let router = Router()
router.add(middleware: FileMiddleware(folder, logger: logger))
router.get("plaintext") { _, _ in "Hello, World!" }
router.get("json") { _, _ in
    Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: .init(byteBuffer: ByteBuffer(string: #"{"message":"Hello, World!"}"#)))
}

let app = Application(
    router: router,
    configuration: .init(address: .hostname("127.0.0.1", port: port), serverName: nil),
    eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)),
    logger: logger)
try await app.runService()
