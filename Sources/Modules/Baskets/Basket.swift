import Contracts
import Kernel

/// What a customer gathers at a kiosk, until it is checked out, given up, or left alone for too long.
enum Basket: Decider {
    case absent
    case open(Contents, Patience)
    case checkedOut(Contents, CheckedOut)
    case canceled(customerId: CustomerID, customerName: String, reason: String)

    struct Contents: Codable, Equatable {
        let customerId: CustomerID
        let customerName: String
        /// In the order they were first added, one line a product.
        var items: [Item] = []
    }

    /// How long the mall waits for the next touch.
    struct Patience: Codable, Equatable {
        let seconds: Int
        var until: Instant

        func renewed(at now: Instant) -> Instant { now + .seconds(seconds) }
    }

    struct CheckedOut: Codable, Equatable {
        let paymentId: PaymentID
        let totalMinor: Money
        let pickupCode: String
        /// Whether the order still lives, so that nobody else's goods may have its code.
        var holdsCode = true
    }

    typealias Noun = Contracts.Noun.Basket
    static let category = "baskets.Basket"
    static let pickupScope = "baskets.pickupCode"
    static let abandonment = "abandon"
    /// The reason of a basket that nobody touched.
    static let abandoned = "abandoned"

    enum Command {
        case start(customerId: CustomerID, customerName: String, abandonAfter: Duration)
        case add(Offer, quantity: Int)
        case remove(ProductID, quantity: Int)
        case cancel(reason: String?)
        /// Offers are what the basket's products cost now.
        case checkout(PaymentID, offers: [ProductID: Offer], pickupCode: String)
        case abandon
        case releasePickupCode
    }

    enum Event: Codable, Equatable {
        case basketStarted(
            customerId: CustomerID, customerName: String, abandonAfterSeconds: Int, openUntil: Instant)
        case basketItemAdded(item: Item, openUntil: Instant)
        case basketItemRemoved(productId: ProductID, quantity: Int, openUntil: Instant)
        case basketRepriced(priceChanges: [PriceChange], openUntil: Instant)
        case basketCanceled(reason: String)
        case basketCheckedOut(paymentId: PaymentID, totalMinor: Money, pickupCode: String)
        case basketPickupCodeReleased
    }

    init() { self = .absent }

    var claims: Set<Claim> {
        guard case .checkedOut(_, let checkout) = self, checkout.holdsCode else { return [] }
        return [
            Claim(
                scope: Self.pickupScope, value: checkout.pickupCode,
                taken: "the pickup code was taken a moment ago, check out again")
        ]
    }

    var timers: [String: Instant] {
        guard case .open(_, let patience) = self else { return [:] }
        return [Self.abandonment: patience.until]
    }

    static func command(for timer: String) -> Command? { timer == abandonment ? .abandon : nil }

    func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .start(let customerId, let customerName, let patience)):
            return [
                .basketStarted(
                    customerId: customerId, customerName: customerName,
                    abandonAfterSeconds: Int(patience.components.seconds), openUntil: now + patience)
            ]
        case (.open(let contents, let patience), .add(let offer, let quantity)):
            return [
                .basketItemAdded(
                    item: try contents.item(of: offer, adding: quantity), openUntil: patience.renewed(at: now))
            ]
        case (.open(let contents, let patience), .remove(let product, let quantity)):
            try contents.judgeRemoval(of: product, quantity)
            return [
                .basketItemRemoved(productId: product, quantity: quantity, openUntil: patience.renewed(at: now))
            ]
        case (.open, .cancel(let reason)):
            return [.basketCanceled(reason: try Text.note(reason, field: "reason"))]
        case (.open(let contents, let patience), .checkout(let paymentId, let offers, let pickupCode)):
            guard !contents.items.isEmpty else { throw .invalid("the basket is empty", field: "items") }
            for item in contents.items { try item.judgeSale(offers[item.productId]) }
            let changes = contents.priceChanges(given: offers)
            guard changes.isEmpty else {
                _ = try contents.repriced(changes).items.total()
                return [.basketRepriced(priceChanges: changes, openUntil: patience.renewed(at: now))]
            }
            return [
                .basketCheckedOut(
                    paymentId: paymentId, totalMinor: try contents.items.total(), pickupCode: pickupCode)
            ]
        // A timer that was set before the last touch may still go off.
        case (.open(_, let patience), .abandon):
            return now < patience.until ? [] : [.basketCanceled(reason: Self.abandoned)]
        case (.checkedOut(_, let checkout), .releasePickupCode):
            return checkout.holdsCode ? [.basketPickupCodeReleased] : []

        case (.absent, .abandon), (.checkedOut, .abandon), (.canceled, .abandon): return []
        case (.absent, .releasePickupCode), (.open, .releasePickupCode), (.canceled, .releasePickupCode): return []
        case (.open, .start), (.checkedOut, .start), (.canceled, .start):
            throw .conflict("the basket was started already")
        case (.absent, .add), (.absent, .remove), (.absent, .cancel), (.absent, .checkout): throw .unknownBasket
        case (.checkedOut, .add), (.checkedOut, .remove), (.checkedOut, .cancel), (.checkedOut, .checkout):
            throw .conflict("the basket is checked out already")
        case (.canceled, .add), (.canceled, .remove), (.canceled, .cancel), (.canceled, .checkout):
            throw .conflict("the basket was canceled")
        }
    }

    mutating func apply(_ event: Event) {
        switch (self, event) {
        case (_, .basketStarted(let customerId, let customerName, let seconds, let until)):
            self = .open(
                Contents(customerId: customerId, customerName: customerName),
                Patience(seconds: seconds, until: until))
        case (.open(var contents, var patience), .basketItemAdded(let item, let until)):
            contents.add(item)
            patience.until = until
            self = .open(contents, patience)
        case (.open(var contents, var patience), .basketItemRemoved(let product, let quantity, let until)):
            contents.remove(product, quantity)
            patience.until = until
            self = .open(contents, patience)
        case (.open(let contents, var patience), .basketRepriced(let changes, let until)):
            patience.until = until
            self = .open(contents.repriced(changes), patience)
        case (.open(let contents, _), .basketCanceled(let reason)):
            self = .canceled(
                customerId: contents.customerId, customerName: contents.customerName, reason: reason)
        case (.open(let contents, _), .basketCheckedOut(let paymentId, let total, let pickupCode)):
            self = .checkedOut(
                contents, CheckedOut(paymentId: paymentId, totalMinor: total, pickupCode: pickupCode))
        case (.checkedOut(let contents, var checkout), .basketPickupCodeReleased):
            checkout.holdsCode = false
            self = .checkedOut(contents, checkout)
        default: preconditionFailure("\(event) happened to a basket that was \(self)")
        }
    }
}

extension Basket.Contents {
    /// The units to add, at today's price, which becomes that of the whole line.
    func item(of offer: Offer, adding quantity: Int) throws(Refusal) -> Item {
        try judge(quantity)
        let item = Item(
            productId: offer.productId, storeId: offer.storeId, storeName: offer.storeName,
            productName: offer.productName, priceMinor: offer.priceMinor, quantity: quantity)
        try item.judgeSale(offer)
        let held = items.first { $0.productId == offer.productId }?.quantity ?? 0
        guard MallLimits.quantity.contains(held + quantity) else {
            throw .invalid("a line may have at most \(MallLimits.quantity.upperBound) units", field: "quantity")
        }
        guard held > 0 || items.count < MallLimits.lines else {
            throw .invalid("a basket may have at most \(MallLimits.lines) lines", field: "productId")
        }
        return item
    }

    func judgeRemoval(of product: ProductID, _ quantity: Int) throws(Refusal) {
        try judge(quantity)
        guard let held = items.first(where: { $0.productId == product })?.quantity else {
            throw .invalid("the product is not in the basket", field: "productId")
        }
        guard quantity <= held else { throw .invalid("the basket has only \(held) of it", field: "quantity") }
    }

    private func judge(_ quantity: Int) throws(Refusal) {
        guard MallLimits.quantity.contains(quantity) else {
            throw .invalid(
                "the quantity must be between 1 and \(MallLimits.quantity.upperBound)", field: "quantity")
        }
    }

    /// The lines whose products cost something else now.
    func priceChanges(given offers: [ProductID: Offer]) -> [PriceChange] {
        items.compactMap { item in
            guard let offer = offers[item.productId], offer.priceMinor != item.priceMinor else { return nil }
            return PriceChange(
                productId: item.productId, productName: item.productName, oldPriceMinor: item.priceMinor,
                newPriceMinor: offer.priceMinor)
        }
    }

    func repriced(_ changes: [PriceChange]) -> Self {
        var contents = self
        for change in changes {
            guard let index = items.firstIndex(where: { $0.productId == change.productId }) else { continue }
            contents.items[index] = items[index].costing(change.newPriceMinor)
        }
        return contents
    }

    mutating func add(_ item: Item) {
        if let index = items.firstIndex(where: { $0.productId == item.productId }) {
            items[index] = item.counting(items[index].quantity + item.quantity)
        } else {
            items.append(item)
        }
    }

    mutating func remove(_ product: ProductID, _ quantity: Int) {
        guard let index = items.firstIndex(where: { $0.productId == product }) else { return }
        let left = items[index].quantity - quantity
        if left > 0 { items[index] = items[index].counting(left) } else { items.remove(at: index) }
    }
}

extension Item {
    /// Refuses what cannot be bought through the service now.
    fileprivate func judgeSale(_ offer: Offer?) throws(Refusal) {
        guard let offer, offer.sold else { throw .conflict("\(productName) is no longer sold") }
        guard offer.participating else { throw .conflict("\(offer.storeName) does not take part any more") }
    }
}

extension Refusal {
    static let unknownBasket = Refusal.notFound("there is no such basket")
}
