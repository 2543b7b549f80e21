import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Baskets

@Suite struct BasketTests {
    static let (ada, payment) = (CustomerID(rawValue: UUID()), PaymentID(rawValue: UUID()))
    static let bread = StoreID(rawValue: UUID())
    static let (rye, oat) = (offer("Rye", 1000), offer("Oat", 250))
    static let later = Instant.morning + .seconds(600)
    static let started = Basket.Event.basketStarted(
        customerId: ada, customerName: "Ada", abandonAfterSeconds: 600, openUntil: later)
    static let filled = [started, .basketItemAdded(item: item(rye, 3), openUntil: later)]
    static let checkedOut =
        filled + [.basketCheckedOut(paymentId: payment, totalMinor: Money(minor: 3000), pickupCode: "ABCDEF")]
    static let canceled = filled + [.basketCanceled(reason: "too dear")]

    @Test func `every state answers every command as the table says`() {
        let table = table(
            of: Basket.self,
            states: [
                "absent": [], "open, empty": [Self.started], "open, 3 × rye": Self.filled,
                "checked out": Self.checkedOut,
                "checked out, code released": Self.checkedOut + [.basketPickupCodeReleased], "canceled": Self.canceled,
            ],
            commands: [
                "start": .start(customerId: Self.ada, customerName: "Ada", abandonAfter: .seconds(600)),
                "add": .add(Self.oat, quantity: 1), "remove": .remove(Self.rye.productId, quantity: 1),
                "cancel": .cancel(reason: nil), "checkout": Self.checkout(Self.rye, Self.oat), "abandon": .abandon,
                "releasePickupCode": .releasePickupCode,
            ])
        #expect(
            table == """
                absent
                    start → basketStarted
                    add → not_found: there is no such basket
                    remove → not_found: there is no such basket
                    cancel → not_found: there is no such basket
                    checkout → not_found: there is no such basket
                    abandon → -
                    releasePickupCode → -
                open, empty
                    start → conflict: the basket was started already
                    add → basketItemAdded
                    remove → invalid: the product is not in the basket
                    cancel → basketCanceled
                    checkout → invalid: the basket is empty
                    abandon → -
                    releasePickupCode → -
                open, 3 × rye
                    start → conflict: the basket was started already
                    add → basketItemAdded
                    remove → basketItemRemoved
                    cancel → basketCanceled
                    checkout → basketCheckedOut
                    abandon → -
                    releasePickupCode → -
                checked out
                    start → conflict: the basket was started already
                    add → conflict: the basket is checked out already
                    remove → conflict: the basket is checked out already
                    cancel → conflict: the basket is checked out already
                    checkout → conflict: the basket is checked out already
                    abandon → -
                    releasePickupCode → basketPickupCodeReleased
                checked out, code released
                    start → conflict: the basket was started already
                    add → conflict: the basket is checked out already
                    remove → conflict: the basket is checked out already
                    cancel → conflict: the basket is checked out already
                    checkout → conflict: the basket is checked out already
                    abandon → -
                    releasePickupCode → -
                canceled
                    start → conflict: the basket was started already
                    add → conflict: the basket was canceled
                    remove → conflict: the basket was canceled
                    cancel → conflict: the basket was canceled
                    checkout → conflict: the basket was canceled
                    abandon → -
                    releasePickupCode → -
                """)
    }

    @Test func `row 14: lines keep their order and the total is exact`() throws {
        let basket = given(Basket.self, [Self.started])
            .after(.add(Self.rye, quantity: 1)).after(.add(Self.oat, quantity: 1)).after(.add(Self.rye, quantity: 1))
        let items = try #require(basket.contents?.items)
        #expect(items.map(\.productName) == ["Rye", "Oat"])
        #expect(items.map(\.quantity) == [2, 1])
        #expect(try items.total() == Money(minor: 2250))
    }

    @Test(arguments: [0, -1, 1000, .min, .max])
    func `row 15 and F-B2: a quantity outside 1 to 999 is invalid, added or removed`(quantity: Int) {
        for command: Basket.Command in [
            .add(Self.rye, quantity: quantity), .remove(Self.rye.productId, quantity: quantity),
        ] {
            let refusal = given(Basket.self, Self.filled).refusal(of: command)
            #expect(refusal?.kind == .invalid)
            #expect(refusal?.field == "quantity")
        }
    }

    @Test func `F-B2: a line stays within 999 units and a basket within 100 lines`() {
        #expect(given(Basket.self, Self.filled).refusal(of: .add(Self.rye, quantity: 996)) == nil)
        #expect(given(Basket.self, Self.filled).refusal(of: .add(Self.rye, quantity: 997))?.field == "quantity")
        var full = given(Basket.self, Self.filled)
        for line in 2...100 { full = full.after(.add(Self.offer("Roll \(line)", 100), quantity: 1)) }
        #expect(full.contents?.items.count == 100)
        #expect(full.refusal(of: .add(Self.oat, quantity: 1))?.kind == .invalid)
        #expect(full.refusal(of: .add(Self.rye, quantity: 1)) == nil)
    }

    @Test func `row 17 and F-B1: 3 less 2 is 1, less 1 is no line, and no more can be removed than there is`() {
        let one = given(Basket.self, Self.filled).after(.remove(Self.rye.productId, quantity: 2))
        #expect(one.contents?.items.map(\.quantity) == [1])
        #expect(one.refusal(of: .remove(Self.rye.productId, quantity: 2))?.message == "the basket has only 1 of it")
        let none = one.after(.remove(Self.rye.productId, quantity: 1))
        #expect(none.contents?.items.isEmpty == true)
        #expect(none.refusal(of: .remove(Self.rye.productId, quantity: 1))?.field == "productId")
    }

    @Test func `row 18: a product that was withdrawn cannot be added or checked out`() {
        let gone = Self.offer("Rye", 1000, id: Self.rye.productId, sold: false)
        #expect(
            given(Basket.self, Self.filled).refusal(of: .add(gone, quantity: 1)) == .conflict("Rye is no longer sold"))
        #expect(given(Basket.self, Self.filled).refusal(of: Self.checkout(gone)) == .conflict("Rye is no longer sold"))
        #expect(given(Basket.self, Self.filled).refusal(of: Self.checkout()) == .conflict("Rye is no longer sold"))
        #expect(given(Basket.self, Self.filled).refusal(of: .remove(Self.rye.productId, quantity: 1)) == nil)
    }

    @Test func `row 19 and F-S4: a store that left is named when its product is added or checked out`() {
        let left = Self.offer("Rye", 1000, id: Self.rye.productId, participating: false)
        let refusal = Refusal.conflict("Bread does not take part any more")
        #expect(given(Basket.self, Self.filled).refusal(of: .add(left, quantity: 1)) == refusal)
        #expect(given(Basket.self, Self.filled).refusal(of: Self.checkout(left)) == refusal)
    }

    @Test func `row 20 and F-B4: a checkout at other prices takes them over, and the next one succeeds`() {
        let dearer = Self.offer("Rye", 1200, id: Self.rye.productId)
        let change = PriceChange(
            productId: Self.rye.productId, productName: "Rye", oldPriceMinor: Money(minor: 1000),
            newPriceMinor: Money(minor: 1200))
        let basket = given(Basket.self, Self.filled)
        #expect(
            basket.when(Self.checkout(dearer))
                == .success([.basketRepriced(priceChanges: [change], openUntil: Self.later)]))
        #expect(
            basket.after(Self.checkout(dearer)).when(Self.checkout(dearer))
                == .success([
                    .basketCheckedOut(paymentId: Self.payment, totalMinor: Money(minor: 3600), pickupCode: "ABCDEF")
                ]))
    }

    @Test func `F-B4: adding again takes today's price for the whole line`() throws {
        let dearer = Self.offer("Rye", 1200, id: Self.rye.productId)
        let items = try #require(given(Basket.self, Self.filled).after(.add(dearer, quantity: 1)).contents?.items)
        #expect(items == [Self.item(dearer, 4)])
    }

    @Test func `a total that cannot be written down is invalid and no trap`() {
        #expect(throws: Refusal.self) { try [Self.item(Self.offer("Gold", .max), 2)].total() }
        #expect(throws: Refusal.self) {
            try [Self.item(Self.offer("Gold", .max), 1), Self.item(Self.offer("Dust", 1), 1)].total()
        }
    }

    @Test func `row 22 and F-B5: a basket is abandoned ten minutes after it was last touched`() {
        let touched = given(Basket.self, [Self.started]).at(.morning + .seconds(300)).after(.add(Self.rye, quantity: 1))
        #expect(touched.state.timers == ["abandon": .morning + .seconds(900)])
        #expect(touched.at(.morning + .seconds(600)).when(.abandon) == .success([]))
        #expect(touched.at(.morning + .seconds(900)).when(.abandon) == .success([.basketCanceled(reason: "abandoned")]))
        #expect(given(Basket.self, Self.checkedOut).state.timers.isEmpty)
        #expect(given(Basket.self, Self.canceled).state.timers.isEmpty)
    }

    @Test func `a pickup code is held until the order has ended`() {
        let claim = Claim(scope: "baskets.pickupCode", value: "ABCDEF", taken: "")
        #expect(given(Basket.self, Self.checkedOut).state.claims == [claim])
        #expect(given(Basket.self, Self.checkedOut).after(.releasePickupCode).state.claims.isEmpty)
        #expect(given(Basket.self, Self.filled).state.claims.isEmpty)
    }

    @Test func `pickup codes have six characters, no look-alikes, and hardly ever meet`() {
        var codes: Set<String> = []
        for _ in 0..<2_000 { codes.insert(PickupCode.code(of: UUID(), candidate: 0)) }
        #expect(codes.allSatisfy { $0.utf8.count == 6 && !$0.contains { "01ILOU".contains($0) } })
        // Two in 2,000 meet about once in 360 runs, three pairs practically never.
        #expect(codes.count > 1_997)
        let id = UUID()
        #expect(PickupCode.code(of: id, candidate: 0) == PickupCode.code(of: id, candidate: 0))
        #expect(Set((0..<4).map { PickupCode.code(of: id, candidate: $0) }).count == 4)
    }

    @Test func `no sequence of commands breaks a basket`() {
        let offers = (0..<4).map { Self.offer("Roll \($0)", Int64($0) * 100) }
        Seeded.check { random in
            wander(Basket.self, using: &random) { random in
                let offer = offers.randomElement(using: &random) ?? offers[0]
                let dearer = Self.offer(
                    offer.productName, Int64.random(in: 0...300, using: &random), id: offer.productId,
                    sold: Int.random(in: 0..<5, using: &random) > 0)
                let quantity = Int.random(in: -1...3, using: &random)
                return switch Int.random(in: 0..<12, using: &random) {
                case 0: .start(customerId: Self.ada, customerName: "Ada", abandonAfter: .seconds(600))
                case 1...4: .add(dearer, quantity: quantity)
                case 5...7: .remove(offer.productId, quantity: quantity)
                case 8: .cancel(reason: nil)
                case 9:
                    .checkout(
                        Self.payment, offers: Dictionary(uniqueKeysWithValues: offers.map { ($0.productId, $0) }),
                        pickupCode: "ABCDEF")
                case 10: .abandon
                default: .releasePickupCode
                }
            }
        }
    }

    static func offer(
        _ name: String, _ price: Int64, id: ProductID = ProductID(rawValue: UUID()), sold: Bool = true,
        participating: Bool = true
    ) -> Offer {
        Offer(
            productId: id, storeId: bread, storeName: "Bread", productName: name, priceMinor: Money(minor: price),
            sold: sold, participating: participating)
    }

    static func item(_ offer: Offer, _ quantity: Int) -> Item {
        Item(
            productId: offer.productId, storeId: offer.storeId, storeName: offer.storeName,
            productName: offer.productName, priceMinor: offer.priceMinor, quantity: quantity)
    }

    static func checkout(_ offers: Offer...) -> Basket.Command {
        .checkout(
            payment, offers: Dictionary(uniqueKeysWithValues: offers.map { ($0.productId, $0) }), pickupCode: "ABCDEF")
    }
}

extension Given<Basket> {
    fileprivate var contents: Basket.Contents? { if case .open(let contents, _) = state { contents } else { nil } }
}
