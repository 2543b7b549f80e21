import Contracts
import Kernel

/// What robots fetch for one order, from the first promise until the goods have left the depot.
enum ShoppingList: Decider {
    case absent
    case pending(Errand)
    case available(Errand)
    case assigned(Errand, Trip)
    case active(Errand, Trip)
    case delivered(Errand, Trip)
    case completed(Errand, Trip, Goods)
    case canceled(Errand, reason: String, Goods)
    /// There is no list and never will be one: its order has ended before it was created.
    case forestalled(OrderID, reason: String)

    /// Where that lies which was fetched.
    enum Goods: Codable, Equatable {
        /// Nothing was fetched.
        case none
        case bay(String)
        /// On the returns shelf, since their order was canceled.
        case shelf
        /// With their customer, or back in their stores.
        case gone
    }

    typealias Noun = Contracts.Noun.ShoppingList
    static let category = "depot.ShoppingList"
    static let orderScope = "depot.order"
    static let bayScope = "depot.bay"

    enum Command {
        case create(orderId: OrderID, stops: [Stop])
        case initiate
        case assign(BotID, name: String)
        case report(Report, number: Int, by: BotID)
        case release(reason: String)
        /// The bay is for the goods, if any were counted.
        case complete([Count], bay: String?)
        case putToBay(String)
        case cancel(reason: String)
        /// The order has ended, whatever has become of the list.
        case withdraw(reason: String)
        /// The order was handed over.
        case handOver
        case clearReturns
        /// The order has ended, and nobody has created a list for it yet.
        case forestall(OrderID, reason: String)
    }

    enum Event: Codable, Equatable {
        case shoppingListCreated(orderId: OrderID, stops: [Stop])
        case shoppingListInitiated
        case shoppingListAssigned(botId: BotID, botName: String)
        case shoppingListStarted(reportNo: Int)
        case shoppingListStopReached(storeId: StoreID, at: Instant, reportNo: Int)
        case shoppingListItemPicked(productId: ProductID, storeId: StoreID, quantity: Int, reportNo: Int)
        case shoppingListItemUnavailable(productId: ProductID, storeId: StoreID, quantity: Int, reportNo: Int)
        case shoppingListDelivered(reportNo: Int)
        case shoppingListReleased(botId: BotID, reason: String)
        case shoppingListCompleted(lines: [CountedLine], bay: String?)
        case shoppingListPutToBay(bay: String)
        case shoppingListBayCleared(bay: String, toReturns: Bool)
        case shoppingListCanceled(botId: BotID?, reason: String, hasGoods: Bool)
        case shoppingListReturned
        case shoppingListForestalled(orderId: OrderID, reason: String)
    }

    init() { self = .absent }

    /// Nil unless it was created.
    var errand: Errand? {
        switch self {
        case .absent, .forestalled: nil
        case .pending(let errand), .available(let errand), .assigned(let errand, _), .active(let errand, _),
            .delivered(let errand, _), .completed(let errand, _, _), .canceled(let errand, _, _):
            errand
        }
    }

    /// The trip that is under way or has led to the goods.
    var trip: Trip? {
        switch self {
        case .absent, .pending, .available, .canceled, .forestalled: nil
        case .assigned(_, let trip), .active(_, let trip), .delivered(_, let trip), .completed(_, let trip, _): trip
        }
    }

    /// The robot that is busy with it.
    var holder: BotID? { if case .completed = self { nil } else { trip?.botId } }

    /// An order has one list, unless that was canceled, and none where it has ended before; a bay has one order's goods.
    var claims: Set<Claim> {
        switch self {
        case .absent, .canceled: []
        case .pending(let errand), .available(let errand), .assigned(let errand, _), .active(let errand, _),
            .delivered(let errand, _):
            [Self.claim(errand.orderId)]
        case .completed(let errand, _, .bay(let bay)):
            [
                Self.claim(errand.orderId),
                Claim(scope: Self.bayScope, value: bay, taken: "the bay has another order's goods; try again"),
            ]
        case .completed(let errand, _, .none), .completed(let errand, _, .shelf), .completed(let errand, _, .gone):
            [Self.claim(errand.orderId)]
        case .forestalled(let order, _): [Self.claim(order)]
        }
    }

    private static func claim(_ order: OrderID) -> Claim {
        Claim(
            scope: orderScope, value: order.description, taken: "the order has a shopping list already, or has ended")
    }

    /// Each command has its own table of states: one of all pairs is more than the compiler can check.
    func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event] {
        switch command {
        case .create(let order, let stops): try create(order, stops)
        case .initiate: try initiate()
        case .assign(let bot, let name): try assign(bot, name)
        case .report(let report, let number, let bot): try hear(report, number, bot, at: now)
        case .release(let reason): try release(reason)
        case .complete(let counts, let bay): try complete(counts, bay)
        case .putToBay(let bay): try put(to: bay)
        case .cancel(let reason): try cancel(reason)
        case .withdraw(let reason): try withdraw(reason)
        case .handOver: handOver()
        case .clearReturns: try clearReturns()
        case .forestall(let order, let reason): try forestall(order, reason)
        }
    }

    private func create(_ order: OrderID, _ stops: [Stop]) throws(Refusal) -> [Event] {
        switch self {
        case .absent:
            guard !stops.isEmpty, stops.allSatisfy({ !$0.lines.isEmpty }) else { throw .nothingToFetch }
            guard stops.allSatisfy({ $0.lines.allSatisfy { $0.quantity >= 1 } }) else { throw .tooFew }
            return [.shoppingListCreated(orderId: order, stops: stops)]
        case .pending, .available, .assigned, .active, .delivered, .completed, .canceled:
            throw .conflict("the list exists already")
        case .forestalled(_, let reason): throw .conflict("the order has ended: \(reason)")
        }
    }

    private func initiate() throws(Refusal) -> [Event] {
        switch self {
        case .pending: return [.shoppingListInitiated]
        case .available, .assigned, .active, .delivered, .completed: return []
        case .absent, .forestalled: throw .unknownList
        case .canceled: throw .canceled
        }
    }

    private func assign(_ bot: BotID, _ name: String) throws(Refusal) -> [Event] {
        switch self {
        case .available: return [.shoppingListAssigned(botId: bot, botName: name)]
        // A robot that asks again has not heard the first answer.
        case .assigned(_, let trip), .active(_, let trip):
            guard bot == trip.botId else { throw .conflict("another robot has the list") }
            return []
        case .absent, .forestalled: throw .unknownList
        case .pending: throw .conflict("the list is not offered yet")
        case .delivered: throw .delivered
        case .completed: throw .completed
        case .canceled: throw .canceled
        }
    }

    private func hear(_ report: Report, _ number: Int, _ bot: BotID, at now: Instant) throws(Refusal) -> [Event] {
        switch self {
        case .assigned(_, let trip):
            guard try trip.isNews(number, from: bot) else { return [] }
            guard report == .start else { throw .conflict("the robot has not started") }
            return [.shoppingListStarted(reportNo: number)]
        case .active(let errand, let trip):
            guard try trip.isNews(number, from: bot) else { return [] }
            return [try errand.event(of: report, number, at: now)]
        case .delivered(_, let trip), .completed(_, let trip, _):
            guard try trip.isNews(number, from: bot) else { return [] }
            throw .delivered
        case .absent, .forestalled: throw .unknownList
        case .pending, .available: throw .withoutRobot
        case .canceled: throw .canceled
        }
    }

    private func release(_ reason: String) throws(Refusal) -> [Event] {
        switch self {
        case .assigned(_, let trip), .active(_, let trip):
            return [.shoppingListReleased(botId: trip.botId, reason: try Text.note(reason, field: "reason"))]
        case .absent, .forestalled: throw .unknownList
        case .pending, .available: throw .withoutRobot
        case .delivered: throw .delivered
        case .completed: throw .completed
        case .canceled: throw .canceled
        }
    }

    private func complete(_ counts: [Count], _ bay: String?) throws(Refusal) -> [Event] {
        switch self {
        case .delivered(let errand, _):
            let lines = try errand.counted(counts)
            guard lines.contains(where: { $0.picked > 0 }) else {
                return [.shoppingListCompleted(lines: lines, bay: nil)]
            }
            guard let bay else { throw .conflict("no bay is free") }
            return [.shoppingListCompleted(lines: lines, bay: bay)]
        case .absent, .forestalled: throw .unknownList
        case .pending, .available, .assigned, .active: throw .conflict("the list is not delivered yet")
        case .completed: throw .completed
        case .canceled: throw .canceled
        }
    }

    private func put(to name: String) throws(Refusal) -> [Event] {
        switch self {
        case .completed(_, _, .bay(let old)):
            let bay = try Bay.name(name)
            return bay == old ? [] : [.shoppingListPutToBay(bay: bay)]
        case .absent, .forestalled: throw .unknownList
        case .pending, .available, .assigned, .active, .delivered, .canceled, .completed(_, _, .none),
            .completed(_, _, .shelf), .completed(_, _, .gone):
            throw .conflict("the list has no goods in a bay")
        }
    }

    /// The reason is not judged: it comes from inside the mall, and nothing may keep a list alive.
    private func cancel(_ reason: String) throws(Refusal) -> [Event] {
        switch self {
        case .pending, .available: return [.shoppingListCanceled(botId: nil, reason: reason, hasGoods: false)]
        case .assigned(let errand, let trip), .active(let errand, let trip), .delivered(let errand, let trip):
            return [
                .shoppingListCanceled(botId: trip.botId, reason: reason, hasGoods: errand.stops.picked > 0)
            ]
        case .canceled, .forestalled: return []
        // The order was canceled before, and its goods have been taken out of their bay.
        case .completed(_, _, .shelf): return []
        case .absent: throw .unknownList
        case .completed(_, _, .bay), .completed(_, _, .none), .completed(_, _, .gone): throw .completed
        }
    }

    private func withdraw(_ reason: String) throws(Refusal) -> [Event] {
        switch self {
        case .pending, .available, .assigned, .active, .delivered: return try cancel(reason)
        case .completed(_, _, .bay(let bay)): return [.shoppingListBayCleared(bay: bay, toReturns: true)]
        case .absent, .canceled, .forestalled, .completed(_, _, .none), .completed(_, _, .shelf),
            .completed(_, _, .gone):
            return []
        }
    }

    private func handOver() -> [Event] {
        switch self {
        case .completed(_, _, .bay(let bay)): [.shoppingListBayCleared(bay: bay, toReturns: false)]
        case .absent, .pending, .available, .assigned, .active, .delivered, .canceled, .completed(_, _, .none),
            .completed(_, _, .shelf), .completed(_, _, .gone), .forestalled:
            []
        }
    }

    private func clearReturns() throws(Refusal) -> [Event] {
        switch self {
        case .completed(_, _, .shelf), .canceled(_, _, .shelf): return [.shoppingListReturned]
        case .absent, .forestalled: throw .unknownList
        case .pending, .available, .assigned, .active, .delivered, .completed(_, _, .bay), .completed(_, _, .none),
            .completed(_, _, .gone), .canceled(_, _, .bay), .canceled(_, _, .none), .canceled(_, _, .gone):
            throw .conflict("the list has no goods on the returns shelf")
        }
    }

    private func forestall(_ order: OrderID, _ reason: String) throws(Refusal) -> [Event] {
        switch self {
        case .absent: return [.shoppingListForestalled(orderId: order, reason: reason)]
        case .forestalled: return []
        case .pending, .available, .assigned, .active, .delivered, .completed, .canceled:
            throw .conflict("the list exists already")
        }
    }

    mutating func apply(_ event: Event) {
        switch (self, event) {
        case (_, .shoppingListCreated(let order, let stops)):
            self = .pending(Errand(orderId: order, stops: [StopDetails](stops)))
        case (.pending(let errand), .shoppingListInitiated): self = .available(errand)
        case (.available(let errand), .shoppingListAssigned(let bot, let name)):
            self = .assigned(errand, Trip(botId: bot, botName: name))
        case (.assigned(let errand, let trip), .shoppingListStarted(let report)):
            self = .active(errand, trip.after(report))
        case (.active(var errand, let trip), .shoppingListStopReached(let store, let at, let report)):
            errand.stops.reach(store, at: at)
            self = .active(errand, trip.after(report))
        case (.active(var errand, let trip), .shoppingListItemPicked(let product, let store, let quantity, let report)):
            errand.stops.add(picked: quantity, to: product, at: store)
            self = .active(errand, trip.after(report))
        case (
            .active(var errand, let trip),
            .shoppingListItemUnavailable(let product, let store, let quantity, let report)
        ):
            errand.stops.add(missing: quantity, to: product, at: store)
            self = .active(errand, trip.after(report))
        case (.active(let errand, let trip), .shoppingListDelivered(let report)):
            self = .delivered(errand, trip.after(report))
        case (.assigned(var errand, _), .shoppingListReleased), (.active(var errand, _), .shoppingListReleased):
            errand.stops.reset()
            errand.attempts += 1
            self = .available(errand)
        case (.delivered(var errand, let trip), .shoppingListCompleted(let lines, let bay)):
            errand.stops.settle(lines)
            self = .completed(errand, trip, bay.map { .bay($0) } ?? .none)
        case (.completed(let errand, let trip, .bay), .shoppingListPutToBay(let bay)):
            self = .completed(errand, trip, .bay(bay))
        case (.completed(let errand, let trip, .bay), .shoppingListBayCleared(_, let toReturns)):
            self = .completed(errand, trip, toReturns ? .shelf : .gone)
        case (.completed(let errand, let trip, .shelf), .shoppingListReturned):
            self = .completed(errand, trip, .gone)
        case (.canceled(let errand, let reason, .shelf), .shoppingListReturned):
            self = .canceled(errand, reason: reason, .gone)
        case (.absent, .shoppingListForestalled(let order, let reason)): self = .forestalled(order, reason: reason)
        case (_, .shoppingListCanceled(_, let reason, let hasGoods)):
            guard let errand else { preconditionFailure("a list was canceled before it was created") }
            self = .canceled(errand, reason: reason, hasGoods ? .shelf : .none)
        default: preconditionFailure("\(event) happened to a list that was \(self)")
        }
    }
}

extension Refusal {
    static let unknownList = Refusal.notFound("there is no such shopping list")
    fileprivate static let withoutRobot = Refusal.conflict("no robot has the list")
    fileprivate static let delivered = Refusal.conflict("the list is delivered already")
    fileprivate static let completed = Refusal.conflict("the list is completed already")
    fileprivate static let canceled = Refusal.conflict("the list was canceled")
    static let nothingToFetch = Refusal.invalid("there is nothing to fetch", field: "items")
    static let tooFew = Refusal.invalid(
        "the quantity must be between 1 and \(MallLimits.quantity.upperBound)", field: "quantity")
}
