import Contracts
public import Kernel

/// Baskets, from the first touch of a kiosk to checkout. One that nobody touches for `abandonAfter` is given up.
public func baskets(abandonAfter: Duration = .seconds(600)) -> Module {
    Module("baskets") {
        accepts(StartBasket.self) { command, tx in
            let customer = try await tx.ask(GetCustomer(id: command.customerId))
            guard customer.enabled else { throw Refusal.forbidden("the customer may not order") }
            try await tx.tell(
                Basket.self, tx.newID(BasketID.self),
                .start(customerId: customer.id, customerName: customer.name, abandonAfter: abandonAfter))
            return Done()
        }
        accepts(AddItem.self) { command, tx in
            let offers = try await tx.ask(Offers(products: [command.productId]))
            guard let offer = offers[command.productId] else { throw Refusal.notFound("there is no such product") }
            try await tx.tell(Basket.self, command.id, .add(offer, quantity: command.quantity))
            return Done()
        }
        accepts(RemoveItem.self) { command, tx in
            try await tx.tell(Basket.self, command.id, .remove(command.productId, quantity: command.quantity))
            return Done()
        }
        accepts(CancelBasket.self) { command, tx in
            try await tx.tell(Basket.self, command.id, .cancel(reason: command.reason))
            return Done()
        }
        accepts(CheckoutBasket.self) { command, tx in
            guard let basket = try await tx.state(of: Basket.self, command.id) else { throw Refusal.unknownBasket }
            var offers: [ProductID: Offer] = [:]
            if case .open(let contents, _) = basket, !contents.items.isEmpty {
                offers = try await tx.ask(Offers(products: contents.items.map(\.productId)))
            }
            let code = try await freePickupCode(for: tx.newID(OrderID.self), tx)
            let outcome = try await tx.tell(
                Basket.self, command.id, .checkout(command.paymentId, offers: offers, pickupCode: code))
            switch (basket, outcome) {
            case (_, .checkedOut(_, let checkout)):
                return .checkedOut(
                    orderId: command.id.of(OrderID.self), pickupCode: checkout.pickupCode,
                    totalMinor: checkout.totalMinor)
            case (.open(let before, _), .open(let contents, _)):
                return .repriced(
                    priceChanges: before.priceChanges(given: offers), totalMinor: try contents.items.total())
            default: preconditionFailure("a checkout left a basket that is \(outcome)")
            }
        }
        ticks(Basket.self)
        announces(Basket.self) { id, state, event in
            switch (state, event) {
            case (_, .basketStarted(let customerId, let customerName, _, _)):
                BasketStarted(id: id, customerId: customerId, customerName: customerName)
            case (.canceled(let customerId, _, _), .basketCanceled(let reason)):
                BasketCanceled(id: id, customerId: customerId, reason: reason)
            case (.checkedOut(let contents, let checkout), .basketCheckedOut):
                BasketCheckedOut(
                    id: id, customerId: contents.customerId, customerName: contents.customerName,
                    paymentId: checkout.paymentId, items: contents.items, totalMinor: checkout.totalMinor,
                    pickupCode: checkout.pickupCode)
            case (_, .basketItemAdded), (_, .basketItemRemoved), (_, .basketRepriced), (_, .basketPickupCodeReleased):
                []
            case (_, .basketCanceled), (_, .basketCheckedOut): impossible(state, after: event)
            }
        }

        // The code becomes free for another order's goods when this one's have gone, or never come.
        reacts(to: OrderCompleted.self) { event, tx in
            try await tx.tell(Basket.self, event.id.of(BasketID.self), .releasePickupCode)
        }
        reacts(to: OrderCanceled.self) { event, tx in
            try await tx.tell(Basket.self, event.id.of(BasketID.self), .releasePickupCode)
        }
        reacts(to: OrderRejected.self) { event, tx in
            try await tx.tell(Basket.self, event.id.of(BasketID.self), .releasePickupCode)
        }

        answers(GetBasket.self) { query, reader in
            guard let found = try await reader.state(of: Basket.self, query.id) else { throw Refusal.unknownBasket }
            return try await details(of: query.id, found.state, found.version, reader)
        }
        answers(FindBasketByPickupCode.self) { query, reader in
            let code = PickupCode.normalized(query.pickupCode)
            return try await reader.holder(ofClaim: Basket.pickupScope, value: code).map(BasketID.init(rawValue:))
        }
        answers(Offers.self) { query, reader in try await query.answer(reader) }

        migrates(OfferCache.migration)
        OfferCache.stores
        OfferCache.products
    }
}

/// The first code made of this identifier that no live order has.
private func freePickupCode(for id: OrderID, _ tx: borrowing any Transaction & ~Copyable) async throws -> String {
    for candidate in 0..<PickupCode.candidates {
        let code = PickupCode.code(of: id.rawValue, candidate: candidate)
        if try await tx.ask(FindBasketByPickupCode(pickupCode: code)) == nil { return code }
    }
    throw Refusal.unavailable("no pickup code is free, check out again")
}

private func details(
    of id: BasketID, _ basket: Basket, _ version: Version, _ reader: any Reader
) async throws -> BasketDetails {
    switch basket {
    case .absent: throw Refusal.unknownBasket
    case .open(let contents, _):
        var changes: [PriceChange] = []
        if !contents.items.isEmpty {
            let offers = try await reader.ask(Offers(products: contents.items.map(\.productId)))
            changes = contents.priceChanges(given: offers)
        }
        return BasketDetails(
            id: id, customerId: contents.customerId, customerName: contents.customerName, status: .open,
            items: contents.items, totalMinor: try contents.items.total(), priceChanges: changes, version: version)
    case .checkedOut(let contents, let checkout):
        return BasketDetails(
            id: id, customerId: contents.customerId, customerName: contents.customerName, status: .checkedOut,
            items: contents.items, totalMinor: checkout.totalMinor, paymentId: checkout.paymentId,
            pickupCode: checkout.pickupCode, priceChanges: [], version: version)
    case .canceled(let customerId, let customerName, let reason):
        return BasketDetails(
            id: id, customerId: customerId, customerName: customerName, status: .canceled, items: [],
            totalMinor: .zero, cancelReason: reason, priceChanges: [], version: version)
    }
}

private func impossible(_ state: Basket, after event: Basket.Event) -> [any PublicEvent] {
    preconditionFailure("\(event) left a basket that is \(state)")
}
