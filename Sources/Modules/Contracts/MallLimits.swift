public import Kernel

/// How large what people write and buy may be.
public enum MallLimits {
    /// Names of people, stores, products and places, in Unicode scalars.
    public static let name = 200
    public static let description = 2_000
    /// Notes and reasons.
    public static let note = 500
    public static let sku = 64

    public static let price = Money(minor: 99_999_999)
    /// Of one line.
    public static let quantity = 1...999
    /// Of one basket.
    public static let lines = 100

    /// Rows of a page: unless asked for otherwise, and at most.
    public static let pageDefault = 20
    public static let page = 100
}
