import Deflate
public import WebSocket

/// A WebSocket over a `Client`: messages in, messages out, and the frames in between.
public actor WebSocketClient {
    public nonisolated let client: Client
    private var core = WebSocketConnection(role: .client, limits: limits)
    private static let limits = Limits(messageSize: 64 << 20)
    private var masks = MaskKeys()
    private var waiting: [Message] = []
    public private(set) var subprotocol: String?
    public private(set) var compression: PerMessageDeflate?
    /// Bytes that came, frames' headers included.
    public private(set) var received = 0

    public enum Message: Sendable, Equatable {
        case text(String)
        case binary([UInt8])
        case ping
        case pong([UInt8])
        case close(UInt16?, String)
        case violation(String)
        /// The connection has ended without a close frame, or nothing came.
        case nothing
    }

    public init(_ client: Client) { self.client = client }

    /// Shakes hands; false if the server refuses.
    public func open(
        _ path: String, subprotocols: [String] = [], offers: [PerMessageDeflate.Offer] = [], origin: String? = nil,
        fields: [(name: String, value: String)] = [],
        early: [UInt8] = []
    ) async -> Bool {
        var handshake = ClientHandshake(
            host: "test", path: path, subprotocols: subprotocols, offers: offers,
            fields: fields + (origin.map { [(name: "Origin", value: $0)] } ?? []))
        guard await client.send(handshake.request + early) else { return false }
        while var bytes = await client.receive(), !bytes.isEmpty {
            let accepted: Bool? = bytes.withUnsafeMutableBytes { bytes in
                var rest = bytes
                do {
                    guard let acceptance = try handshake.receive(&rest) else { return nil }
                    (subprotocol, compression) = (acceptance.subprotocol, acceptance.compression)
                    if let compression {
                        core = WebSocketConnection(
                            role: .client, limits: Self.limits, compression: Compression(compression, Codecs()))
                    }
                    read(&rest)
                    return true
                } catch {
                    return false
                }
            }
            if let accepted { return accepted }
        }
        return false
    }

    public func send(_ opcode: Opcode, _ payload: some Collection<UInt8> & Sendable) async {
        var frame: [UInt8] = []
        Array(payload).withUnsafeBytes { core.append(opcode, $0, to: &frame, mask: masks.next()) }
        await client.send(frame)
    }

    public func send(_ text: String) async { await send(.text, Array(text.utf8)) }

    /// Sends a small message while `receive` may be waiting.
    public func sendAside(_ text: String) { sendAside(.text, text) }

    public func sendAside(_ opcode: Opcode, _ text: String = "") {
        client.sendAside(Frame.bytes(opcode, Array(text.utf8), mask: masks.next()))
    }

    public func close(_ code: CloseCode) async {
        if let frame = core.close(code, mask: masks.next()) { await client.send(frame) }
    }

    /// The next message. Close frames are answered, pings are not.
    public func receive() async -> Message {
        while waiting.isEmpty {
            guard var bytes = await client.receive(), !bytes.isEmpty else { return .nothing }
            bytes.withUnsafeMutableBytes { bytes in
                var rest = bytes
                read(&rest)
            }
        }
        let message = waiting.removeFirst()
        if case .close(let code, _) = message {
            if let frame = core.close(code.map(CloseCode.init(rawValue:)), mask: masks.next()) {
                await client.send(frame)
            }
        }
        return message
    }

    private func read(_ bytes: inout UnsafeMutableRawBufferPointer) {
        received += bytes.count
        while let event = core.next(in: &bytes) {
            switch event {
            case .text(let payload): waiting.append(.text(payload.string))
            case .binary(let payload): waiting.append(.binary(payload.bytes))
            case .ping: waiting.append(.ping)
            case .pong(let payload): waiting.append(.pong(payload.bytes))
            case .close(let code, let reason): waiting.append(.close(code?.rawValue, reason))
            case .violation(let violation): waiting.append(.violation(violation.description))
            }
        }
    }
}
