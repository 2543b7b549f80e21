import EventLoop
import FoundationEssentials
import Kernel
import WebSocket

/// An open page of a member of staff, which notes how long it took until it showed what happened.
final class StaffPage: @unchecked Sendable {
    static let topics = ["orders", "lists", "pickup", "invoices", "fleet"]

    private let crew: Crew
    private let identity: String
    private let topic: String
    private var connection = WebSocketConnection(role: .client, limits: Limits(messageSize: 16 << 20))
    private var handshake: ClientHandshake?
    private var keys = MaskKeys()
    private var wire: Wire?
    private var ended: CheckedContinuation<Void, Never>?
    /// Whether rows came behind the last commit, and whether they are news: the first rows of a view are not.
    private var hasNews = false

    init(of crew: Crew, identity: String, watches topic: String) {
        (self.crew, self.identity, self.topic) = (crew, identity, topic)
    }

    /// Opens the page again and again, until the task is cancelled.
    func watch() async {
        while !Task.isCancelled {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    ended = continuation
                    connect()
                    if Task.isCancelled { end() }
                }
            } onCancel: {
                crew.loop.call { self.end() }
            }
            await crew.pace.rest(.milliseconds(500))
        }
    }

    private func connect() {
        connection = WebSocketConnection(role: .client, limits: Limits(messageSize: 16 << 20))
        let cookie = identity.dropFirst("Cookie: ".count).filter { $0 != "\r" && $0 != "\n" && $0 != "\r\n" }
        let address = crew.settings.address
        let handshake = ClientHandshake(
            host: "\(address)", path: "/admin/live", subprotocols: ["mallbots.live.v1"],
            fields: [("Cookie", String(cookie)), ("Origin", "http://\(address)")])
        self.handshake = handshake
        do {
            wire = try Wire(to: address, on: crew.loop) { [weak self] in self?.received($0) }
            wire?.send(handshake.request)
        } catch {
            end()
        }
    }

    private func received(_ bytes: UnsafeMutableRawBufferPointer?) {
        guard var input = bytes else { return end() }
        if handshake != nil {
            do {
                guard try handshake?.receive(&input) != nil else { return }
            } catch {
                return end()
            }
            handshake = nil
            hasNews = false
            send(.text, Array("{\"type\":\"open\",\"view\":1,\"topic\":\"\(topic)\",\"limit\":50}".utf8))
        }
        while let event = connection.next(in: &input) {
            switch event {
            case .text(let payload): read(payload.bytes)
            case .ping(let payload): send(.pong, payload.bytes)
            case .binary, .pong: break
            case .close, .violation: return end()
            }
        }
    }

    private struct Message: Decodable {
        struct Row: Decodable {
            struct Value: Decodable {
                let orderId: String?
                let status: String?
            }
            let value: Value
        }
        let type: String
        let asOf: Instant?
        let put: [Row]?
        let message: String?
    }

    private func read(_ bytes: [UInt8]) {
        guard let message = try? Coding.decode(Message.self, from: bytes) else { return }
        switch message.type {
        case "change":
            hasNews = true
            guard topic == "orders" else { return }
            for row in message.put ?? [] {
                if let id = row.value.orderId, let status = row.value.status { crew.saw(id, status) }
            }
        case "commit":
            if hasNews, let asOf = message.asOf { crew.tally.took("event → page", Self.now - asOf) }
            hasNews = false
        case "refused": crew.tally.count("page refused: \(topic) \(message.message ?? "")")
        default: break
        }
    }

    private static var now: Instant {
        Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    private func send(_ opcode: Opcode, _ payload: [UInt8]) {
        wire?.send(Frame.bytes(opcode, payload, mask: keys.next()))
    }

    private func end() {
        wire?.close()
        wire = nil
        let continuation = ended
        ended = nil
        continuation?.resume()
    }

    private typealias Limits = WebSocket.Limits
}
