import FoundationEssentials
import Kernel
import Testing

@testable import Search

struct OrderFilterTests {
    func read(_ json: String) throws(Refusal) -> Kernel.Predicate { try ordersTopic.filter(Array(json.utf8)) }

    @Test func `no filter shows every order that was placed`() throws {
        #expect(try read("{}") == .all([.placed]))
    }

    @Test func `all given filters are combined`() throws {
        let store = "0f8fad5b-d9cb-469f-a165-70867728950e"
        let predicate = try read(
            """
            {"status":["completed","pending","pending"],"store":"\(store)","product":"\(store)","customer":"\(store)",
             "from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z","minTotalMinor":100,"maxTotalMinor":100,
             "text":" Rye  ADA rye"}
            """)
        let id = try #require(UUID(uuidString: store))
        #expect(
            predicate
                == .all([
                    .placed, .among("status", [.text("pending"), .text("completed")]), .has("stores", [id]),
                    .has("products", [id]), .among("customer", [.uuid(id)]),
                    .atLeast("created", .int(1_767_225_600_000_000)), .below("created", .int(1_769_904_000_000_000)),
                    .atLeast("total", .int(100)), .atMost("total", .int(100)), .contains("text", ["ada", "rye"]),
                ]))
    }

    @Test func `a blank text does not filter`() throws { #expect(try read(#"{"text":"  "}"#) == .all([.placed])) }

    @Test(arguments: [
        (#"{"status":["lost"]}"#, "status"), (#"{"status":[]}"#, "status"), (#"{"status":"pending"}"#, "status"),
        (#"{"store":"corner"}"#, "store"), (#"{"product":7}"#, "product"), (#"{"customer":""}"#, "customer"),
        (#"{"from":"yesterday"}"#, "from"), (#"{"to":7}"#, "to"),
        (#"{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T00:00:00Z"}"#, "to"),
        (#"{"minTotalMinor":-1}"#, "minTotalMinor"), (#"{"minTotalMinor":1.5}"#, "minTotalMinor"),
        (#"{"maxTotalMinor":-1}"#, "maxTotalMinor"), (#"{"minTotalMinor":2,"maxTotalMinor":1}"#, "maxTotalMinor"),
        (#"{"text":"a b c d e f g h i"}"#, "text"), (#"{"text":"a\u0000b"}"#, "text"),
        (#"{"stauts":["ready"]}"#, "stauts"),
    ])
    func `what cannot be meant is refused by name`(json: String, field: String) {
        let refusal = #expect(throws: Refusal.self) { _ = try read(json) }
        #expect(refusal?.kind == .invalid)
        #expect(refusal?.field?.hasPrefix(field) == true, "\(refusal?.field ?? "no field"): \(refusal?.message ?? "")")
    }

    @Test func `a text of more than 200 characters is refused`() {
        let refusal = #expect(throws: Refusal.self) {
            _ = try read(#"{"text":"\#(String(repeating: "x", count: 201))"}"#)
        }
        #expect(refusal?.field == "text")
    }

    @Test func `the view of one order needs its identifier`() throws {
        let id = try #require(UUID(uuidString: "0f8fad5b-d9cb-469f-a165-70867728950e"))
        #expect(
            try orderTopic.filter(Array(#"{"order":"0f8fad5b-d9cb-469f-a165-70867728950e"}"#.utf8))
                == .all([.placed, .among("order", [.uuid(id)])]))
        #expect(throws: Refusal.self) { _ = try orderTopic.filter(Array("{}".utf8)) }
        #expect(orderTopic.detailed)
    }
}
