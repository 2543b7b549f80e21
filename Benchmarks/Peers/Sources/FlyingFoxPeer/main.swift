import FlyingFox
import FlyingSocks
import Foundation
import Synchronization

// FlyingFox with the routes of script/echo: FlyingFoxPeer PORT FOLDER.

let port = UInt16(CommandLine.arguments[1])!
let folder = URL(fileURLWithPath: CommandLine.arguments[2], isDirectory: true)

let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: port), logger: .disabled)
await server.appendRoute("GET /plaintext") { _ in
    HTTPResponse(statusCode: .ok, headers: [.contentType: "text/plain"], body: Data("Hello, World!".utf8))
}
await server.appendRoute("GET /json") { _ in
    HTTPResponse(
        statusCode: .ok, headers: [.contentType: "application/json"],
        body: Data(#"{"message":"Hello, World!"}"#.utf8))
}
await server.appendRoute("GET /ws", to: .webSocket(EchoWSMessageHandler()))
await server.appendRoute("GET /broadcast", to: .webSocket(Room()))
await server.appendRoute("GET /static/*", to: DirectoryHTTPHandler(root: folder, serverPath: "/"))
try await server.run()

/// Sends every message to everyone.
final class Room: WSMessageHandler {
    private let members = Mutex<[UUID: AsyncStream<WSMessage>.Continuation]>([:])

    func makeMessages(for client: AsyncStream<WSMessage>) async throws -> AsyncStream<WSMessage> {
        let name = UUID()
        let (messages, member) = AsyncStream<WSMessage>.makeStream()
        members.withLock { $0[name] = member }
        Task {
            for await message in client {
                for member in members.withLock({ Array($0.values) }) { member.yield(message) }
            }
            members.withLock { _ = $0.removeValue(forKey: name) }
            member.finish()
        }
        return messages
    }
}
