import Contracts
import Kernel

/// One article that a store sells, or sold.
enum Product: Decider {
    case absent
    case sold(Article)
    case removed(Article)

    struct Article: Codable, Equatable {
        let storeId: StoreID
        var name: String
        var description: String
        let sku: String
        var priceMinor: Money
    }

    typealias Noun = Contracts.Noun.Product
    static let category = "stores.Product"

    enum Command {
        case add(storeId: StoreID, name: String, description: String?, sku: String?, priceMinor: Money)
        case rebrand(name: String, description: String?)
        case increasePrice(to: Money)
        case decreasePrice(to: Money)
        case remove
    }

    enum Event: Codable, Equatable {
        case productAdded(storeId: StoreID, name: String, description: String, sku: String, priceMinor: Money)
        case productRebranded(name: String, description: String)
        case productPriceIncreased(deltaMinor: Money, priceMinor: Money)
        case productPriceDecreased(deltaMinor: Money, priceMinor: Money)
        case productRemoved
    }

    init() { self = .absent }

    /// What the product is or was; nil before it was added.
    var article: Article? {
        switch self {
        case .absent: nil
        case .sold(let article), .removed(let article): article
        }
    }

    /// Within a store an SKU names one product; one that is not sold any more gives it back.
    var claims: Set<Claim> {
        guard case .sold(let article) = self, !article.sku.isEmpty else { return [] }
        return [
            Claim(
                scope: "stores.sku.\(article.storeId)", value: article.sku,
                taken: "another product of the store has this SKU")
        ]
    }

    func decide(_ command: Command, at _: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .add(let storeId, let name, let description, let sku, let price)):
            return [
                .productAdded(
                    storeId: storeId, name: try Text.name(name, field: "name"),
                    description: try Text.description(description), sku: try Text.sku(sku),
                    priceMinor: try Self.judged(price))
            ]
        case (.sold(let article), .rebrand(let name, let description)):
            let name = try Text.name(name, field: "name")
            let description = try Text.description(description)
            guard name != article.name || description != article.description else {
                throw .invalid("the product has this name and description already", field: "name")
            }
            return [.productRebranded(name: name, description: description)]
        case (.sold(let article), .increasePrice(let price)):
            let price = try Self.judged(price)
            guard price > article.priceMinor else { throw .invalid("this would lower the price", field: "priceMinor") }
            return [.productPriceIncreased(deltaMinor: price - article.priceMinor, priceMinor: price)]
        case (.sold(let article), .decreasePrice(let price)):
            let price = try Self.judged(price)
            guard price < article.priceMinor else { throw .invalid("this would raise the price", field: "priceMinor") }
            return [.productPriceDecreased(deltaMinor: price - article.priceMinor, priceMinor: price)]
        case (.sold, .remove):
            return [.productRemoved]

        case (.sold, .add), (.removed, .add): throw .conflict("the product exists already")
        case (.removed, .rebrand), (.removed, .increasePrice), (.removed, .decreasePrice), (.removed, .remove):
            throw .conflict("the product is no longer sold")
        case (.absent, .rebrand), (.absent, .increasePrice), (.absent, .decreasePrice), (.absent, .remove):
            throw .unknownProduct
        }
    }

    mutating func apply(_ event: Event) {
        if case .productAdded(let storeId, let name, let description, let sku, let price) = event {
            self = .sold(
                Article(storeId: storeId, name: name, description: description, sku: sku, priceMinor: price))
            return
        }
        guard case .sold(var article) = self else {
            preconditionFailure("\(event) happened to a product that was not for sale")
        }
        switch event {
        case .productAdded, .productRemoved: break
        case .productRebranded(let name, let description): (article.name, article.description) = (name, description)
        case .productPriceIncreased(_, let price), .productPriceDecreased(_, let price): article.priceMinor = price
        }
        self = event == .productRemoved ? .removed(article) : .sold(article)
    }

    private static func judged(_ price: Money) throws(Refusal) -> Money {
        guard price >= .zero, price <= MallLimits.price else {
            throw .invalid("the price must be between \(Money.zero) and \(MallLimits.price)", field: "priceMinor")
        }
        return price
    }
}
