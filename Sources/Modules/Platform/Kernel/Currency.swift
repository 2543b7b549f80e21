import Synchronization

/// What amounts are of, which are stored without it.
public struct Currency: Sendable, Equatable {
    /// ISO 4217.
    public let code: String

    public init(_ code: String) { self.code = code }

    /// The mall's own: it has one, and what is refused names amounts in it. Told once, before anything else is done.
    public static var ofTheMall: Currency {
        get { told.withLock(\.self) }
        set { told.withLock { $0 = newValue } }
    }

    private static let told = Mutex(Currency("EUR"))

    /// Such as `12.90 EUR`.
    public func text(_ money: Money) -> String {
        guard digits > 0 else { return "\(money.minor) \(code)" }
        let text = String(money.minor.magnitude)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        return "\(money.minor < 0 ? "-" : "")\(padded.dropLast(digits)).\(padded.suffix(digits)) \(code)"
    }

    /// Of the minor unit. ISO 4217 gives these none, or a thousandth.
    private var digits: Int {
        switch code {
        case "CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND": 0
        case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
        default: 2
        }
    }
}

extension Money: CustomStringConvertible {
    /// As people read it, in the mall's currency.
    public var description: String { Currency.ofTheMall.text(self) }
}
