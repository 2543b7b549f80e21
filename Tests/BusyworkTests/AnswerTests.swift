import Testing

@testable import Busywork

@Suite struct AnswerTests {
    private static let two =
        "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"id\":\"abc\"}"
        + "HTTP/1.1 204 No Content\r\n\r\n"

    @Test(arguments: [1, 2, 3, 7, 1_000]) func `answers are read however they are cut`(size: Int) throws {
        var parser = AnswerParser()
        var answers: [Answer] = []
        let bytes = Array(Self.two.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            parser.receive(bytes[start..<min(start + size, bytes.count)])
            while let answer = try parser.next() { answers.append(answer) }
        }
        #expect(answers.map(\.status) == [201, 204])
        #expect(try answers[0].read(Made.self).id == "abc")
        #expect(answers[0][field: "content-type"] == "application/json")
    }

    @Test func `what is no answer is refused`() {
        var parser = AnswerParser()
        parser.receive(Array("SSH-2.0-OpenSSH\r\n\r\n".utf8))
        #expect(throws: AnswerParser.Nonsense.self) { try parser.next() }
    }

    @Test func `a refusal tells its kind`() throws {
        var parser = AnswerParser()
        let body = "{\"code\":\"conflict\",\"message\":\"too late\",\"correlationId\":\"x\"}"
        parser.receive(Array("HTTP/1.1 409 Conflict\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8))
        let answer = try #require(try parser.next())
        #expect(answer.code == "conflict" && answer.message == "too late" && !answer.isDone)
    }
}
