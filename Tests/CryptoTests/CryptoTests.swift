import Crypto
import FoundationEssentials
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct DigestTests {
    @Test(arguments: [
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ])
    func `SHA-1 gives the vectors of RFC 3174`(message: String, digest: String) {
        #expect(Hex.encode(Digest.sha1(message.utf8)) == digest)
    }

    @Test(arguments: [
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func `SHA-256 gives the vectors of FIPS 180`(message: String, digest: String) {
        #expect(Hex.encode(Digest.sha256(message.utf8)) == digest)
    }

    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), bytes("Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            bytes("Jefe"), bytes("what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), bytes("Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func `HMAC-SHA-256 gives the vectors of RFC 4231`(key: [UInt8], message: [UInt8], digest: String) {
        #expect(Hex.encode(Digest.hmacSHA256(message, key: key)) == digest)
    }

    @Test func `an empty key and an empty message have an HMAC too`() {
        #expect(
            Hex.encode(Digest.hmacSHA256([], key: []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }
}

@Suite struct EncodingTests {
    @Test(arguments: [
        ("", "", ""), ("f", "Zg==", "66"), ("fo", "Zm8=", "666f"), ("foo", "Zm9v", "666f6f"),
        ("foob", "Zm9vYg==", "666f6f62"), ("fooba", "Zm9vYmE=", "666f6f6261"), ("foobar", "Zm9vYmFy", "666f6f626172"),
    ])
    func `base 64 and base 16 give the vectors of RFC 4648, both ways`(text: String, base64: String, hex: String) {
        #expect(Base64.encode(text.utf8) == base64)
        #expect(Base64.decode(base64) == bytes(text))
        #expect(Hex.encode(text.utf8) == hex)
        #expect(Hex.decode(hex.uppercased()) == bytes(text))
        let unpadded = String(base64.prefix { $0 != "=" })
        #expect(Base64.encodeURL(text.utf8) == unpadded)
        #expect(Base64.decodeURL(unpadded) == bytes(text))
    }

    @Test func `the two alphabets differ in their last two digits and refuse each other's`() {
        #expect(Base64.encode([0xfb, 0xff]) == "+/8=")
        #expect(Base64.encodeURL([0xfb, 0xff]) == "-_8")
        #expect(Base64.decode("-_8=") == nil)
        #expect(Base64.decodeURL("+/8") == nil)
    }

    @Test(arguments: ["Zg=", "Zg", "Z===", "====", "=", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zg==Zg==", "Zm9é"])
    func `base 64 has one spelling`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["Z", "Zh", "Zg==", "Zm9vZ"])
    func `base 64 for addresses has one spelling`(text: String) {
        #expect(Base64.decodeURL(text) == nil)
    }

    @Test(arguments: ["6", "6g", "0x66", " 6"])
    func `base 16 refuses half bytes and foreign digits`(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test func `random bytes of every length survive each encoding`() {
        for count in 0...70 {
            let bytes = randomBytes(count)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64.decodeURL(Base64.encodeURL(bytes)) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
    }
}

@Suite struct SecretTests {
    @Test func `equal means the same bytes and the same length`() {
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(constantTimeEqual([], []))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
    }

    @Test func `random bytes do not repeat`() {
        let draws = Set((0..<1_000).map { _ in randomBytes(16) })
        #expect(draws.count == 1_000)
        #expect(draws.allSatisfy { $0.count == 16 })
    }

    @Test func `a name has one identifier, that of RFC 9562's example`() {
        #expect(
            uuid5(namespace: UUIDNamespace.dns, name: "www.example.com")
                == UUID(uuidString: "2ed6657d-e927-568b-95e1-2665a8aea6a2"))
    }

    @Test func `a random identifier says that it is one`() {
        let identifiers = (0..<200).map { _ in uuid4() }
        #expect(Set(identifiers).count == 200)
        #expect(identifiers.allSatisfy { $0.uuid.6 >> 4 == 4 && $0.uuid.8 >> 6 == 2 })
    }
}

@Suite struct PasswordHashTests {
    @Test func `a password opens its own hash and no other does`() throws {
        let hash = try PasswordHash.make("correct horse", cost: 1)
        #expect(hash.hasPrefix("$y$"))
        #expect(PasswordHash.verify("correct horse", hash))
        #expect(!PasswordHash.verify("correct horse ", hash))
        #expect(!PasswordHash.verify("", hash))
    }

    @Test func `two hashes of one password differ`() throws {
        #expect(try PasswordHash.make("a", cost: 1) != PasswordHash.make("a", cost: 1))
    }

    @Test func `a new hash carries the cost that is promised`() throws {
        let hash = try PasswordHash.make("a")
        #expect(hash.hasPrefix("$y$j9T$"))
        #expect(PasswordHash.verify("a", hash))
    }

    @Test(arguments: [
        "", "*0", "$y$", "$y$j9T$", "$1$aaaaaaaa$bbbbbbbbbbbbbbbbbbbbbb", "$y$j9T$salt$tooshort", "$y$\0",
    ])
    func `what is no hash of ours lets nobody in`(hash: String) {
        #expect(!PasswordHash.verify("", hash))
        #expect(!PasswordHash.verify("a", hash))
    }

    @Test func `a password crypt would shorten is refused`() {
        #expect(throws: PasswordHash.Refusal.holdsZeroByte) { try PasswordHash.make("a\0b") }
        #expect(throws: PasswordHash.Refusal.longerThan(bytes: 511)) {
            try PasswordHash.make(String(repeating: "a", count: 512))
        }
    }
}
