import Busywork
import Contracts
import Crypto
import EventStore
import FoundationEssentials
import Kernel

/// A small mall to look at: stores that take part, products, customers, and orders of the last minutes.
///
/// Everything is done by the commands that staff and kiosks give, so nothing in it could not have happened.
struct Demo: Sendable {
    static let actor = "demo"

    private let application: Application

    init(_ application: Application) { self.application = application }

    private static let stores:
        [(name: String, location: String, products: [(name: String, description: String, price: Int64)])] = [
            (
                "Blattgold Papeterie", "Ground floor, A 04",
                [
                    ("Fountain pen, fine nib", "Steel nib, piston filler", 3_490),
                    ("Notebook A5, dotted", "192 pages, thread-bound", 1_650),
                    ("Ink, midnight blue", "50 ml", 1_190), ("Letter paper", "40 sheets, cotton", 1_480),
                ]
            ),
            (
                "Kaffeerösterei Nord", "Ground floor, A 11",
                [
                    ("Espresso Barista", "500 g, whole beans", 1_390), ("Filter Sidamo", "250 g, whole beans", 1_090),
                    ("Decaf Huila", "250 g, ground", 990), ("Hand mill", "Ceramic burrs", 4_900),
                ]
            ),
            (
                "Sportquelle", "First floor, B 02",
                [
                    ("Running socks", "Two pairs, size 39–42", 1_590), ("Yoga mat", "6 mm, natural rubber", 5_900),
                    ("Water bottle", "0.75 l, steel", 2_190), ("Skipping rope", "Adjustable", 1_290),
                ]
            ),
            (
                "Bücherstube am Brunnen", "First floor, B 07",
                [
                    ("City map", "1:15,000, folded", 890), ("Crossword collection", "200 puzzles", 1_200),
                    ("Cookbook: Winter", "Hardcover", 2_800), ("Children's atlas", "From six years", 1_995),
                ]
            ),
            (
                "Apotheke im Atrium", "Ground floor, A 01",
                [
                    ("Plasters, assorted", "40 pieces", 549), ("Hand cream", "75 ml", 790),
                    ("Sunscreen SPF 50", "200 ml", 1_895),
                ]
            ),
            (
                "Feinkost Marini", "Lower level, U 03",
                [
                    ("Olive oil, extra virgin", "500 ml", 1_690), ("Dried porcini", "50 g", 890),
                    ("Balsamic, aged", "250 ml", 2_450),
                    ("Panettone", "750 g", 1_990),
                ]
            ),
        ]

    private static let customers = [
        ("Anna Lindqvist", "+4915112340001"), ("Ben Okafor", "+4915112340002"), ("Carla Rossi", "+4915112340003"),
        ("Deniz Yılmaz", "+4915112340004"), ("Emil Sørensen", "+4915112340005"), ("Fatima El-Sayed", "+4915112340006"),
        ("Greta Müller", "+4915112340007"), ("Hugo Lefèvre", "+4915112340008"),
    ]

    /// Fills the mall, unless it has stores already.
    func fill() async throws {
        let questions = application.dispatcher.questions
        guard try await questions.rows("select 1 from mall.streams where category = 'stores.Store' limit 1").isEmpty
        else { return }
        var catalogue: [(store: StoreID, products: [ProductID])] = []
        for store in Self.stores {
            let id = StoreID(rawValue: try await tell(CreateStore(name: store.name, location: store.location)))
            try await tell(EnableParticipation(id: id))
            var products: [ProductID] = []
            for (index, product) in store.products.enumerated() {
                products.append(
                    ProductID(
                        rawValue: try await tell(
                            AddProduct(
                                id: id, name: product.name, description: product.description,
                                sku: "\(store.name.prefix(3).uppercased())-\(100 + index)",
                                priceMinor: Money(minor: product.price)))))
            }
            catalogue.append((id, products))
        }
        // One that would like to take part, for the administrator to decide.
        let florist = StoreID(
            rawValue: try await tell(CreateStore(name: "Blumen Hartmann", location: "Lower level, U 09")))
        try await tell(RequestParticipation(id: florist, note: "We deliver bouquets to the depot until 18:00."))

        var generator = SmallGenerator(seed: 20)
        for (index, customer) in Self.customers.enumerated() {
            let id = CustomerID(rawValue: try await tell(RegisterCustomer(name: customer.0, smsNumber: customer.1)))
            for _ in 0..<(index < 4 ? 3 : 2) {
                let basket = BasketID(rawValue: try await tell(StartBasket(customerId: id)))
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    guard
                        let product = catalogue.randomElement(using: &generator)?.products.randomElement(
                            using: &generator)
                    else { continue }
                    try await tell(
                        AddItem(id: basket, productId: product, quantity: Int.random(in: 1...3, using: &generator)))
                }
                let payment = PaymentID(rawValue: try await tell(AuthorizePayment(basketId: basket)))
                try await tell(CheckoutBasket(id: basket, paymentId: payment))
            }
        }
    }

    /// Carries out a command and returns what it was about.
    @discardableResult
    private func tell(_ command: some PublicCommand) async throws -> UUID {
        try Task.checkCancellation()
        let id = uuid4()
        let outcome = try await application.dispatcher.perform(
            command,
            CommandRequest(id: id, mayRepeat: false, cause: Cause(correlation: id, causation: id, actor: Self.actor)))
        guard let subject = outcome.subject?.id else {
            throw Refusal(.internal, "\(type(of: command).name) was about nothing")
        }
        return subject
    }
}
