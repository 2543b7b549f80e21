enum Limits {
    /// libz's effort, 1 to 9.
    static let level: Int32 = 6
    /// libz's memory level at least: below it a block ends every few hundred bytes.
    static let leastMemory = 4
    /// Deflaters and inflaters of one size a loop keeps for the next message.
    static let spares = 8
    /// What is compressed or decompressed in one step.
    static let scratch = 65_536
}
