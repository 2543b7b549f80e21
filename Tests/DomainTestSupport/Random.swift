/// Random numbers that a seed repeats (SplitMix64).
public struct Seeded: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Runs a property under seeds nobody chose, and says which one broke it before the process can end.
    public static func check(times: Int = 200, _ property: (inout Seeded) throws -> Void) rethrows {
        let first = UInt64.random(in: 0 ... .max)
        for round in 0..<UInt64(times) {
            let seed = first &+ round
            // Printed ahead: a trap in the property leaves no chance afterwards.
            if round == 0 { print("property seeds \(first) and the \(times - 1) that follow") }
            var random = Seeded(seed: seed)
            try property(&random)
        }
    }
}
