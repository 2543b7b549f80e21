import Kernel
import Testing

@Suite struct InstantTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999999Z", -1), ("2000-02-29T12:00:00Z", 951_825_600_000_000),
        ("2026-11-21T02:13:20.123456Z", 1_795_227_200_123_456),
        ("2026-11-21T03:13:20.123456+01:00", 1_795_227_200_123_456),
        ("2026-11-20 21:13:20.1234569-05:00", 1_795_227_200_123_456), ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
    ])
    func `a time of RFC 3339 is read to the microsecond`(text: String, microseconds: Int64) {
        #expect(Instant(text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11-21", "2026-11-21T02:13:20", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T00:60:00Z", "2026-11-21T00:00:61Z", "2026-11-21T00:00:00.Z", "2026-11-21T00:00:00.0000000000Z",
        "2026-11-21T00:00:00Zx", "2026-11-21T00:00:00+1:00", "２０２６-11-21T00:00:00Z", "-026-11-21T00:00:00Z",
    ])
    func `what is no time is not read`(text: String) { #expect(Instant(text) == nil) }

    @Test func `what is written reads back the same`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var random = Numbers(state: seed)
        for _ in 0..<2_000 {
            // From 0001-01-01 to 9999-12-31.
            let instant = Instant(
                microseconds: Int64.random(in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &random))
            #expect(Instant(instant.description) == instant)
        }
    }

    @Test func `time passes in durations`() {
        let start = Instant(microseconds: 1_000_000)
        #expect((start + .milliseconds(1500)).microseconds == 2_500_000)
        #expect((start + .seconds(-2)).microseconds == -1_000_000)
        #expect((start + .seconds(60)) - start == .seconds(60))
        #expect(start < start + .microseconds(1))
    }

    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }
}
