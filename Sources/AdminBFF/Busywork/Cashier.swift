/// A cashier: finds the customer's order by its code, takes the payment and hands over the goods.
struct Cashier: Sendable {
    let person: Person

    private var crew: Crew { person.crew }

    func work() async {
        let opened = await person.post("open a shift", "/admin/api/shifts", ["floatMinor": 20_000])
        while await crew.desk.serve(serve) {}
        if let shift = try? opened?.read(Made.self).id {
            await person.post("close a shift", "/admin/api/shifts/\(shift)/close", ["countedMinor": 20_000])
        }
    }

    private func serve(_ visit: Desk.Visit) async {
        await crew.pace.take(person.generator.duration(crew.settings.parameters.service))
        for _ in 0..<Self.attempts {
            guard let row = await find(visit) else { return }
            switch row.invoiceStatus {
            case "pending":
                guard let invoice = row.invoiceId else { return }
                await pay(invoice, visit.cash)
            case "capturing": await crew.pace.rest(Self.look)
            case "paid" where row.status == "ready":
                let answer = await person.post("hand over", "/admin/api/orders/\(visit.order)/complete")
                if answer?.isDone == true { crew.tally.count("handed over") }
                // What the page showed may be a moment old.
                if answer?.code != "conflict" { return }
                await crew.pace.rest(Self.look)
            // The invoice is a moment younger than the approval.
            case nil: await crew.pace.rest(Self.look)
            default: return
            }
        }
        crew.tally.count("sent away from the desk")
    }

    private static let attempts = 20
    private static let look = Duration.milliseconds(250)

    private func find(_ visit: Desk.Visit) async -> Pickups.Row? {
        let answer = await person.get("find a pickup", "/admin/api/pickup?text=\(visit.code)")
        return (try? answer?.read(Pickups.self))?.orders.first { $0.orderId == visit.order }
    }

    /// The amount is what the invoice says now; should it change meanwhile, the system says so and it is looked up again.
    private func pay(_ invoice: String, _ cash: Bool) async {
        let bill = await person.get("look at an invoice", "/admin/api/invoices/\(invoice)")
        guard let bill = try? bill?.read(Bill.self), bill.status == "pending" else { return }
        let answer = await person.put(
            "take a payment", "/admin/api/invoices/\(invoice)/pay",
            ["method": cash ? "cash" : "card_on_file", "expectedAmountMinor": .number(bill.amountMinor)])
        if answer?.isDone == true { crew.tally.count(cash ? "took cash" : "took a card") }
        await crew.pace.rest(Self.look)
    }
}
