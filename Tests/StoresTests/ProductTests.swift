import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Stores

@Suite struct ProductTests {
    static let store = StoreID(rawValue: UUID(uuidString: "5701E000-0000-4000-8000-000000000001")!)
    static let added = Product.Event.productAdded(
        storeId: store, name: "Rye", description: "dark", sku: "R-1", priceMinor: Money(minor: 1000))

    @Test func `every state answers every command as the table says`() {
        let table = table(
            of: Product.self,
            states: ["absent": [], "sold": [Self.added], "removed": [Self.added, .productRemoved]],
            commands: [
                "add": Self.add(), "rebrand": .rebrand(name: "Wheat", description: nil),
                "increasePrice": .increasePrice(to: Money(minor: 1250)),
                "decreasePrice": .decreasePrice(to: Money(minor: 900)), "remove": .remove,
            ])
        #expect(
            table == """
                absent
                    add → productAdded
                    rebrand → not_found: there is no such product
                    increasePrice → not_found: there is no such product
                    decreasePrice → not_found: there is no such product
                    remove → not_found: there is no such product
                sold
                    add → conflict: the product exists already
                    rebrand → productRebranded
                    increasePrice → productPriceIncreased
                    decreasePrice → productPriceDecreased
                    remove → productRemoved
                removed
                    add → conflict: the product exists already
                    rebrand → conflict: the product is no longer sold
                    increasePrice → conflict: the product is no longer sold
                    decreasePrice → conflict: the product is no longer sold
                    remove → conflict: the product is no longer sold
                """)
    }

    @Test func `row 4: a product may cost nothing, but not less, nor too much`() {
        #expect(given(Product.self).refusal(of: Self.add(price: 0)) == nil)
        #expect(given(Product.self).refusal(of: Self.add(price: -1))?.field == "priceMinor")
        #expect(given(Product.self).refusal(of: Self.add(price: 99_999_999)) == nil)
        #expect(given(Product.self).refusal(of: Self.add(price: 100_000_000))?.kind == .invalid)
        #expect(given(Product.self).refusal(of: Self.add(price: .min))?.kind == .invalid)
        #expect(given(Product.self).refusal(of: Self.add(name: " "))?.field == "name")
    }

    @Test func `row 5 and F-S1, F-S5: a price that rises says by how much and to what`() {
        #expect(
            given(Product.self, [Self.added]).when(.increasePrice(to: Money(minor: 1250)))
                == .success([.productPriceIncreased(deltaMinor: Money(minor: 250), priceMinor: Money(minor: 1250))]))
        #expect(
            given(Product.self, [Self.added]).when(.decreasePrice(to: Money(minor: 900)))
                == .success([.productPriceDecreased(deltaMinor: Money(minor: -100), priceMinor: Money(minor: 900))]))
    }

    @Test func `row 6 and F-S2: a price is not raised downwards, lowered upwards, left as it is, or below 0`() {
        let product = given(Product.self, [Self.added])
        for price: Int64 in [900, 1000] {
            #expect(
                product.refusal(of: .increasePrice(to: Money(minor: price)))?.message == "this would lower the price")
        }
        for price: Int64 in [1100, 1000] {
            #expect(
                product.refusal(of: .decreasePrice(to: Money(minor: price)))?.message == "this would raise the price")
        }
        #expect(product.refusal(of: .decreasePrice(to: Money(minor: -1)))?.kind == .invalid)
        #expect(product.refusal(of: .decreasePrice(to: Money(minor: .min)))?.kind == .invalid)
        #expect(product.refusal(of: .increasePrice(to: Money(minor: .max)))?.kind == .invalid)
    }

    @Test func `row 7 and F-S3: a removed product is neither changed nor removed again`() {
        let removed = given(Product.self, [Self.added, .productRemoved])
        for command: Product.Command in [
            .rebrand(name: "Wheat", description: nil), .increasePrice(to: Money(minor: 2000)),
            .decreasePrice(to: Money(minor: 1)), .remove,
        ] {
            #expect(removed.refusal(of: command) == .conflict("the product is no longer sold"))
        }
    }

    @Test func `an SKU is claimed within its store while the product is sold`() {
        let claim = Claim(scope: "stores.sku.\(Self.store)", value: "R-1", taken: "")
        #expect(given(Product.self, [Self.added]).state.claims == [claim])
        #expect(given(Product.self, [Self.added, .productRemoved]).state.claims.isEmpty)
        #expect(given(Product.self).after(Self.add(sku: " ")).state.claims.isEmpty)
    }

    @Test func `no sequence of commands breaks a product`() {
        Seeded.check { random in
            wander(Product.self, using: &random) { random in
                let price = Money(minor: Int64.random(in: -2...5, using: &random))
                return switch Int.random(in: 0..<5, using: &random) {
                case 0: Self.add(price: price.minor)
                case 1: .rebrand(name: "Wheat", description: nil)
                case 2: .increasePrice(to: price)
                case 3: .decreasePrice(to: price)
                default: .remove
                }
            }
        }
    }

    static func add(name: String = "Rye", sku: String? = "R-1", price: Int64 = 1000) -> Product.Command {
        .add(storeId: store, name: name, description: nil, sku: sku, priceMinor: Money(minor: price))
    }
}
