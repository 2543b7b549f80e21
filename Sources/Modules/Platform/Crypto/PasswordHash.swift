internal import CCrypto
internal import Glibc

/// Password hashing with yescrypt (crypt(5), `$y$`), Debian's own choice: memory-hard, salted, its cost in the hash.
///
/// Both calls compute for about 50 ms and touch 16 MiB. They must run on a thread that serves nobody, never on an event
/// loop.
public enum PasswordHash {
    /// The cost of new hashes, 1 to 11. One more doubles time or memory; a stored hash keeps the cost it was made with.
    public static let cost: UInt = 5
    /// The longest password in bytes; a longer one would let a request buy computing time (CRYPT_MAX_PASSPHRASE_SIZE).
    public static let longestPassword = 511

    /// A password that cannot be hashed as it is.
    public enum Refusal: Error, Equatable, Sendable {
        case longerThan(bytes: Int)
        /// crypt(3) would silently stop at a zero byte.
        case holdsZeroByte
    }

    /// A new hash with a random salt: printable ASCII, 73 bytes at this cost.
    public static func make(_ password: String, cost: UInt = cost) throws(Refusal) -> String {
        guard password.utf8.count <= longestPassword else { throw .longerThan(bytes: longestPassword) }
        guard !password.utf8.contains(0) else { throw .holdsZeroByte }
        var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        let salted = crypt_gensalt_rn("$y$", cost, nil, 0, &setting, Int32(setting.count)) != nil
        precondition(salted, "crypt_gensalt_rn refused yescrypt with cost \(cost)")
        guard let hash = crypt(password, setting) else {
            preconditionFailure("crypt_rn refused a setting it made itself")
        }
        return String(decoding: hash, as: UTF8.self)
    }

    /// Whether `hash` was made of `password`. A hash that cannot be read is made of no password.
    public static func verify(_ password: String, _ hash: String) -> Bool {
        guard password.utf8.count <= longestPassword, !password.utf8.contains(0), !hash.utf8.contains(0),
            // Only what `make` writes: crypt(3) also knows DES and MD5, which nobody here may be let in by.
            hash.hasPrefix("$y$"), let computed = crypt(password, hash.utf8.map { CChar(bitPattern: $0) } + [0])
        else { return false }
        return constantTimeEqual(computed, hash.utf8)
    }

    /// `crypt_data` is 32 KiB, so it lies on the heap; it has held the password, so it is wiped.
    private static func crypt(_ password: String, _ setting: [CChar]) -> [UInt8]? {
        let size = MemoryLayout<crypt_data>.size
        let data = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: MemoryLayout<crypt_data>.alignment)
        data.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        defer {
            explicit_bzero(data, size)
            data.deallocate()
        }
        guard let hash = crypt_rn(password, setting, data, Int32(size)) else { return nil }
        return Array(UnsafeRawBufferPointer(start: hash, count: strlen(hash)))
    }
}
