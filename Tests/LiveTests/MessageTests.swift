import FoundationEssentials
import Kernel
import Testing

@testable import Live

struct MessageTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `a page's messages are read with their filter as it was sent`() throws {
        let open = try ClientMessage(
            Array(
                """
                {"type":"open", "view":1,"topic":"orders","filter":{"text":"a \\"b\\" }]","n":[1,{"x":null}]},"order":"-number",
                "limit":50,"count":true,"cursor":"e.7","have":["\(key(1).lowercase)"]}
                """.utf8))
        let filter = Array("{\"text\":\"a \\\"b\\\" }]\",\"n\":[1,{\"x\":null}]}".utf8)
        #expect(
            open
                == .open(
                    view: 1, topic: "orders",
                    ClientMessage.Query(filter: filter, order: "-number", limit: 50, count: true),
                    resume: ClientMessage.Resume(cursor: "e.7", have: [key(1)])))
        #expect(
            try ClientMessage(Array("{\"view\":2,\"type\":\"change-view\",\"filter\":null}".utf8))
                == .changeView(view: 2, ClientMessage.Query()))
        #expect(try ClientMessage(Array("{\"type\":\"close\",\"view\":3}".utf8)) == .close(view: 3))
        #expect(try ClientMessage(Array(" {\"type\":\"check\",\"view\":4} ".utf8)) == .check(view: 4))
        #expect(try ClientMessage(Array("{\"type\":\"reach\",\"position\":7}".utf8)) == .reach(Position(7)))
    }

    @Test(arguments: [
        "", "null", "[]", "{", "{\"type\":\"close\"}", "{\"type\":\"close\",\"view\":\"1\"}",
        "{\"type\":\"shout\",\"view\":1}",
        "{\"type\":\"close\",\"view\":1}x", "{\"type\":\"close\",\"view\":1,\"view\":2}",
        "{\"type\":\"close\",\"view\":1,}",
        "{\"type\":\"open\",\"view\":1}",
        "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"cursor\":\"e.1\",\"have\":[1]}",
        "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"filter\":{\"a\"}}", "{\"type\":\"close\",\"view\":1.5}",
        "{\"type\":\"reach\"}", "{\"type\":\"reach\",\"position\":\"7\"}",
    ])
    func `what is not a message of the protocol breaks it`(bytes: String) {
        #expect(throws: ProtocolViolation.self) { try ClientMessage(Array(bytes.utf8)) }
    }

    @Test func `a message that nests without end breaks the protocol and not the server`() {
        let deep =
            "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"filter\":" + String(repeating: "[", count: 60_000)
        #expect(throws: ProtocolViolation.self) { try ClientMessage(Array(deep.utf8)) }
        #expect(throws: ProtocolViolation.self) { try ClientMessage([UInt8](repeating: 32, count: 1 << 20)) }
    }

    @Test func `a row is put together from stored bytes, its detail continuing the value`() {
        let row = StoredRow(
            key: key(255), position: Position(12), columns: nil, value: Array("{\"a\":1}".utf8),
            detail: Array("{\"timeline\":[]}".utf8), cause: Array("{\"actor\":\"anna\"}".utf8))
        var plain: [UInt8] = []
        plain.add(row, sort: .int(-7), detailed: false)
        #expect(
            text(plain) == """
                {"key":"00000000-0000-4000-8000-0000000000ff","position":12,"sort":-7,"cause":{"actor":"anna"},"value":{"a":1}}
                """)
        var detailed: [UInt8] = []
        detailed.add(row, sort: .text("a\"\\\n"), detailed: true)
        #expect(
            text(detailed) == """
                {"key":"00000000-0000-4000-8000-0000000000ff","position":12,"sort":"a\\"\\\\\\u000a","cause":{"actor":"anna"},\
                "value":{"a":1,"timeline":[]}}
                """)
    }

    @Test func `server messages are those of the protocol`() {
        let cursor = Cursor(epoch: "e1", position: Position(4711))
        let at = Instant("2026-11-21T14:03:07Z")!
        #expect(
            text(ServerMessage.commit(cursor, asOf: at, now: at + .milliseconds(3))) == """
                {"type":"commit","cursor":"e1.4711","position":4711,"asOf":"2026-11-21T14:03:07.000000Z","lagMs":3}
                """)
        #expect(
            text(ServerMessage.hello(cursor, user: "anna", name: "Anna \"A\"", roles: ["auditor"], at: at)) == """
                {"type":"hello","epoch":"e1","cursor":"e1.4711","user":"anna","name":"Anna \\"A\\"","roles":["auditor"],\
                "serverTime":"2026-11-21T14:03:07.000000Z"}
                """)
        #expect(
            text(ServerMessage.reset(view: 1, reason: "epoch"))
                == "{\"type\":\"reset\",\"view\":1,\"reason\":\"epoch\"}")
        #expect(text(ServerMessage.total(shared: 17, 124)) == "{\"type\":\"total\",\"shared\":17,\"total\":124}")
        #expect(
            text(ServerMessage.refused(view: 2, .forbidden("not for you"))) == """
                {"type":"refused","view":2,"code":"forbidden","message":"not for you"}
                """)
    }

    @Test(arguments: [Int64.min, -1, 0, 9, 10, 4711, Int64.max])
    func `numbers are written as they are`(number: Int64) {
        var out: [UInt8] = []
        out.add(number)
        #expect(text(out) == String(number))
    }

    @Test func `a cursor reads back as it was written and nothing else is one`() {
        let cursor = Cursor(epoch: "a.b", position: Position(9))
        #expect(Cursor(cursor.description) == cursor)
        for text in ["", "9", "a.", "a.-1", "a.x"] { #expect(Cursor(text) == nil) }
    }
}
