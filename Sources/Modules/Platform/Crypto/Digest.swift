internal import CCrypto

/// Message digests and keyed digests over bytes, computed by libcrypto.
///
/// SHA-1 is here for what protocols fix it for (RFC 6455's accept key, RFC 9562's version 5), never to protect anything.
public enum Digest {
    /// The 20 bytes of SHA-1 (RFC 3174).
    public static func sha1(_ message: some Collection<UInt8>) -> [UInt8] {
        digest(message, Int(SHA_DIGEST_LENGTH)) { SHA1($0, $1, $2) != nil }
    }

    /// The 32 bytes of SHA-256 (FIPS 180-4).
    public static func sha256(_ message: some Collection<UInt8>) -> [UInt8] {
        digest(message, Int(SHA256_DIGEST_LENGTH)) { SHA256($0, $1, $2) != nil }
    }

    /// The 32 bytes of HMAC-SHA-256 (RFC 2104, RFC 4231). Compare it with `constantTimeEqual`.
    public static func hmacSHA256(_ message: some Collection<UInt8>, key: some Collection<UInt8>) -> [UInt8] {
        withBytes(of: key) { key in
            digest(message, Int(SHA256_DIGEST_LENGTH)) { bytes, count, output in
                // A null key means "the key of the call before" to HMAC(3); an empty key is a key like any other.
                withUnsafePointer(to: UInt8(0)) { empty in
                    HMAC(EVP_sha256(), key.baseAddress ?? empty, Int32(key.count), bytes, count, output, nil) != nil
                }
            }
        }
    }

    private static func digest(
        _ message: some Collection<UInt8>, _ length: Int,
        _ compute: (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?) -> Bool
    ) -> [UInt8] {
        withBytes(of: message) { message in
            [UInt8](unsafeUninitializedCapacity: length) { output, count in
                let computed = compute(message.baseAddress, message.count, output.baseAddress)
                precondition(computed, "libcrypto could not compute a digest of \(message.count) bytes")
                count = length
            }
        }
    }
}

/// Lends the bytes of a collection as one buffer; only a collection that is not contiguous is copied.
func withBytes<Result>(of bytes: some Collection<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    bytes.withContiguousStorageIfAvailable(body) ?? Array(bytes).withUnsafeBufferPointer(body)
}
