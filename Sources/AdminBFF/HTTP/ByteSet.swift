/// A set of ASCII characters as two words of bits: a test is a shift, without a table to load.
struct ByteSet {
    let low: UInt64
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word = byte < 64 ? low : high
        return byte < 128 && word & (1 << UInt64(byte & 63)) != 0
    }

    /// `tchar`: what methods, field names and other tokens are made of. RFC 9110 §5.6.2.
    static let token = ByteSet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe)
    /// What a path may hold: `pchar`, the slash and the percent sign (RFC 3986 §3.3), and `[ ] |`, which browsers send
    /// as they are by the URL standard.
    static let path = ByteSet(low: 0x2fff_fff2_0000_0000, high: 0x57ff_fffe_afff_ffff)
    /// What a query may hold: any visible character but `" # < >`, again what browsers send as it is.
    static let query = ByteSet(low: 0xafff_fff2_0000_0000, high: 0x7fff_ffff_ffff_ffff)
    /// A host with a port: letters, digits, `-._~`, sub-delimiters, colon and brackets. RFC 3986 §3.2.2, without escapes,
    /// which no name of a host has.
    static let host = ByteSet(low: 0x2fff_7fd2_0000_0000, high: 0x47ff_fffe_afff_fffe)
    /// `cookie-octet`. RFC 6265 §4.1.1.
    static let cookie = ByteSet(low: 0xf7ff_effa_0000_0000, high: 0x7fff_ffff_efff_ffff)
}

extension UInt8 {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")

    /// The lower-case form of an ASCII letter; any other byte as it is.
    @inline(__always)
    var lowercased: UInt8 { self &- 65 < 26 ? self | 0x20 : self }

    /// The value of a hexadecimal digit.
    @inline(__always)
    var hexadecimal: UInt8? {
        switch self {
        case 48...57: self - 48
        case 65...70: self - 55
        case 97...102: self - 87
        default: nil
        }
    }

    @inline(__always)
    var decimal: UInt8? { self &- 48 < 10 ? self &- 48 : nil }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes spell `text`.
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Whether these bytes spell `text`, which is in lower case, in any case.
    @inline(__always)
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index].lowercased != text.utf8Start[index] { return false }
        return true
    }

    @inline(__always)
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }

    /// Whether a control character other than the tab is among these bytes. Eight are looked at as one word, and one by
    /// one only where the word has a byte below the space or a DEL, which a tab may be.
    @inline(__always)
    var hasControls: Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        var index = 0
        while index + 8 <= count {
            let word = loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let deletes = word ^ (ones &* 127)
            let found = ((word &- ones &* 32) & ~word | (deletes &- ones) & ~deletes) & tops
            if found != 0, hasControl(in: index..<index + 8) { return true }
            index += 8
        }
        return hasControl(in: index..<count)
    }

    @inline(__always)
    private func hasControl(in range: Range<Int>) -> Bool {
        for index in range where self[index] < 32 && self[index] != 9 || self[index] == 127 { return true }
        return false
    }

    /// These bytes without spaces and tabs around them.
    func trimmed() -> UnsafeRawBufferPointer {
        var start = 0
        var end = count
        while start < end, self[start] == .space || self[start] == .tab { start += 1 }
        while start < end, self[end - 1] == .space || self[end - 1] == .tab { end -= 1 }
        return part(start..<end)
    }

    /// The members of a comma-separated list, trimmed; empty ones are skipped unless they are asked for. RFC 9110 §5.6.1.
    func forEachListMember(withEmpty: Bool = false, _ body: (UnsafeRawBufferPointer) -> Void) {
        var start = 0
        while start <= count {
            var end = start
            while end < count, self[end] != UInt8(ascii: ",") { end += 1 }
            let member = part(start..<end).trimmed()
            if withEmpty || !member.isEmpty { body(member) }
            start = end + 1
        }
    }
}
