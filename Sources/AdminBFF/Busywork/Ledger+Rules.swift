import Contracts
public import Kernel

/// The mall's invariants, as far as the log's messages tell them.
extension Ledger {
    /// How long things may take before somebody should have noticed.
    public struct Patience: Sendable {
        public var pendingOrder = Duration.seconds(60)
        /// With an idle robot beside it.
        public var availableList = Duration.seconds(600)
        /// Longer than a robot rests between two errands, and than a silent one takes to be lost.
        public var idleRobot = Duration.seconds(60)
        public init() {}
    }

    /// What does not hold, now that every consumer has heard everything. With `excused`, because something was broken a
    /// moment ago, nobody is blamed for being late.
    public func violations(at now: Instant, _ patience: Patience = Patience(), excused: Bool = false) -> [String] {
        oneOfEach() + moneyAddsUp() + endsAreClean() + robotsAndListsAgree() + textsAreSent()
            + (excused ? [] : nobodyIsForgotten(at: now, patience))
    }

    /// 1: each checked-out basket has exactly one order; each approved one exactly one list and one invoice.
    private func oneOfEach() -> [String] {
        var found: [String] = []
        for basket in baskets where orders[basket] == nil {
            found.append("1: basket \(basket) is checked out and has no order")
        }
        let listCounts = Dictionary(lists.values.map { ($0.order, 1) }, uniquingKeysWith: +)
        let invoiceCounts = Dictionary(invoices.values.map { ($0.order, 1) }, uniquingKeysWith: +)
        for (id, order) in orders {
            if order.count != 1 { found.append("1: order \(id) was created \(order.count) times") }
            if !baskets.contains(id) { found.append("1: order \(id) has no checked-out basket") }
            guard order.wasApproved else { continue }
            let (ofLists, ofInvoices) = (listCounts[id] ?? 0, invoiceCounts[id] ?? 0)
            if ofLists != 1 { found.append("1: approved order \(id) has \(ofLists) lists") }
            if ofInvoices != 1 { found.append("1: approved order \(id) has \(ofInvoices) invoices") }
        }
        return found
    }

    /// 2: what was received and not given back is what was handed over, or paid and still open; no payment has two orders.
    private func moneyAddsUp() -> [String] {
        var found: [String] = []
        var (kept, handedOver, open) = (Int64(0), Int64(0), Int64(0))
        for (id, invoice) in invoices {
            let net = invoice.received - invoice.refunded
            kept += net
            guard let order = orders[invoice.order] else { continue }
            switch order.status {
            case .completed:
                if net != order.total.minor {
                    found.append(
                        "2: order \(invoice.order) was completed for \(order.total.minor), invoice \(id) kept \(net)")
                }
            case .rejected, .canceled:
                if net != 0 {
                    found.append("2: order \(invoice.order) is \(order.status.rawValue), invoice \(id) kept \(net)")
                }
            case .pending, .approved, .inProgress, .ready: open += net
            }
        }
        for order in orders.values where order.status == .completed { handedOver += order.total.minor }
        if kept - open != handedOver {
            found.append("2: \(kept) was kept, of it \(open) for open orders, and \(handedOver) was handed over")
        }
        for (id, hold) in holds where hold.orders.count > 1 {
            found.append(
                "2: payment \(id) is bound to orders \(hold.orders.map(\.description).sorted().joined(separator: ", "))"
            )
        }
        return found
    }

    /// 3: what is completed was paid and collected; what is canceled or rejected leaves nothing behind.
    private func endsAreClean() -> [String] {
        var found: [String] = []
        for (id, list) in lists {
            switch orders[list.order]?.status {
            case .completed where list.status != .completed:
                found.append("3: order \(list.order) is completed, its list \(id) is \(list.status.rawValue)")
            case .canceled where ![.canceled, .completed].contains(list.status),
                .rejected where ![.canceled, .completed].contains(list.status):
                found.append("3: order \(list.order) has ended, its list \(id) is \(list.status.rawValue)")
            default: break
            }
        }
        for (id, invoice) in invoices {
            switch orders[invoice.order]?.status {
            case .completed where invoice.status != .paid:
                found.append("3: order \(invoice.order) is completed, its invoice \(id) is \(invoice.status.rawValue)")
            case .canceled where invoice.status == .pending, .rejected where invoice.status == .pending:
                found.append("3: order \(invoice.order) has ended, its invoice \(id) is still payable")
            default: break
            }
        }
        for (id, hold) in holds where hold.isHeld {
            guard let order = orders[hold.basket.of(OrderID.self)], order.payment == id else { continue }
            if order.status == .canceled || order.status == .rejected {
                found.append("3: order \(hold.basket) has ended, its authorisation \(id) is held")
            }
        }
        return found
    }

    /// 4: no robot has two lists, no list two robots, and an active robot's list names it.
    private func robotsAndListsAgree() -> [String] {
        var found: [String] = []
        for (bot, held) in Dictionary(grouping: lists.filter { $0.value.bot != nil }, by: { $0.value.bot! })
        where held.count > 1 {
            found.append("4: robot \(bot) has lists \(held.map(\.key.description).sorted().joined(separator: ", "))")
        }
        for (id, bot) in bots where bot.status == .active {
            guard let list = bot.list, lists[list]?.bot == id else {
                found.append("4: robot \(id) is active, its list \(bot.list?.description ?? "is none") names another")
                continue
            }
        }
        for (id, list) in lists {
            if let bot = list.bot, bots[bot]?.list != id {
                found.append("4: list \(id) names robot \(bot), which has another")
            }
        }
        return found
    }

    /// 5: nothing waits for ever.
    private func nobodyIsForgotten(at now: Instant, _ patience: Patience) -> [String] {
        var found: [String] = []
        for (id, order) in orders where order.status == .pending && now - order.at > patience.pendingOrder {
            found.append("5: order \(id) is pending since \(order.at)")
        }
        if bots.values.contains(where: { $0.status == .idle && now - $0.since > patience.idleRobot }) {
            for (id, list) in lists where list.status == .available && !list.needsClerk {
                if let since = list.availableSince, now - since > patience.availableList {
                    found.append("5: list \(id) is available since \(since), and a robot is idle")
                }
            }
        }
        return found + stuck.map { "5: the saga of order \($0) is stuck" }
    }

    /// 6: nobody was texted twice, and everybody whose goods are ready was.
    private func textsAreSent() -> [String] {
        var found: [String] = []
        for (key, count) in texts where count.sent > 1 {
            found.append("6: \(key.kind.rawValue) of order \(key.order) was sent \(count.sent) times")
        }
        for (id, order) in orders where order.wasReadied && texts[TextKey(order: id, kind: .ready)] == nil {
            found.append("6: order \(id) was ready and nobody was told")
        }
        return found
    }
}
