import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Depot

/// Rows 28, 35, 36, 38 to 42, 44 to 50, 57 and 58, over commands; F-D1 to F-D10.
@Suite struct DepotTests {
    let order = OrderID(rawValue: UUID())

    @Test func `F-D5 and row 46: a product on two lines is one line with the sum, its stops in the order of the way`()
        async throws
    {
        let depot = try await Errands()
        let list = try await depot.list(
            [depot.item(depot.rye, 2), depot.item(depot.novel, 1), depot.item(depot.oat, 1), depot.item(depot.rye, 3)])
        let stops = try await depot.mall.ask(GetShoppingList(id: list)).stops
        #expect(stops.map(\.storeName) == ["Books", "Bread"])
        #expect(stops[1].location == "Level 1, unit 12")
        #expect(stops[1].lines.map(\.productName) == ["Rye", "Oat"])
        #expect(stops[1].lines.map(\.ordered) == [5, 1])
    }

    @Test func `F-D8 and row 46: an empty list, a foreign product and a senseless quantity are invalid`() async throws {
        let depot = try await Errands()
        for items in [
            [], [depot.item(depot.rye, 0)], [depot.item(depot.rye, -1)], [depot.item(depot.rye, .max)],
            [depot.item(depot.novel, 1, of: depot.bread)],
        ] {
            let refusal = await #expect(throws: Refusal.self) {
                try await depot.mall.send(CreateShoppingList(orderId: order, items: items))
            }
            #expect(refusal?.kind == .invalid)
        }
        #expect(try depot.mall.said(ShoppingListCreated.self).isEmpty)
    }

    @Test func `row 28, F-D9: the refusal of a list names the product that is not sold any more`() async throws {
        let depot = try await Errands()
        try await depot.mall.send(RemoveProduct(id: depot.oat))
        await #expect(throws: Refusal.conflict("Oat is no longer sold")) {
            try await depot.mall.send(
                CreateShoppingList(orderId: order, items: [depot.item(depot.rye, 1), depot.item(depot.oat, 1)]))
        }
        let unknown = depot.item(ProductID(rawValue: UUID()), 1, of: depot.bread)
        await #expect(throws: Refusal.conflict("Rye is no longer sold")) {
            try await depot.mall.send(CreateShoppingList(orderId: order, items: [unknown]))
        }
    }

    @Test func `F-D8: an order has one live list`() async throws {
        let depot = try await Errands()
        let list = try await depot.list(of: order)
        await #expect(throws: Refusal.conflict("the order has a shopping list already, or has ended")) {
            try await depot.list(of: order)
        }
        try await depot.mall.send(CancelShoppingList(id: list, reason: "rain"))
        try await depot.mall.send(CancelShoppingList(id: list, reason: "rain"))
        #expect(try depot.mall.said(ShoppingListCanceled.self).count == 1)
        _ = try await depot.list(of: order)
    }

    @Test func `F-D1 and F-D2: a list that is initiated is available`() async throws {
        let depot = try await Errands()
        let list = try await depot.mall.send(CreateShoppingList(orderId: order, items: [depot.item(depot.rye, 1)]))
            .reply.id
        #expect(try await depot.status(list) == .pending)
        let bot = try await depot.bot("R1")
        await #expect(throws: Refusal.conflict("the list is not offered yet")) {
            try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        }
        try await depot.mall.send(InitiateShopping(id: list))
        #expect(try await depot.status(list) == .available)
    }

    @Test func `row 35, F-D3: a robot that says hello is idle, and a name is one robot's`() async throws {
        let depot = try await Errands()
        let bot = try await depot.mall.send(RegisterBot(name: "R1")).reply.id
        #expect(try depot.row(bot).status == .offline)
        #expect(try await depot.mall.send(GreetBot(id: bot)).reply == Greeting())
        #expect(try depot.row(bot).status == .idle)
        #expect(try depot.mall.said(BotOnline.self).map(\.id) == [bot])
        #expect(try depot.mall.said(BotIdled.self).map(\.id) == [bot])
        await #expect(throws: Refusal.conflict("another robot has this name")) {
            try await depot.mall.send(RegisterBot(name: " r1"))
        }
    }

    @Test func `row 36 and F-D7: of two robots one gets the list, and no robot gets two`() async throws {
        let depot = try await Errands()
        let (list, second) = (try await depot.list(), try await depot.list())
        let (bot, late) = (try await depot.bot("R1"), try await depot.bot("R2"))
        try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        await #expect(throws: Refusal.conflict("another robot has the list")) {
            try await depot.mall.send(AssignShoppingList(id: list, botId: late))
        }
        await #expect(throws: Refusal.conflict("the robot has another list")) {
            try await depot.mall.send(AssignShoppingList(id: second, botId: bot))
        }
        // The refused ones have left nothing, and a repeated acceptance is answered.
        try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        #expect(try await depot.status(second) == .available)
        #expect(try await depot.status(late) == .idle)
        #expect(try await depot.mall.ask(GetBot(id: bot)).listId == list)
        #expect(try depot.mall.said(ShoppingListAssigned.self).map(\.botName) == ["R1"])
        #expect(try depot.mall.said(BotActivated.self).map(\.listId) == [list])
    }

    @Test func `row 46, F-D3: neither an unknown robot nor one that is not idle gets a list by hand`() async throws {
        let depot = try await Errands()
        let list = try await depot.list()
        let bot = try await depot.mall.send(RegisterBot(name: "R1")).reply.id
        await #expect(throws: Refusal.unknownBot) {
            try await depot.mall.send(AssignShoppingList(id: list, botId: BotID(rawValue: UUID())))
        }
        await #expect(throws: Refusal.conflict("the robot is offline")) {
            try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        }
        #expect(try await depot.status(list) == .available)
    }

    @Test func `rows 38, 40 and 47: reports are said aloud and shown, and a counted list goes to a bay`() async throws {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(of: order), try await depot.bot("R1"))
        try await depot.fetch(list, bot, rye: 2)
        #expect(try depot.row(list).picked == 3)
        #expect(try depot.row(list).missing == 1)
        #expect(try depot.mall.said(ShoppingListItemUnavailable.self).map(\.productName) == ["Rye"])
        #expect(try depot.mall.said(ShoppingListStopReached.self).map(\.storeId) == [depot.books, depot.bread])
        #expect(try await depot.status(bot) == .active)

        try await depot.mall.send(CompleteShoppingList(id: list, counts: []))
        let said = try #require(try depot.mall.said(ShoppingListCompleted.self).first)
        #expect(said.lines.map(\.picked) == [1, 2])
        #expect(said.lines.map(\.missing) == [0, 1])
        #expect(Bay.names.prefix(DepotLimits.baySpread).contains(try #require(said.bay)))
        #expect(try depot.row(list).bay == said.bay)
        #expect(try await depot.mall.ask(GetShoppingList(id: list)).bay == said.bay)
        #expect(try await depot.status(bot) == .idle)
    }

    @Test func `row 39: a repeated report is acknowledged, another robot's is refused`() async throws {
        let depot = try await Errands()
        let (list, bot, other) = (try await depot.list(), try await depot.bot("R1"), try await depot.bot("R2"))
        try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        let start = StartShopping(id: list, botId: bot, reportNo: 1)
        try await depot.mall.send(start)
        try await depot.mall.send(start)
        #expect(try depot.mall.said(ShoppingListStarted.self).count == 1)
        await #expect(throws: Refusal.forbidden("another robot has the list")) {
            try await depot.mall.send(ArriveAtStop(id: list, botId: other, reportNo: 2, storeId: depot.bread))
        }
        #expect(try await depot.mall.ask(GetShoppingList(id: list)).lastReport == 1)
    }

    @Test func `row 44: the clerk's count wins, and is what is said`() async throws {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(), try await depot.bot("R1"))
        try await depot.fetch(list, bot)
        try await depot.mall.send(
            CompleteShoppingList(
                id: list, counts: [Count(productId: depot.rye, storeId: depot.bread, quantity: 1)]))
        let rye = try #require(try depot.mall.said(ShoppingListCompleted.self).first?.lines.last)
        #expect((rye.ordered, rye.picked, rye.missing) == (3, 1, 2))
        #expect(try depot.row(list).missing == 2)
    }

    @Test func `row 45: a list that is unassigned, undelivered, canceled or unknown is not completed`() async throws {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(), try await depot.bot("R1"))
        func kind(_ list: ListID) async -> Refusal.Kind? {
            await #expect(throws: Refusal.self) {
                try await depot.mall.send(CompleteShoppingList(id: list, counts: []))
            }?.kind
        }
        #expect(await kind(list) == .conflict)
        try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        #expect(await kind(list) == .conflict)
        try await depot.mall.send(CancelShoppingList(id: list, reason: "rain"))
        #expect(await kind(list) == .conflict)
        #expect(await kind(ListID(rawValue: UUID())) == .notFound)
    }

    @Test func `row 50: a list of which nothing came is completed without a bay`() async throws {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(of: order), try await depot.bot("R1"))
        try await depot.fetch(list, bot, rye: 0, novel: 0)
        try await depot.mall.send(CompleteShoppingList(id: list, counts: []))
        #expect(try depot.mall.said(ShoppingListCompleted.self).map(\.bay) == [nil])
        // The order is canceled for it, and there is nothing to do about that.
        try await depot.mall.hear(depot.canceled(order, "nothing_available"))
        #expect(try await depot.status(list) == .completed)
        #expect(try !depot.row(list).onShelf)
        #expect(depot.mall.refused.isEmpty)
    }

    @Test func `row 41: a lost robot's list is available again with its lines open, and another robot gets it`()
        async throws
    {
        let depot = try await Errands()
        let (list, bot, other) = (try await depot.list(), try await depot.bot("R1"), try await depot.bot("R2"))
        try await pick(depot, list, bot)
        #expect(try depot.row(list).picked == 2)
        try await depot.mall.send(LoseBot(id: bot))
        try await depot.mall.send(LoseBot(id: bot))
        #expect(try depot.mall.said(BotLost.self) == [BotLost(id: bot, listId: list)])
        #expect(try await depot.status(list) == .available)
        #expect(try depot.row(list).picked == 0)
        #expect(try depot.row(list).attempts == 1)
        try await depot.fetch(list, other)
        #expect(try await depot.status(list) == .delivered)
    }

    @Test
    func `row 42: a robot that returns with goods of a list it lost is called back, and is idle when it is empty`()
        async throws
    {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(), try await depot.bot("R1"))
        try await pick(depot, list, bot)
        try await depot.mall.send(LoseBot(id: bot))
        let greeting = try await depot.mall.send(GreetBot(id: bot, heldListId: list)).reply
        #expect(greeting == Greeting(recall: list))
        #expect(try depot.row(bot).status == .recalled)
        await #expect(throws: Refusal.conflict("the robot is on its way back")) {
            try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        }
        try await depot.mall.send(ReturnBot(id: bot))
        #expect(try await depot.status(bot) == .idle)
    }

    @Test func `row 42: three failed attempts call for a clerk, who assigns by hand`() async throws {
        let depot = try await Errands()
        let list = try await depot.list()
        for name in ["R1", "R2", "R3"] {
            #expect(try !depot.row(list).needsClerk)
            let bot = try await depot.bot(name)
            try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
            try await depot.mall.send(LeaveBot(id: bot, reason: "flat"))
            #expect(try await depot.status(bot) == .offline)
        }
        #expect(try depot.mall.said(ShoppingListReleased.self).map(\.needsClerk) == [false, false, true])
        #expect(try depot.row(list).needsClerk)
        #expect(try depot.row(list).reason == "flat")
        try await depot.fetch(list, try await depot.bot("R4"))
        try await depot.mall.send(CompleteShoppingList(id: list, counts: []))
        #expect(try !depot.row(list).needsClerk)
    }

    @Test func `row 43: a robot that says hello after a restart goes on with its list`() async throws {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(), try await depot.bot("R1"))
        try await pick(depot, list, bot)
        #expect(try await depot.mall.send(GreetBot(id: bot, heldListId: list)).reply == Greeting(resume: list))
        #expect(try await depot.mall.send(GreetBot(id: bot)).reply == Greeting(resume: list))
        #expect(try await depot.mall.ask(GetShoppingList(id: list)).lastReport == 3)
    }

    @Test func `a robot that gives back what it has not begun is idle, any other is called back`() async throws {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(), try await depot.bot("R1"))
        try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        try await depot.mall.send(ReleaseShoppingList(id: list, reason: "too heavy"), by: "robot:R1")
        #expect(try await depot.status(bot) == .idle)
        try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        try await depot.mall.send(ReleaseShoppingList(id: list, reason: "too slow"), by: "clara")
        #expect(try await depot.status(bot) == .recalled)
        #expect(try await depot.mall.send(GreetBot(id: bot)).reply == Greeting())
        try await pick(depot, list, bot)
        try await depot.mall.send(ReleaseShoppingList(id: list, reason: "a wheel"), by: "robot:R1")
        #expect(try await depot.status(bot) == .recalled)
        #expect(try await depot.status(list) == .available)
    }

    @Test func `a recalled robot's list is released, a robot without one is not recalled`() async throws {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(), try await depot.bot("R1"))
        await #expect(throws: Refusal.conflict("the robot has no list")) {
            try await depot.mall.send(RecallBot(id: bot, reason: "inspection"))
        }
        try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        try await depot.mall.send(RecallBot(id: bot, reason: "inspection"))
        try await depot.mall.send(RecallBot(id: bot, reason: "inspection"))
        #expect(try depot.mall.said(BotRecalled.self) == [BotRecalled(id: bot, listId: list, reason: "inspection")])
        #expect(try await depot.status(list) == .available)
    }

    @Test func `a robot whose goods wait to be counted is neither lost nor released, and keeps its list`() async throws
    {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(), try await depot.bot("R1"))
        try await depot.fetch(list, bot)
        try await depot.mall.send(LoseBot(id: bot))
        let commands: [() async throws -> Void] = [
            { try await depot.mall.send(LeaveBot(id: bot, reason: "flat")) },
            { try await depot.mall.send(RecallBot(id: bot, reason: "inspection")) },
            { try await depot.mall.send(ReleaseShoppingList(id: list, reason: "slow")) },
        ]
        for command in commands {
            await #expect(throws: Refusal.conflict("the list is delivered already")) { try await command() }
        }
        #expect(try await depot.status(bot) == .active)
        try await depot.mall.send(CompleteShoppingList(id: list, counts: []))
        try await depot.mall.send(LoseBot(id: bot))
        #expect(try await depot.status(bot) == .lost)
    }

    @Test func `a robot with a list is not retired, one without is, and gives its name back`() async throws {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(), try await depot.bot("R1"))
        try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        await #expect(throws: Refusal.conflict("the robot has a list")) {
            try await depot.mall.send(RetireBot(id: bot))
        }
        try await depot.mall.send(ReleaseShoppingList(id: list, reason: "old"))
        try await depot.mall.send(RetireBot(id: bot))
        #expect(try depot.row(bot).status == .retired)
        await #expect(throws: Refusal.forbidden("the robot is out of service")) {
            try await depot.mall.send(GreetBot(id: bot))
        }
        _ = try await depot.bot("R1")
    }

    @Test func `row 57 and F-D6: a canceled order ends its list at any step, and calls its robot back`() async throws {
        for step in 0..<4 {
            let depot = try await Errands()
            let (list, bot) = (try await depot.list(of: order), try await depot.bot("R1"))
            if step == 1 { try await depot.mall.send(AssignShoppingList(id: list, botId: bot)) }
            if step == 2 { try await pick(depot, list, bot) }
            if step == 3 { try await depot.fetch(list, bot) }
            try await depot.mall.hear(depot.canceled(order), times: 2)
            #expect(try await depot.status(list) == .canceled)
            #expect(try await depot.status(bot) == (step == 0 ? .idle : .recalled))
            #expect(try depot.row(list).onShelf == (step >= 2))
            #expect(try depot.row(list).reason == "rain")
            #expect(try depot.mall.said(ShoppingListCanceled.self).map(\.botId) == [step == 0 ? nil : bot])
            #expect(try depot.mall.said(BotRecalled.self).count == (step == 0 ? 0 : 1))
            // The saga of an order that was canceled early cancels the list, too.
            try await depot.mall.send(CancelShoppingList(id: list, reason: "the order was canceled"))
            #expect(depot.mall.refused.isEmpty)
        }
    }

    @Test func `goods of a canceled list wait on the returns shelf until they are cleared`() async throws {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(of: order), try await depot.bot("R1"))
        await #expect(throws: Refusal.conflict("the list has no goods on the returns shelf")) {
            try await depot.mall.send(ClearReturns(id: list))
        }
        try await pick(depot, list, bot)
        try await depot.mall.hear(depot.canceled(order))
        #expect(try depot.row(list).onShelf)
        try await depot.mall.send(ClearReturns(id: list))
        #expect(try !depot.row(list).onShelf)
        #expect(try depot.mall.said(ShoppingListReturned.self).map(\.orderId) == [order])
    }

    @Test func `row 58: the goods of a ready order that is canceled go from their bay to the returns shelf`()
        async throws
    {
        let depot = try await Errands()
        let list = try await ready(depot)
        let bay = try #require(try depot.row(list).bay)
        try await depot.mall.hear(depot.canceled(order), times: 2)
        #expect(
            try depot.mall.said(ShoppingListBayCleared.self)
                == [ShoppingListBayCleared(id: list, orderId: order, bay: bay, toReturns: true)])
        #expect(try depot.row(list).onShelf)
        #expect(try depot.row(list).bay == nil)
        #expect(try await depot.status(list) == .completed)
        try await depot.mall.send(CancelShoppingList(id: list, reason: "again"))
        try await depot.mall.send(ClearReturns(id: list))
        #expect(try !depot.row(list).onShelf)
    }

    @Test func `row 52: a bay is free when its goods are handed over`() async throws {
        let depot = try await Errands()
        let list = try await ready(depot)
        let bay = try #require(try depot.row(list).bay)
        let other = try await ready(depot, OrderID(rawValue: UUID()), "R2")
        await #expect(throws: Refusal.conflict("the bay has another order's goods; try again")) {
            try await depot.mall.send(PutToBay(id: other, bay: bay))
        }
        try await depot.mall.hear(depot.completed(order), times: 2)
        #expect(try depot.mall.said(ShoppingListBayCleared.self).map(\.toReturns) == [false])
        try await depot.mall.send(PutToBay(id: other, bay: bay.lowercased()))
        #expect(try depot.row(other).bay == bay)
        #expect(try depot.mall.said(ShoppingListPutToBay.self).map(\.bay) == [bay])
    }

    @Test func `each list gets a bay of its own, near ones first`() async throws {
        let depot = try await Errands()
        let bot = try await depot.bot("R1")
        var bays: Set<String> = []
        for _ in 0..<20 {
            let list = try await depot.list()
            try await depot.fetch(list, bot)
            try await depot.mall.send(CompleteShoppingList(id: list, counts: []))
            bays.insert(try #require(try await depot.mall.ask(GetShoppingList(id: list)).bay))
        }
        #expect(bays.count == 20)
        #expect(bays.isSubset(of: Set(Bay.names.prefix(24))))
    }

    @Test func `a handover of an order without a list changes nothing`() async throws {
        let depot = try await Errands()
        let streams = depot.mall.streamCount
        try await depot.mall.hear(depot.completed(order))
        #expect(depot.mall.streamCount == streams)
        #expect(depot.mall.refused.isEmpty)
    }

    @Test func `an order that has ended gets no list, however late it is asked for`() async throws {
        for isRejected in [false, true] {
            let depot = try await Errands()
            if isRejected {
                try await depot.mall.hear(depot.rejected(order), times: 2)
            } else {
                try await depot.mall.hear(depot.canceled(order), times: 2)
            }
            await #expect(throws: Refusal.conflict("the order has a shopping list already, or has ended")) {
                try await depot.list(of: order)
            }
            #expect(try depot.mall.said(ShoppingListCreated.self).isEmpty)
            #expect(try lists.rows(after: depot.mall.log).isEmpty)
            #expect(depot.mall.refused.isEmpty)
            _ = try await depot.list(of: OrderID(rawValue: UUID()))
        }
    }

    @Test func `a list that is made before the end of its order is heard of does not go on after it`() async throws {
        for isOffered in [false, true] {
            let depot = try await Errands()
            let list = try await depot.mall.send(CreateShoppingList(orderId: order, items: [depot.item(depot.rye, 1)]))
                .reply.id
            if isOffered { try await depot.mall.send(InitiateShopping(id: list)) }
            try await depot.mall.hear(depot.rejected(order), times: 2)
            #expect(try await depot.status(list) == .canceled)
            #expect(try depot.mall.said(ShoppingListCanceled.self).map(\.reason) == ["hail"])
            // What the saga still says comes late.
            await #expect(throws: Refusal.conflict("the list was canceled")) {
                try await depot.mall.send(InitiateShopping(id: list))
            }
            try await depot.mall.send(CancelShoppingList(id: list, reason: "undone"))
            #expect(try depot.mall.said(ShoppingListCanceled.self).count == 1)
            #expect(depot.mall.refused.isEmpty)
        }
    }

    @Test func `row 8 and F-D4: lists and robots can be read, unknown ones are not_found and begin no stream`()
        async throws
    {
        let depot = try await Errands()
        let streams = depot.mall.streamCount
        let (list, bot) = (ListID(rawValue: UUID()), BotID(rawValue: UUID()))
        let mall = depot.mall
        let calls: [() async throws -> Void] = [
            { _ = try await mall.ask(GetShoppingList(id: list)) }, { _ = try await mall.ask(GetBot(id: bot)) },
            { try await mall.send(InitiateShopping(id: list)) },
            { try await mall.send(CancelShoppingList(id: list, reason: "")) },
            { try await mall.send(AssignShoppingList(id: list, botId: bot)) },
            { try await mall.send(ReleaseShoppingList(id: list, reason: "")) },
            { try await mall.send(CompleteShoppingList(id: list, counts: [])) },
            { try await mall.send(PutToBay(id: list, bay: "A-01")) },
            { try await mall.send(ClearReturns(id: list)) },
            { try await mall.send(StartShopping(id: list, botId: bot, reportNo: 1)) },
            { try await mall.send(ArriveAtStop(id: list, botId: bot, reportNo: 1, storeId: depot.bread)) },
            { try await mall.send(ReturnToDepot(id: list, botId: bot, reportNo: 1)) },
            { try await mall.send(RetireBot(id: bot)) }, { try await mall.send(RecallBot(id: bot, reason: "")) },
            { _ = try await mall.send(GreetBot(id: bot)) }, { try await mall.send(LeaveBot(id: bot, reason: "")) },
            { try await mall.send(LoseBot(id: bot)) }, { try await mall.send(ReturnBot(id: bot)) },
        ]
        for call in calls {
            let refusal = await #expect(throws: Refusal.self) { try await call() }
            #expect(refusal?.kind == .notFound)
        }
        #expect(mall.streamCount == streams)
    }

    /// Has the robot take the list and pick 2 rye.
    private func pick(_ depot: Errands, _ list: ListID, _ bot: BotID) async throws {
        try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        try await depot.mall.send(StartShopping(id: list, botId: bot, reportNo: 1))
        try await depot.mall.send(ArriveAtStop(id: list, botId: bot, reportNo: 2, storeId: depot.bread))
        try await depot.mall.send(
            PickItem(
                id: list, botId: bot, reportNo: 3, storeId: depot.bread, productId: depot.rye, quantity: 2))
    }

    /// A list in its bay.
    private func ready(_ depot: Errands, _ order: OrderID? = nil, _ name: String = "R1") async throws -> ListID {
        let list = try await depot.list(of: order ?? self.order)
        try await depot.fetch(list, try await depot.bot(name))
        try await depot.mall.send(CompleteShoppingList(id: list, counts: []))
        return list
    }
}
