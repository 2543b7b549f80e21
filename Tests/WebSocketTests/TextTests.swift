import Testing

@testable import WebSocket

/// The ideas of Autobahn's category 6.
@Suite struct TextTests {
    @Test(arguments: [
        "Hello-µ@ßöäüàá-UTF-8!!", "\u{0}", "\u{7f}", "\u{80}", "\u{7ff}", "\u{800}", "\u{d7ff}", "\u{e000}", "\u{fffd}",
        "\u{ffff}", "\u{fffe}", "\u{10000}", "\u{10ffff}", "κόσμε", "𝄞 𝄞", "ascii ascii ascii ascii ascii ascii aé",
    ])
    func `valid text arrives, in one frame or a frame for each byte`(text: String) {
        expect(Wire().text(text), gives: [.text(text)])
        var wire = Wire().frame(0x01)
        for byte in text.utf8 { wire = wire.frame(0x00, [byte]) }
        expect(wire.frame(0x80), gives: [.text(text)])
    }

    static let invalid: [[UInt8]] = [
        // Lone continuations, impossible bytes.
        [0x80], [0xbf], [0x80, 0xbf], [0xfe], [0xff], [0xf5], [0xfe, 0xfe, 0xff, 0xff],
        // Sequences cut short or followed by what does not belong.
        [0xc3, 0x20], [0xe2, 0x9c, 0x20], [0xf0, 0x9d, 0x84, 0x20], [0xc3, 0xc3, 0xb6], [0xe2, 0x28, 0xa1],
        // Overlong forms.
        [0xc0, 0xaf], [0xc1, 0xbf], [0xe0, 0x80, 0xaf], [0xe0, 0x9f, 0xbf], [0xf0, 0x80, 0x80, 0xaf],
        [0xf0, 0x8f, 0xbf, 0xbf], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
        // Surrogates, and what lies past the last character.
        [0xed, 0xa0, 0x80], [0xed, 0xad, 0xbf], [0xed, 0xbf, 0xbf], [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
    ]

    @Test(arguments: invalid)
    func `what is not UTF-8 is a violation, wherever it stands`(bytes: [UInt8]) {
        for prefix in ["", "a", "0123456", "01234567", "κόσμε", String(repeating: "x", count: 61)] {
            expect(Wire().frame(0x81, Array(prefix.utf8) + bytes), gives: [.violation(1007)])
            expect(Wire().frame(0x81, Array(prefix.utf8) + bytes + Array("after it".utf8)), gives: [.violation(1007)])
        }
    }

    @Test(arguments: [[0xc3], [0xe2, 0x9c], [0xf0, 0x9d, 0x84], [0xed], [0xf4, 0x8f]] as [[UInt8]])
    func `text that ends within a character is a violation, a fragment that does is not`(bytes: [UInt8]) {
        expect(Wire().frame(0x81, bytes), gives: [.violation(1007)])
        expect(Wire().frame(0x01, bytes).frame(0x80), gives: [.violation(1007)])
        expect(Wire().frame(0x01, bytes), gives: [])
    }

    @Test func `text that can no longer become valid is refused before its frame or its message ends`() {
        // Autobahn 6.4.1 and 6.4.2: in the fragment. κόσμε, then past the last character.
        var fragments = WebSocketConnection(role: .server)
        #expect(fragments.feed(Wire().frame(0x01, "κόσμε".utf8).bytes) == [])
        #expect(fragments.feed(Wire().frame(0x00, [0xf4]).bytes) == [])
        #expect(fragments.feed(Wire().frame(0x00, [0x90]).bytes) == [.violation(1007)])

        // 6.4.3 and 6.4.4: in the piece of a frame, at the very byte.
        var pieces = WebSocketConnection(role: .server)
        let frame = Wire().frame(0x81, Array("κόσμε".utf8) + [0xf4, 0x90, 0x80, 0x80] + Array("edited".utf8)).bytes
        let bad = frame.count - "edited".utf8.count - 3
        #expect(pieces.feed(frame[..<bad]) == [])
        #expect(pieces.feed(frame[bad...bad]) == [.violation(1007)])
    }

    @Test func `binary messages may hold anything`() {
        for bytes in Self.invalid { expect(Wire().frame(0x82, bytes), gives: [.binary(bytes)]) }
    }

    @Test func `the check agrees with the standard library on every text of two bytes, and of random ones`() {
        func valid(_ bytes: [UInt8]) -> Bool {
            var check = UTF8Check()
            return bytes.withUnsafeBytes { check.accept($0) } && check.isComplete
        }
        for first in 0...255 as ClosedRange<UInt8> {
            for second in 0...255 as ClosedRange<UInt8> {
                #expect(valid([first, second]) == (String(validating: [first, second], as: UTF8.self) != nil))
            }
        }
        var random = SeededGenerator()
        let leads: [UInt8] = [
            0x41, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf3, 0xf4, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
        ]
        for _ in 0..<50_000 {
            let bytes = (0..<Int.random(in: 0...6, using: &random)).map { _ in leads.randomElement(using: &random)! }
            #expect(
                valid(bytes) == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes), seed \(random.seed)")
        }
    }
}
