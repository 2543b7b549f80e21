enum Limits {
    /// libz's effort, 1 to 9. Beyond 2 rows of JSON become a seventh smaller for twice to three times the time.
    static let level: Int32 = 2
    /// libz's memory level at least: below it a block ends every few hundred bytes.
    static let leastMemory = 4
    /// Deflaters and inflaters of one size a loop keeps for the next message.
    static let spares = 8
    /// What is compressed or decompressed in one step.
    static let scratch = 65_536
}
