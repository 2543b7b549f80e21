import Testing

@testable import HTTP

@Suite struct ValueTests {
    @Test func `byte sets hold what the RFCs list`() {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        func members(_ set: ByteSet) -> Set<UInt8> { Set((0...255).filter(set.contains)) }
        let visible = Set(UInt8(0x21)...0x7e)
        #expect(members(.token) == Set((letters + "!#$%&'*+-.^_`|~").utf8))
        #expect(members(.path) == Set((letters + "-._~!$&'()*+,;=:@/%[]|").utf8))
        #expect(members(.query) == visible.subtracting("\"#<>".utf8))
        #expect(members(.host) == Set((letters + "-._~!$&'()*+,;=:[]").utf8))
        #expect(members(.cookie) == visible.subtracting("\",;\\".utf8))
    }

    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
        ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
    ])
    func `a date is read in each of its forms`(text: String, second: Int) {
        #expect(HTTPDate.parse(text, now: 1_700_000_000) == second)
        #expect(HTTPDate.parse(HTTPDate.text(second)) == second)
    }

    @Test(arguments: [
        "", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT", "Sun 06 Nov 1994 08:49:37 GMT",
    ])
    func `what is no date is not read`(text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }

    @Test func `a year of two digits is at most 50 years ahead`() {
        let inThePast = HTTPDate.parse("Sunday, 06-Nov-94 08:49:37 GMT", now: 1_700_000_000)!
        #expect(HTTPDate.text(inThePast) == "Sun, 06 Nov 1994 08:49:37 GMT")
        let ahead = HTTPDate.parse("Friday, 06-Nov-70 08:49:37 GMT", now: 1_700_000_000)!
        #expect(HTTPDate.text(ahead) == "Thu, 06 Nov 2070 08:49:37 GMT")
    }

    @Test func `a query is read as forms write it`() {
        let query = Query("a=1&b=two+words&c=%C3%A4%26&a=2&empty=&bare&=x&wrong=%zz")
        #expect(query["a"] == "1")
        #expect(query.all("a") == ["1", "2"])
        #expect(query["b"] == "two words")
        #expect(query["c"] == "ä&")
        #expect(query["empty"] == "")
        #expect(query["bare"] == "")
        #expect(query["wrong"] == "%zz")
        #expect(query["missing"] == nil)
    }

    @Test func `a query has a bounded number of parts`() {
        #expect(Query(Array(repeating: "a=1", count: 10_000).joined(separator: "&")).pairs.count == Query.partsLimit)
    }

    @Test func `an escaped slash divides no segments`() {
        func segments(_ path: String) -> [String]? {
            Array(path.utf8).withUnsafeBytes { PercentEncoding.segments(of: $0) }
        }
        #expect(segments("/a%2Fb/c") == ["a/b", "c"])
        #expect(segments("/") == [""])
        #expect(segments("/a//b/") == ["a", "", "b", ""])
        #expect(segments("/%ff") == nil)
        #expect(segments("/%00") == nil)
        #expect(segments("/%2") == nil)
    }

    @Test func `cookies are read pair by pair, and a malformed one is left out`() {
        let cookies = Cookies(["session=abc; theme=\"dark\"; bad name=1; broken; session=later; x=a b", "y=2 "])
        #expect(cookies["session"] == "abc")
        #expect(cookies["theme"] == "dark")
        #expect(cookies["y"] == "2")
        #expect(cookies["x"] == nil)
        #expect(cookies.count == 3)
    }

    @Test func `fields are found in any case, each and all`() {
        var headers: Headers = ["Accept": "a", "ACCEPT": "b, C", "X": "1"]
        #expect(headers["accept"] == "a")
        #expect(headers.all("Accept") == ["a", "b, C"])
        #expect(headers.has("accept", member: "c"))
        #expect(!headers.has("accept", member: "d"))
        headers.set("accept", to: "z")
        #expect(headers.all("accept") == ["z"])
        headers.set("x", to: nil)
        #expect(headers["x"] == nil)
    }

    private static let conditions: [(Headers, Preconditions)] = [
        (["if-none-match": "\"1\""], .notModified),
        (["if-none-match": "W/\"1\""], .notModified),
        (["if-none-match": "\"0\", \"1\""], .notModified),
        (["if-none-match": "*"], .notModified),
        (["if-none-match": "\"0\""], .proceed),
        (["if-none-match": "1"], .proceed),
        (["if-none-match": "\"0\"", "if-modified-since": "Sun, 06 Nov 1994 08:49:37 GMT"], .proceed),
        (["if-modified-since": "Sun, 06 Nov 1994 08:49:37 GMT"], .notModified),
        (["if-modified-since": "Sun, 06 Nov 1994 08:49:36 GMT"], .proceed),
        (["if-modified-since": "yesterday"], .proceed),
        (["if-match": "\"1\""], .proceed),
        (["if-match": "\"0\""], .failed),
        (["if-match": "W/\"1\""], .failed),
        (["if-match": "*"], .proceed),
        (["if-unmodified-since": "Sun, 06 Nov 1994 08:49:36 GMT"], .failed),
        (["if-unmodified-since": "Sun, 06 Nov 1994 08:49:37 GMT"], .proceed),
    ]

    @Test(arguments: conditions)
    func `a conditional read is answered by tag first, then by date`(headers: Headers, expected: Preconditions) {
        let request = Request(.get, "/", headers: headers)
        #expect(Preconditions(request.head, tag: "\"1\"", modified: 784_111_777) == expected)
    }

    @Test func `a conditional write fails where a read is spared`() {
        let request = Request(.put, "/", headers: ["if-none-match": "*"])
        #expect(Preconditions(request.head, tag: "\"1\"", modified: 0) == .failed)
    }
}
