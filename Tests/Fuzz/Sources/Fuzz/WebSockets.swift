import Deflate
import WebSocket

/// Any bytes as frames, to a server and to a client: read whole and in pieces they mean the same.
func fuzzFrames(_ bytes: UnsafeRawBufferPointer) {
    // Small, so that an input of a few hundred bytes meets them.
    let limits = Limits(messageSize: 512, fragments: 64)
    for role in [Role.server, .client] {
        let whole = events([Array(bytes)], role, limits)
        let cut = Pieces(bytes).map { Array($0) }
        let inPieces = events(cut, role, limits)
        precondition(whole == inPieces, "\(role): whole \(whole), in pieces \(inPieces)")
    }
}

/// Any bytes as compressed frames: read whole and in pieces they mean the same. The first byte says what was agreed.
func fuzzCompressed(_ bytes: UnsafeRawBufferPointer) {
    guard let first = bytes.first else { return }
    let compression = Compression(agreement(first), codecs)
    let frames = UnsafeRawBufferPointer(rebasing: bytes[1...])
    let cut = Pieces(frames).map { Array($0) }
    let limits = Limits(messageSize: 512, fragments: 64)
    for role in [Role.server, .client] {
        let whole = events([Array(frames)], role, limits, compression)
        let inPieces = events(cut, role, limits, compression)
        precondition(whole == inPieces, "\(role): whole \(whole), in pieces \(inPieces)")
    }
}

/// Any bytes as messages that one side compresses: the other hears them as they were.
func fuzzDeflated(_ bytes: UnsafeRawBufferPointer) {
    guard let first = bytes.first else { return }
    let compression = Compression(agreement(first), codecs)
    for (role, peer) in [(Role.server, Role.client), (.client, .server)] {
        var sender = WebSocketConnection(role: role, compression: compression)
        var frames: [UInt8] = []
        var expected: [String] = []
        var rest = UnsafeRawBufferPointer(rebasing: bytes[1...])
        while let length = rest.first {
            // Of any length, but mostly of those that are worth compressing, and repeated, so that there is a history.
            let message = Array(repeating: Array(rest.prefix(Int(length) + 1)), count: 1 + Int(length & 3)).flatMap {
                $0
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(Int(length) + 1))
            message.withUnsafeBytes {
                sender.append(.binary, $0, to: &frames, mask: role == .client ? 0x1234_5678 : nil)
            }
            expected.append("binary \(message)")
        }
        let heard = events([frames], peer, Limits(), compression)
        precondition(heard == expected, "expected \(expected), got \(heard)")
    }
}

private let codecs = Codecs()

/// One of the agreements that two sides may come to.
private func agreement(_ byte: UInt8) -> PerMessageDeflate {
    var agreed = PerMessageDeflate()
    (agreed.serverTakesOver, agreed.clientTakesOver) = (byte & 1 == 0, byte & 2 == 0)
    agreed.serverWindowBits = 8 + Int(byte >> 2 & 7)
    agreed.clientWindowBits = 8 + Int(byte >> 5 & 7)
    return agreed
}

/// Any bytes as the text of a message in fragments: accepted just where the standard library finds valid UTF-8.
func fuzzText(_ bytes: UnsafeRawBufferPointer) {
    var frames: [UInt8] = []
    var opcode = Opcode.text
    for piece in Pieces(bytes) {
        Frame.append(opcode, piece, to: &frames, isFinal: false)
        opcode = .continuation
    }
    Frame.append(opcode, UnsafeRawBufferPointer(start: nil, count: 0), to: &frames)
    let heard = events([frames], .client, Limits())
    let expected = String(validating: bytes, as: UTF8.self).map { "text \(Array($0.utf8))" }
    if let expected {
        precondition(heard == [expected], "expected \(expected), got \(heard)")
    } else {
        precondition(heard.count == 1 && heard[0].hasPrefix("violation 1007"), "expected 1007, got \(heard)")
    }
}

/// Any bytes as the answer to a client's handshake.
func fuzzHandshake(_ bytes: UnsafeRawBufferPointer) {
    func judge(_ pieces: [[UInt8]]) -> String {
        var handshake = ClientHandshake(host: "a", path: "/", subprotocols: ["x"], offers: [PerMessageDeflate.Offer()])
        for var piece in pieces {
            do {
                let accepted = try piece.withUnsafeMutableBytes { piece throws(ClientHandshake.Failure) in
                    var rest = piece
                    return try handshake.receive(&rest)
                }
                if let accepted { return "\(accepted)" }
            } catch { return "refused" }
        }
        return "waits"
    }
    let cut = Pieces(bytes).map { Array($0) }
    precondition(judge([Array(bytes)]) == judge(cut))

    // And as the fields of a request to a server.
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
        $0.split(separator: ":", maxSplits: 1)
    }
    let named = Dictionary(fields.compactMap { $0.count == 2 ? ($0[0].lowercased(), String($0[1])) : nil }) {
        "\($0), \($1)"
    }
    let common = [
        "upgrade": "websocket", "connection": "upgrade", "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ]
    for known in [[:], common] {
        do {
            let accepted = try ServerHandshake.judge(method: "GET", subprotocols: ["x"], compression: .own) {
                named[$0] ?? known[$0]
            }
            precondition(!accepted.response.isEmpty && accepted.subprotocol.map { $0 == "x" } ?? true)
        } catch { precondition([400, 405, 426].contains(error.status)) }
    }
}

/// What a connection makes of bytes that arrive in pieces.
private func events(
    _ pieces: [[UInt8]], _ role: Role, _ limits: Limits, _ compression: Compression? = nil
) -> [String] {
    var connection = WebSocketConnection(role: role, limits: limits, compression: compression)
    var heard: [String] = []
    for var piece in pieces {
        piece.withUnsafeMutableBytes { bytes in
            var rest = bytes
            while let event = connection.next(in: &rest) {
                switch event {
                case .text(let payload):
                    precondition(payload.count <= limits.messageSize)
                    precondition(payload.withUnsafeBytes { String(validating: $0, as: UTF8.self) } != nil)
                    heard.append("text \(payload.bytes)")
                case .binary(let payload):
                    precondition(payload.count <= limits.messageSize)
                    heard.append("binary \(payload.bytes)")
                case .ping(let payload): heard.append("ping \(payload.bytes)")
                case .pong(let payload): heard.append("pong \(payload.bytes)")
                case .close(let code, let reason): heard.append("close \(code?.rawValue ?? 0) \(reason)")
                case .violation(let violation): heard.append("violation \(violation.code.rawValue)")
                }
            }
        }
    }
    return heard
}
