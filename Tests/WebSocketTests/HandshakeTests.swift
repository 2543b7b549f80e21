import Testing

@testable import WebSocket

@Suite struct ServerHandshakeTests {
    /// RFC 6455 §1.3, "the sample nonce".
    static let fields = [
        "upgrade": "websocket", "connection": "keep-alive, Upgrade", "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-protocol": "mallbots.live.v2, mallbots.live.v1",
    ]

    private func judge(
        _ changes: [String: String?] = [:], method: String = "GET"
    ) throws -> ServerHandshake.Acceptance {
        let fields = changes.reduce(into: Self.fields) { $0[$1.key] = $1.value }
        return try ServerHandshake.judge(method: method, subprotocols: ["mallbots.live.v1"]) { fields[$0] }
    }

    @Test func `the sample handshake is answered with the sample key`() throws {
        let acceptance = try judge(["sec-websocket-protocol": "chat"])
        #expect(acceptance.key == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(acceptance.subprotocol == nil)
        #expect(
            String(decoding: acceptance.response, as: UTF8.self)
                == "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
    }

    @Test func `the first offered protocol that is spoken is chosen`() throws {
        #expect(try judge().subprotocol == "mallbots.live.v1")
        #expect(try judge(["sec-websocket-protocol": nil as String?]).subprotocol == nil)
        #expect(try judge(["sec-websocket-protocol": "MALLBOTS.LIVE.V1"]).subprotocol == nil)
    }

    @Test func `the names of upgrade and connection options have no case`() throws {
        #expect(try judge(["upgrade": "WebSocket", "connection": "UPGRADE"]).key == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(try judge(["upgrade": "h2c , websocket"]).key == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test(
        arguments: [
            ("connection", "keep-alive"), ("connection", nil), ("sec-websocket-version", nil),
            ("sec-websocket-key", nil),
            ("sec-websocket-key", ""), ("sec-websocket-key", "dGhlIHNhbXBsZQ=="),
            ("sec-websocket-key", "no base 64 at all!!"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="),
        ] as [(String, String?)])
    func `a malformed handshake is a bad request`(field: String, value: String?) throws {
        let refusal = try #require(throws: ServerHandshake.Refusal.self) { try judge([field: value]) }
        #expect(refusal.status == 400)
    }

    @Test(arguments: [("sec-websocket-version", "8"), ("upgrade", nil), ("upgrade", "h2c")] as [(String, String?)])
    func `another version or no upgrade is told what is required`(field: String, value: String?) throws {
        let refusal = try #require(throws: ServerHandshake.Refusal.self) { try judge([field: value]) }
        #expect(refusal.status == 426)
        #expect(refusal.fields.contains { $0 == ("Sec-WebSocket-Version", "13") })
        #expect(refusal.fields.contains { $0 == ("Upgrade", "websocket") })
    }

    @Test func `only GET becomes a connection`() throws {
        let refusal = try #require(throws: ServerHandshake.Refusal.self) { try judge(method: "POST") }
        #expect(refusal.status == 405)
        #expect(refusal.fields.contains { $0 == ("Allow", "GET") })
    }
}

@Suite struct ClientHandshakeTests {
    private static let nonce = Array("the sample nonce".utf8)
    private static let answer =
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

    private func client() -> ClientHandshake {
        ClientHandshake(
            host: "localhost:8080", path: "/admin/live", subprotocols: ["mallbots.live.v1"], offers: [],
            fields: [("Origin", "http://localhost:8080")], nonce: Self.nonce)
    }

    /// What the client makes of an answer cut in two, and how many bytes it leaves.
    private func receive(_ answer: String, cutAt cut: Int = 0) throws -> (ClientHandshake.Acceptance?, left: Int) {
        var client = client()
        var bytes = Array(answer.utf8)
        return try bytes.withUnsafeMutableBytes { bytes in
            var first = UnsafeMutableRawBufferPointer(rebasing: bytes[..<cut])
            var second = UnsafeMutableRawBufferPointer(rebasing: bytes[cut...])
            if let early = try client.receive(&first) { return (early, first.count + second.count) }
            return (try client.receive(&second), second.count)
        }
    }

    @Test func `the request says what is asked for`() {
        let request = String(decoding: client().request, as: UTF8.self)
        #expect(
            request == "GET /admin/live HTTP/1.1\r\nHost: localhost:8080\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Protocol: mallbots.live.v1\r\nOrigin: http://localhost:8080\r\n\r\n")
    }

    @Test func `an answer is taken up to its end, however it is cut, and the frames behind it are left`() throws {
        let answer = Self.answer + "Sec-WebSocket-Protocol: mallbots.live.v1\r\n\r\n"
        for cut in 0...answer.utf8.count {
            let (acceptance, left) = try receive(answer + "frames", cutAt: cut)
            #expect(acceptance == ClientHandshake.Acceptance(subprotocol: "mallbots.live.v1", compression: nil))
            #expect(left == 6)
        }
        #expect(try receive(Self.answer).0 == nil)
        #expect(try receive(Self.answer + "\r\n").0 == ClientHandshake.Acceptance(subprotocol: nil, compression: nil))
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        answer.replacing("s3pP", with: "S3pP") + "\r\n",
        answer.replacing("upgrade: WebSocket\r\n", with: "") + "\r\n",
        answer.replacing("Connection: Upgrade\r\n", with: "") + "\r\n",
        answer + "Sec-WebSocket-Protocol: another\r\n\r\n",
        answer + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        answer + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        answer + String(repeating: "x", count: 20_000),
    ])
    func `an answer that proves nothing opens nothing`(answer: String) {
        #expect(throws: ClientHandshake.Failure.self) { try receive(answer) }
    }

    @Test func `each handshake has a nonce of its own, and the two sides agree`() throws {
        var client = ClientHandshake(host: "h", path: "/", subprotocols: ["a", "b"])
        #expect(client.request != ClientHandshake(host: "h", path: "/", subprotocols: ["a", "b"]).request)
        let lines = String(decoding: client.request, as: UTF8.self).split(separator: "\r\n").dropFirst()
        let fields = lines.reduce(into: [String: String]()) { fields, line in
            let colon = line.firstIndex(of: ":")!
            fields[line[..<colon].lowercased()] = String(line[line.index(colon, offsetBy: 2)...])
        }
        var answer = try ServerHandshake.judge(method: "GET", subprotocols: ["b"]) { fields[$0] }.response
        let acceptance = try answer.withUnsafeMutableBytes { answer in
            var input = answer
            return try client.receive(&input)
        }
        #expect(acceptance == ClientHandshake.Acceptance(subprotocol: "b", compression: nil))
    }
}
