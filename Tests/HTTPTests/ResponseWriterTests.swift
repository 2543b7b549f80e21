import HTTP
import Testing

@Suite struct ResponseWriterTests {
    private func written(
        _ response: Response, to method: Method = .get, _ connection: ResponseWriter.Connection = .stays,
        common: Headers = [:]
    ) -> String {
        var writer = ResponseWriter(common: common)
        writer.setDate(784_111_777)
        var output: [UInt8] = []
        if writer.write(response, to: method, connection, into: &output) { output += response.body }
        return String(decoding: output, as: UTF8.self)
    }

    private let date = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

    @Test func `a response has a date, its fields and its length`() {
        #expect(
            written(.text("hello"))
                == "HTTP/1.1 200 OK\r\n\(date)content-type: text/plain; charset=utf-8\r\ncontent-length: 5\r\n\r\nhello"
        )
    }

    @Test func `the answer to HEAD has the length of what GET would send, and nothing of it`() {
        #expect(written(.text("hello"), to: .head).hasSuffix("content-length: 5\r\n\r\n"))
    }

    @Test(arguments: [Status.noContent, .notModified, .switchingProtocols])
    func `a status without a body has no length either`(status: Status) {
        let text = written(Response(status, headers: ["etag": "\"1\""], body: [1, 2, 3]))
        #expect(text == "HTTP/1.1 \(status.code) \(status.reason)\r\n\(date)etag: \"1\"\r\n\r\n")
    }

    @Test func `an empty body has a length of zero`() {
        #expect(written(Response(.ok)).hasSuffix("\r\ncontent-length: 0\r\n\r\n"))
    }

    @Test func `a connection that ends is announced, and one of HTTP 1_0 that stays`() {
        #expect(written(Response(.ok), .closes).contains("\r\nconnection: close\r\n"))
        #expect(written(Response(.ok), .staysForOldVersion).contains("\r\nconnection: keep-alive\r\n"))
        #expect(!written(Response(.ok), .stays).contains("connection"))
    }

    @Test func `a handler cannot set what belongs to the framing`() {
        let response = Response(
            .ok,
            headers: ["Content-Length": "9", "Transfer-Encoding": "chunked", "Connection": "x", "Date": "y", "A": "b"])
        #expect(written(response) == "HTTP/1.1 200 OK\r\n\(date)A: b\r\ncontent-length: 0\r\n\r\n")
    }

    @Test func `a value cannot end its line`() {
        let response = Response(.ok, headers: ["location": "/a\r\nset-cookie: b=c\u{0}"])
        #expect(written(response).contains("\r\nlocation: /a  set-cookie: b=c \r\n"))
    }

    @Test func `common fields come with every response`() {
        #expect(
            written(Response(.noContent), common: ["x-frame-options": "DENY"]).contains("\r\nx-frame-options: DENY\r\n")
        )
    }
}
