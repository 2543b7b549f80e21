import FoundationEssentials
import Kernel

/// What a page and the server compare: how many rows, and the sum of their FNV-1a hashes, modulo 2³².
///
/// Addition commutes, so neither side needs an order; a key with its position stands for the row's content.
struct Checksum: Equatable {
    private(set) var rows = 0
    private(set) var sum: UInt32 = 0

    mutating func add(_ key: UUID, _ position: Position) {
        rows += 1
        var hash: UInt32 = 0x811c_9dc5
        for byte in "\(key.lowercase):\(position)".utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        sum &+= hash
    }
}
