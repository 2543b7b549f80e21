import Testing

@testable import WebSocket

/// An event with bytes of its own, so that it outlives the buffer it was read from and can be compared.
enum Seen: Equatable, CustomStringConvertible {
    case text(String), binary([UInt8]), ping([UInt8]), pong([UInt8]), close(UInt16?, String), violation(UInt16)

    init(_ event: Event) {
        switch event {
        case .text(let payload): self = .text(payload.string)
        case .binary(let payload): self = .binary(payload.bytes)
        case .ping(let payload): self = .ping(payload.bytes)
        case .pong(let payload): self = .pong(payload.bytes)
        case .close(let code, let reason): self = .close(code?.rawValue, reason)
        case .violation(let violation): self = .violation(violation.code.rawValue)
        }
    }

    /// Short, because a megabyte in a failure's message helps nobody.
    var description: String {
        switch self {
        case .text(let text): "text of \(text.utf8.count) \(text.prefix(40))"
        case .binary(let bytes): "binary of \(bytes.count) \(bytes.prefix(20))"
        case .ping(let bytes): "ping \(bytes)"
        case .pong(let bytes): "pong \(bytes)"
        case .close(let code, let reason): "close \(code.map(String.init) ?? "without code") \(reason)"
        case .violation(let code): "violation \(code)"
        }
    }
}

extension WebSocketConnection {
    /// Feeds one read's bytes; the buffer is gone afterwards, as a loop's buffer would be.
    mutating func feed(_ bytes: some Collection<UInt8>) -> [Seen] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: bytes)
        var input = buffer
        var seen: [Seen] = []
        while let event = next(in: &input) { seen.append(Seen(event)) }
        #expect(input.isEmpty, "nothing may be left to keep")
        // A payload that was lent and not copied would show it.
        buffer.initializeMemory(as: UInt8.self, repeating: 0xee)
        return seen
    }

    mutating func feed(_ bytes: [UInt8], cutAt cuts: [Int]) -> [Seen] {
        var seen: [Seen] = []
        for (from, to) in zip([0] + cuts, cuts + [bytes.count]) { seen += feed(bytes[from..<to]) }
        return seen
    }
}

/// The wire of a client unless said otherwise: frames masked, each with another key.
struct Wire {
    var bytes: [UInt8] = []
    private var key: UInt32 = 0x9d37_fa21
    let masked: Bool

    init(masked: Bool = true) { self.masked = masked }

    /// A frame with any first byte, any payload, right or wrong.
    func frame(_ first: UInt8, _ payload: some Collection<UInt8> = [], masked: Bool? = nil) -> Wire {
        var wire = self
        wire.key = wire.key &* 0x9e37_79b1 | 1
        let masked = masked ?? self.masked
        let bit: UInt8 = masked ? 0x80 : 0
        wire.bytes.append(first)
        switch payload.count {
        case ...125: wire.bytes.append(bit | UInt8(payload.count))
        case ...0xffff: wire.bytes += [bit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default: wire.bytes += [bit | 127] + (0..<8).map { UInt8(payload.count >> (56 - 8 * $0) & 0xff) }
        }
        guard masked else {
            wire.bytes += payload
            return wire
        }
        let key = (0..<4).map { UInt8(wire.key >> (8 * UInt32($0)) & 0xff) }
        wire.bytes += key
        wire.bytes += payload.enumerated().map { $1 ^ key[$0 % 4] }
        return wire
    }

    func text(_ text: String) -> Wire { frame(0x81, text.utf8) }
    func raw(_ bytes: [UInt8]) -> Wire {
        var wire = self
        wire.bytes += bytes
        return wire
    }
}

/// Checks a case whole, byte by byte, cut in two at every place if it is short, and followed by the next frame.
func expect(
    _ wire: Wire, gives expected: [Seen], role: Role = .server, limits: Limits = Limits(),
    sourceLocation: SourceLocation = #_sourceLocation
) {
    var whole = WebSocketConnection(role: role, limits: limits)
    #expect(whole.feed(wire.bytes) == expected, "whole", sourceLocation: sourceLocation)

    if wire.bytes.count <= 70_000 {
        var single = WebSocketConnection(role: role, limits: limits)
        let seen = wire.bytes.flatMap { single.feed(CollectionOfOne($0)) }
        #expect(seen == expected, "byte by byte", sourceLocation: sourceLocation)
    }
    if wire.bytes.count <= 400 {
        for cut in 0...wire.bytes.count {
            var halved = WebSocketConnection(role: role, limits: limits)
            #expect(halved.feed(wire.bytes, cutAt: [cut]) == expected, "cut at \(cut)", sourceLocation: sourceLocation)
        }
    }

    let isEnd =
        switch expected.last {
        case .close, .violation: true
        default: false
        }
    var followed = WebSocketConnection(role: role, limits: limits)
    #expect(
        followed.feed(wire.frame(0x89, [7]).bytes) == expected + (isEnd ? [] : [.ping([7])]), "followed by a ping",
        sourceLocation: sourceLocation)
}
