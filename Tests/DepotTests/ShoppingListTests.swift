import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Depot

/// Rows 38 to 40, 42, 44 to 46, 50 and 57; F-D1, F-D2, F-D6, F-D7, F-D8.
@Suite struct ShoppingListTests {
    static let order = OrderID(rawValue: UUID())
    static let bread = StoreID(rawValue: UUID())
    static let books = StoreID(rawValue: UUID())
    static let rye = ProductID(rawValue: UUID())
    static let oat = ProductID(rawValue: UUID())
    static let novel = ProductID(rawValue: UUID())
    static let bot = BotID(rawValue: UUID())
    static let other = BotID(rawValue: UUID())

    /// Rye for the table of states; `stops` is for the rules.
    static let short = [
        Stop(
            storeId: bread, storeName: "Bread", location: "A1",
            lines: [StopLine(productId: rye, productName: "Rye", quantity: 2)])
    ]
    static let stops = [
        Stop(
            storeId: bread, storeName: "Bread", location: "A1",
            lines: [
                StopLine(productId: rye, productName: "Rye", quantity: 3),
                StopLine(productId: oat, productName: "Oat", quantity: 1),
            ]),
        Stop(
            storeId: books, storeName: "Books", location: "B2",
            lines: [StopLine(productId: novel, productName: "Novel", quantity: 1)]),
    ]

    static let initiated: [ShoppingList.Event] = [
        .shoppingListCreated(orderId: order, stops: short), .shoppingListInitiated,
    ]
    static let assigned = initiated + [.shoppingListAssigned(botId: bot, botName: "R1")]
    static let started = assigned + [.shoppingListStarted(reportNo: 1)]
    static let there = started + [.shoppingListStopReached(storeId: bread, at: .morning, reportNo: 2)]
    static let picked = there + [.shoppingListItemPicked(productId: rye, storeId: bread, quantity: 2, reportNo: 3)]
    static let delivered = picked + [.shoppingListDelivered(reportNo: 4)]
    static let counted = CountedLine(
        productId: rye, storeId: bread, productName: "Rye", ordered: 2, picked: 2, missing: 0)
    static let none = CountedLine(
        productId: rye, storeId: bread, productName: "Rye", ordered: 2, picked: 0, missing: 2)
    static let completed = delivered + [.shoppingListCompleted(lines: [counted], bay: "A-01")]
    static let released = ShoppingList.Event.shoppingListReleased(botId: bot, reason: "flat")

    @Test func `every state answers every command as the table says`() {
        let table = table(
            of: ShoppingList.self,
            states: [
                "absent": [], "pending": [Self.initiated[0]], "available": Self.initiated, "assigned": Self.assigned,
                "started": Self.started, "at the stop": Self.there, "all picked": Self.picked,
                "delivered": Self.delivered, "completed, in a bay": Self.completed,
                "completed, without goods": Self.delivered + [
                    .shoppingListCompleted(lines: [Self.none], bay: nil)
                ],
                "completed, on the shelf": Self.completed + [.shoppingListBayCleared(bay: "A-01", toReturns: true)],
                "completed, handed over": Self.completed + [.shoppingListBayCleared(bay: "A-01", toReturns: false)],
                "canceled": Self.initiated + [.shoppingListCanceled(botId: nil, reason: "rain", hasGoods: false)],
                "canceled, on the shelf": Self.picked + [
                    .shoppingListCanceled(botId: Self.bot, reason: "rain", hasGoods: true)
                ],
                "canceled, taken back": Self.picked + [
                    .shoppingListCanceled(botId: Self.bot, reason: "rain", hasGoods: true), .shoppingListReturned,
                ],
                "forestalled": [.shoppingListForestalled(orderId: Self.order, reason: "rain")],
            ],
            commands: [
                "create": .create(orderId: Self.order, stops: Self.short), "initiate": .initiate,
                "assign": .assign(Self.bot, name: "R1"), "assign to another": .assign(Self.other, name: "R2"),
                "report 1, start": .report(.start, number: 1, by: Self.bot),
                "report 2, arrive": .report(.arrive(Self.bread), number: 2, by: Self.bot),
                "report 3, pick": .report(.pick(Self.rye, Self.bread, quantity: 2), number: 3, by: Self.bot),
                "report 3, unavailable": .report(
                    .unavailable(Self.rye, Self.bread, quantity: 2), number: 3, by: Self.bot),
                "report 4, deliver": .report(.deliver, number: 4, by: Self.bot),
                "report 5, start": .report(.start, number: 5, by: Self.bot),
                "report of another": .report(.start, number: 1, by: Self.other),
                "release": .release(reason: "flat"), "complete": .complete([], bay: "A-01"),
                "put to bay": .putToBay("b-02"), "cancel": .cancel(reason: "rain"),
                "withdraw": .withdraw(reason: "rain"), "hand over": .handOver, "clear returns": .clearReturns,
                "forestall": .forestall(Self.order, reason: "hail"),
            ])
        #expect(table == Self.answers)
    }

    @Test func `F-D8 and row 46: a list asks for something, and for at least one of it`() {
        func refusal(_ stops: [Stop]) -> Refusal? {
            given(ShoppingList.self).refusal(of: .create(orderId: Self.order, stops: stops))
        }
        let nothing = Stop(storeId: Self.bread, storeName: "Bread", location: "A1", lines: [])
        let none = StopLine(productId: Self.rye, productName: "Rye", quantity: 0)
        #expect(refusal([])?.field == "items")
        #expect(refusal([nothing])?.field == "items")
        #expect(
            refusal([Stop(storeId: Self.bread, storeName: "Bread", location: "A1", lines: [none])])?.field
                == "quantity")
    }

    @Test func `row 39: a report that comes again is counted once, one ahead of others not at all`() {
        var list = shopping()
        list = list.after(report(.pick(Self.rye, Self.bread, quantity: 1), 3))
        #expect(list.when(report(.pick(Self.rye, Self.bread, quantity: 1), 3)) == .success([]))
        #expect(list.state.errand?.stops.picked == 1)
        #expect(
            list.refusal(of: report(.pick(Self.rye, Self.bread, quantity: 1), 5))
                == .conflict("report 5 came, and report 4 is expected"))
        #expect(list.refusal(of: report(.pick(Self.rye, Self.bread, quantity: 1), 0))?.field == "reportNo")
    }

    @Test func `row 39: more than was ordered is neither picked nor missing, whatever the two add up to`() {
        let list = shopping().after(report(.pick(Self.rye, Self.bread, quantity: 2), 3))
        for report in [
            Report.pick(Self.rye, Self.bread, quantity: 2), .unavailable(Self.rye, Self.bread, quantity: 2),
            .pick(Self.rye, Self.bread, quantity: 0), .unavailable(Self.rye, Self.bread, quantity: -1),
            .pick(Self.rye, Self.bread, quantity: .max),
        ] {
            #expect(list.refusal(of: self.report(report, 4))?.field == "quantity")
        }
        // A refused report has not used its number.
        let full = list.after(report(.unavailable(Self.rye, Self.bread, quantity: 1), 4))
        #expect(full.state.errand?.stops.line(Self.rye, at: Self.bread)?.open == 0)
        #expect(full.refusal(of: report(.pick(Self.rye, Self.bread, quantity: 1), 5))?.field == "quantity")
    }

    @Test func `what the list does not ask for is not reported`() {
        let list = shopping()
        let unknown = StoreID(rawValue: UUID())
        #expect(list.refusal(of: report(.arrive(unknown), 3))?.field == "storeId")
        #expect(list.refusal(of: report(.pick(Self.novel, Self.bread, quantity: 1), 3))?.field == "productId")
        #expect(list.refusal(of: report(.unavailable(Self.rye, unknown, quantity: 1), 3))?.field == "storeId")
    }

    @Test func `nothing is picked where the robot has not arrived, but a closed store needs no arrival`() {
        let list = shopping()
        #expect(
            list.refusal(of: report(.pick(Self.novel, Self.books, quantity: 1), 3))
                == .conflict("the robot has not arrived at this store"))
        #expect(
            list.after(report(.unavailable(Self.novel, Self.books, quantity: 1), 3)).state.errand?.stops.missing == 1)
    }

    @Test func `a stop keeps the time of its first arrival`() {
        let list = shopping().at(.morning + .seconds(60)).after(report(.arrive(Self.bread), 3))
        #expect(list.state.errand?.stops.stop(at: Self.bread)?.arrivedAt == .morning)
        #expect(list.state.trip?.lastReport == 3)
    }

    @Test func `a robot delivers when every line is picked or missing`() {
        let list = shopping()
            .after(report(.pick(Self.rye, Self.bread, quantity: 3), 3))
            .after(report(.unavailable(Self.oat, Self.bread, quantity: 1), 4))
        #expect(list.refusal(of: report(.deliver, 5)) == .conflict("not every line is picked or missing"))
        let done = list.after(report(.unavailable(Self.novel, Self.books, quantity: 1), 5)).after(report(.deliver, 6))
        #expect(done.state.status == .delivered)
        #expect(done.when(report(.deliver, 6)) == .success([]))
    }

    @Test func `row 41: a released list is to be fetched anew, and the next robot counts its reports from 1`() {
        let list = shopping()
            .after(report(.pick(Self.rye, Self.bread, quantity: 3), 3))
            .after(report(.unavailable(Self.oat, Self.bread, quantity: 1), 4))
            .after(.release(reason: "lost"))
        #expect(list.state.status == .available)
        #expect(list.state.errand?.stops == [StopDetails](Self.stops))
        #expect(list.state.errand?.attempts == 1)
        let next = list.after(.assign(Self.other, name: "R2"))
        #expect(next.state.trip == Trip(botId: Self.other, botName: "R2"))
        #expect(next.refusal(of: report(.start, 5))?.kind == .forbidden)
        #expect(next.after(.report(.start, number: 1, by: Self.other)).state.status == .active)
    }

    @Test func `row 42: after three attempts a list needs a clerk, who can still assign it`() {
        var list = given(ShoppingList.self, Self.initiated)
        for attempt in 1...3 {
            #expect(list.state.errand?.needsClerk == false)
            list = list.after(.assign(Self.bot, name: "R1")).after(.release(reason: "flat"))
            #expect(list.state.errand?.attempts == attempt)
        }
        #expect(list.state.errand?.needsClerk == true)
        #expect(list.after(.assign(Self.bot, name: "R1")).state.status == .assigned)
    }

    @Test func `row 44: a clerk's count wins over the robot's, and what nobody counted stays as reported`() {
        let list = atTheDepot()
        let count = Count(productId: Self.rye, storeId: Self.bread, quantity: 1)
        #expect(
            list.when(.complete([count], bay: "C-03"))
                == .success([
                    .shoppingListCompleted(
                        lines: [
                            line(Self.rye, "Rye", 3, 1), line(Self.oat, "Oat", 1, 0), line(Self.novel, "Novel", 1, 1),
                        ],
                        bay: "C-03")
                ]))
        #expect(list.after(.complete([count], bay: "C-03")).state.errand?.stops.picked == 2)
        // A clerk may also find what the robot thought it did not have.
        let found = Count(productId: Self.oat, storeId: Self.bread, quantity: 1)
        #expect(list.after(.complete([found], bay: "C-03")).state.errand?.stops.missing == 0)
    }

    @Test func `a clerk counts between none and all, lines of the list, each once`() {
        let list = atTheDepot()
        let rye = Count(productId: Self.rye, storeId: Self.bread, quantity: 1)
        for counts in [
            [Count(productId: Self.rye, storeId: Self.bread, quantity: 4)],
            [Count(productId: Self.rye, storeId: Self.bread, quantity: -1)],
            [Count(productId: Self.rye, storeId: Self.books, quantity: 1)], [rye, rye],
        ] {
            #expect(list.refusal(of: .complete(counts, bay: "A-01"))?.field == "counts")
        }
    }

    @Test func `row 50: goods need a free bay, and nothing at all needs none`() {
        let list = atTheDepot()
        let none = Self.stops.flatMap { stop in
            stop.lines.map { Count(productId: $0.productId, storeId: stop.storeId, quantity: 0) }
        }
        #expect(list.refusal(of: .complete([], bay: nil)) == .conflict("no bay is free"))
        let empty = list.after(.complete(none, bay: "A-01")).state
        #expect(empty.status == .completed)
        #expect(empty.claims.allSatisfy { $0.scope == ShoppingList.orderScope })
    }

    @Test func `F-D6: a canceled list names the robot to recall, and has goods on the shelf if any were picked`() {
        #expect(
            shopping().when(.cancel(reason: "rain"))
                == .success([.shoppingListCanceled(botId: Self.bot, reason: "rain", hasGoods: false)]))
        #expect(
            atTheDepot().when(.withdraw(reason: "rain"))
                == .success([.shoppingListCanceled(botId: Self.bot, reason: "rain", hasGoods: true)]))
    }

    @Test func `nothing keeps a list alive whose order is canceled, not even a reason too long for people`() {
        let reason = String(repeating: "x", count: 5_000)
        #expect(shopping().after(.cancel(reason: reason)).state.status == .canceled)
    }

    @Test func `an order is one list's until that is canceled, a bay one order's until it is cleared`() {
        let order = Claim(scope: "depot.order", value: Self.order.description, taken: "")
        let bay = Claim(scope: "depot.bay", value: "A-01", taken: "")
        let completed = given(ShoppingList.self, Self.completed)
        #expect(given(ShoppingList.self, Self.initiated).state.claims == [order])
        #expect(given(ShoppingList.self, Self.initiated).after(.cancel(reason: "")).state.claims == [])
        #expect(given(ShoppingList.self).after(.forestall(Self.order, reason: "")).state.claims == [order])
        #expect(completed.state.claims == [order, bay])
        #expect(completed.after(.handOver).state.claims == [order])
        #expect(completed.after(.withdraw(reason: "rain")).state.claims == [order])
        #expect(
            completed.after(.putToBay(" z-99 ")).state.claims
                == [order, Claim(scope: "depot.bay", value: "Z-99", taken: "")])
        for name in ["", "A-1", "A-00", "AA-01", "A-100"] {
            #expect(completed.refusal(of: .putToBay(name))?.field == "bay")
        }
    }

    @Test func `no sequence of commands breaks a list`() {
        Seeded.check { random in
            var list = ShoppingList()
            var ended = false
            for step in 0..<60 {
                let now = Instant.morning + .seconds(step)
                let command = Self.command(&random, after: list.trip?.lastReport ?? 0)
                guard let events = try? list.decide(command, at: now) else { continue }
                for event in events { list.apply(event) }
                if let errand = list.errand {
                    for line in errand.stops.flatMap(\.lines) {
                        #expect(line.picked >= 0 && line.missing >= 0 && line.open >= 0)
                        if case .completed = list { #expect(line.open == 0) }
                    }
                }
                let live: Bool =
                    switch list {
                    case .absent, .pending, .available, .assigned, .active, .delivered: true
                    case .completed, .canceled, .forestalled: false
                    }
                #expect(!(ended && live), "an ended list came back to life")
                ended = ended || !live
                #expect((list.holder != nil) == [.assigned, .active, .delivered].contains(list.status))
                _ = list.claims
            }
        }
    }

    private static func command(_ random: inout Seeded, after last: Int) -> ShoppingList.Command {
        let number = max(1, last + [0, 1, 1, 1, 1, 2][Int.random(in: 0..<6, using: &random)])
        let by = Int.random(in: 0..<8, using: &random) == 0 ? other : bot
        let (product, store) =
            [(rye, bread), (oat, bread), (novel, books), (novel, bread)][Int.random(in: 0..<4, using: &random)]
        let quantity = Int.random(in: 0...3, using: &random)
        return switch Int.random(in: 0..<25, using: &random) {
        case 0, 1: .create(orderId: order, stops: stops)
        case 2, 3: .initiate
        case 4, 5: .assign(by, name: "R")
        case 6: .release(reason: "flat")
        case 7, 8: .complete([Count(productId: product, storeId: store, quantity: quantity)], bay: "A-01")
        case 9: .putToBay("A-02")
        case 10: Int.random(in: 0..<4, using: &random) == 0 ? .cancel(reason: "rain") : .handOver
        case 11: Int.random(in: 0..<4, using: &random) == 0 ? .withdraw(reason: "rain") : .clearReturns
        case 12, 13: .report(.start, number: number, by: by)
        case 14...16: .report(.arrive(store), number: number, by: by)
        case 17...19: .report(.pick(product, store, quantity: quantity), number: number, by: by)
        case 24: .forestall(order, reason: "rain")
        case 20, 21: .report(.unavailable(product, store, quantity: quantity), number: number, by: by)
        default: .report(.deliver, number: number, by: by)
        }
    }

    /// On the way with `stops`, at the first of them, two reports said.
    private func shopping() -> Given<ShoppingList> {
        given(
            ShoppingList.self,
            [
                .shoppingListCreated(orderId: Self.order, stops: Self.stops), .shoppingListInitiated,
                .shoppingListAssigned(botId: Self.bot, botName: "R1"), .shoppingListStarted(reportNo: 1),
                .shoppingListStopReached(storeId: Self.bread, at: .morning, reportNo: 2),
            ])
    }

    /// Delivered with 3 of 3 rye, no oat, the novel.
    private func atTheDepot() -> Given<ShoppingList> {
        shopping()
            .after(report(.pick(Self.rye, Self.bread, quantity: 3), 3))
            .after(report(.unavailable(Self.oat, Self.bread, quantity: 1), 4))
            .after(report(.arrive(Self.books), 5))
            .after(report(.pick(Self.novel, Self.books, quantity: 1), 6))
            .after(report(.deliver, 7))
    }

    private func report(_ report: Report, _ number: Int) -> ShoppingList.Command {
        .report(report, number: number, by: Self.bot)
    }

    private func line(_ product: ProductID, _ name: String, _ ordered: Int, _ picked: Int) -> CountedLine {
        CountedLine(
            productId: product, storeId: product == Self.novel ? Self.books : Self.bread, productName: name,
            ordered: ordered, picked: picked, missing: ordered - picked)
    }
}
