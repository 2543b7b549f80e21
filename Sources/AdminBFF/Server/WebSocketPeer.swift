public import EventLoop
public import HTTP
public import WebSocket

extension CloseCode {
    /// The server is leaving; the client comes back, after a delay of its own.
    public static let serverLeaving = CloseCode(rawValue: 4410)
}

/// One open WebSocket, seen from the server. It belongs to its loop and may be touched there only.
///
/// What is sent during a turn leaves in one send at its end. After the connection is over sending does nothing.
public final class WebSocketPeer: Session, @unchecked Sendable {
    /// The handshake's request.
    public let request: Request
    public let subprotocol: String?
    private let connection: Connection
    private var core: WebSocketConnection
    private var handler: (any WebSocketHandler)?
    private var lastHeard: LoopInstant
    private var pinged: LoopInstant?
    private var closeSent: LoopInstant?
    private var isTooSlow = false
    /// What the handler is told at the end.
    private var ending = (code: CloseCode.abnormal, reason: "")
    private var server: ServerLoop { connection.server }

    init(
        _ connection: Connection, _ request: Request, _ acceptance: WebSocketEndpoint.Acceptance,
        _ endpoint: WebSocketEndpoint
    ) {
        (self.connection, self.request, subprotocol) = (connection, request, acceptance.subprotocol)
        let server = connection.server
        core = WebSocketConnection(
            role: .server, limits: WebSocket.Limits(messageSize: endpoint.maximumMessage),
            compression: acceptance.compression.map { Compression($0, server.codecs) })
        longestRead = acceptance.compression == nil ? ServerLimits.readBuffer : ServerLimits.compressedRead
        lastHeard = server.loop.now
    }

    func open(_ endpoint: WebSocketEndpoint, _ context: any Sendable, early: [UInt8]) {
        handler = endpoint.open(self, context)
        var early = early
        if !early.isEmpty { early.withUnsafeMutableBytes { received($0) } }
        if connection.inputHasEnded { inputEnded() }
    }

    public var loop: EventLoop { server.loop }

    /// Bytes that were accepted and that the kernel has not yet taken.
    public var unsentBytes: Int { connection.unsentBytes }

    // Sending

    public func send(text: some Collection<UInt8>) { send(.text, text) }

    public func send(text: some StringProtocol) { send(.text, text.utf8) }

    public func send(binary: some Collection<UInt8>) { send(.binary, binary) }

    /// Sends a frame by reference: nothing is encoded or copied, and nothing compressed that was before.
    public func send(framed bytes: SharedBytes) {
        guard maySend else { return }
        connection.send(piece: core.frame(of: bytes))
        boundBacklog()
    }

    /// Begins the closing handshake; what was sent before still arrives. The handler is told when it is over.
    public func close(_ code: CloseCode, _ reason: String = "") {
        loop.preconditionIsCurrent()
        guard connection.isOpen, let frame = core.close(code, reason) else { return }
        if ending.code == .abnormal { ending = (code, reason) }
        connection.send { $0.append(contentsOf: frame) }
        closeSent = loop.now
    }

    private var maySend: Bool {
        loop.preconditionIsCurrent()
        return connection.isOpen && core.maySend && !isTooSlow
    }

    private func send(_ opcode: Opcode, _ payload: some Collection<UInt8>) {
        guard maySend else { return }
        connection.send { output in
            let written: Void? = payload.withContiguousStorageIfAvailable {
                core.append(opcode, UnsafeRawBufferPointer($0), to: &output)
            }
            if written == nil { Array(payload).withUnsafeBytes { core.append(opcode, $0, to: &output) } }
        }
        boundBacklog()
    }

    /// Drops one who reads too slowly for what is sent to them: in the next turn, for whoever sends may be going through a
    /// list of peers that the end of one would change.
    private func boundBacklog() {
        guard !isTooSlow, connection.unsentBytes > server.limits.backlog else { return }
        isTooSlow = true
        ending = (.abnormal, "took nothing of \(connection.unsentBytes) bytes")
        loop.call { [self] in connection.drop() }
    }

    // Session

    var takesInput: Bool { !core.isOver }

    let longestRead: Int

    func received(_ bytes: UnsafeMutableRawBufferPointer) {
        lastHeard = loop.now
        pinged = nil
        var input = bytes
        while connection.isOpen, let event = core.next(in: &input) {
            switch event {
            case .text(let payload): handler?.received(text: payload)
            case .binary(let payload): handler?.received(binary: payload)
            case .ping(let payload): send(.pong, payload.bytes)
            case .pong: break
            case .close(let code, let reason):
                if closeSent == nil { ending = (code ?? .noStatus, reason) }
                // The server closes the transport first, and nothing more can come. RFC 6455 §7.1.1.
                answerClose(code, lingers: false)
            case .violation(let violation):
                ending = (violation.code, violation.description)
                answerClose(violation.code, lingers: true)
            }
        }
    }

    private func answerClose(_ code: CloseCode?, lingers: Bool) {
        if let frame = core.close(code) { connection.send { $0.append(contentsOf: frame) } }
        connection.end(lingers: lingers)
        tellClosed()
    }

    func inputEnded() {
        _ = core.transportEnded()
        connection.end()
    }

    func outputDrained() { handler?.drained() }

    func hasRoomAgain() {}

    func tick(_ now: LoopInstant) {
        if let closeSent {
            if now >= closeSent + server.limits.closeTime { connection.drop() }
        } else if let pinged {
            // One that has still to take what waits for it cannot answer; it is judged by `stallTime`.
            if now >= pinged + server.limits.pongWithin, connection.unsentBytes == 0 { connection.drop() }
        } else if now >= lastHeard + server.limits.pingAfter, connection.unsentBytes == 0 {
            pinged = now
            send(.ping, [])
        }
    }

    func closed() { tellClosed() }

    private func tellClosed() {
        let handler = self.handler
        self.handler = nil
        handler?.closed(ending.code, ending.reason)
    }
}

extension CloseCode {
    /// A close frame without a code. Said about a connection, never on it. RFC 6455 §7.1.5.
    static let noStatus = CloseCode(rawValue: 1005)
}
