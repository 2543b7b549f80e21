internal import CCrypto

/// `count` bytes nobody can guess, from libcrypto's generator, which the kernel seeds.
public func randomBytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { output, filled in
        let drawn = RAND_bytes(output.baseAddress, Int32(count)) == 1
        precondition(drawn, "libcrypto has no randomness to give")
        filled = count
    }
}

/// Whether two secrets are equal, in a time that tells nothing but their lengths.
public func constantTimeEqual(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
    withBytes(of: a) { a in
        withBytes(of: b) { b in
            a.count == b.count && (a.isEmpty || CRYPTO_memcmp(a.baseAddress, b.baseAddress, a.count) == 0)
        }
    }
}
