import Testing

@testable import WebSocket

/// SplitMix64, so that a failure can be repeated from the seed it prints.
struct SeededGenerator: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init(seed: UInt64 = .random(in: .min ... .max)) { (self.seed, state) = (seed, seed) }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}

@Suite struct PropertyTests {
    @Test(arguments: [Role.server, .client])
    func `what is written reads back the same, however it is fragmented and cut`(role: Role) {
        var random = SeededGenerator()
        for _ in 0..<300 {
            var wire: [UInt8] = []
            var expected: [Seen] = []
            for _ in 0..<Int.random(in: 1...6, using: &random) { write(&wire, &expected, to: role, &random) }

            var reader = WebSocketConnection(role: role)
            let cuts = (0..<Int.random(in: 0...12, using: &random))
                .map { _ in Int.random(in: 0...wire.count, using: &random) }.sorted()
            #expect(reader.feed(wire, cutAt: cuts) == expected, "seed \(random.seed)")
        }
    }

    /// A random message in random fragments, with pings between them.
    private func write(
        _ wire: inout [UInt8], _ expected: inout [Seen], to role: Role, _ random: inout SeededGenerator
    ) {
        func append(_ opcode: Opcode, _ payload: some Collection<UInt8>, isFinal: Bool = true) {
            let mask: UInt32? = role == .server ? .random(in: .min ... .max, using: &random) : nil
            Array(payload).withUnsafeBytes { Frame.append(opcode, $0, to: &wire, isFinal: isFinal, mask: mask) }
        }
        let isText = Bool.random(using: &random)
        let size = [0, 1, 5, 33, 125, 126, 400, 70_000].randomElement(using: &random)!
        let bytes: [UInt8] =
            isText
            ? Array(String((0..<size / 2).map { _ in "aé漢😀z ".randomElement(using: &random)! }).utf8)
            : (0..<size).map { _ in .random(in: 0...255, using: &random) }

        var rest = bytes[...]
        var opcode = isText ? Opcode.text : .binary
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let count = Int.random(in: 0...rest.count, using: &random)
            append(opcode, rest.prefix(count), isFinal: false)
            rest = rest.dropFirst(count)
            opcode = .continuation
            guard Bool.random(using: &random) else { continue }
            let ping = (0..<Int.random(in: 0...125, using: &random)).map { UInt8($0) }
            append(.ping, ping)
            expected.append(.ping(ping))
        }
        append(opcode, rest)
        expected.append(isText ? .text(String(decoding: bytes, as: UTF8.self)) : .binary(bytes))
    }

    @Test func `random bytes never stop the reader, and how they are cut changes nothing`() {
        var random = SeededGenerator()
        for _ in 0..<2_000 {
            var noise = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            // Half begin as a frame would, to get further.
            if Bool.random(using: &random) {
                noise = [[0x81, 0x82, 0x01, 0x89, 0x88].randomElement(using: &random)!, 0x84] + noise
            }
            var whole = WebSocketConnection(role: .server)
            var single = WebSocketConnection(role: .server)
            let byByte = noise.flatMap { single.feed(CollectionOfOne($0)) }
            #expect(whole.feed(noise) == byByte, "\(noise), seed \(random.seed)")
        }
    }

    @Test func `masking in words does what masking by bytes does, at every length, place and turn of the key`() {
        for offset in 0..<9 {
            for length in 0...75 {
                for cut in [0, 1, 2, 3, 5, 8, 33] where cut <= length {
                    var bytes = (0..<offset + length).map { UInt8($0 * 3) }
                    let key: [UInt8] = [0x12, 0x34, 0x56, 0x78]
                    let expected = bytes.enumerated().map { $0 < offset ? $1 : $1 ^ key[($0 - offset) % 4] }
                    var mask = Mask(key: 0x7856_3412)
                    bytes.withUnsafeMutableBytes { bytes in
                        mask.apply(to: UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + cut]))
                        mask.apply(to: UnsafeMutableRawBufferPointer(rebasing: bytes[(offset + cut)...]))
                    }
                    #expect(bytes == expected, "offset \(offset), length \(length), cut at \(cut)")
                }
            }
        }
    }

    @Test func `a small message is lent from the buffer it was read into`() {
        var connection = WebSocketConnection(role: .server)
        var bytes = Wire().text("a").frame(0x82, [1, 2, 3]).frame(0x89, [9]).bytes
        bytes.withUnsafeMutableBytes { buffer in
            var input = buffer
            while let event = connection.next(in: &input) {
                switch event {
                case .text(.lent(let piece)), .binary(.lent(let piece)), .ping(.lent(let piece)):
                    #expect(buffer.baseAddress! <= piece.baseAddress!)
                    #expect(piece.baseAddress! < buffer.baseAddress! + buffer.count)
                default: Issue.record("\(event) was copied")
                }
            }
        }
    }

    @Test func `masking keys do not repeat`() {
        var keys = MaskKeys()
        #expect(Set((0..<1_000).map { _ in keys.next() }).count > 990)
    }
}

@Suite struct WriterTests {
    @Test func `a server's frames are those of RFC 6455 §5.7`() {
        #expect(Frame.text("Hello") == [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f])
        #expect(
            Frame.bytes(.text, "Hello".utf8, mask: 0x3d21_fa37)
                == [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
        #expect(Frame.bytes(.binary, [UInt8](repeating: 0, count: 256)).prefix(4) == [0x82, 0x7e, 0x01, 0x00])
        #expect(
            Frame.bytes(.binary, [UInt8](repeating: 0, count: 65_536)).prefix(10)
                == [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0])
    }

    @Test func `a close reason that is too long is cut at a character's end`() {
        let frame = Frame.close(.normal, String(repeating: "é", count: 100))
        #expect(frame.count == 2 + 2 + 122)
        expect(Wire(masked: false).raw(frame), gives: [.close(1000, String(repeating: "é", count: 61))], role: .client)
        #expect(Frame.close(nil) == [0x88, 0x00])
    }
}
