/// An amount in minor units of the mall's one currency. No fraction, no floating point, no currency of its own.
public struct Money: Hashable, Sendable, Comparable {
    public let minor: Int64

    public init(minor: Int64) { self.minor = minor }

    public static let zero = Money(minor: 0)

    public static func < (a: Money, b: Money) -> Bool { a.minor < b.minor }

    /// Nil on overflow.
    public func adding(_ other: Money) -> Money? {
        let (sum, overflow) = minor.addingReportingOverflow(other.minor)
        return overflow ? nil : Money(minor: sum)
    }

    /// Nil on overflow.
    public func times(_ quantity: Int) -> Money? {
        let (product, overflow) = minor.multipliedReportingOverflow(by: Int64(quantity))
        return overflow ? nil : Money(minor: product)
    }

    public static func - (a: Money, b: Money) -> Money { Money(minor: a.minor - b.minor) }
}

extension Money: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do { minor = try container.decode(Int64.self) } catch DecodingError.dataCorrupted {
            // The decoder says of 1.5 that the JSON is broken, and not where.
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected an amount in minor units, a whole number")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(minor)
    }
}
