/// The deflaters and inflaters of one loop, lent to the connections that are in the middle of a message or have agreed to
/// keep their history.
public final class Codecs: @unchecked Sendable {
    // Unchecked, because it is used on its loop only.
    private var deflaters: [Int: [Deflater]] = [:]
    private var inflaters: [Int: [Inflater]] = [:]
    /// Where decompressed bytes come out, piece by piece, and where compressed ones do: what has just come in may be on
    /// its way out again.
    public let inflated = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.scratch, alignment: 64)
    public let deflated = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.scratch, alignment: 64)

    public init() {}

    deinit {
        inflated.deallocate()
        deflated.deallocate()
    }

    public func takeDeflater(windowBits: Int) -> Deflater {
        deflaters[windowBits]?.popLast() ?? Deflater(windowBits: windowBits)
    }

    public func giveBack(_ deflater: Deflater) {
        guard deflaters[deflater.windowBits, default: []].count < Limits.spares else { return }
        deflater.reset()
        deflaters[deflater.windowBits, default: []].append(deflater)
    }

    public func takeInflater(windowBits: Int) -> Inflater {
        inflaters[windowBits]?.popLast() ?? Inflater(windowBits: windowBits)
    }

    public func giveBack(_ inflater: Inflater) {
        guard inflaters[inflater.windowBits, default: []].count < Limits.spares else { return }
        inflater.reset()
        inflaters[inflater.windowBits, default: []].append(inflater)
    }
}
