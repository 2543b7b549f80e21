extension Headers {
    /// Whether a client would rather have a representation in this coding, named in lower case, than as it is. RFC 9110
    /// §12.5.3.
    public func prefers(coding: StaticString) -> Bool {
        var wanted: Int?
        var plain: Int?
        var others: Int?
        for field in all("accept-encoding") {
            Array(field.utf8).withUnsafeBytes { bytes in
                bytes.forEachListMember { member in
                    let parts = member.split(
                        separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
                    let name = UnsafeRawBufferPointer(rebasing: parts[0]).trimmed()
                    let weight = parts.count > 1 ? Self.weight(UnsafeRawBufferPointer(rebasing: parts[1])) : 1000
                    if name.equalsIgnoringCase(coding) { wanted = weight }
                    if name.equalsIgnoringCase("identity") { plain = weight }
                    if name.equals("*") { others = weight }
                }
            }
        }
        guard let weight = wanted ?? others, weight > 0 else { return false }
        return weight >= plain ?? 0
    }

    /// `q=0.5` in thousandths; none where it is malformed. RFC 9110 §12.4.2.
    private static func weight(_ parameter: UnsafeRawBufferPointer) -> Int {
        let text = parameter.trimmed()
        guard text.count >= 3, text.count <= 7, text.part(0..<2).equalsIgnoringCase("q="), let whole = text[2].decimal
        else { return 0 }
        guard text.count > 3 else { return min(Int(whole), 1) * 1000 }
        guard text[3] == UInt8(ascii: "."), whole <= 1 else { return 0 }
        var weight = Int(whole) * 1000
        var place = 100
        for byte in text.part(4..<text.count) {
            guard let digit = byte.decimal else { return 0 }
            weight += Int(digit) * place
            place /= 10
        }
        return min(weight, 1000)
    }
}
