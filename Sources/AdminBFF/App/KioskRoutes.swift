import Contracts
import Crypto
import EventStore
import FoundationEssentials
import HTTP
import Kernel
import Server

/// The kiosks' routes: browsing, baskets, payment, checkout. A kiosk's every answer about a basket holds the whole basket.
extension Router {
    mutating func addKioskRoutes(_ edge: Edge) {
        get(
            "/api/stores/participating",
            edge.route(.kiosk) { call in
                try await edge.catchUp(call)
                let page = try await edge.dispatcher.questions.ask(GetParticipatingStores(page: edge.page(call)))
                return try edge.cacheable(call, Coding.encode(StoresPage(stores: page.rows, next: page.next)))
            })
        get(
            "/api/stores/{id}",
            edge.route(.kiosk) { call in
                try .json(Coding.encode(await edge.dispatcher.questions.ask(GetStore(id: call.id()))))
            })
        get(
            "/api/stores/{id}/products",
            edge.route(.kiosk) { call in
                try await edge.catchUp(call)
                let page = try await edge.dispatcher.questions.ask(GetCatalog(id: call.id(), page: edge.page(call)))
                return try edge.cacheable(call, Coding.encode(ProductsPage(products: page.rows, next: page.next)))
            })
        get(
            "/api/stores/products/{id}",
            edge.route(.kiosk) { call in
                try .json(Coding.encode(await edge.dispatcher.questions.ask(GetProduct(id: call.id()))))
            })

        post(
            "/api/customers",
            edge.route(.kiosk) { call in
                let outcome = try await edge.perform(RegisterCustomer.self, call)
                let reply = try Coding.decode(RegisteredCustomer.self, from: outcome.reply)
                return try .json(
                    Coding.encode(
                        Registered(id: reply.id, position: outcome.position, correlationId: call.correlation.lowercase)),
                    reply.known ? .ok : .created)
            })
        get(
            "/api/customers/{id}",
            edge.route(.kiosk) { call in
                try .json(Coding.encode(await edge.dispatcher.questions.ask(GetCustomer(id: call.id()))))
            })
        put("/api/customers/{id}/change-sms", edge.command(ChangeSmsNumber.self, by: .kiosk))

        post("/api/baskets", edge.basket(StartBasket.self, status: .created))
        get(
            "/api/baskets/{id}",
            edge.route(.kiosk) { call in
                try .json(Coding.encode(await edge.dispatcher.questions.ask(GetBasket(id: call.id()))))
            })
        put("/api/baskets/{id}/addItem", edge.basket(AddItem.self))
        put("/api/baskets/{id}/removeItem", edge.basket(RemoveItem.self))
        delete("/api/baskets/{id}", edge.basket(CancelBasket.self))
        put("/api/baskets/{id}/checkout", edge.checkout())

        post("/api/payments", edge.command(AuthorizePayment.self, by: .kiosk, status: .created))

        get(
            "/api/ordering/{id}",
            edge.route(.kiosk) { call in
                try .json(Coding.encode(await edge.dispatcher.questions.ask(GetOrder(id: call.id()))))
            })
        delete("/api/ordering/{id}", edge.cancelOrder())
    }
}

/// By what a customer proves that an order is theirs: the number it was placed under, and the code on the slip.
private struct OrderProof: Decodable {
    let smsNumber: String
    let pickupCode: String
}

private struct StoresPage: Encodable {
    let stores: [StoreDetails]
    let next: String?
}

private struct ProductsPage: Encodable {
    let products: [ProductDetails]
    let next: String?
}

private struct Registered: Encodable {
    let id: CustomerID
    let position: Position
    let correlationId: String
}

/// A basket after a command.
private struct BasketAnswer: Encodable {
    let basket: BasketDetails
    let position: Position
    let correlationId: String

    private enum Keys: String, CodingKey { case position, correlationId }

    func encode(to encoder: any Encoder) throws {
        try basket.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(position, forKey: .position)
        try container.encode(correlationId, forKey: .correlationId)
    }
}

private struct CheckedOut: Encodable {
    let orderId: OrderID
    let pickupCode: String
    let totalMinor: Money
    let position: Position
    let correlationId: String
}

/// The one conflict that writes: the basket has the new prices, and a second checkout accepts them.
private struct Repriced: Encodable {
    let code = Refusal.Kind.conflict.rawValue
    let message = "prices have changed; check out again to accept them"
    let correlationId: String
    let priceChanges: [PriceChange]
    let totalMinor: Money
}

extension Edge {
    fileprivate func page(_ call: Call) throws -> PageRequest {
        let query = call.request.query
        let limit = try query["limit"].map { text throws(Refusal) in
            guard let limit = Int(text) else { throw .invalid("limit must be a whole number", field: "limit") }
            return limit
        }
        return try PageRequest(limit: limit, next: query["next"])
    }

    /// What many kiosks ask all the time may be up to five seconds old at a kiosk, and costs nothing if it did not change.
    fileprivate func cacheable(_ call: Call, _ body: [UInt8]) throws -> Response {
        let tag = "\"\(Hex.encode(Digest.sha256(body).prefix(12)))\""
        var response = call.request.headers["if-none-match"] == tag ? Response(.notModified) : Response.json(body)
        response.headers.add("etag", tag)
        response.headers.add("cache-control", "private, max-age=5")
        return response
    }

    fileprivate func basket<C: PublicCommand>(_: C.Type, status: Status = .ok) -> Router.Handler {
        route(.kiosk) { call in
            let outcome = try await perform(C.self, call)
            guard let id = outcome.subject?.id else { throw Refusal(.internal, "a basket's command named no basket") }
            let basket = try await dispatcher.questions.after(outcome).ask(GetBasket(id: BasketID(rawValue: id)))
            return try .json(
                Coding.encode(
                    BasketAnswer(basket: basket, position: outcome.position, correlationId: call.correlation.lowercase)),
                status)
        }
    }

    fileprivate func cancelOrder() -> Router.Handler {
        route(.kiosk) { call in
            let proof: OrderProof
            do { proof = try Coding.decode(from: Self.fields(of: call.request)) } catch {
                throw (error as? Refusal) ?? Refusal(decoding: error)
            }
            let order = try await dispatcher.questions.ask(GetOrder(id: call.id()))
            let customer = try await dispatcher.questions.ask(FindCustomer(smsNumber: proof.smsNumber))
            guard customer?.id == order.customerId, proof.pickupCode == order.pickupCode else {
                throw Refusal.forbidden("phone number and pickup code do not belong to this order")
            }
            let outcome = try await dispatcher.perform(CancelOrder(id: order.id), request(for: CancelOrder.name, call))
            return try .json(Coding.encode(Receipt(outcome, call)))
        }
    }

    fileprivate func checkout() -> Router.Handler {
        route(.kiosk) { call in
            let outcome = try await perform(CheckoutBasket.self, call)
            let correlation = call.correlation.lowercase
            switch try Coding.decode(Checkout.self, from: outcome.reply) {
            case .checkedOut(let order, let code, let total):
                return try .json(
                    Coding.encode(
                        CheckedOut(
                            orderId: order, pickupCode: code, totalMinor: total, position: outcome.position,
                            correlationId: correlation)),
                    .accepted)
            case .repriced(let changes, let total):
                return try .json(
                    Coding.encode(Repriced(correlationId: correlation, priceChanges: changes, totalMinor: total)),
                    .conflict)
            }
        }
    }
}
