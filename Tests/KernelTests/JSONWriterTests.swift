import FoundationEssentials
import Kernel
import Testing

/// What is stored was once written by `JSONEncoder`, and digests of it are kept: the bytes have to be the same.
@Suite struct JSONWriterTests {
    enum Shape: Codable {
        case dot
        case line(from: Int, to: Int?)
        case text(String, tags: [String])
    }

    struct Everything: Encodable {
        var zebra = "ä \"quoted\" back\\slash /slash/ \u{1}\u{8}\t\n\u{c}\r\u{1f}\u{7f} 😀 e\u{301}"
        var apple = ""
        var Apple = [1, -2, Int.max, Int.min]
        var app: [String: Int?] = ["b": 1, "a": nil, "ä": 3, "B": 4]
        var flags = [true, false]
        var numbers = [0.0, -0.5, 1.0, 1e100, 12_345.678, 1e-7, 100_000_000_000_000_000_000]
        var small: Float = 0.1
        var big = UInt64.max
        var none: Int?
        var shapes: [Shape] = [.dot, .line(from: 1, to: nil), .line(from: 1, to: 2), .text("x", tags: ["a"])]
        var id = UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255))
        var byNumber = [3: "three"]
        var nested = [[String]](repeating: ["a"], count: 2)
        var empty: [Int] = []
        var hollow = Hollow()
        var sum = Sum()
    }

    struct Hollow: Codable {}

    /// Adds members to those of another type, one of them anew.
    struct Sum: Encodable {
        struct Part: Encodable {
            var m = 1
            var b = 2
        }
        enum Key: CodingKey { case a, z, b, list, inner, up }

        func encode(to encoder: any Encoder) throws {
            try Part().encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode("late", forKey: .z)
            try container.encodeNil(forKey: .a)
            try container.encode(3, forKey: .b)
            var list = container.nestedUnkeyedContainer(forKey: .list)
            try list.encode(1)
            try list.encodeNil()
            var inner = list.nestedContainer(keyedBy: Key.self)
            try inner.encode(true, forKey: .z)
            try container.encode(Part(), forKey: .inner)
            try Part().encode(to: container.superEncoder(forKey: .up))
            try list.encode("after what was opened in between")
        }
    }

    @Test func `what is written is what JSONEncoder writes with sorted keys`() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func same(_ value: some Encodable, sourceLocation: SourceLocation = #_sourceLocation) throws {
            let expected = String(decoding: try encoder.encode(value), as: UTF8.self)
            let written = String(decoding: try Coding.encode(value), as: UTF8.self)
            #expect(written == expected, sourceLocation: sourceLocation)
        }
        try same(Everything())
        try same([Everything(), Everything()])
        try same("a text alone")
        try same(7)
        try same(Hollow())
        try same([String: [Int]]())
        try same(Shape.dot)
        try same(Int?.none)
    }

    @Test func `a number that JSON does not have is refused`() {
        #expect(throws: EncodingError.self) { try Coding.encode([Double.nan]) }
        #expect(throws: EncodingError.self) { try Coding.encode(["a": -Double.infinity]) }
    }
}
