import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Payments

@Suite struct ShiftTests {
    static let invoice = InvoiceID(rawValue: UUID())
    static let opened = Shift.Event.shiftOpened(cashier: "grace", floatMinor: Money(minor: 100))

    @Test func `every state answers every command as the table says`() {
        let table = table(
            of: Shift.self,
            states: [
                "absent": [], "open": [Self.opened],
                "closed": [
                    Self.opened, .shiftClosed(expectedMinor: Money(minor: 100), countedMinor: Money(minor: 90)),
                ],
            ],
            commands: [
                "open": .open(cashier: "grace", float: Money(minor: 100)),
                "open with less than nothing": .open(cashier: "grace", float: Money(minor: -1)),
                "take 900": .move(Self.invoice, Money(minor: 900)), "give 100": .move(Self.invoice, Money(minor: -100)),
                "give 101": .move(Self.invoice, Money(minor: -101)),
                "take more than there is": .move(Self.invoice, Money(minor: .max)),
                "close": .close(by: "grace", counted: Money(minor: 90)),
                "close with less than nothing": .close(by: "grace", counted: Money(minor: -1)),
                "close another's": .close(by: "hedy", counted: Money(minor: 90)),
            ])
        #expect(
            table == """
                absent
                    open → shiftOpened
                    open with less than nothing → invalid: floatMinor must be between 0 and 1000000000000
                    take 900 → not_found: there is no such shift
                    give 100 → not_found: there is no such shift
                    give 101 → not_found: there is no such shift
                    take more than there is → not_found: there is no such shift
                    close → not_found: there is no such shift
                    close with less than nothing → not_found: there is no such shift
                    close another's → not_found: there is no such shift
                open
                    open → conflict: the shift was opened already
                    open with less than nothing → conflict: the shift was opened already
                    take 900 → shiftMoved
                    give 100 → shiftMoved
                    give 101 → conflict: only 1.00 EUR is in the drawer
                    take more than there is → conflict: only 1.00 EUR is in the drawer
                    close → shiftClosed
                    close with less than nothing → invalid: countedMinor must be between 0 and 1000000000000
                    close another's → forbidden: the shift is another cashier's
                closed
                    open → conflict: the shift was opened already
                    open with less than nothing → conflict: the shift was opened already
                    take 900 → conflict: open a shift first: cash goes into a drawer
                    give 100 → conflict: open a shift first: cash goes into a drawer
                    give 101 → conflict: open a shift first: cash goes into a drawer
                    take more than there is → conflict: open a shift first: cash goes into a drawer
                    close → conflict: the shift is closed already
                    close with less than nothing → conflict: the shift is closed already
                    close another's → conflict: the shift is closed already
                """)
    }

    @Test func `a cashier has one open shift: what holds the name is free when it is closed`() {
        let shift = given(Shift.self, [Self.opened])
        #expect(shift.state.claims.map(\.value) == ["grace"])
        #expect(shift.after(.close(by: "grace", counted: .zero)).state.claims.isEmpty)
    }

    @Test func `for any sequence of movements, the drawer holds the float and what moved, and never less than nothing`()
    {
        Seeded.check { random in
            var state = Shift()
            var held = Int64(0)
            for _ in 0..<40 {
                let amount = Money(minor: Int64.random(in: -200...200, using: &random))
                let command: Shift.Command =
                    switch Int.random(in: 0..<12, using: &random) {
                    case 0: .open(cashier: "grace", float: amount)
                    case 1: .close(by: "grace", counted: amount)
                    default: .move(Self.invoice, amount)
                    }
                guard let events = try? state.decide(command, at: .morning) else { continue }
                for event in events {
                    state.apply(event)
                    switch event {
                    case .shiftOpened(_, let float): held = float.minor
                    case .shiftMoved(_, let amount, let expected):
                        held += amount.minor
                        #expect(expected.minor == held)
                    case .shiftClosed(let expected, _): #expect(expected.minor == held)
                    }
                }
                #expect(held >= 0)
            }
        }
    }
}
