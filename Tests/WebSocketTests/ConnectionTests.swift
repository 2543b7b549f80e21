import Testing

@testable import WebSocket

/// The ideas of Autobahn's categories 1 to 5 and 9.
@Suite struct FrameTests {
    @Test(arguments: [0, 1, 7, 8, 125, 126, 127, 128, 65_535, 65_536])
    func `a message of any length arrives as it was sent`(length: Int) {
        let bytes = (0..<length).map { UInt8($0 * 7 & 0xff) }
        expect(Wire().frame(0x82, bytes), gives: [.binary(bytes)])
        expect(
            Wire().text(String(repeating: "*", count: length)), gives: [.text(String(repeating: "*", count: length))])
        expect(Wire(masked: false).frame(0x82, bytes), gives: [.binary(bytes)], role: .client)
    }

    @Test func `the examples of RFC 6455 §5.7 are read`() {
        expect(
            Wire().raw([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]), gives: [.text("Hello")])
        expect(
            Wire().raw([0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]),
            gives: [.pong(Array("Hello".utf8))])
        expect(
            Wire(masked: false).raw([0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f]), gives: [.text("Hello")],
            role: .client)
    }

    @Test(arguments: [0, 1, 124, 125])
    func `a ping and a pong carry up to 125 bytes`(length: Int) {
        let bytes = [UInt8](repeating: 0xfe, count: length)
        expect(Wire().frame(0x89, bytes).frame(0x8a, bytes), gives: [.ping(bytes), .pong(bytes)])
    }

    @Test(arguments: [0x88, 0x89, 0x8a] as [UInt8])
    func `a control frame of 126 bytes is a violation`(first: UInt8) {
        expect(Wire().frame(first, [UInt8](repeating: 0, count: 126)), gives: [.violation(1002)])
        expect(Wire().frame(first, [UInt8](repeating: 0, count: 65_536)), gives: [.violation(1002)])
    }

    @Test(arguments: [0x08, 0x09, 0x0a] as [UInt8])
    func `a control frame is never a fragment`(first: UInt8) {
        expect(Wire().text("a").frame(first), gives: [.text("a"), .violation(1002)])
    }

    @Test(arguments: 1...7 as ClosedRange<UInt8>, [0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0x01] as [UInt8])
    func `a reserved bit is a violation`(bits: UInt8, first: UInt8) {
        expect(Wire().text("a").frame(first | bits << 4, [0]), gives: [.text("a"), .violation(1002)])
    }

    @Test(arguments: [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] as [UInt8])
    func `an unknown opcode is a violation`(opcode: UInt8) {
        expect(Wire().frame(0x80 | opcode, [1, 2]), gives: [.violation(1002)])
    }

    @Test func `a first byte that is wrong is refused before the second`() {
        for first in [0xc1, 0x83, 0x8b, 0x09] as [UInt8] {
            var connection = WebSocketConnection(role: .server)
            #expect(connection.feed([first]) == [.violation(1002)])
        }
    }

    @Test func `a client masks and a server does not`() {
        expect(Wire(masked: false).text("a"), gives: [.violation(1002)], role: .server)
        expect(Wire(masked: true).text("a"), gives: [.violation(1002)], role: .client)
        expect(Wire(masked: false).frame(0x80 | 0x8, []), gives: [.violation(1002)], role: .server)
    }

    @Test(
        arguments: [
            [0x82, 0xfe, 0x00, 0x7d, 0, 0, 0, 0],
            [0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0],
            [0x82, 0xff, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
            [0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        ] as [[UInt8]])
    func `a length that is not in its shortest form, or negative, is a violation`(header: [UInt8]) {
        expect(Wire().raw(header), gives: [.violation(1002)])
    }
}

@Suite struct FragmentTests {
    @Test func `fragments make one message, empty ones too`() {
        expect(Wire().frame(0x01, "frag".utf8).frame(0x80, "ment".utf8), gives: [.text("fragment")])
        expect(Wire().frame(0x02, [1]).frame(0x00, [2]).frame(0x80, [3]), gives: [.binary([1, 2, 3])])
        expect(Wire().frame(0x01).frame(0x00).frame(0x80), gives: [.text("")])
        expect(Wire().frame(0x01).frame(0x00, "m".utf8).frame(0x80), gives: [.text("m")])
    }

    @Test func `control frames stand between fragments and are heard at once`() {
        expect(
            Wire().frame(0x01, "a".utf8).frame(0x89, [1]).frame(0x00, "b".utf8).frame(0x8a, [2]).frame(0x89, [])
                .frame(0x80, "c".utf8).text("d"),
            gives: [.ping([1]), .pong([2]), .ping([]), .text("abc"), .text("d")])
        expect(Wire().frame(0x01, "a".utf8).frame(0x88, [0x03, 0xe8]), gives: [.close(1000, "")])
    }

    @Test(arguments: [0x80, 0x00] as [UInt8])
    func `a continuation of nothing is a violation`(first: UInt8) {
        expect(Wire().frame(first, [1]), gives: [.violation(1002)])
        expect(Wire().text("whole").frame(first, [1]), gives: [.text("whole"), .violation(1002)])
        expect(
            Wire().frame(0x01, [0x61]).frame(0x80, [0x62]).frame(first, [1]), gives: [.text("ab"), .violation(1002)])
    }

    @Test(arguments: [0x81, 0x82, 0x01, 0x02] as [UInt8])
    func `a message within a message is a violation`(first: UInt8) {
        expect(Wire().frame(0x01, [0x61]).frame(first, [0x62]), gives: [.violation(1002)])
    }
}

@Suite struct LimitTests {
    @Test func `a message over the limit is refused by its header, a message at the limit is not`() {
        let limits = Limits(messageSize: 10)
        expect(Wire().text("0123456789"), gives: [.text("0123456789")], limits: limits)
        expect(Wire().text("0123456789a"), gives: [.violation(1009)], limits: limits)
        expect(Wire().frame(0x01, "01234".utf8).frame(0x80, "56789".utf8), gives: [.text("0123456789")], limits: limits)
        expect(Wire().frame(0x01, "01234".utf8).frame(0x80, "56789a".utf8), gives: [.violation(1009)], limits: limits)

        var connection = WebSocketConnection(role: .server, limits: limits)
        #expect(connection.feed([0x82, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) == [.violation(1009)])
    }

    @Test func `a length that overflows the sum of fragments is refused`() {
        let wire = Wire().frame(0x02, [1]).raw([0x80, 0xff, 0x7f] + [UInt8](repeating: 0xff, count: 7) + [0, 0, 0, 0])
        expect(wire, gives: [.violation(1009)], limits: Limits(messageSize: .max))
    }

    @Test func `a message of too many fragments is refused, empty though they are`() {
        let limits = Limits(fragments: 3)
        expect(Wire().frame(0x02).frame(0x00).frame(0x80), gives: [.binary([])], limits: limits)
        expect(Wire().frame(0x02).frame(0x00).frame(0x00).frame(0x80), gives: [.violation(1009)], limits: limits)
        #expect(Limits().fragments == 65_536)
    }

    @Test func `an announced length takes no memory`() {
        var connection = WebSocketConnection(role: .server, limits: Limits(messageSize: .max))
        let header: [UInt8] = [0x82, 0xff, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]
        #expect(connection.feed(header + [1, 2, 3]) == [])
    }
}

/// The ideas of Autobahn's category 7.
@Suite struct CloseTests {
    @Test func `a close frame is empty, or a code, or a code and a reason`() {
        expect(Wire().frame(0x88), gives: [.close(nil, "")])
        expect(Wire().frame(0x88, [0x03, 0xe8]), gives: [.close(1000, "")])
        expect(Wire().frame(0x88, [0x03, 0xe8] + "bye ✓".utf8), gives: [.close(1000, "bye ✓")])
        let longest = [UInt8](repeating: 0x2a, count: 123)
        expect(
            Wire().frame(0x88, [0x03, 0xe8] + longest), gives: [.close(1000, String(decoding: longest, as: UTF8.self))])
    }

    @Test func `half a code is a violation, and so is a reason that is no text`() {
        expect(Wire().frame(0x88, [0x03]), gives: [.violation(1002)])
        expect(Wire().frame(0x88, [0x03, 0xe8, 0xff]), gives: [.violation(1007)])
        expect(Wire().frame(0x88, [0x03, 0xe8, 0xe2, 0x9c]), gives: [.violation(1007)])
    }

    @Test(arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
    func `a code that may be sent is heard`(code: UInt16) {
        expect(Wire().frame(0x88, [UInt8(code >> 8), UInt8(code & 0xff)]), gives: [.close(code, "")])
    }

    @Test(arguments: [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])
    func `a code that may not be sent is a violation`(code: UInt16) {
        expect(Wire().frame(0x88, [UInt8(code >> 8), UInt8(code & 0xff)]), gives: [.violation(1002)])
    }

    @Test func `nothing after a close frame is read`() {
        expect(
            Wire().frame(0x88, [0x03, 0xe8]).text("late").frame(0x89).frame(0xff, [1]), gives: [.close(1000, "")])
    }

    @Test func `a peer's close is answered once, and then the connection is over`() {
        var connection = WebSocketConnection(role: .server)
        #expect(connection.maySend)
        #expect(connection.feed(Wire().frame(0x88, [0x0f, 0xa0]).bytes) == [.close(4000, "")])
        #expect(!connection.maySend && !connection.isOver)
        #expect(connection.close(CloseCode(rawValue: 4000)) == [0x88, 0x02, 0x0f, 0xa0])
        #expect(connection.isOver)
        #expect(connection.close(.normal) == nil)
        #expect(connection.transportEnded() == nil)
    }

    @Test func `after our close the peer may still speak, until it closes too`() {
        var connection = WebSocketConnection(role: .server)
        #expect(connection.close(.goingAway, "so long") == [0x88, 0x09, 0x03, 0xe9] + Array("so long".utf8))
        #expect(!connection.maySend && !connection.isOver)
        #expect(connection.close(.normal) == nil)
        #expect(connection.feed(Wire().text("wait").bytes) == [.text("wait")])
        #expect(connection.feed(Wire().frame(0x88, [0x03, 0xe9]).bytes) == [.close(1001, "")])
        #expect(connection.isOver)
    }

    @Test func `a violation is answered with its code, unless a close frame was sent`() {
        var connection = WebSocketConnection(role: .server)
        #expect(connection.feed([0xff]) == [.violation(1002)])
        #expect(!connection.isOver)
        #expect(connection.close(.protocolError) == [0x88, 0x02, 0x03, 0xea])
        #expect(connection.isOver)

        var closing = WebSocketConnection(role: .server)
        #expect(closing.close(.normal) != nil)
        #expect(closing.feed([0xff]) == [.violation(1002)])
        #expect(closing.isOver)
    }

    @Test func `a transport that ends before both closes is abnormal`() {
        var silent = WebSocketConnection(role: .server)
        #expect(silent.transportEnded() == .abnormal)
        #expect(silent.isOver)
        var waiting = WebSocketConnection(role: .server)
        _ = waiting.close(.normal)
        #expect(waiting.transportEnded() == .abnormal)
        var closed = WebSocketConnection(role: .server)
        _ = closed.feed(Wire().frame(0x88).bytes)
        #expect(closed.transportEnded() == nil)
    }
}
