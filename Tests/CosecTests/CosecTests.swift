import Testing

@testable import Cosec

@Suite struct CosecTests {
    @Test func `the module has its name`() { #expect(cosec.name == "cosec") }
}
