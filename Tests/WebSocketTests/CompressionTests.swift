import Deflate
import Testing

@testable import WebSocket

extension PerMessageDeflate {
    fileprivate static func agreed(
        takesOver: Bool = true, serverWindowBits: Int = 15, clientWindowBits: Int = 15
    ) -> PerMessageDeflate {
        var agreed = PerMessageDeflate()
        (agreed.serverTakesOver, agreed.clientTakesOver) = (takesOver, takesOver)
        (agreed.serverWindowBits, agreed.clientWindowBits) = (serverWindowBits, clientWindowBits)
        return agreed
    }
}

private func connection(
    _ role: Role = .server, _ agreed: PerMessageDeflate = .agreed(), limits: Limits = Limits()
) -> WebSocketConnection {
    WebSocketConnection(role: role, limits: limits, compression: Compression(agreed, Codecs()))
}

extension WebSocketConnection {
    /// A message as it would be sent.
    fileprivate mutating func written(_ opcode: Opcode, _ payload: [UInt8], mask: UInt32? = nil) -> [UInt8] {
        var output: [UInt8] = []
        payload.withUnsafeBytes { append(opcode, $0, to: &output, mask: mask) }
        return output
    }
}

/// Deflates without a connection, to have frames of any form.
private func deflated(_ bytes: [UInt8], by deflater: Deflater = Deflater(windowBits: 15)) -> [UInt8] {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 1)
    defer { scratch.deallocate() }
    var output: [UInt8] = []
    bytes.withUnsafeBytes { deflater.deflate($0, to: &output, scratch: scratch) }
    return output
}

@Suite struct CompressedFrameTests {
    /// Checks a case whole, byte by byte, and cut in two at every place.
    private func expect(
        _ wire: Wire, gives expected: [Seen], takesOver: Bool = true, limits: Limits = Limits(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for role in [wire.masked ? Role.server : .client] {
            let agreed = PerMessageDeflate.agreed(takesOver: takesOver)
            var whole = connection(role, agreed, limits: limits)
            #expect(whole.feed(wire.bytes) == expected, "whole", sourceLocation: sourceLocation)
            var single = connection(role, agreed, limits: limits)
            #expect(
                wire.bytes.flatMap { single.feed(CollectionOfOne($0)) } == expected, "byte by byte",
                sourceLocation: sourceLocation)
            guard wire.bytes.count <= 100 else { return }
            for cut in wire.bytes.indices {
                var halves = connection(role, agreed, limits: limits)
                #expect(
                    halves.feed(wire.bytes, cutAt: [cut]) == expected, "cut at \(cut)", sourceLocation: sourceLocation)
            }
        }
    }

    private let hello: [UInt8] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]

    @Test func `the examples of RFC 7692 §7.2.3 are read`() {
        for takesOver in [true, false] {
            // §7.2.3.1, whole and in fragments.
            expect(Wire().frame(0xc1, hello), gives: [.text("Hello")], takesOver: takesOver)
            expect(Wire(masked: false).frame(0xc1, hello), gives: [.text("Hello")], takesOver: takesOver)
            expect(
                Wire().frame(0x41, hello[..<3]).frame(0x80, hello[3...]), gives: [.text("Hello")], takesOver: takesOver)
            // §7.2.3.3, a block without compression.
            expect(
                Wire().frame(0xc1, [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]),
                gives: [.text("Hello")], takesOver: takesOver)
            // §7.2.3.4, a block marked as the last, and a message after it.
            expect(
                Wire().frame(0xc1, [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]).frame(0xc1, hello),
                gives: [.text("Hello"), .text("Hello")], takesOver: takesOver)
            // §7.2.3.5, two blocks in one message.
            expect(
                Wire().frame(0xc1, [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]),
                gives: [.text("Hello")], takesOver: takesOver)
            // §7.2.3.6, nothing.
            expect(Wire().frame(0xc1, [0x00]), gives: [.text("")], takesOver: takesOver)
            expect(
                Wire().frame(0x42, []).frame(0x00, []).frame(0x80, [0x00]), gives: [.binary([])], takesOver: takesOver)
        }
        // §7.2.3.2, the second message refers to the first; the history was agreed to be kept, or was not.
        let second: [UInt8] = [0xf2, 0x00, 0x11, 0x00, 0x00]
        expect(Wire().frame(0xc1, hello).frame(0xc1, second), gives: [.text("Hello"), .text("Hello")])
        expect(
            Wire().frame(0xc1, hello).frame(0xc1, second), gives: [.text("Hello"), .violation(1007)], takesOver: false)
    }

    @Test func `compressed and plain messages and control frames stand beside one another`() {
        expect(
            Wire().text("plain").frame(0x41, hello[..<2]).frame(0x89, [1]).frame(0x80, hello[2...])
                .frame(0x82, [7]).frame(0xc2, hello),
            gives: [.text("plain"), .ping([1]), .text("Hello"), .binary([7]), .binary(Array("Hello".utf8))])
    }

    @Test(arguments: [0xc8, 0xc9, 0xca, 0xc0, 0x40] as [UInt8])
    func `only the first frame of a message is marked as compressed`(first: UInt8) {
        expect(Wire().frame(0x41, hello[..<2]).frame(first, hello[2...]), gives: [.violation(1002)])
    }

    @Test(arguments: [0xa1, 0x91, 0xe1, 0xd1, 0xf1, 0x89 | 0x20] as [UInt8])
    func `the other reserved bits stay a violation`(first: UInt8) {
        expect(Wire().frame(first, hello), gives: [.violation(1002)])
    }

    @Test(
        arguments: [[], [0x07], [0xff, 0xff], [0xf2, 0x48, 0xcd], [0x02, 0x41, 0x00], [0x00, 0x00, 0x00]] as [[UInt8]])
    func `what is no deflate data, or not whole, is a violation`(bytes: [UInt8]) {
        expect(Wire().text("a").frame(0xc2, bytes), gives: [.text("a"), .violation(1007)])
    }

    @Test func `text is checked as it is inflated`() {
        expect(Wire().frame(0xc1, deflated(Array("κόσμε 𝄞".utf8))), gives: [.text("κόσμε 𝄞")])
        expect(Wire().frame(0xc1, deflated([0xce, 0xba, 0xed, 0xa0, 0x80])), gives: [.violation(1007)])
        expect(Wire().frame(0xc1, deflated([0x61, 0xe2, 0x9c])), gives: [.violation(1007)])
        expect(Wire().frame(0xc2, deflated([0x61, 0xe2, 0x9c])), gives: [.binary([0x61, 0xe2, 0x9c])])

        // In the fragment that makes it invalid.
        let deflater = Deflater(windowBits: 15)
        var reader = connection()
        #expect(
            reader.feed(Wire().frame(0x41, deflated(Array("κόσμε".utf8), by: deflater) + [0, 0, 0xff, 0xff]).bytes)
                == [])
        #expect(
            reader.feed(Wire().frame(0x00, deflated([0xf4, 0x90], by: deflater) + [0, 0, 0xff, 0xff]).bytes)
                == [.violation(1007)])
    }

    @Test func `the limit holds for what comes out, and costs nothing beyond it`() {
        let limits = Limits(messageSize: 100_000)
        let most = [UInt8](repeating: 0x61, count: 100_000)
        expect(Wire().frame(0xc2, deflated(most)), gives: [.binary(most)], limits: limits)
        expect(Wire().frame(0xc2, deflated(most + [0x61])), gives: [.violation(1009)], limits: limits)

        // 64 MiB in a two-hundredth of it: refused while the fragment that passes the limit comes in.
        let bomb = deflated([UInt8](repeating: 0, count: 64 << 20))
        #expect(bomb.count < 64 << 20 / 200)
        var reader = connection(limits: limits)
        #expect(reader.feed(Wire().frame(0x42, bomb[..<1_000]).bytes) == [.violation(1009)])
    }

    @Test func `bytes that inflate to nothing are counted too`() {
        let empty: [UInt8] = [0x00, 0x00, 0x00, 0xff, 0xff]
        let blocks = Array(repeatElement(empty, count: 100).joined())
        let limits = Limits(messageSize: 1_000)
        var reader = connection(limits: limits)
        var seen: [Seen] = []
        seen += reader.feed(Wire().frame(0x42, blocks).bytes)
        seen += reader.feed(Wire().frame(0x00, blocks).bytes)
        #expect(seen == [])
        #expect(reader.feed(Wire().frame(0x00, blocks).bytes) == [.violation(1009)])
    }

    @Test func `noise of the largest size passes, though it grows when compressed`() {
        var random = SeededGenerator()
        let noise = (0..<200_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let sent = deflated(noise)
        #expect(sent.count > noise.count)
        var reader = connection(limits: Limits(messageSize: noise.count))
        #expect(reader.feed(Wire().frame(0xc2, sent).bytes) == [.binary(noise)], "seed \(random.seed)")
    }

    @Test func `a small compressed message is lent, and nothing of it kept`() {
        var reader = connection()
        var bytes = Wire().frame(0xc1, hello).bytes
        bytes.withUnsafeMutableBytes { bytes in
            var input = bytes
            guard case .text(.lent(let piece)) = reader.next(in: &input) else {
                Issue.record("it was copied")
                return
            }
            #expect(Array(piece) == Array("Hello".utf8))
        }
    }
}

@Suite struct CompressionTests {
    private let row = Array(#"{"id":"8e3c","status":"ready","total":1205,"store":"Lamps"},"#.utf8)

    private func message(_ rows: Int) -> [UInt8] { (0..<rows).flatMap { _ in row } }

    @Test func `what was agreed decides what is compressed`() {
        var off = WebSocketConnection(role: .server)
        #expect(off.written(.text, message(10)).first == 0x81)
        var on = connection()
        #expect(on.written(.text, message(10)).first == 0xc1)
        #expect(on.written(.text, row).first == 0x81, "a short message is sent as it is")
        #expect(on.written(.ping, Array(message(2).prefix(125))).first == 0x89)
    }

    @Test func `a second message refers to the first only where that was agreed`() {
        var keeping = connection(.server, .agreed(takesOver: true))
        let first = keeping.written(.text, message(10))
        #expect(keeping.written(.text, message(10)).count < first.count / 2)
        var forgetful = connection(.server, .agreed(takesOver: false))
        #expect(forgetful.written(.text, message(10)) == forgetful.written(.text, message(10)))
    }

    @Test func `what cannot be made smaller is sent as it is`() {
        var random = SeededGenerator()
        let noise = (0..<5_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var forgetful = connection(.server, .agreed(takesOver: false))
        #expect(forgetful.written(.binary, noise) == Frame.bytes(.binary, noise))
    }

    @Test(arguments: [Role.server, .client])
    func `what is written reads back the same, whatever was agreed and however it is cut`(writer role: Role) {
        var random = SeededGenerator()
        for _ in 0..<60 {
            let agreed = PerMessageDeflate.agreed(
                takesOver: .random(using: &random), serverWindowBits: .random(in: 8...15, using: &random),
                clientWindowBits: .random(in: 8...15, using: &random))
            var writer = connection(role, agreed)
            var reader = connection(role == .server ? .client : .server, agreed)
            var wire: [UInt8] = []
            var expected: [Seen] = []
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let mask: UInt32? = role == .client ? .random(in: .min ... .max, using: &random) : nil
                let size = [0, 1, 100, 128, 500, 3_000, 70_000].randomElement(using: &random)!
                switch Int.random(in: 0...3, using: &random) {
                case 0:
                    let noise = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
                    wire += writer.written(.binary, noise, mask: mask)
                    expected.append(.binary(noise))
                case 1 where role == .server:
                    let shared = SharedBytes.text(message(size / row.count))
                    wire += writer.frame(of: shared)
                    expected.append(.text(String(decoding: message(size / row.count), as: UTF8.self)))
                default:
                    let text = String((0..<size / 2).map { _ in "aé漢😀z ".randomElement(using: &random)! })
                    wire += writer.written(.text, Array(text.utf8), mask: mask)
                    expected.append(.text(text))
                }
            }
            let cuts = (0..<Int.random(in: 0...12, using: &random))
                .map { _ in Int.random(in: 0...wire.count, using: &random) }.sorted()
            #expect(reader.feed(wire, cutAt: cuts) == expected, "\(agreed), seed \(random.seed)")
        }
    }

    @Test func `a message to many is the same bytes for all who agreed on the same, and is made once`() {
        let shared = SharedBytes.text(message(100))
        var peers = (0..<3).map { _ in connection(.server, .agreed(takesOver: false)) }
        var frames: [[UInt8]] = []
        for index in peers.indices { frames.append(peers[index].frame(of: shared)) }
        #expect(frames[0].first == 0xc1 && frames[0].count < shared.count / 10)
        let places = Set(frames.map { frame in frame.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } })
        #expect(places.count == 1, "it was copied, or made again")

        var plain = WebSocketConnection(role: .server)
        #expect(plain.frame(of: shared) == Frame.bytes(.text, message(100)))
        var small = connection(.server, .agreed(serverWindowBits: 9))
        var reader = connection(.client, .agreed(serverWindowBits: 9))
        #expect(reader.feed(small.frame(of: shared)) == [.text(String(decoding: message(100), as: UTF8.self))])
        #expect(small.frame(of: .text("short")) == Frame.text("short"))
    }

    @Test func `a message to many between others leaves every history right`() {
        var writer = connection(.server, .agreed(takesOver: true))
        var reader = connection(.client, .agreed(takesOver: true))
        let text = String(decoding: message(10), as: UTF8.self)
        for _ in 0..<3 {
            #expect(reader.feed(writer.written(.text, message(10))) == [.text(text)])
            #expect(reader.feed(writer.written(.text, message(10))) == [.text(text)])
            #expect(reader.feed(writer.frame(of: .text(text + "aside"))) == [.text(text + "aside")])
        }
    }
}
