import EventLoop

/// A visit of one customer, from the kiosk at the entrance until they carry their goods away, or leave without.
struct Customer: Sendable {
    let number: Int
    let crew: Crew

    func visit() async {
        let kiosk = crew.kiosk("customer \(number)")
        defer { kiosk.caller.close() }
        let plan = CustomerPlan(crew.settings.parameters, using: &kiosk.generator)
        let phone = phone(plan)
        guard let customer = await identify(kiosk, phone) else { return }
        guard let basket = await fill(kiosk, customer, plan) else { return }
        switch plan.ending {
        case .leaves: crew.tally.count("left silently")
        case .cancels:
            await kiosk.delete("cancel a basket", "/api/baskets/\(basket)", ["reason": "too dear"])
            crew.tally.count("canceled a basket")
        case .checksOut:
            if plan.isDisabled { await crew.administrator?.disable(customer) }
            let order = await checkOut(kiosk, basket, plan)
            if plan.isDisabled { await crew.administrator?.enable(customer) }
            if let order { await follow(kiosk, order, phone, plan) }
        }
    }

    private func phone(_ plan: CustomerPlan) -> String {
        let known = crew.knownCustomers
        let person = plan.isKnown && known > 0 ? plan.choice % known : crew.newCustomer()
        // Eight digits: a run of its own, and a person in it.
        return "+49151\(crew.district)\(String(10_000 + person).suffix(4))"
    }

    private func identify(_ kiosk: Person, _ phone: String) async -> String? {
        let answer = await kiosk.post(
            "register", "/api/customers", ["name": "\(Names.person(number))", "smsNumber": "\(phone)"])
        return (try? answer?.read(Made.self))?.id
    }

    /// Returns the basket, once there is something in it.
    private func fill(_ kiosk: Person, _ customer: String, _ plan: CustomerPlan) async -> String? {
        let started = await kiosk.post("start a basket", "/api/baskets", ["customerId": "\(customer)"])
        guard let basket = try? started?.read(Made.self).id else { return nil }
        let shops = plan.stores.map { crew.stores[$0 % crew.stores.count] }
        var shelves: [Goods] = []
        for shop in shops {
            await crew.pace.take(plan.pause)
            let answer = await kiosk.get("browse", "/api/stores/\(shop)/products?limit=100")
            shelves.append((try? answer?.read(Goods.self)) ?? Goods(products: [], next: nil))
        }
        var lines = 0
        for line in plan.lines {
            let shelf = shelves[line.store].products
            if shelf.isEmpty { continue }
            await crew.pace.take(plan.pause)
            let answer = await add(kiosk, basket, shelf[line.product % shelf.count].id, line.quantity)
            if answer?.isDone == true { lines += 1 }
        }
        if lines > 0 { return basket }
        await kiosk.delete("cancel a basket", "/api/baskets/\(basket)", ["reason": "nothing to be had"])
        return nil
    }

    private func add(_ kiosk: Person, _ basket: String, _ product: String, _ quantity: Int) async -> Answer? {
        await kiosk.put(
            "add to a basket", "/api/baskets/\(basket)/addItem",
            ["productId": "\(product)", "quantity": .number(Int64(quantity))])
    }

    private struct Slip {
        let order: String
        let code: String
        let at: ContinuousClock.Instant
    }

    private func checkOut(_ kiosk: Person, _ basket: String, _ plan: CustomerPlan) async -> Slip? {
        // Prices may have changed, more than once, and a store may have left: then there is nothing more to be tried.
        for attempt in 0..<Self.attempts {
            await crew.pace.take(plan.pause)
            if plan.card == .refused, attempt == 0 { await script("refusing") }
            let swiped = await kiosk.post("authorise", "/api/payments", ["basketId": "\(basket)"])
            if plan.card == .refused, attempt == 0 { await script("approving") }
            guard let swiped, swiped.isDone, let payment = try? swiped.read(Made.self).id else { continue }
            if plan.card == .tooSmall, let shop = plan.stores.first {
                let shelf = await kiosk.get("browse", "/api/stores/\(crew.stores[shop % crew.stores.count])/products")
                if let product = try? shelf?.read(Goods.self).products.first {
                    _ = await add(kiosk, basket, product.id, 1)
                }
            }
            await crew.pace.take(plan.pause)
            let answer = await kiosk.put("check out", "/api/baskets/\(basket)/checkout", ["paymentId": "\(payment)"])
            if let answer, answer.isDone, let out = try? answer.read(CheckedOut.self) {
                crew.tally.count("checked out")
                let now = ContinuousClock.now
                crew.checkedOut(out.orderId, at: now)
                return Slip(order: out.orderId, code: out.pickupCode, at: now)
            }
        }
        crew.tally.count("gave up at the checkout")
        await kiosk.delete("cancel a basket", "/api/baskets/\(basket)", ["reason": "it does not work"])
        return nil
    }

    private static let attempts = 3

    /// The simulated card service is told what to say. Others may meet its mood; they try again.
    private func script(_ mood: String) async {
        _ = await crew.control?.post("/services", "{\"authorize\":\"\(mood)\"}")
    }

    /// Waits, pays, changes their mind and collects, as planned, until the order has ended.
    private func follow(_ kiosk: Person, _ slip: Slip, _ phone: String, _ plan: CustomerPlan) async {
        var regret = plan.regret
        var hasPaid = !plan.paysOnArrival
        var isReady = false
        while !Task.isCancelled {
            let answer = await kiosk.get("follow", "/api/ordering/\(slip.order)")
            guard let answer, let order = try? answer.read(Followed.self) else { return }
            switch order.status {
            case "completed", "canceled", "rejected":
                crew.tally.count("ended \(order.status)")
                return
            case "pending" where regret == .pending, "approved" where regret == .approved,
                "in-progress" where regret == .shopping:
                regret = nil
                await kiosk.delete(
                    "cancel an order", "/api/ordering/\(slip.order)",
                    ["smsNumber": "\(phone)", "pickupCode": "\(slip.code)"])
                continue
            case "approved" where !hasPaid, "in-progress" where !hasPaid:
                hasPaid = true
                await crew.desk.stand(Desk.Visit(order: slip.order, code: slip.code, cash: plan.paysCash))
                continue
            case "ready":
                if !isReady {
                    isReady = true
                    if plan.isCanceledWhenReady { await crew.supervisor?.cancel(slip.order) }
                    guard let wait = plan.collectsAfter else {
                        crew.tally.count("never collected")
                        return
                    }
                    await crew.pace.take(wait)
                }
                await crew.desk.stand(Desk.Visit(order: slip.order, code: slip.code, cash: plan.paysCash))
                await crew.pace.take(Self.look)
            default: await crew.pace.take(order.status == "pending" ? Self.glance : Self.look)
            }
        }
    }

    private static let look = Duration.seconds(30)
    private static let glance = Duration.seconds(10)
}
