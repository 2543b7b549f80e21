import Contracts
import FoundationEssentials
import Kernel
import Search

/// A mall from a seed: a hundred stores of twenty products each, 200,000 customers, and their orders one after another.
struct Mall: Sendable {
    private var random: SplitMix64
    private var position: Int64 = 0
    private var at = Instant(microseconds: 1_700_000_000_000_000)
    private let stores: [(id: StoreID, name: String)]
    private let products: [[(id: ProductID, name: String, price: Money)]]
    private let customers: [(id: CustomerID, name: String)]

    init(seed: UInt64) {
        var random = SplitMix64(state: seed)
        func newID<Noun>() -> ID<Noun> {
            let (a, b) = (random.next(), random.next())
            return ID(rawValue: withUnsafeBytes(of: (a, b)) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) })
        }
        func some<Value>(_ values: [Value]) -> Value { values[Int(random.next() % UInt64(values.count))] }
        /// Few are frequent, most are rare.
        func skewed<Value>(_ values: [Value]) -> Value {
            let share = Double(random.next() >> 11) / Double(1 << 53)
            return values[Int(share * share * share * Double(values.count))]
        }
        let kinds = [
            "Bakery", "Books", "Pharmacy", "Grocer", "Tools", "Toys", "Shoes", "Flowers", "Tea House", "Wine & Co",
        ]
        let places = [
            "Corner", "Green", "North", "Old Town", "Harbour", "Station", "Royal", "Garden", "Market", "Bridge",
        ]
        let qualities = [
            "Organic", "Fresh", "Classic", "Large", "Small", "Premium", "Red", "Blue", "Spicy", "Sweet", "Dark",
            "Vegan",
        ]
        let matters = [
            "Apple", "Orange", "Walnut", "Rye", "Cherry", "Lemon", "Almond", "Honey", "Ginger", "Mint", "Cotton", "Oak",
        ]
        let things = [
            "Juice", "Bread", "Cake", "Soap", "Tea", "Notebook", "Bag", "Lamp", "Knife", "Jam", "Oil", "Candle",
            "Shirt",
        ]
        let sizes = ["", " 500 g", " 1 l", " XL", " 50% off"]
        stores = (0..<100).map { (newID(), "\(places[$0 % 10]) \(kinds[$0 / 10])") }
        products = (0..<100).map { _ in
            (0..<20).map { _ in
                // The sum of uniform variables stands for the logarithm of a price; the median is near 12.90.
                let bell = (0..<4).reduce(0) { sum, _ in sum + Int64(random.next() % 100) } - 200
                let price = bell < 0 ? 1_290 + bell * 6 : 1_290 + bell * bell / 4
                return (
                    newID(), "\(some(qualities)) \(some(matters)) \(some(things))\(some(sizes))",
                    Money(minor: max(100, price))
                )
            }
        }
        let starts = [
            "An", "Ma", "Jo", "Li", "Ka", "Pe", "Da", "Su", "To", "El", "Ro", "Ste", "Chri", "Mi", "Ju", "Fra", "Geo",
            "Ni",
        ]
        let middles = ["n", "r", "l", "s", "t", "m", "ng", "rr", "nn", "v", "d", "k"]
        let ends = ["a", "o", "e", "ia", "us", "ine", "el", "ard", "y", "in"]
        let roots = [
            "Schmi", "Mül", "Mey", "Web", "Wag", "Beck", "Hoff", "Koch", "Rich", "Klei", "Wol", "Schrö", "Neu",
            "Schwar", "Zim",
            "Brau", "Krü", "Hart", "Lan", "Wer", "Krau", "Leh", "Mai", "Hub", "Kai", "Fuch", "Pet", "Möl", "Wei", "Jun",
        ]
        let tails = [
            "t", "er", "mann", "ner", "en", "ke", "berg", "stein", "feld", "bach", "hof", "ski", "sen", "ler", "dorf",
            "wald",
        ]
        let first = starts.flatMap { start in middles.flatMap { middle in ends.map { start + middle + $0 } } }.shuffled(
            using: &random)
        let last = roots.flatMap { root in
            middles.flatMap { middle in tails.flatMap { tail in ["", "o", "i"].map { root + middle + $0 + tail } } }
        }
        .shuffled(using: &random)
        customers = (0..<200_000).map { _ in (newID(), "\(skewed(first)) \(skewed(last))") }
        self.random = random
    }

    /// The rows of a batch of orders, folded as a projector folds them. Batches follow one another in the log and in time,
    /// and each has its own seed, so that several can be made at once.
    func rows(ofBatch batch: Int, from first: Int, count: Int) throws -> [StoredRow] {
        var mall = self
        for _ in 0...batch { mall.random = SplitMix64(state: mall.random.next()) }
        mall.position = Int64(first) * Self.mostPositions
        mall.at = at + .seconds(30 * first)
        let folder = orders.makeFolder()
        for _ in 0..<count {
            for (index, envelope) in try mall.order().enumerated() {
                if index == 0, let key = try folder.key(for: envelope) { try folder.load([], absent: [key]) }
                try folder.fold(envelope)
            }
        }
        return try folder.takeChanges().map(\.row)
    }

    /// Log positions of one order: of four events at most, each followed by up to four that are not its own.
    private static let mostPositions: Int64 = 20

    /// The events of the next order, from its creation to its end.
    mutating func order() throws -> [Envelope] {
        let order: OrderID = ID(rawValue: UUID())
        let customer = customers[below(customers.count)]
        let visited = (0..<(1 + below(3))).map { _ in min(below(stores.count), below(stores.count)) }
        var items: [Item] = []
        for _ in 0..<(1 + below(6)) {
            let store = visited[below(visited.count)]
            let product = products[store][below(20)]
            if items.contains(where: { $0.productId == product.id }) { continue }
            items.append(
                Item(
                    productId: product.id, storeId: stores[store].id, storeName: stores[store].name,
                    productName: product.name,
                    priceMinor: product.price, quantity: 1 + below(4)))
        }
        let total = try items.total()
        at = at + .seconds(5 + below(50))
        var said: [Envelope] = [
            try say(
                OrderCreated(
                    id: order, customerId: customer.id, customerName: customer.name,
                    paymentId: ID(rawValue: order.rawValue),
                    items: items, totalMinor: total, pickupCode: "1234"))
        ]
        let payment = PaymentID(rawValue: order.rawValue)
        let fate = below(1_000)
        if fate < 35 {
            said.append(
                try say(
                    OrderRejected(
                        id: order, customerId: customer.id, paymentId: payment, totalMinor: total,
                        reason: "customer disabled")))
            return said
        }
        if fate == 35 { return said }
        said.append(
            try say(
                OrderApproved(
                    id: order, customerId: customer.id, paymentId: payment,
                    shoppingId: ListID(rawValue: order.rawValue), totalMinor: total)))
        if fate < 85 {
            said.append(
                try say(
                    OrderCanceled(
                        id: order, customerId: customer.id, paymentId: payment, reason: "changed my mind", by: .customer
                    )))
            return said
        }
        said.append(try say(OrderReadied(id: order, customerId: customer.id, paymentId: payment, totalMinor: total)))
        if fate < 95 { return said }
        said.append(
            try say(OrderCompleted(id: order, customerId: customer.id, invoiceId: InvoiceID(rawValue: order.rawValue))))
        return said
    }

    private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

    private mutating func say(_ event: some PublicEvent) throws -> Envelope {
        // Between an order's public events lie those that are not.
        position += Int64(1 + below(5))
        return Envelope(
            position: Position(position), commandEnd: Position(position), id: UUID(),
            stream: StreamName(category: "ordering.Order", id: UUID()), version: 1, kind: .message,
            type: type(of: event).name, body: try Coding.body(of: event),
            cause: Cause(correlation: UUID(), causation: UUID(), actor: "kiosk:entrance"), at: at)
    }
}

/// Steele, Lea, Flood 2014: the same seed gives the same mall everywhere.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
