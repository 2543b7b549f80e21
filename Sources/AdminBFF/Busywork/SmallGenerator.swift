import Glibc

/// A repeatable sequence: the same seed, the same mall. Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators" (2014).
public struct SmallGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    /// A sequence of its own for somebody of this name: what one actor draws does not depend on how often others did.
    public init(seed: UInt64, for name: String) {
        // FNV-1a; Swift's own hashes differ from run to run.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        state = seed ^ hash
        _ = next()
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension SmallGenerator {
    /// True this often in a thousand.
    mutating func happens(_ perMille: Int) -> Bool { Int.random(in: 0..<1000, using: &self) < perMille }

    /// A duration anywhere in a range.
    mutating func duration(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: (range.lowerBound * 1000)...(range.upperBound * 1000), using: &self))
    }

    /// The wait for the next of events that come independently of each other, on average once in `mean`.
    mutating func wait(mean: Duration) -> Duration {
        mean * -log(1 - Double.random(in: 0..<1, using: &self))
    }

    /// A value around 0 with deviation 1. Box and Muller (1958).
    mutating func normal() -> Double {
        sqrt(-2 * log(1 - Double.random(in: 0..<1, using: &self)))
            * cos(2 * .pi * Double.random(in: 0..<1, using: &self))
    }

    /// A price in minor units: log-normal around the median. Only the factor is drawn with a fraction, never an amount.
    mutating func price(_ prices: Parameters.Prices) -> Int64 {
        let perMille = Int64(1000 * exp(prices.spread * normal()))
        return min(max(prices.median * perMille / 1000, prices.range.lowerBound), prices.range.upperBound)
    }
}
