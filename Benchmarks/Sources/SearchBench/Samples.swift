import Contracts
import FoundationEssentials
import Kernel
import Postgres

/// Values that orders in the database have, to ask for.
struct Samples {
    private let stores: [StoreID]
    private let products: [ProductID]
    private let customers: [CustomerID]
    private let names: [String]
    private let productWords: [String]
    private let totals: [Money]
    private let times: [Instant]
    /// What one order in a hundred is dearer than.
    let dear: Money
    /// The number that the thousandth page of fifty begins behind.
    let pageThousand: Int64

    init(_ connection: Connection) async throws {
        let rows = try await connection.query(
            """
            select stores[1], products[1], customer, split_part(text, chr(10), 1), split_part(text, chr(10), 2), total, created
            from search.orders tablesample system (1) repeatable (7) where number is not null limit 2000
            """)
        var (stores, products, customers): ([StoreID], [ProductID], [CustomerID]) = ([], [], [])
        var (names, words, totals, times): ([String], [String], [Money], [Instant]) = ([], [], [], [])
        for row in rows {
            stores.append(StoreID(rawValue: try row[0]))
            products.append(ProductID(rawValue: try row[1]))
            customers.append(CustomerID(rawValue: try row[2]))
            names.append(try row[3])
            words.append(try row[4, as: String.self].split(separator: " ").randomElement().map(String.init) ?? "rye")
            totals.append(Money(minor: try row[5]))
            times.append(Instant(microseconds: try row[6]))
        }
        precondition(!rows.isEmpty, "there are no orders to sample: seed some")
        (self.stores, self.products, self.customers, self.names) = (stores, products, customers, names)
        (productWords, self.totals, self.times) = (words, totals, times)
        dear = totals.sorted()[totals.count * 99 / 100]
        pageThousand = try await connection.query(
            """
            select number from search.orders where number is not null order by number desc
            offset least(49999, (select count(*) / 2 from search.orders)) limit 1
            """)[0][0]
    }

    // Primes, so that filters that are combined do not come from one order.
    func store(_ round: Int) -> StoreID { stores[(round &* 7) % stores.count] }
    func product(_ round: Int) -> ProductID { products[(round &* 11) % products.count] }
    func customer(_ round: Int) -> CustomerID { customers[(round &* 13) % customers.count] }
    func name(_ round: Int) -> String { names[(round &* 17) % names.count] }
    func firstName(_ round: Int) -> String { name(round).split(separator: " ").first.map(String.init) ?? "ada" }
    func lastName(_ round: Int) -> String { name(round).split(separator: " ").last.map(String.init) ?? "ada" }
    func productWord(_ round: Int) -> String { productWords[(round &* 19) % productWords.count] }
    func total(_ round: Int) -> Money { totals[(round &* 23) % totals.count] }
    func instant(_ round: Int) -> Instant { times[(round &* 29) % times.count] }
}
