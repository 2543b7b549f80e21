import Contracts
import FoundationEssentials
import Kernel
import Testing

@Suite struct PageTests {
    @Test func `a list goes on behind the row it stopped at`() throws {
        for name in ["brot für alle", "", String(repeating: "ü", count: 200)] {
            let key = UUID()
            let request = try PageRequest(limit: 7, next: PageRequest.next(after: name, key))
            #expect(request.limit == 7)
            #expect(request.after == RowQuery.Place(value: .text(name), key: key))
        }
        #expect(try PageRequest().limit == 20)
        #expect(try PageRequest().after == nil)
    }

    @Test func `a text with a NUL, which no row has, is no place`() {
        let refusal = #expect(throws: Refusal.self) {
            try PageRequest(next: PageRequest.next(after: "a\u{0}b", UUID()))
        }
        #expect(refusal?.field == "next")
    }

    @Test(arguments: [0, -1, 101, .max])
    func `a page has between 1 and 100 rows`(limit: Int) {
        #expect(throws: Refusal.invalid("limit must be between 1 and 100", field: "limit")) {
            try PageRequest(limit: limit)
        }
    }

    @Test(arguments: ["", "x", "AAAA", "////////////////////////////////////////////////"])
    func `a place that no page said is refused`(next: String) {
        let refusal = #expect(throws: Refusal.self) { try PageRequest(next: next) }
        #expect(refusal?.field == "next")
    }

    @Test func `a search without words finds everything, and one with too many none`() throws {
        #expect(try Kernel.Predicate.words(of: " \t ", in: "words") == .everything)
        #expect(try Kernel.Predicate.words(of: "Große BROTE", in: "words") == .contains("words", ["große", "brote"]))
        #expect(throws: Refusal.self) {
            try Kernel.Predicate.words(of: String(repeating: "x", count: 201), in: "words")
        }
    }
}
