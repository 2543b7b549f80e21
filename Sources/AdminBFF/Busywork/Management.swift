/// The administrator: decides who takes part, and mends what got stuck.
struct Administrator: Sendable {
    let person: Person

    private var crew: Crew { person.crew }

    func disable(_ customer: String) async {
        await person.put("disable a customer", "/admin/api/customers/\(customer)/disable")
    }

    func enable(_ customer: String) async {
        await person.put("enable a customer", "/admin/api/customers/\(customer)/enable")
    }

    /// Stores leave and come back.
    func toggleParticipation() async {
        while !Task.isCancelled {
            await crew.pace.take(person.generator.wait(mean: crew.settings.parameters.participationToggled))
            guard !Task.isCancelled, let store = crew.stores.randomElement(using: &person.generator) else { return }
            await person.delete("take a store out", "/admin/api/stores/\(store)/participating")
            await crew.pace.take(person.generator.duration(60...180))
            await person.put("take a store in", "/admin/api/stores/\(store)/participating")
            crew.tally.count("left and came back")
        }
    }

    /// Sends again what could not be sent and tries again what is stuck.
    func mend() async {
        while !Task.isCancelled {
            await crew.pace.rest(.seconds(5))
            for row in await troubles("/admin/api/sagas?status=stuck") {
                await person.post("retry a saga", "/admin/api/sagas/\(row.id)/retry")
                crew.tally.count("retried a saga")
            }
            for row in await troubles("/admin/api/messages?status=failed") {
                await person.post("resend a text", "/admin/api/messages/\(row.id)/resend")
                crew.tally.count("resent a text")
            }
        }
    }

    private func troubles(_ path: String) async -> [Troubles.Row] {
        (try? await person.get("look for trouble", path)?.read(Troubles.self).rows) ?? []
    }
}

/// The depot supervisor, who alone may cancel what waits to be collected.
struct Supervisor: Sendable {
    let person: Person

    func cancel(_ order: String) async {
        await person.post("cancel when ready", "/admin/api/orders/\(order)/cancel", ["reason": "damaged at the depot"])
    }
}

/// The store managers: prices rise and fall, and names change.
struct Manager: Sendable {
    let person: Person

    private var crew: Crew { person.crew }

    func changePrices() async {
        while !Task.isCancelled {
            await crew.pace.take(person.generator.wait(mean: crew.settings.parameters.priceChange))
            guard !Task.isCancelled, let product = await anyProduct() else { continue }
            // A tenth of the price, and never nothing.
            let step = max(1, product.priceMinor / 10)
            let rises = person.generator.happens(600) || product.priceMinor <= step
            await person.put(
                "change a price", "/admin/api/stores/products/\(product.id)/\(rises ? "increase" : "decrease")Price",
                ["priceMinor": .number(product.priceMinor + (rises ? step : -step))])
            crew.tally.count("changed a price")
        }
    }

    func rebrand() async {
        var times = 0
        while !Task.isCancelled {
            await crew.pace.take(person.generator.wait(mean: crew.settings.parameters.rebrand))
            guard !Task.isCancelled, let store = crew.stores.randomElement(using: &person.generator) else { return }
            times += 1
            await person.put(
                "rebrand a store", "/admin/api/stores/\(store)/rebrand",
                ["name": "\(Names.store(person.generator.next())) \(times)"])
            crew.tally.count("rebranded")
        }
    }

    private func anyProduct() async -> Goods.Product? {
        guard let store = crew.stores.randomElement(using: &person.generator) else { return nil }
        let shelf = await person.get("look at a catalogue", "/admin/api/stores/\(store)/products?limit=100")
        return (try? shelf?.read(Goods.self))?.products.randomElement(using: &person.generator)
    }
}
