import FoundationEssentials
import Kernel

/// Six characters that a customer reads out at the desk: no two of them are mistaken for one another.
enum PickupCode {
    /// Without 0 and O, 1, I and L, and U, which is heard as V: 30 characters, so 729 million codes.
    private static let alphabet = Array("23456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    private static let length = 6
    /// How many codes are tried before a checkout is refused. With a million live orders one in 700 codes is taken, so
    /// four in a row are once in 10^11.
    static let candidates = 4

    /// A code made of an identifier: the same one for a repeated command.
    static func code(of id: UUID, candidate: Int) -> String {
        var state = withUnsafeBytes(of: id.uuid) { bytes in
            bytes.loadUnaligned(as: UInt64.self) ^ bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        }
        state &+= UInt64(candidate + 1) &* 0x9e37_79b9_7f4a_7c15
        // The finaliser of SplitMix64, so that candidates have nothing in common.
        state = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        state = (state ^ (state >> 27)) &* 0x94d0_49bb_1331_11eb
        state ^= state >> 31
        var code: [UInt8] = []
        for _ in 0..<length {
            code.append(alphabet[Int(state % UInt64(alphabet.count))])
            state /= UInt64(alphabet.count)
        }
        return String(decoding: code, as: UTF8.self)
    }

    /// A code as somebody typed it.
    static func normalized(_ text: String) -> String {
        String(text.uppercased().filter { !$0.isWhitespace && $0 != "-" })
    }
}
