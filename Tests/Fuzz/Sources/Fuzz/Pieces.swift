/// Cuts bytes at places that an input's own first bytes choose, so that the fuzzer can look for the cut that matters.
struct Pieces: Sequence, IteratorProtocol {
    private var state: UInt64
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
        state = bytes.prefix(8).reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    mutating func next() -> UnsafeRawBufferPointer? {
        guard !rest.isEmpty else { return nil }
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        // Mostly short ones: a cut in the middle of a token is where state is kept.
        let length = Swift.min(rest.count, state >> 60 == 0 ? 1 + Int(state >> 40 & 1023) : 1 + Int(state >> 40 & 15))
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[length...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<length])
    }
}
