import Testing

@testable import Depot

@Suite struct DepotTests {
    @Test func `the module has its name`() { #expect(depot.name == "depot") }
}
