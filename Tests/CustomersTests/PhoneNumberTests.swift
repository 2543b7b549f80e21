import Kernel
import Testing

@testable import Customers

@Suite struct PhoneNumberTests {
    @Test(arguments: [
        "+491701234567", "+49 170 1234567", "+49 (0)170 / 123-45-67", "0049 170 1234567", "0170 1234567",
        "0170/1234567", " 0170.123.4567 ", "(0170) 1234567",
    ])
    func `F-C2: one number in its spellings is one number`(spelling: String) throws {
        #expect(try PhoneNumber(spelling, diallingCode: "49").e164 == "+491701234567")
    }

    @Test func `a number without country code belongs to the mall's country`() throws {
        #expect(try PhoneNumber("079 123 45 67", diallingCode: "41").e164 == "+41791234567")
        #expect(try PhoneNumber("+1 202 555 0100", diallingCode: "41").e164 == "+12025550100")
    }

    @Test(arguments: [
        "", "   ", "call me", "+49 170 CALLME", "0170x1234567", "+", "00", "+0170123456", "+49170+1234567",
        "1701234567", "+1234567", "+1234567890123456", "+49 170 123\n4567", "٠١٧٠١٢٣٤٥٦٧",
        String(repeating: "0", count: 41),
    ])
    func `row 11: what is no number is invalid and names its field`(text: String) {
        let refusal = #expect(throws: Refusal.self) { try PhoneNumber(text, diallingCode: "49") }
        #expect(refusal?.kind == .invalid)
        #expect(refusal?.field == "smsNumber")
    }
}
