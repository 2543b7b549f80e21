public import HTTP
import WebSocket

public import struct WebSocket.CloseCode
public import enum WebSocket.Payload
public import struct WebSocket.PerMessageDeflate

/// Whether a client may open a WebSocket, decided before the handshake is answered.
public enum WebSocketAdmission: Sendable {
    /// `context` is handed to `open`: who it is, what it may see.
    case accept(context: any Sendable)
    case reject(Response)
}

/// What a connection's messages are for. Everything is called on the connection's loop, one call at a time.
public protocol WebSocketHandler: AnyObject {
    /// A text message, which is valid UTF-8. A lent payload holds until this returns.
    func received(text: Payload)
    func received(binary: Payload)
    /// Everything that a turn's end had to leave waiting has been taken by the kernel.
    func drained()
    /// The connection is over, whoever ended it; 1006 if without a close frame. Nothing is called after this.
    func closed(_ code: CloseCode, _ reason: String)
}

/// Which browsers' pages may open a WebSocket. A browser sends cookies with any page's handshake, so the page's origin
/// is the only protection against a foreign one. RFC 6455 §10.2.
public enum WebSocketOrigins: Sendable {
    /// The page's host and port are those the request names; a client that is no browser sends no origin and is let in.
    case sameHost
    /// As above, or one of these, as `https://admin.example`.
    case listed(Set<String>)
    case any
}

/// A place where WebSockets are opened.
struct WebSocketEndpoint: Sendable {
    let subprotocols: [String]
    let maximumMessage: Int
    let compression: PerMessageDeflate.Policy?
    let origins: WebSocketOrigins
    let authorize: @Sendable (Request) async -> WebSocketAdmission
    let open: @Sendable (WebSocketPeer, any Sendable) -> any WebSocketHandler

    struct Acceptance {
        let response: Response
        let subprotocol: String?
        let compression: PerMessageDeflate?
    }

    struct Refusal: Error {
        let response: Response
    }

    /// Judges a handshake by its form and its origin.
    func judge(_ request: Request, isLeaving: Bool) throws(Refusal) -> Acceptance {
        guard !isLeaving else { throw Refusal(response: .plain(.serviceUnavailable)) }
        guard admitsOrigin(of: request) else {
            throw Refusal(response: .text("a page of another origin may not connect\n", .forbidden))
        }
        guard request.head.minorVersion > 0 else {
            throw Refusal(response: .text("a websocket is opened with HTTP/1.1\n", .badRequest))
        }
        do throws(ServerHandshake.Refusal) {
            let accepted = try ServerHandshake.judge(
                method: request.method.rawValue, subprotocols: subprotocols, compression: compression
            ) { name in
                let values = request.headers.all(name)
                return values.isEmpty ? nil : values.joined(separator: ",")
            }
            var response = Response(.switchingProtocols)
            for (name, value) in accepted.fields { response.headers.add(name, value) }
            return Acceptance(
                response: response, subprotocol: accepted.subprotocol, compression: accepted.compression)
        } catch {
            var response = Response.text(error.description + "\n", Status(error.status))
            for (name, value) in error.fields { response.headers.add(name, value) }
            throw Refusal(response: response)
        }
    }

    private func admitsOrigin(of request: Request) -> Bool {
        let origins = request.headers.all("origin")
        guard let origin = origins.first?.lowercased() else { return true }
        guard origins.count == 1 else { return false }
        let authority = request.head.authority.lowercased()
        let isSame = origin == "http://" + authority || origin == "https://" + authority
        switch self.origins {
        case .any: return true
        case .sameHost: return isSame
        case .listed(let listed): return isSame || listed.contains(origin)
        }
    }
}

extension Router {
    /// Opens WebSockets at `path`. `authorize` decides before the handshake is answered; `open` is called on the loop
    /// and gives the handler of the new connection. Without a `compression` policy every offer of it is declined.
    public mutating func webSocket(
        _ path: String, subprotocols: [String] = [], maximumMessage: Int = 1 << 20,
        compression: PerMessageDeflate.Policy? = nil, origins: WebSocketOrigins = .sameHost,
        authorize: @escaping @Sendable (Request) async -> WebSocketAdmission = { _ in .accept(context: ()) },
        open: @escaping @Sendable (WebSocketPeer, any Sendable) -> any WebSocketHandler
    ) {
        add(
            .get, path, 0,
            .webSocket(
                WebSocketEndpoint(
                    subprotocols: subprotocols, maximumMessage: maximumMessage, compression: compression,
                    origins: origins, authorize: authorize, open: open)))
    }
}
