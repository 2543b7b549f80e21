import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Depot

/// What staff see of lists and robots.
@Suite struct RowTests {
    @Test func `whatever happens in a depot, its rows are what its lists and robots are, and pages show the same anew`()
        async throws
    {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var random = Seeded(seed: seed)
        let depot = try await Errands()
        var (orders, made, bots): ([OrderID], [ListID], [BotID]) = ([], [], [])
        for number in 0..<4 { bots.append(try await depot.bot("R\(number)")) }
        for _ in 0..<400 {
            try await depot.mall.pass(.seconds(1))
            let list = made.randomElement(using: &random) ?? ListID(rawValue: UUID())
            let bot = bots.randomElement(using: &random) ?? bots[0]
            let own = try await depot.mall.ask(GetBot(id: bot)).listId ?? list
            do {
                switch Int.random(in: 0..<14, using: &random) {
                case 0, 1:
                    orders.append(OrderID(rawValue: UUID()))
                    made.append(try await depot.list(of: orders[orders.count - 1]))
                case 2, 3: try await depot.fetch(list, bot, rye: Int.random(in: 0...3, using: &random))
                case 4, 5: try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
                case 6: try await depot.mall.send(StartShopping(id: own, botId: bot, reportNo: 1))
                case 7: try await depot.mall.send(ReleaseShoppingList(id: own, reason: "slow"))
                case 8, 9: try await depot.mall.send(CompleteShoppingList(id: own, counts: []))
                case 10: try await depot.mall.send(LoseBot(id: bot))
                case 11: try await depot.mall.send(LeaveBot(id: bot, reason: ""))
                case 12:
                    let held = Bool.random(using: &random) ? own : nil
                    try await depot.mall.send(GreetBot(id: bot, heldListId: held))
                default:
                    guard let order = orders.randomElement(using: &random) else { continue }
                    if Bool.random(using: &random) {
                        try await depot.mall.hear(depot.canceled(order))
                    } else {
                        try await depot.mall.hear(depot.completed(order))
                    }
                }
            } catch is Refusal { continue }
        }
        #expect(depot.mall.refused.isEmpty)

        let (rows, robots) = (try lists.rows(after: depot.mall.log), try fleet.rows(after: depot.mall.log))
        #expect(rows.count == made.count)
        for list in made {
            let (row, details) = (
                try #require(rows[list.rawValue]), try await depot.mall.ask(GetShoppingList(id: list))
            )
            #expect(row.status == details.status)
            #expect(row.stops == details.stops)
            #expect(row.botId == details.botId)
            #expect(row.bay == details.bay)
            #expect(row.attempts == details.attempts)
            #expect(row.version == details.version)
            #expect(row.status != .canceled || row.reason == details.reason)
            #expect(row.ordered == 4)
        }
        for bot in bots {
            let (row, details) = (try #require(robots[bot.rawValue]), try await depot.mall.ask(GetBot(id: bot)))
            #expect(row.status == details.status)
            #expect(row.listId == details.listId)
            #expect(row.version == details.version)
            // No robot has two lists, no list two robots, and every active robot's list names it.
            let held = rows.values.filter {
                $0.botId == bot && [.assigned, .active, .delivered].contains($0.status)
            }
            #expect(held.map(\.id) == (row.status == .active ? [try #require(row.listId)] : []))
        }
        #expect(Set(rows.values.compactMap(\.bay)).count == rows.values.compactMap(\.bay).count)
        for folded in [try half(depot.mall.log), try whole(depot.mall.log)] { #expect(folded == rows) }
    }

    /// The rows when the log is folded with a stop, and a new start from what was stored, in its middle.
    private func half(_ log: [Envelope]) throws -> [UUID: ListRow] {
        let (folder, second) = (lists.makeFolder(), lists.makeFolder())
        let middle = log.count / 2
        try fold(log[..<middle], folder)
        let stored = try folder.takeChanges().map(\.row)
        try second.load(stored, absent: [])
        try fold(log[middle...], second)
        var rows = Dictionary(uniqueKeysWithValues: stored.map { ($0.key, $0) })
        for change in try second.takeChanges() { rows[change.row.key] = change.row }
        return try rows.mapValues { try Coding.decode(ListRow.self, from: $0.value) }
    }

    private func whole(_ log: [Envelope]) throws -> [UUID: ListRow] { try lists.rows(after: log) }

    private func fold(_ log: ArraySlice<Envelope>, _ folder: any Folder) throws {
        for envelope in log {
            guard let key = try folder.key(for: envelope) else { continue }
            if !folder.holds(key) { try folder.load([], absent: [key]) }
            try folder.fold(envelope)
        }
    }

    @Test func `lists are found by status, robot, order, what they need and the words on them`() async throws {
        let depot = try await Errands()
        let (order, bot) = (OrderID(rawValue: UUID()), try await depot.bot("Rosie"))
        let (list, other) = (try await depot.list(of: order), try await depot.list([depot.item(depot.oat, 1)]))
        try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        func found(_ filter: String) throws -> Set<UUID> {
            let predicate = try listsTopic.filter(Array(filter.utf8))
            let names = lists.columnNames
            return Set(
                try lists.rows(after: depot.mall.log).filter { _, row in
                    predicate.matches(Columns(names: names, values: ListRow.columns.map { $0.value(row) }))
                }.keys)
        }
        let (first, second) = (list.rawValue, other.rawValue)
        #expect(try found("{}") == [first, second])
        #expect(try found(#"{"status":["available","pending"]}"#) == [second])
        #expect(try found(#"{"bot":"\#(bot)"}"#) == [first])
        #expect(try found(#"{"order":"\#(order)"}"#) == [first])
        #expect(try found(#"{"needsClerk":true}"#) == [])
        #expect(try found(#"{"onShelf":false,"text":"ROSIE novel"}"#) == [first])
        #expect(try found(#"{"text":"oat"}"#) == [second])
        #expect(throws: Refusal.self) { try found(#"{"status":["gone"]}"#) }
    }

    @Test func `a list tells since when it is what it is`() async throws {
        let depot = try await Errands()
        let (list, bot) = (try await depot.list(), try await depot.bot("R1"))
        try await depot.mall.pass(.seconds(60))
        try await depot.mall.send(AssignShoppingList(id: list, botId: bot))
        #expect(try depot.row(list).createdAt == .morning)
        #expect(try depot.row(list).since == .morning + .seconds(60))
        #expect(try depot.row(bot).since == .morning + .seconds(60))
        #expect(try depot.row(list).botName == "R1")
    }
}
