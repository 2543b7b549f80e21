import HTTP
import Testing

@Suite struct ClientAddressTests {
    private let trusted = ["127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"].map { AddressRange($0)! }

    @Test(arguments: [
        // What proxies say, who they are, and who it comes from.
        ([], "127.0.0.1", "127.0.0.1"),
        (["x-forwarded-for: 198.51.100.7"], "127.0.0.1", "198.51.100.7"),
        (["x-forwarded-for: 198.51.100.7:4711"], "127.0.0.1", "198.51.100.7"),
        (["x-forwarded-for: 203.0.113.9, 198.51.100.7"], "127.0.0.1", "198.51.100.7"),
        (["x-forwarded-for: 203.0.113.9, 198.51.100.7, 10.1.2.3"], "127.0.0.1", "198.51.100.7"),
        (["x-forwarded-for: 203.0.113.9", "x-forwarded-for: 198.51.100.7"], "127.0.0.1", "198.51.100.7"),
        (["x-forwarded-for: 10.0.0.1, 10.0.0.2"], "127.0.0.1", "10.0.0.1"),
        (["x-forwarded-for: 198.51.100.7, unknown, 10.1.2.3"], "127.0.0.1", "10.1.2.3"),
        (["x-forwarded-for: nonsense"], "127.0.0.1", "127.0.0.1"),
        (["x-forwarded-for:"], "127.0.0.1", "127.0.0.1"),
        (["x-forwarded-for: 198.51.100.7"], "192.0.2.1", "192.0.2.1"),
        (["x-forwarded-for: 198.51.100.7"], "::ffff:127.0.0.1", "198.51.100.7"),
        (["x-forwarded-for: 2001:db9::7"], "::1", "2001:db9::7"),
        (["forwarded: for=198.51.100.7"], "127.0.0.1", "198.51.100.7"),
        (["forwarded: for=198.51.100.7;proto=https;by=10.0.0.1"], "127.0.0.1", "198.51.100.7"),
        (["Forwarded: proto=https; For=\"198.51.100.7:80\""], "127.0.0.1", "198.51.100.7"),
        (["forwarded: for=203.0.113.9, for=\"[2001:db9::7]:4711\""], "127.0.0.1", "2001:db9::7"),
        (["forwarded: for=203.0.113.9, for=10.1.2.3"], "127.0.0.1", "203.0.113.9"),
        (["forwarded: for=\"a,b\", for=198.51.100.7"], "127.0.0.1", "198.51.100.7"),
        (["forwarded: for=198.51.100.7, for=_hidden"], "127.0.0.1", "127.0.0.1"),
        (["forwarded: by=198.51.100.7"], "127.0.0.1", "127.0.0.1"),
        (["forwarded: for=203.0.113.9", "x-forwarded-for: 198.51.100.7"], "127.0.0.1", "127.0.0.1"),
        (["forwarded: for=198.51.100.7", "x-forwarded-for: 198.51.100.7"], "127.0.0.1", "198.51.100.7"),
    ])
    func `the client is the nearest who is not trusted`(fields: [String], peer: String, client: String) {
        var headers = Headers()
        for field in fields {
            let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            headers.add(String(parts[0]), String(parts[1].drop { $0 == " " }))
        }
        #expect(ClientAddress.of(headers, peer: peer, trusted: trusted) == client)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3", "10.1.2.3", true),
        ("0.0.0.0/0", "1.2.3.4", true), ("0.0.0.0/0", "::1", false), ("192.0.2.128/25", "192.0.2.127", false),
        ("192.0.2.128/25", "192.0.2.200", true), ("2001:db8::/33", "2001:db8:8000::", false),
        ("::ffff:10.0.0.1", "10.0.0.1", true), ("10.0.0.0/8", "local", false),
    ])
    func `a range holds what shares its first bits`(range: String, address: String, holds: Bool) {
        #expect(AddressRange(range)?.contains(address) == holds)
    }

    @Test(arguments: [
        "", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0/8", "host", "::1/129", "10.0.0.0/8/8",
    ])
    func `what is no range is none`(text: String) {
        #expect(AddressRange(text) == nil)
    }
}
