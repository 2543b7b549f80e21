internal import Crypto

/// The client's side of the opening handshake (RFC 6455 §4.1), for tests and load: it follows no redirect.
public struct ClientHandshake: Sendable {
    /// The head to send.
    public let request: [UInt8]
    private let expectedKey: String
    private let subprotocols: [String]
    private let offers: [PerMessageDeflate.Offer]
    private var head: [UInt8] = []

    /// Why the server's answer opens no connection.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        public let description: String
    }

    /// What the server agreed to.
    public struct Acceptance: Sendable, Hashable {
        public let subprotocol: String?
        public let compression: PerMessageDeflate?
    }

    /// `offers` are what compression would be welcome, the best first. `fields` are sent as they are: a cookie, an origin.
    public init(
        host: String, path: String, subprotocols: [String] = [], offers: [PerMessageDeflate.Offer] = [],
        fields: [(name: String, value: String)] = []
    ) {
        self.init(
            host: host, path: path, subprotocols: subprotocols, offers: offers, fields: fields, nonce: randomBytes(16))
    }

    init(
        host: String, path: String, subprotocols: [String], offers: [PerMessageDeflate.Offer],
        fields: [(name: String, value: String)], nonce: [UInt8]
    ) {
        let key = Base64.encode(nonce)
        var lines = ["GET \(path) HTTP/1.1", "Host: \(host)", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13"]
        if !subprotocols.isEmpty { lines.append("Sec-WebSocket-Protocol: \(subprotocols.joined(separator: ", "))") }
        if !offers.isEmpty {
            lines.append("Sec-WebSocket-Extensions: \(offers.map(\.text).joined(separator: ", "))")
        }
        lines += fields.map { "\($0.name): \($0.value)" }
        request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        expectedKey = acceptKey(key)
        (self.subprotocols, self.offers) = (subprotocols, offers)
    }

    /// Takes what arrived up to the end of the answer's head, leaving in `input` the frames behind it; nil while the head
    /// is not complete.
    public mutating func receive(_ input: inout UnsafeMutableRawBufferPointer) throws(Failure) -> Acceptance? {
        while let byte = input.first {
            input = UnsafeMutableRawBufferPointer(rebasing: input[1...])
            head.append(byte)
            if byte == UInt8(ascii: "\n"), head.suffix(4) == Array("\r\n\r\n".utf8)[...] { return try judge() }
            guard head.count < Limits.handshakeHead else {
                throw Failure(description: "expected a head of at most \(Limits.handshakeHead) bytes")
            }
        }
        return nil
    }

    private func judge() throws(Failure) -> Acceptance {
        // The carriage return and the line feed are one Character.
        var lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")[...]
        let status = lines.popFirst() ?? ""
        guard status.hasPrefix("HTTP/1.1 101 ") else {
            throw Failure(description: "expected status 101, got \(status)")
        }
        var fields: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else {
                throw Failure(description: "expected a field, got \(line)")
            }
            let value = trimmed(line[line.index(after: colon)...])
            fields.merge([line[..<colon].lowercased(): value]) { "\($0), \($1)" }
        }
        guard tokens(fields["upgrade"]).contains(where: { $0.lowercased() == "websocket" }),
            tokens(fields["connection"]).contains(where: { $0.lowercased() == "upgrade" })
        else { throw Failure(description: "expected an upgrade to websocket") }
        guard fields["sec-websocket-accept"] == expectedKey else {
            throw Failure(description: "expected the accept key \(expectedKey)")
        }
        let compression = try judge(extensions: fields["sec-websocket-extensions"] ?? "")
        let subprotocol = fields["sec-websocket-protocol"]
        guard subprotocol.map(subprotocols.contains) ?? true else {
            throw Failure(description: "expected an offered subprotocol, got \(subprotocol!)")
        }
        return Acceptance(subprotocol: subprotocol, compression: compression)
    }

    private func judge(extensions list: String) throws(Failure) -> PerMessageDeflate? {
        guard let extensions = ExtensionField.parse(list), extensions.count <= 1 else {
            throw Failure(description: "expected one extension at most, got \(list)")
        }
        guard let answer = extensions.first else { return nil }
        guard let agreed = PerMessageDeflate(answer: answer, to: offers) else {
            throw Failure(description: "expected an answer to \(offers.map(\.text)), got \(list)")
        }
        return agreed
    }
}
