import Contracts
import FoundationEssentials
import Kernel

/// What a product costs now, where, and whether it can be had.
struct Offer: Sendable, Equatable {
    let productId: ProductID
    let storeId: StoreID
    let storeName: String
    let productName: String
    let priceMinor: Money
    let sold: Bool
    let participating: Bool
}

/// What these products cost now; `not_found` if Stores has never heard of one of them.
struct Offers: Query {
    static let name = "baskets.Offers"
    typealias Answer = [ProductID: Offer]

    let products: [ProductID]

    /// From the caches; what they lack is asked of Stores and remembered.
    func answer(_ reader: any Reader) async throws -> [ProductID: Offer] {
        var offers: [ProductID: Offer] = [:]
        for row in try await reader.rows(OfferCache.offers(of: products)) {
            let id: UUID = try row[0]
            let storeId: UUID = try row[1]
            let removed: Bool = try row[4]
            let offer = Offer(
                productId: ProductID(rawValue: id), storeId: StoreID(rawValue: storeId), storeName: try row[5],
                productName: try row[2], priceMinor: Money(minor: try row[3]), sold: !removed,
                participating: try row[6])
            offers[offer.productId] = offer
        }
        for id in products where offers[id] == nil {
            let product = try await reader.ask(GetProduct(id: id))
            let store = try await reader.ask(GetStore(id: product.storeId))
            try await reader.remember(OfferCache.remember(product))
            try await reader.remember(OfferCache.remember(store))
            offers[id] = Offer(
                productId: id, storeId: store.id, storeName: store.name, productName: product.name,
                priceMinor: product.priceMinor, sold: !product.removed, participating: store.participating)
        }
        return offers
    }
}

/// The module's copy of what Stores has said: stores and products with the version they were last heard at.
///
/// An event changes a row only if it is newer than the row, and keeps what it does not speak of only if it follows the
/// row's version directly: otherwise something was not heard. What is not known is null and makes the row a miss, which
/// the next lookup mends; its version still keeps away a lookup that began before the event.
enum OfferCache {
    static let migration = Migration(
        1, "create the caches of stores and products",
        sql: """
            create schema if not exists baskets;
            create table baskets.stores_cache (
                id uuid primary key,
                name text,
                participating bool,
                version bigint not null
            );
            create table baskets.products_cache (
                id uuid primary key,
                store_id uuid not null,
                name text,
                price bigint,
                removed bool not null,
                version bigint not null
            );
            """)

    /// The planner is kept from seeing the list: a plan for one list always looks cheaper than one for all, so that it would
    /// plan anew each time, at thrice the cost of the reading.
    static func offers(of products: [ProductID]) -> SQL {
        """
        select p.id, p.store_id, p.name, p.price, p.removed, s.name, s.participating
        from baskets.products_cache p
        join baskets.stores_cache s on s.id = p.store_id
        where p.id = any((select \(products.map(\.rawValue)))::uuid[])
          and p.name is not null and p.price is not null and s.name is not null and s.participating is not null
        """
    }

    static func remember(_ store: StoreDetails) -> SQL {
        """
        insert into baskets.stores_cache as held (id, name, participating, version)
        values (\(store.id.rawValue), \(store.name), \(store.participating), \(store.version))
        on conflict (id) do update
        set name = excluded.name, participating = excluded.participating, version = excluded.version
        where held.version <= excluded.version
        """
    }

    static func remember(_ product: ProductDetails) -> SQL {
        """
        insert into baskets.products_cache as held (id, store_id, name, price, removed, version)
        values (\(product.id.rawValue), \(product.storeId.rawValue), \(product.name), \(product.priceMinor.minor),
            \(product.removed), \(product.version))
        on conflict (id) do update
        set name = excluded.name, price = excluded.price, removed = excluded.removed, version = excluded.version
        where held.version <= excluded.version
        """
    }

    static let stores = keeps("baskets.stores_cache") {
        on(StoreCreated.self) { event, envelope in
            """
            insert into baskets.stores_cache as held (id, name, participating, version)
            values (\(event.id.rawValue), \(event.name), false, \(envelope.version))
            on conflict (id) do update
            set name = excluded.name, participating = excluded.participating, version = excluded.version
            where held.version < excluded.version
            """
        }
        on(StoreRebranded.self) { event, envelope in
            """
            insert into baskets.stores_cache as held (id, name, version)
            values (\(event.id.rawValue), \(event.name), \(envelope.version))
            on conflict (id) do update
            set name = excluded.name,
                participating = case when held.version = excluded.version - 1 then held.participating end,
                version = excluded.version
            where held.version < excluded.version
            """
        }
        on(StoreParticipatingToggled.self) { event, envelope in
            """
            insert into baskets.stores_cache as held (id, participating, version)
            values (\(event.id.rawValue), \(event.participating), \(envelope.version))
            on conflict (id) do update
            set name = case when held.version = excluded.version - 1 then held.name end,
                participating = excluded.participating, version = excluded.version
            where held.version < excluded.version
            """
        }
        // What the cache does not keep still has a version.
        on(StoreParticipationRequested.self) { event, envelope in follow(event.id, envelope) }
        on(StoreParticipationDenied.self) { event, envelope in follow(event.id, envelope) }
    }

    private static func follow(_ store: StoreID, _ envelope: Envelope) -> SQL {
        """
        insert into baskets.stores_cache as held (id, version)
        values (\(store.rawValue), \(envelope.version))
        on conflict (id) do update
        set name = case when held.version = excluded.version - 1 then held.name end,
            participating = case when held.version = excluded.version - 1 then held.participating end,
            version = excluded.version
        where held.version < excluded.version
        """
    }

    static let products = keeps("baskets.products_cache") {
        on(ProductAdded.self) { event, envelope in
            """
            insert into baskets.products_cache as held (id, store_id, name, price, removed, version)
            values (\(event.id.rawValue), \(event.storeId.rawValue), \(event.name), \(event.priceMinor.minor), false,
                \(envelope.version))
            on conflict (id) do update
            set name = excluded.name, price = excluded.price, removed = excluded.removed, version = excluded.version
            where held.version < excluded.version
            """
        }
        on(ProductRebranded.self) { event, envelope in
            """
            insert into baskets.products_cache as held (id, store_id, name, removed, version)
            values (\(event.id.rawValue), \(event.storeId.rawValue), \(event.name), false, \(envelope.version))
            on conflict (id) do update
            set name = excluded.name, price = case when held.version = excluded.version - 1 then held.price end,
                version = excluded.version
            where held.version < excluded.version
            """
        }
        on(ProductPriceIncreased.self) { event, envelope in
            price(event.priceMinor, of: event.id, in: event.storeId, envelope)
        }
        on(ProductPriceDecreased.self) { event, envelope in
            price(event.priceMinor, of: event.id, in: event.storeId, envelope)
        }
        on(ProductRemoved.self) { event, envelope in
            """
            insert into baskets.products_cache as held (id, store_id, removed, version)
            values (\(event.id.rawValue), \(event.storeId.rawValue), true, \(envelope.version))
            on conflict (id) do update
            set name = case when held.version = excluded.version - 1 then held.name end,
                price = case when held.version = excluded.version - 1 then held.price end,
                removed = true, version = excluded.version
            where held.version < excluded.version
            """
        }
    }

    private static func price(_ price: Money, of id: ProductID, in store: StoreID, _ envelope: Envelope) -> SQL {
        """
        insert into baskets.products_cache as held (id, store_id, price, removed, version)
        values (\(id.rawValue), \(store.rawValue), \(price.minor), false, \(envelope.version))
        on conflict (id) do update
        set name = case when held.version = excluded.version - 1 then held.name end,
            price = excluded.price, version = excluded.version
        where held.version < excluded.version
        """
    }
}
