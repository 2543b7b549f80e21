import Contracts
import Kernel

/// A cashier's time at one drawer: what should be in it, and what was.
enum Shift: Decider {
    case absent
    case open(cashier: String, expectedMinor: Money)
    case closed(cashier: String)

    typealias Noun = Contracts.Noun.Shift
    static let category = "payments.Shift"
    static let scope = "payments.Shift.cashier"

    enum Command {
        case open(cashier: String, float: Money)
        /// Below 0 for a refund.
        case move(InvoiceID, Money)
        case close(by: String, counted: Money)
    }

    enum Event: Codable, Equatable {
        case shiftOpened(cashier: String, floatMinor: Money)
        case shiftMoved(invoiceId: InvoiceID, amountMinor: Money, expectedMinor: Money)
        case shiftClosed(expectedMinor: Money, countedMinor: Money)
    }

    init() { self = .absent }

    var claims: Set<Claim> {
        guard case .open(let cashier, _) = self else { return [] }
        return [Claim(scope: Self.scope, value: cashier, taken: "you have an open shift already")]
    }

    var isOpen: Bool { if case .open = self { true } else { false } }

    /// Whether this much cash can be taken out of it.
    func canGive(_ amount: Money) -> Bool {
        guard case .open(_, let expected) = self else { return false }
        return amount <= expected
    }

    func decide(_ command: Command, at _: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .open(let cashier, let float)):
            return [.shiftOpened(cashier: cashier, floatMinor: try float.counted(field: "floatMinor"))]
        case (.open, .open), (.closed, .open): throw .conflict("the shift was opened already")

        case (.open(_, let expected), .move(let invoice, let amount)):
            guard let after = expected.adding(amount), after >= .zero else {
                throw .conflict("only \(expected) is in the drawer")
            }
            return [.shiftMoved(invoiceId: invoice, amountMinor: amount, expectedMinor: after)]
        case (.closed, .move): throw .noDrawer

        case (.open(let cashier, let expected), .close(let by, let counted)):
            guard cashier == by else { throw .forbidden("the shift is another cashier's") }
            return [.shiftClosed(expectedMinor: expected, countedMinor: try counted.counted(field: "countedMinor"))]
        case (.closed, .close): throw .conflict("the shift is closed already")

        case (.absent, .move), (.absent, .close): throw .notFound("there is no such shift")
        }
    }

    mutating func apply(_ event: Event) {
        switch (self, event) {
        case (.absent, .shiftOpened(let cashier, let float)): self = .open(cashier: cashier, expectedMinor: float)
        case (.open(let cashier, _), .shiftMoved(_, _, let expected)):
            self = .open(cashier: cashier, expectedMinor: expected)
        case (.open(let cashier, _), .shiftClosed): self = .closed(cashier: cashier)
        default: preconditionFailure("\(event) happened to a shift that was \(self)")
        }
    }

    var cashier: String {
        switch self {
        case .absent: ""
        case .open(let cashier, _), .closed(let cashier): cashier
        }
    }
}

/// The open shift of a cashier; nil if there is none.
struct FindDrawer: Query {
    static let name = "payments.FindDrawer"
    typealias Answer = ShiftID?

    let cashier: String
}

extension Money {
    /// What fits into a drawer, with room for a day's takings.
    fileprivate func counted(field: String) throws(Refusal) -> Money {
        guard self >= .zero, self <= Money(minor: 1_000_000_000_000) else {
            throw .invalid("\(field) must be between 0 and 1000000000000", field: field)
        }
        return self
    }
}

extension Refusal {
    static let noDrawer = Refusal.conflict("open a shift first: cash goes into a drawer")
}
