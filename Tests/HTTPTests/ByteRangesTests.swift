import HTTP
import Testing

@Suite struct ByteRangesTests {
    private func ranges(_ fields: Headers, of length: Int = 10, _ method: HTTP.Method = .get) -> ByteRanges {
        ByteRanges(
            Request(method, "/", headers: fields).head, length: length, tag: "\"1\"", modified: 784_111_777,
            now: 784_111_800)
    }

    @Test(arguments: [
        ("bytes=0-3", [0..<4]), ("bytes=0-0", [0..<1]), ("bytes=4-", [4..<10]), ("bytes=-3", [7..<10]),
        ("bytes=-99", [0..<10]), ("bytes=8-99", [8..<10]), ("BYTES=9-", [9..<10]),
        ("bytes=0-99999999999999999999999999", [0..<10]), ("bytes=-99999999999999999999999999", [0..<10]),
        ("bytes= 0-1 ,\t4-5", [0..<2, 4..<6]), ("bytes=4-5,0-1", [4..<6, 0..<2]), ("bytes=,0-1,,", [0..<2]),
        ("bytes=0-1,50-60", [0..<2]), ("bytes=0-1,-2", [0..<2, 8..<10]), ("bytes=0-1,1-2", [0..<2, 1..<3]),
    ])
    func `ranges are read in the order they were asked for`(field: String, parts: [Range<Int>]) {
        #expect(ranges(["range": field]) == .parts(parts))
    }

    @Test(arguments: [
        "bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-", "bytes=10-,11-12",
    ])
    func `what begins behind the end cannot be satisfied`(field: String) {
        #expect(ranges(["range": field]) == .unsatisfiable)
    }

    @Test(arguments: [
        "", "bytes", "bytes=", "bytes=,", "lines=0-1", "bytes=3-2", "bytes=a-b", "bytes=-", "bytes=--1", "bytes=+0-1",
        "bytes=0x0-1", "bytes=0-1-2", "bytes=0 - 1", "bytes 0-1", "bytes=0-1;2-3", "bytes=0-9,0-9", "bytes=0-,1-,2-",
    ])
    func `what is malformed or asks for more than there is, is ignored`(field: String) {
        #expect(ranges(["range": field]) == .whole)
    }

    @Test func `so are more ranges than the limit`() {
        func field(_ count: Int) -> String {
            "bytes=" + (0..<count).map { "\($0)-\($0)" }.joined(separator: ",")
        }
        #expect(
            ranges(["range": field(ByteRanges.limit)], of: 100) == .parts((0..<ByteRanges.limit).map { $0..<$0 + 1 }))
        #expect(ranges(["range": field(ByteRanges.limit + 1)], of: 100) == .whole)
    }

    @Test func `nothing has no part`() {
        #expect(ranges(["range": "bytes=-1"], of: 0) == .whole)
        #expect(ranges(["range": "bytes=0-"], of: 0) == .unsatisfiable)
    }

    @Test func `only GET has ranges, and one field of them`() {
        #expect(ranges(["range": "bytes=0-1"], .head) == .whole)
        #expect(ranges(["range": "bytes=0-1", "Range": "bytes=2-3"]) == .whole)
    }

    @Test(arguments: [
        ("\"1\"", true), ("W/\"1\"", false), ("\"2\"", false), ("*", false), ("\"1\", \"2\"", false),
        ("Sun, 06 Nov 1994 08:49:37 GMT", true), ("Sun, 06 Nov 1994 08:49:38 GMT", false), ("nonsense", false),
    ])
    func `a part is for who has the rest of it`(field: String, isCurrent: Bool) {
        #expect(ranges(["range": "bytes=0-1", "if-range": field]) == (isCurrent ? .parts([0..<2]) : .whole))
    }

    @Test func `a date of this very second proves nothing`() {
        let head = Request(
            .get, "/", headers: ["range": "bytes=0-1", "if-range": "Sun, 06 Nov 1994 08:49:37 GMT"]
        ).head
        #expect(ByteRanges(head, length: 10, tag: "\"1\"", modified: 784_111_777, now: 784_111_777) == .whole)
    }

    @Test(arguments: [
        ("gzip", true), ("GZip", true), ("deflate, gzip;q=1.0", true), ("*", true), ("gzip;q=0.001", true),
        ("gzip; q=0.5", true), ("identity;q=0.5, gzip", true), ("*;q=0, gzip", true),
        ("", false), ("gzip;q=0", false), ("gzip;q=0.000", false), ("br", false), ("identity", false),
        ("identity, gzip;q=0.5", false), ("*, gzip;q=0", false), ("gzip;q=x", false), ("gzip;q=2.0", false),
        ("gzipped", false),
        ("gzip;q=-1", false), (";", false), ("gzip;", false), (" ; , ;;, gzip", true),
    ])
    func `gzip is preferred where it is asked for`(field: String, isPreferred: Bool) {
        let headers: Headers = field.isEmpty ? [:] : ["accept-encoding": field]
        #expect(headers.prefers(coding: "gzip") == isPreferred)
    }
}
