public import Kernel

/// One line of a basket or an order: a product of a store, at the price it was taken at.
public struct Item: Codable, Sendable, Equatable {
    public let productId: ProductID
    public let storeId: StoreID
    public let storeName: String
    public let productName: String
    public let priceMinor: Money
    public let quantity: Int

    public init(
        productId: ProductID, storeId: StoreID, storeName: String, productName: String, priceMinor: Money, quantity: Int
    ) {
        self.productId = productId
        self.storeId = storeId
        self.storeName = storeName
        self.productName = productName
        self.priceMinor = priceMinor
        self.quantity = quantity
    }

    /// The same line at another price.
    public func costing(_ price: Money) -> Item {
        Item(
            productId: productId, storeId: storeId, storeName: storeName, productName: productName, priceMinor: price,
            quantity: quantity)
    }

    /// The same line with another quantity.
    public func counting(_ quantity: Int) -> Item {
        Item(
            productId: productId, storeId: storeId, storeName: storeName, productName: productName,
            priceMinor: priceMinor, quantity: quantity)
    }
}

extension Sequence<Item> {
    /// What all lines cost together; an amount too large to write down is refused.
    public func total() throws(Refusal) -> Money {
        var sum = Money.zero
        for item in self {
            guard let line = item.priceMinor.times(item.quantity), let next = sum.adding(line) else {
                throw .invalid("the total is too large", field: "items")
            }
            sum = next
        }
        return sum
    }
}

/// A line whose product has another price now.
public struct PriceChange: Codable, Sendable, Equatable {
    public let productId: ProductID
    public let productName: String
    public let oldPriceMinor: Money
    public let newPriceMinor: Money

    public init(productId: ProductID, productName: String, oldPriceMinor: Money, newPriceMinor: Money) {
        self.productId = productId
        self.productName = productName
        self.oldPriceMinor = oldPriceMinor
        self.newPriceMinor = newPriceMinor
    }
}
