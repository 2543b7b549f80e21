/// Base 64 (RFC 4648). The decoders are strict: one text for every run of bytes, so that a token cannot be respelled.
///
/// They refuse characters outside the alphabet, line breaks, wrong padding and bits set in what the last character
/// leaves over (RFC 4648 §3.5).
public enum Base64 {
    /// With `+`, `/` and padding (§4).
    public static func encode(_ bytes: some Collection<UInt8>) -> String { encode(bytes, standard, padded: true) }

    /// With `-`, `_` and no padding (§5, §3.2): fit for a path, a cookie and a file name.
    public static func encodeURL(_ bytes: some Collection<UInt8>) -> String { encode(bytes, url, padded: false) }

    /// The bytes behind a padded text; nil if there is anything wrong with it.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 4) else { return nil }
        let padding = digits.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        return decode(digits.dropLast(padding), standardValues)
    }

    /// The bytes behind an unpadded text of the URL alphabet; nil if there is anything wrong with it.
    public static func decodeURL(_ text: some StringProtocol) -> [UInt8]? { decode(Array(text.utf8)[...], urlValues) }

    private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let url = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let standardValues = values(of: standard)
    private static let urlValues = values(of: url)
    private static let noValue: UInt8 = 0xff

    private static func values(of alphabet: [UInt8]) -> [UInt8] {
        var values = [UInt8](repeating: noValue, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }

    private static func encode(_ bytes: some Collection<UInt8>, _ alphabet: [UInt8], padded: Bool) -> String {
        withBytes(of: bytes) { bytes in
            String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { text in
                var written = 0
                func write(_ group: UInt32, digits: Int) {
                    for digit in 0..<digits {
                        text[written] = alphabet[Int(group >> UInt32(18 - 6 * digit) & 63)]
                        written += 1
                    }
                }
                var read = 0
                while bytes.count - read >= 3 {
                    write(
                        UInt32(bytes[read]) << 16 | UInt32(bytes[read + 1]) << 8 | UInt32(bytes[read + 2]), digits: 4)
                    read += 3
                }
                let left = bytes.count - read
                guard left > 0 else { return written }
                let group = UInt32(bytes[read]) << 16 | (left == 2 ? UInt32(bytes[read + 1]) << 8 : 0)
                write(group, digits: left + 1)
                for _ in 0..<(padded ? 3 - left : 0) {
                    text[written] = UInt8(ascii: "=")
                    written += 1
                }
                return written
            }
        }
    }

    private static func decode(_ digits: ArraySlice<UInt8>, _ values: [UInt8]) -> [UInt8]? {
        guard digits.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var bits: UInt32 = 0
        var held = 0
        for digit in digits {
            let value = values[Int(digit)]
            guard value != noValue else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
            }
        }
        return bits & (1 << UInt32(held) - 1) == 0 ? bytes : nil
    }
}

/// Base 16 (RFC 4648 §8): written in lower case, read in either.
public enum Hex {
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The bytes behind a text; nil if it is of odd length or holds anything but digits.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for pair in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[pair]), let low = value(digits[pair + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
