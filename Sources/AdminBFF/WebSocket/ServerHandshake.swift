internal import Crypto

/// The server's side of the opening handshake (RFC 6455 §4.2). Whether the `Origin` may connect is the server's own
/// question, and its refusal 403.
public enum ServerHandshake {
    /// A request that may become a WebSocket connection.
    public struct Acceptance: Sendable, Equatable {
        public let key: String
        /// The first protocol of the client's list that is spoken here; nil if it asked for none of them.
        public let subprotocol: String?
        /// What was agreed about compression; nil if it was not offered, or is not wanted.
        public let compression: PerMessageDeflate?
        let extensions: String?

        /// What the 101 answer carries.
        public var fields: [(name: String, value: String)] {
            var fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", key)]
            if let subprotocol { fields.append(("Sec-WebSocket-Protocol", subprotocol)) }
            if let extensions { fields.append(("Sec-WebSocket-Extensions", extensions)) }
            return fields
        }

        /// The whole 101 answer.
        public var response: [UInt8] {
            let lines = fields.map { "\($0.name): \($0.value)\r\n" }.joined()
            return Array("HTTP/1.1 101 Switching Protocols\r\n\(lines)\r\n".utf8)
        }
    }

    /// A request that stays HTTP: the status to answer it with, why, and what the answer must carry.
    public struct Refusal: Error, Sendable, CustomStringConvertible {
        public let status: Int
        public let description: String
        public let fields: [(name: String, value: String)]
    }

    /// Judges an HTTP/1.1 request. `field` gives the value of a field whose name is asked for in lower case, repeated
    /// fields joined by commas (RFC 9110 §5.3).
    public static func judge(
        method: String, subprotocols: [String], compression: PerMessageDeflate.Policy? = nil,
        field: (String) -> String?
    ) throws(Refusal) -> Acceptance {
        guard method == "GET" else {
            throw Refusal(status: 405, description: "expected GET, got \(method)", fields: [("Allow", "GET")])
        }
        guard tokens(field("upgrade")).contains(where: { $0.lowercased() == "websocket" }) else {
            throw Refusal(
                status: 426, description: "expected an upgrade to websocket",
                fields: [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")])
        }
        guard tokens(field("connection")).contains(where: { $0.lowercased() == "upgrade" }) else {
            throw Refusal(status: 400, description: "expected the connection field to name the upgrade", fields: [])
        }
        guard let version = field("sec-websocket-version") else {
            throw Refusal(status: 400, description: "expected a websocket version", fields: [])
        }
        guard version == "13" else {
            throw Refusal(
                status: 426, description: "expected websocket version 13, got \(version)",
                fields: [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")])
        }
        guard let nonce = field("sec-websocket-key"), Base64.decode(nonce)?.count == 16 else {
            throw Refusal(status: 400, description: "expected a websocket key of 16 bytes in base 64", fields: [])
        }
        let offered = tokens(field("sec-websocket-protocol"))
        guard let extensions = ExtensionField.parse(field("sec-websocket-extensions") ?? "") else {
            throw Refusal(status: 400, description: "expected a list of extensions and their parameters", fields: [])
        }
        let answer = compression.flatMap { PerMessageDeflate.answer(extensions, $0) }
        return Acceptance(
            key: acceptKey(nonce), subprotocol: offered.first { subprotocols.contains($0) },
            compression: answer?.agreed, extensions: answer?.text)
    }
}

/// What proves that a server understood the handshake (RFC 6455 §4.2.2, item 5.4).
func acceptKey(_ nonce: String) -> String {
    Base64.encode(Digest.sha1((nonce + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
}

/// The members of a comma-separated list (RFC 9110 §5.6.1), without the white space around them.
func tokens(_ list: String?) -> [String] {
    (list ?? "").split(separator: ",").map(trimmed).filter { !$0.isEmpty }
}

/// Without spaces and tabs at both ends.
func trimmed(_ text: Substring) -> String {
    let start = text.drop { $0 == " " || $0 == "\t" }
    guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
    return String(start[...end])
}
