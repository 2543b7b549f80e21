import Testing

@testable import Deflate

/// What goes through a pair, for tests.
private struct Pair {
    let deflater: Deflater
    let inflater: Inflater
    private let scratch: UnsafeMutableRawBufferPointer

    init(windowBits: Int, inflating: Int? = nil, scratch size: Int = 4_096) {
        deflater = Deflater(windowBits: windowBits)
        inflater = Inflater(windowBits: inflating ?? windowBits)
        scratch = .allocate(byteCount: size, alignment: 1)
    }

    func done() { scratch.deallocate() }

    func deflate(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        bytes.withUnsafeBytes { deflater.deflate($0, to: &output, scratch: scratch) }
        return output
    }

    /// What a message says; nil if it is none.
    func inflate(_ message: [UInt8], cutInto size: Int = .max) -> [UInt8]? {
        var output: [UInt8] = []
        for start in stride(from: 0, to: message.count, by: min(size, max(message.count, 1))) {
            let isGood = message[start..<min(start + min(size, message.count), message.count)].withUnsafeBytes {
                piece in
                var rest = UnsafeRawBufferPointer(piece)
                while true {
                    let count = inflater.inflate(&rest, into: scratch)
                    output += scratch[..<count]
                    if inflater.isInvalid { return false }
                    if count < scratch.count { return rest.isEmpty }
                }
            }
            guard isGood else { return nil }
        }
        return inflater.finishMessage() ? output : nil
    }
}

@Suite struct DeflateTests {
    @Test(arguments: 8...15)
    func `what was deflated inflates to the same, with each window, in pieces of any size`(windowBits: Int) {
        let pair = Pair(windowBits: windowBits, scratch: 61)
        defer { pair.done() }
        let text = Array((0..<500).map { "order \($0 % 17) is ready for pickup in bay \($0 % 5)\n" }.joined().utf8)
        for size in [1, 2, 60, 61, 62, 255, 256, 257, 4_096, text.count] {
            let message = Array(text[..<min(size, text.count)])
            let deflated = pair.deflate(message)
            #expect(pair.inflate(deflated, cutInto: [1, 3, 1_000].randomElement()!) == message, "\(size) bytes")
        }
        let noise = (0..<10_000).map { _ in UInt8.random(in: 0...255) }
        #expect(pair.inflate(pair.deflate(noise)) == noise)
    }

    @Test func `a window of 8 bits is kept to, though libz has none`() {
        let pair = Pair(windowBits: 8, inflating: 8)
        defer { pair.done() }
        // Repeats itself from far back: one who referred further than 256 bytes would not be understood.
        let block = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 0x9e37 >> 3) }
        let message = block + block + block + Array(block[40...]) + block
        #expect(pair.inflate(pair.deflate(message)) == message)
    }

    @Test func `a second message refers to the first until it is forgotten`() {
        let pair = Pair(windowBits: 15)
        defer { pair.done() }
        let message = Array("a row of a list that looks like the row before it".utf8)
        let first = pair.deflate(message)
        let second = pair.deflate(message)
        #expect(second.count < first.count / 2)
        #expect(pair.inflate(first) == message)
        #expect(pair.inflate(second) == message)
        pair.deflater.reset()
        #expect(pair.deflate(message) == first)
        pair.inflater.reset()
        #expect(pair.inflate(second) == nil, "what it refers to is forgotten")
    }

    @Test func `a block marked as the last one ends no history`() {
        let pair = Pair(windowBits: 15)
        defer { pair.done() }
        // RFC 7692 §7.2.3.4, then §7.2.3.2's second message, which refers to the first.
        #expect(pair.inflate([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]) == Array("Hello".utf8))
        #expect(pair.inflate([0xf2, 0x00, 0x11, 0x00, 0x00]) == Array("Hello".utf8))
    }

    @Test(
        arguments: [[], [0x07], [0xff], [0x01, 0x05, 0x00, 0x00, 0x00], [0xf2, 0x48, 0xcd], [0x02, 0x41, 0x00]]
            as [[UInt8]])
    func `what is no deflate data, or not whole, is refused`(message: [UInt8]) {
        let pair = Pair(windowBits: 15)
        defer { pair.done() }
        #expect(pair.inflate(message) == nil)
    }

    @Test func `no input makes an inflater write more than there is room for`() {
        let bomb = Pair(windowBits: 15)
        defer { bomb.done() }
        let deflated = bomb.deflate([UInt8](repeating: 0, count: 8 << 20))
        #expect(deflated.count < 8 << 20 / 200)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
        defer { room.deallocate() }
        deflated.withUnsafeBytes { bytes in
            var rest = bytes
            for _ in 0..<50 { #expect(bomb.inflater.inflate(&rest, into: room) == 100) }
            #expect(rest.count > deflated.count / 2)
        }
    }

    @Test func `codecs come back without their history, and no more are kept than a few`() {
        let codecs = Codecs()
        let used = codecs.takeDeflater(windowBits: 9)
        var first: [UInt8] = []
        let bytes = Array("once, and once again, and once again".utf8)
        bytes.withUnsafeBytes { used.deflate($0, to: &first, scratch: codecs.deflated) }
        codecs.giveBack(used)
        let again = codecs.takeDeflater(windowBits: 9)
        #expect(again === used)
        var second: [UInt8] = []
        bytes.withUnsafeBytes { again.deflate($0, to: &second, scratch: codecs.deflated) }
        #expect(first == second)

        let many = (0..<Limits.spares + 3).map { _ in codecs.takeInflater(windowBits: 10) }
        for inflater in many { codecs.giveBack(inflater) }
        let kept = (0..<many.count).map { _ in codecs.takeInflater(windowBits: 10) }
        #expect(kept.count { kept in many.contains { $0 === kept } } == Limits.spares)
    }
}
