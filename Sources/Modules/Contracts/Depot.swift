public import Kernel

/// What robots must fetch for one order, store by store. Nobody is offered it yet.
public struct ShoppingListCreated: PublicEvent {
    public static let name = "depotapi.ShoppingListCreated"

    public let id: ListID
    public let orderId: OrderID
    /// In the order of the route.
    public let stops: [Stop]

    public init(id: ListID, orderId: OrderID, stops: [Stop]) {
        self.id = id
        self.orderId = orderId
        self.stops = stops
    }
}

/// The list is offered to robots from now on.
public struct ShoppingListInitiated: PublicEvent {
    public static let name = "depotapi.ShoppingListInitiated"

    public let id: ListID
    public let orderId: OrderID

    public init(id: ListID, orderId: OrderID) {
        self.id = id
        self.orderId = orderId
    }
}

public struct ShoppingListAssigned: PublicEvent {
    public static let name = "depotapi.ShoppingListAssigned"

    public let id: ListID
    public let orderId: OrderID
    public let botId: BotID
    public let botName: String

    public init(id: ListID, orderId: OrderID, botId: BotID, botName: String) {
        self.id = id
        self.orderId = orderId
        self.botId = botId
        self.botName = botName
    }
}

/// The robot is on its way.
public struct ShoppingListStarted: PublicEvent {
    public static let name = "depotapi.ShoppingListStarted"

    public let id: ListID
    public let orderId: OrderID
    public let botId: BotID

    public init(id: ListID, orderId: OrderID, botId: BotID) {
        self.id = id
        self.orderId = orderId
        self.botId = botId
    }
}

public struct ShoppingListStopReached: PublicEvent {
    public static let name = "depotapi.ShoppingListStopReached"

    public let id: ListID
    public let orderId: OrderID
    public let botId: BotID
    public let storeId: StoreID

    public init(id: ListID, orderId: OrderID, botId: BotID, storeId: StoreID) {
        self.id = id
        self.orderId = orderId
        self.botId = botId
        self.storeId = storeId
    }
}

public struct ShoppingListItemPicked: PublicEvent {
    public static let name = "depotapi.ShoppingListItemPicked"

    public let id: ListID
    public let orderId: OrderID
    public let botId: BotID
    public let storeId: StoreID
    public let productId: ProductID
    /// Units of this report.
    public let quantity: Int

    public init(id: ListID, orderId: OrderID, botId: BotID, storeId: StoreID, productId: ProductID, quantity: Int) {
        self.id = id
        self.orderId = orderId
        self.botId = botId
        self.storeId = storeId
        self.productId = productId
        self.quantity = quantity
    }
}

/// Units the robot could not have.
public struct ShoppingListItemUnavailable: PublicEvent {
    public static let name = "depotapi.ShoppingListItemUnavailable"

    public let id: ListID
    public let orderId: OrderID
    public let botId: BotID
    public let storeId: StoreID
    public let productId: ProductID
    public let productName: String
    /// Units of this report.
    public let quantity: Int

    public init(
        id: ListID, orderId: OrderID, botId: BotID, storeId: StoreID, productId: ProductID, productName: String,
        quantity: Int
    ) {
        self.id = id
        self.orderId = orderId
        self.botId = botId
        self.storeId = storeId
        self.productId = productId
        self.productName = productName
        self.quantity = quantity
    }
}

/// The robot is at the depot with what it has.
public struct ShoppingListDelivered: PublicEvent {
    public static let name = "depotapi.ShoppingListDelivered"

    public let id: ListID
    public let orderId: OrderID
    public let botId: BotID

    public init(id: ListID, orderId: OrderID, botId: BotID) {
        self.id = id
        self.orderId = orderId
        self.botId = botId
    }
}

/// A clerk has counted the goods; what is missing now stays missing.
public struct ShoppingListCompleted: PublicEvent {
    public static let name = "depotapi.ShoppingListCompleted"

    public let id: ListID
    public let orderId: OrderID
    public let botId: BotID
    public let lines: [CountedLine]
    /// Where the goods wait for their customer; nil where there are none.
    public let bay: String?

    public init(id: ListID, orderId: OrderID, botId: BotID, lines: [CountedLine], bay: String? = nil) {
        self.id = id
        self.orderId = orderId
        self.botId = botId
        self.lines = lines
        self.bay = bay
    }
}

/// The robot has given the list back; all of it is to be fetched again.
public struct ShoppingListReleased: PublicEvent {
    public static let name = "depotapi.ShoppingListReleased"

    public let id: ListID
    public let orderId: OrderID
    public let botId: BotID
    public let reason: String
    /// Robots that have tried.
    public let attempts: Int
    /// Whether it is offered to no robot any more: somebody must assign it by hand.
    public let needsClerk: Bool

    public init(id: ListID, orderId: OrderID, botId: BotID, reason: String, attempts: Int, needsClerk: Bool) {
        self.id = id
        self.orderId = orderId
        self.botId = botId
        self.reason = reason
        self.attempts = attempts
        self.needsClerk = needsClerk
    }
}

public struct ShoppingListCanceled: PublicEvent {
    public static let name = "depotapi.ShoppingListCanceled"

    public let id: ListID
    public let orderId: OrderID
    /// The robot that is recalled.
    public let botId: BotID?
    public let reason: String
    /// Whether goods were fetched that must go to the returns shelf.
    public let hasGoods: Bool

    public init(id: ListID, orderId: OrderID, botId: BotID? = nil, reason: String, hasGoods: Bool) {
        self.id = id
        self.orderId = orderId
        self.botId = botId
        self.reason = reason
        self.hasGoods = hasGoods
    }
}

public struct ShoppingListPutToBay: PublicEvent {
    public static let name = "depotapi.ShoppingListPutToBay"

    public let id: ListID
    public let orderId: OrderID
    public let bay: String

    public init(id: ListID, orderId: OrderID, bay: String) {
        self.id = id
        self.orderId = orderId
        self.bay = bay
    }
}

/// The goods have left their bay: handed over, or gone to the returns shelf.
public struct ShoppingListBayCleared: PublicEvent {
    public static let name = "depotapi.ShoppingListBayCleared"

    public let id: ListID
    public let orderId: OrderID
    public let bay: String
    /// Whether they went to the returns shelf.
    public let toReturns: Bool

    public init(id: ListID, orderId: OrderID, bay: String, toReturns: Bool = false) {
        self.id = id
        self.orderId = orderId
        self.bay = bay
        self.toReturns = toReturns
    }
}

/// The goods of a canceled list were taken from the returns shelf back to their stores.
public struct ShoppingListReturned: PublicEvent {
    public static let name = "depotapi.ShoppingListReturned"

    public let id: ListID
    public let orderId: OrderID

    public init(id: ListID, orderId: OrderID) {
        self.id = id
        self.orderId = orderId
    }
}

public struct BotRegistered: PublicEvent {
    public static let name = "depotapi.BotRegistered"

    public let id: BotID
    public let name: String

    public init(id: BotID, name: String) {
        self.id = id
        self.name = name
    }
}

/// A robot said hello.
public struct BotOnline: PublicEvent {
    public static let name = "depotapi.BotOnline"

    public let id: BotID

    public init(id: BotID) {
        self.id = id
    }
}

/// A robot has nothing to do and may be offered a list.
public struct BotIdled: PublicEvent {
    public static let name = "depotapi.BotIdled"

    public let id: BotID

    public init(id: BotID) {
        self.id = id
    }
}

public struct BotActivated: PublicEvent {
    public static let name = "depotapi.BotActivated"

    public let id: BotID
    public let listId: ListID

    public init(id: BotID, listId: ListID) {
        self.id = id
        self.listId = listId
    }
}

/// The robot is to come back with whatever it holds.
public struct BotRecalled: PublicEvent {
    public static let name = "depotapi.BotRecalled"

    public let id: BotID
    public let listId: ListID
    public let reason: String

    public init(id: BotID, listId: ListID, reason: String) {
        self.id = id
        self.listId = listId
        self.reason = reason
    }
}

public struct BotOffline: PublicEvent {
    public static let name = "depotapi.BotOffline"

    public let id: BotID
    public let reason: String

    public init(id: BotID, reason: String) {
        self.id = id
        self.reason = reason
    }
}

/// Nothing was heard of the robot for too long.
public struct BotLost: PublicEvent {
    public static let name = "depotapi.BotLost"

    public let id: BotID
    public let listId: ListID?

    public init(id: BotID, listId: ListID? = nil) {
        self.id = id
        self.listId = listId
    }
}

public struct BotRetired: PublicEvent {
    public static let name = "depotapi.BotRetired"

    public let id: BotID

    public init(id: BotID) {
        self.id = id
    }
}

/// Makes the one live list of an order. Lines of one product are summed; each product must belong to its store.
public struct CreateShoppingList: PublicCommand {
    public static let name = "depotapi.CreateShoppingList"
    public typealias Reply = CreatedShoppingList

    public let orderId: OrderID
    public let items: [Item]

    public init(orderId: OrderID, items: [Item]) {
        self.orderId = orderId
        self.items = items
    }
}

public struct CreatedShoppingList: Codable, Sendable, Equatable {
    public let id: ListID

    public init(id: ListID) {
        self.id = id
    }
}

/// Offers a pending list to robots.
public struct InitiateShopping: PublicCommand {
    public static let name = "depotapi.InitiateShopping"

    public let id: ListID

    public init(id: ListID) {
        self.id = id
    }
}

/// Ends a list that is not completed. One that is canceled already stays so, silently.
public struct CancelShoppingList: PublicCommand {
    public static let name = "depotapi.CancelShoppingList"

    public let id: ListID
    public let reason: String

    public init(id: ListID, reason: String) {
        self.id = id
        self.reason = reason
    }
}

/// Gives an available list to an idle robot: its own acceptance, or a clerk's hand. Exactly one wins.
public struct AssignShoppingList: PublicCommand {
    public static let name = "depotapi.AssignShoppingList"

    public let id: ListID
    public let botId: BotID

    public init(id: ListID, botId: BotID) {
        self.id = id
        self.botId = botId
    }
}

/// Takes a list from its robot, so that another can have it.
public struct ReleaseShoppingList: PublicCommand {
    public static let name = "depotapi.ReleaseShoppingList"

    public let id: ListID
    public let reason: String

    public init(id: ListID, reason: String) {
        self.id = id
        self.reason = reason
    }
}

/// A clerk's count of a delivered list. Lines that are not named are as the robot reported them.
public struct CompleteShoppingList: PublicCommand {
    public static let name = "depotapi.CompleteShoppingList"

    public let id: ListID
    public let counts: [Count]

    public init(id: ListID, counts: [Count]) {
        self.id = id
        self.counts = counts
    }
}

/// Moves a completed list's goods to another bay.
public struct PutToBay: PublicCommand {
    public static let name = "depotapi.PutToBay"

    public let id: ListID
    public let bay: String

    public init(id: ListID, bay: String) {
        self.id = id
        self.bay = bay
    }
}

/// The goods of a canceled list have left the returns shelf.
public struct ClearReturns: PublicCommand {
    public static let name = "depotapi.ClearReturns"

    public let id: ListID

    public init(id: ListID) {
        self.id = id
    }
}

/// A name is one robot's.
public struct RegisterBot: PublicCommand {
    public static let name = "depotapi.RegisterBot"
    public typealias Reply = RegisteredBot

    public let name: String

    public init(name: String) {
        self.name = name
    }
}

public struct RegisteredBot: Codable, Sendable, Equatable {
    public let id: BotID

    public init(id: BotID) {
        self.id = id
    }
}

/// Takes a robot out of service. One with a list must be released first.
public struct RetireBot: PublicCommand {
    public static let name = "depotapi.RetireBot"

    public let id: BotID

    public init(id: BotID) {
        self.id = id
    }
}

/// Has an active robot come back; its list is released.
public struct RecallBot: PublicCommand {
    public static let name = "depotapi.RecallBot"

    public let id: BotID
    public let reason: String

    public init(id: BotID, reason: String) {
        self.id = id
        self.reason = reason
    }
}

/// A robot's hello, after a start or a lost connection.
public struct GreetBot: PublicCommand {
    public static let name = "depotapi.GreetBot"
    public typealias Reply = Greeting

    public let id: BotID
    /// The list it believes to have.
    public let heldListId: ListID?

    public init(id: BotID, heldListId: ListID? = nil) {
        self.id = id
        self.heldListId = heldListId
    }
}

/// What a robot that said hello is to do.
public struct Greeting: Codable, Sendable, Equatable {
    /// Go on with this list.
    public let resume: ListID?
    /// Bring back what was fetched for this list, which is not the robot's any more.
    public let recall: ListID?

    public init(resume: ListID? = nil, recall: ListID? = nil) {
        self.resume = resume
        self.recall = recall
    }
}

/// A robot goes off; a list it has is released.
public struct LeaveBot: PublicCommand {
    public static let name = "depotapi.LeaveBot"

    public let id: BotID
    public let reason: String

    public init(id: BotID, reason: String) {
        self.id = id
        self.reason = reason
    }
}

/// Nothing was heard of a robot for too long; a list it has is released.
public struct LoseBot: PublicCommand {
    public static let name = "depotapi.LoseBot"

    public let id: BotID

    public init(id: BotID) {
        self.id = id
    }
}

/// A recalled or lost robot is back and empty.
public struct ReturnBot: PublicCommand {
    public static let name = "depotapi.ReturnBot"

    public let id: BotID

    public init(id: BotID) {
        self.id = id
    }
}

/// A robot's reports of a list are numbered from 1 at its assignment, without a gap; one that is refused has not used its
/// number. One that was heard before is acknowledged and changes nothing.
public struct StartShopping: PublicCommand {
    public static let name = "depotapi.StartShopping"

    public let id: ListID
    public let botId: BotID
    public let reportNo: Int

    public init(id: ListID, botId: BotID, reportNo: Int) {
        self.id = id
        self.botId = botId
        self.reportNo = reportNo
    }
}

public struct ArriveAtStop: PublicCommand {
    public static let name = "depotapi.ArriveAtStop"

    public let id: ListID
    public let botId: BotID
    public let reportNo: Int
    public let storeId: StoreID

    public init(id: ListID, botId: BotID, reportNo: Int, storeId: StoreID) {
        self.id = id
        self.botId = botId
        self.reportNo = reportNo
        self.storeId = storeId
    }
}

public struct PickItem: PublicCommand {
    public static let name = "depotapi.PickItem"

    public let id: ListID
    public let botId: BotID
    public let reportNo: Int
    public let storeId: StoreID
    public let productId: ProductID
    public let quantity: Int

    public init(id: ListID, botId: BotID, reportNo: Int, storeId: StoreID, productId: ProductID, quantity: Int) {
        self.id = id
        self.botId = botId
        self.reportNo = reportNo
        self.storeId = storeId
        self.productId = productId
        self.quantity = quantity
    }
}

public struct MarkUnavailable: PublicCommand {
    public static let name = "depotapi.MarkUnavailable"

    public let id: ListID
    public let botId: BotID
    public let reportNo: Int
    public let storeId: StoreID
    public let productId: ProductID
    public let quantity: Int

    public init(id: ListID, botId: BotID, reportNo: Int, storeId: StoreID, productId: ProductID, quantity: Int) {
        self.id = id
        self.botId = botId
        self.reportNo = reportNo
        self.storeId = storeId
        self.productId = productId
        self.quantity = quantity
    }
}

/// The robot is at the depot; every line must be picked or short.
public struct ReturnToDepot: PublicCommand {
    public static let name = "depotapi.ReturnToDepot"

    public let id: ListID
    public let botId: BotID
    public let reportNo: Int

    public init(id: ListID, botId: BotID, reportNo: Int) {
        self.id = id
        self.botId = botId
        self.reportNo = reportNo
    }
}

public enum ListStatus: String, Codable, Sendable, CaseIterable {
    case pending, available, assigned, active, delivered, completed, canceled
}

public enum BotStatus: String, Codable, Sendable, CaseIterable {
    case offline, idle, active
    /// Coming back to the depot, its list being no longer its own.
    case recalled
    case lost, retired
}

/// One store on a shopping list.
public struct Stop: Codable, Sendable, Equatable {
    public let storeId: StoreID
    public let storeName: String
    public let location: String
    public let lines: [StopLine]

    public init(storeId: StoreID, storeName: String, location: String, lines: [StopLine]) {
        self.storeId = storeId
        self.storeName = storeName
        self.location = location
        self.lines = lines
    }
}

public struct StopLine: Codable, Sendable, Equatable {
    public let productId: ProductID
    public let productName: String
    public let quantity: Int

    public init(productId: ProductID, productName: String, quantity: Int) {
        self.productId = productId
        self.productName = productName
        self.quantity = quantity
    }
}

/// A line as the clerk counted it: `ordered = picked + missing`.
public struct CountedLine: Codable, Sendable, Equatable {
    public let productId: ProductID
    public let storeId: StoreID
    public let productName: String
    public let ordered: Int
    public let picked: Int
    public let missing: Int

    public init(productId: ProductID, storeId: StoreID, productName: String, ordered: Int, picked: Int, missing: Int) {
        self.productId = productId
        self.storeId = storeId
        self.productName = productName
        self.ordered = ordered
        self.picked = picked
        self.missing = missing
    }
}

/// How many units of a line there are.
public struct Count: Codable, Sendable, Equatable {
    public let productId: ProductID
    public let storeId: StoreID
    public let quantity: Int

    public init(productId: ProductID, storeId: StoreID, quantity: Int) {
        self.productId = productId
        self.storeId = storeId
        self.quantity = quantity
    }
}

/// A list by its identifier; `not_found` if there is none.
public struct GetShoppingList: Query {
    public static let name = "depotapi.GetShoppingList"
    public typealias Answer = ShoppingListDetails

    public let id: ListID

    public init(id: ListID) {
        self.id = id
    }
}

/// A robot by its identifier; `not_found` if there is none.
public struct GetBot: Query {
    public static let name = "depotapi.GetBot"
    public typealias Answer = BotDetails

    public let id: BotID

    public init(id: BotID) {
        self.id = id
    }
}

/// The oldest list that waits for a robot and that this one has not declined lately; nil if there is none.
public struct FindWork: Query {
    public static let name = "depotapi.FindWork"
    public typealias Answer = ListID?

    public let declined: [ListID]

    public init(declined: [ListID]) {
        self.declined = declined
    }
}

public struct ShoppingListDetails: Codable, Sendable, Equatable {
    public let id: ListID
    public let orderId: OrderID
    public let status: ListStatus
    public let stops: [StopDetails]
    public let botId: BotID?
    public let bay: String?
    public let attempts: Int
    /// The highest report number heard since it was assigned; 0 before the first.
    public let lastReport: Int
    /// Why it was canceled.
    public let reason: String?
    public let version: Version

    public init(
        id: ListID, orderId: OrderID, status: ListStatus, stops: [StopDetails], botId: BotID? = nil, bay: String? = nil,
        attempts: Int, lastReport: Int, reason: String? = nil, version: Version
    ) {
        self.id = id
        self.orderId = orderId
        self.status = status
        self.stops = stops
        self.botId = botId
        self.bay = bay
        self.attempts = attempts
        self.lastReport = lastReport
        self.reason = reason
        self.version = version
    }
}

public struct StopDetails: Codable, Sendable, Equatable {
    public let storeId: StoreID
    public let storeName: String
    public let location: String
    public let arrivedAt: Instant?
    public let lines: [LineDetails]

    public init(
        storeId: StoreID, storeName: String, location: String, arrivedAt: Instant? = nil, lines: [LineDetails]
    ) {
        self.storeId = storeId
        self.storeName = storeName
        self.location = location
        self.arrivedAt = arrivedAt
        self.lines = lines
    }
}

public struct LineDetails: Codable, Sendable, Equatable {
    public let productId: ProductID
    public let productName: String
    public let ordered: Int
    public let picked: Int
    public let missing: Int

    public init(productId: ProductID, productName: String, ordered: Int, picked: Int, missing: Int) {
        self.productId = productId
        self.productName = productName
        self.ordered = ordered
        self.picked = picked
        self.missing = missing
    }
}

public struct BotDetails: Codable, Sendable, Equatable {
    public let id: BotID
    public let name: String
    public let status: BotStatus
    public let listId: ListID?
    public let version: Version

    public init(id: BotID, name: String, status: BotStatus, listId: ListID? = nil, version: Version) {
        self.id = id
        self.name = name
        self.status = status
        self.listId = listId
        self.version = version
    }
}
