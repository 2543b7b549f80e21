import FoundationEssentials
import Kernel
import Testing

@Suite struct MoneyTests {
    @Test func `amounts add and multiply exactly, and say when they cannot`() {
        let price = Money(minor: 1_290)
        #expect(price.adding(Money(minor: -290)) == Money(minor: 1_000))
        #expect(price.times(999) == Money(minor: 1_288_710))
        #expect(Money(minor: .max).adding(Money(minor: 1)) == nil)
        #expect(Money(minor: .min).adding(Money(minor: -1)) == nil)
        #expect(Money(minor: .max).times(2) == nil)
        #expect(Money(minor: .min).times(-1) == nil)
        #expect(price - Money(minor: 1_300) == Money(minor: -10))
    }

    @Test func `F-A1: an amount is a whole number of minor units in JSON, and no fraction`() throws {
        #expect(try Coding.encode([Money(minor: -5)]) == Array("[-5]".utf8))
        #expect(try Coding.decode([Money].self, from: Array("[9223372036854775807]".utf8)) == [Money(minor: .max)])
        for text in ["[1.5]", "[\"1\"]", "[9223372036854775808]", "[null]", "[true]"] {
            #expect(throws: DecodingError.self) { try Coding.decode([Money].self, from: Array(text.utf8)) }
        }
    }
}

@Suite struct IDTests {
    enum Thing {}
    enum Other {}

    @Test func `an identifier is written in lower case and read in either`() throws {
        let text = "0f9a1b2c-3d4e-4f5a-8b6c-7d8e9fa0b1c2"
        let id = try #require(ID<Thing>(text))
        #expect(id.description == text)
        #expect(ID<Thing>(text.uppercased()) == id)
        #expect(try Coding.decode([ID<Thing>].self, from: Coding.encode([id])) == [id])
        #expect(id.of(ID<Other>.self).rawValue == id.rawValue)
    }

    @Test(arguments: [
        "", "1", "0f9a1b2c3d4e4f5a8b6c7d8e9fa0b1c2", "0f9a1b2c-3d4e-4f5a-8b6c-7d8e9fa0b1cg",
        "{0f9a1b2c-3d4e-4f5a-8b6c-7d8e9fa0b1}",
    ])
    func `what is no identifier is refused with the field's name`(text: String) {
        #expect(ID<Thing>(text) == nil)
        struct Body: Decodable { let storeId: ID<Thing> }
        let error = #expect(throws: DecodingError.self) {
            try Coding.decode(Body.self, from: Array(#"{"storeId":"\#(text)"}"#.utf8))
        }
        if let error { #expect(Refusal(decoding: error).field == "storeId") }
    }
}

@Suite struct TextTests {
    @Test func `search texts are lower case with single spaces`() {
        #expect(normalized("  Große\tSTRASSE \n 5 ") == "große strasse 5")
    }

    @Test func `a text of ASCII is normalised as every other`() {
        let all = String(String.UnicodeScalarView((0..<128).compactMap(Unicode.Scalar.init)))
        for text in [all, " \(all) A\r\n\u{1f}b\t", "", "  "] {
            #expect(normalized(text) == text.lowercased().split { $0.isWhitespace }.joined(separator: " "))
        }
    }
}
