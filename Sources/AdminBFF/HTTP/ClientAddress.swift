/// Who a request comes from, where proxies of ours stand before us.
public enum ClientAddress {
    /// The nearest address that is none of `trusted`: whoever is trusted tells truly whom they heard it from, and beyond
    /// the first who is not, everything may be made up.
    ///
    /// `Forwarded` (RFC 7239) and `X-Forwarded-For` are read. Where both came and disagree, a proxy has passed on what
    /// the client sent; neither is believed, and `peer` stands.
    public static func of(_ headers: Headers, peer: String, trusted: [AddressRange]) -> String {
        guard isTrusted(peer, trusted) else { return peer }
        let forwarded = headers.all("forwarded")
        let list = headers.all("x-forwarded-for")
        let told = [
            forwarded.isEmpty ? nil : nearest(forwarded.flatMap(nodes), peer, trusted),
            list.isEmpty
                ? nil
                : nearest(list.flatMap { members($0, of: ",").map { address(in: $0) } }, peer, trusted),
        ].compactMap(\.self)
        return Set(told).count == 1 ? told[0] : peer
    }

    private static func isTrusted(_ address: String, _ trusted: [AddressRange]) -> Bool {
        trusted.contains { $0.contains(address) }
    }

    /// Walks from the last hop to the first. One that is no address ends the walk: who stands before it is not known.
    private static func nearest(_ hops: [String?], _ peer: String, _ trusted: [AddressRange]) -> String {
        var known = peer
        for hop in hops.reversed() {
            guard let hop else { return known }
            known = hop
            guard isTrusted(hop, trusted) else { return known }
        }
        return known
    }

    /// The `for` of each hop of one `Forwarded` line. RFC 7239 §4.
    private static func nodes(_ field: String) -> [String?] {
        members(field, of: ",").map { hop in
            for pair in members(hop, of: ";") where pair.lowercased().hasPrefix("for=") {
                return address(in: pair.dropFirst(4))
            }
            return nil
        }
    }

    /// `192.0.2.43`, `192.0.2.43:4711`, `[2001:db8::1]:4711` and each of them in quotes; nil for `unknown` and for the
    /// names that proxies give one another.
    private static func address(in node: Substring) -> String? {
        var node = node
        if node.count >= 2, node.first == "\"", node.last == "\"" { node = node.dropFirst().dropLast() }
        if node.first == "[" {
            guard let end = node.firstIndex(of: "]") else { return nil }
            node = node[..<end].dropFirst()
        } else if node.count(where: { $0 == ":" }) == 1 {
            node = node[..<node.firstIndex(of: ":")!]
        }
        return AddressRange.bytes(of: String(node)) == nil ? nil : String(node)
    }

    /// The members of a list, where a quoted one may hold the separator.
    private static func members(_ text: some StringProtocol, of separator: Character) -> [Substring] {
        var isQuoted = false
        return Substring(text).split { character in
            if character == "\"" { isQuoted.toggle() }
            return character == separator && !isQuoted
        }.map { member in
            let start = member.drop { $0 == " " || $0 == "\t" }
            let end = start.lastIndex { $0 != " " && $0 != "\t" }
            return end.map { start[...$0] } ?? ""
        }
    }
}
