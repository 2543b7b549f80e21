public import Kernel

/// A store opened its doors. It does not take part yet.
public struct StoreCreated: PublicEvent {
    public static let name = "storesapi.StoreCreated"

    public let id: StoreID
    public let name: String
    public let location: String

    public init(id: StoreID, name: String, location: String) {
        self.id = id
        self.name = name
        self.location = location
    }
}

/// A store's goods may be ordered through the service from now on, or no longer.
public struct StoreParticipatingToggled: PublicEvent {
    public static let name = "storesapi.StoreParticipatingToggled"

    public let id: StoreID
    public let participating: Bool

    public init(id: StoreID, participating: Bool) {
        self.id = id
        self.participating = participating
    }
}

public struct StoreRebranded: PublicEvent {
    public static let name = "storesapi.StoreRebranded"

    public let id: StoreID
    public let name: String

    public init(id: StoreID, name: String) {
        self.id = id
        self.name = name
    }
}

/// The manager of a store asks to take part.
public struct StoreParticipationRequested: PublicEvent {
    public static let name = "storesapi.StoreParticipationRequested"

    public let id: StoreID
    /// Empty where nothing was said.
    public let note: String

    public init(id: StoreID, note: String) {
        self.id = id
        self.note = note
    }
}

public struct StoreParticipationDenied: PublicEvent {
    public static let name = "storesapi.StoreParticipationDenied"

    public let id: StoreID
    /// Empty where nothing was said.
    public let note: String

    public init(id: StoreID, note: String) {
        self.id = id
        self.note = note
    }
}

public struct ProductAdded: PublicEvent {
    public static let name = "storesapi.ProductAdded"

    public let id: ProductID
    public let storeId: StoreID
    public let name: String
    /// Empty where there is none; so is the SKU.
    public let description: String
    public let sku: String
    public let priceMinor: Money

    public init(id: ProductID, storeId: StoreID, name: String, description: String, sku: String, priceMinor: Money) {
        self.id = id
        self.storeId = storeId
        self.name = name
        self.description = description
        self.sku = sku
        self.priceMinor = priceMinor
    }
}

public struct ProductRebranded: PublicEvent {
    public static let name = "storesapi.ProductRebranded"

    public let id: ProductID
    public let storeId: StoreID
    public let name: String
    public let description: String

    public init(id: ProductID, storeId: StoreID, name: String, description: String) {
        self.id = id
        self.storeId = storeId
        self.name = name
        self.description = description
    }
}

/// Carries the price itself beside the difference, so that hearing it twice or late does no harm.
public struct ProductPriceIncreased: PublicEvent {
    public static let name = "storesapi.ProductPriceIncreased"

    public let id: ProductID
    public let storeId: StoreID
    /// Above zero.
    public let deltaMinor: Money
    public let priceMinor: Money

    public init(id: ProductID, storeId: StoreID, deltaMinor: Money, priceMinor: Money) {
        self.id = id
        self.storeId = storeId
        self.deltaMinor = deltaMinor
        self.priceMinor = priceMinor
    }
}

/// Carries the price itself beside the difference, so that hearing it twice or late does no harm.
public struct ProductPriceDecreased: PublicEvent {
    public static let name = "storesapi.ProductPriceDecreased"

    public let id: ProductID
    public let storeId: StoreID
    /// Below zero.
    public let deltaMinor: Money
    public let priceMinor: Money

    public init(id: ProductID, storeId: StoreID, deltaMinor: Money, priceMinor: Money) {
        self.id = id
        self.storeId = storeId
        self.deltaMinor = deltaMinor
        self.priceMinor = priceMinor
    }
}

/// A product is not sold any more. Its identifier stays taken for ever.
public struct ProductRemoved: PublicEvent {
    public static let name = "storesapi.ProductRemoved"

    public let id: ProductID
    public let storeId: StoreID

    public init(id: ProductID, storeId: StoreID) {
        self.id = id
        self.storeId = storeId
    }
}

public struct CreateStore: PublicCommand {
    public static let name = "storesapi.CreateStore"

    public let name: String
    public let location: String

    public init(name: String, location: String) {
        self.name = name
        self.location = location
    }
}

/// Lets a store take part; closes its request.
public struct EnableParticipation: PublicCommand {
    public static let name = "storesapi.EnableParticipation"

    public let id: StoreID

    public init(id: StoreID) {
        self.id = id
    }
}

public struct DisableParticipation: PublicCommand {
    public static let name = "storesapi.DisableParticipation"

    public let id: StoreID

    public init(id: StoreID) {
        self.id = id
    }
}

public struct RebrandStore: PublicCommand {
    public static let name = "storesapi.RebrandStore"

    public let id: StoreID
    public let name: String

    public init(id: StoreID, name: String) {
        self.id = id
        self.name = name
    }
}

public struct RequestParticipation: PublicCommand {
    public static let name = "storesapi.RequestParticipation"

    public let id: StoreID
    public let note: String?

    public init(id: StoreID, note: String? = nil) {
        self.id = id
        self.note = note
    }
}

public struct DenyParticipation: PublicCommand {
    public static let name = "storesapi.DenyParticipation"

    public let id: StoreID
    public let note: String?

    public init(id: StoreID, note: String? = nil) {
        self.id = id
        self.note = note
    }
}

public struct AddProduct: PublicCommand {
    public static let name = "storesapi.AddProduct"

    /// The store's.
    public let id: StoreID
    public let name: String
    public let description: String?
    public let sku: String?
    public let priceMinor: Money

    public init(id: StoreID, name: String, description: String? = nil, sku: String? = nil, priceMinor: Money) {
        self.id = id
        self.name = name
        self.description = description
        self.sku = sku
        self.priceMinor = priceMinor
    }
}

public struct RebrandProduct: PublicCommand {
    public static let name = "storesapi.RebrandProduct"

    public let id: ProductID
    public let name: String
    public let description: String?

    public init(id: ProductID, name: String, description: String? = nil) {
        self.id = id
        self.name = name
        self.description = description
    }
}

public struct IncreaseProductPrice: PublicCommand {
    public static let name = "storesapi.IncreaseProductPrice"

    public let id: ProductID
    /// The new price.
    public let priceMinor: Money

    public init(id: ProductID, priceMinor: Money) {
        self.id = id
        self.priceMinor = priceMinor
    }
}

public struct DecreaseProductPrice: PublicCommand {
    public static let name = "storesapi.DecreaseProductPrice"

    public let id: ProductID
    /// The new price.
    public let priceMinor: Money

    public init(id: ProductID, priceMinor: Money) {
        self.id = id
        self.priceMinor = priceMinor
    }
}

public struct RemoveProduct: PublicCommand {
    public static let name = "storesapi.RemoveProduct"

    public let id: ProductID

    public init(id: ProductID) {
        self.id = id
    }
}

/// A store by its identifier; `not_found` if there never was one.
public struct GetStore: Query {
    public static let name = "storesapi.GetStore"
    public typealias Answer = StoreDetails

    public let id: StoreID

    public init(id: StoreID) {
        self.id = id
    }
}

public struct StoreDetails: Codable, Sendable, Equatable {
    public let id: StoreID
    public let name: String
    public let location: String
    public let participating: Bool
    public let version: Version

    public init(id: StoreID, name: String, location: String, participating: Bool, version: Version) {
        self.id = id
        self.name = name
        self.location = location
        self.participating = participating
        self.version = version
    }
}

/// A product by its identifier, also one that is not sold any more; `not_found` if there never was one.
public struct GetProduct: Query {
    public static let name = "storesapi.GetProduct"
    public typealias Answer = ProductDetails

    public let id: ProductID

    public init(id: ProductID) {
        self.id = id
    }
}

public struct ProductDetails: Codable, Sendable, Equatable {
    public let id: ProductID
    public let storeId: StoreID
    public let name: String
    public let description: String
    public let sku: String
    public let priceMinor: Money
    public let removed: Bool
    public let version: Version

    public init(
        id: ProductID, storeId: StoreID, name: String, description: String, sku: String, priceMinor: Money,
        removed: Bool, version: Version
    ) {
        self.id = id
        self.storeId = storeId
        self.name = name
        self.description = description
        self.sku = sku
        self.priceMinor = priceMinor
        self.removed = removed
        self.version = version
    }
}

/// The stores whose goods may be ordered, by name.
public struct GetParticipatingStores: Query {
    public static let name = "storesapi.GetParticipatingStores"
    public typealias Answer = Page<StoreDetails>

    public let page: PageRequest

    public init(page: PageRequest) {
        self.page = page
    }
}

/// The products a store sells, by name; `not_found` if there is no such store.
public struct GetCatalog: Query {
    public static let name = "storesapi.GetCatalog"
    public typealias Answer = Page<ProductDetails>

    /// The store's.
    public let id: StoreID
    public let page: PageRequest

    public init(id: StoreID, page: PageRequest) {
        self.id = id
        self.page = page
    }
}
