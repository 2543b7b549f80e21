import Contracts
import Kernel

@testable import Depot

private let noon = Instant(microseconds: 1_795_262_400_123_456)
private let list: ListID = ID(20)
private let bot: BotID = ID(21)
private let order: OrderID = ID(4)
private let stop = Stop(
    storeId: ID(1), storeName: "Bread & more", location: "A1/7",
    lines: [StopLine(productId: ID(2), productName: "Rye", quantity: 3)])
private let counted = CountedLine(
    productId: ID(2), storeId: ID(1), productName: "Rye", ordered: 3, picked: 2, missing: 1)
private let rye = Item(
    productId: ID(2), storeId: ID(1), storeName: "Bread & more", productName: "Rye", priceMinor: Money(minor: 1290),
    quantity: 3)

extension Samples {
    static func depot() throws -> [Sample] { try depotEvents() + depotSaid() + depotAccepted() + depotAnswered() }

    private static func depotEvents() throws -> [Sample] {
        try Sample.stored(ShoppingList.self) { event in
            switch event {
            case nil: .shoppingListCreated(orderId: order, stops: [stop])
            case .shoppingListCreated: .shoppingListInitiated
            case .shoppingListInitiated: .shoppingListAssigned(botId: bot, botName: "Rosie")
            case .shoppingListAssigned: .shoppingListStarted(reportNo: 1)
            case .shoppingListStarted: .shoppingListStopReached(storeId: ID(1), at: noon, reportNo: 2)
            case .shoppingListStopReached:
                .shoppingListItemPicked(productId: ID(2), storeId: ID(1), quantity: 2, reportNo: 3)
            case .shoppingListItemPicked:
                .shoppingListItemUnavailable(productId: ID(2), storeId: ID(1), quantity: 1, reportNo: 4)
            case .shoppingListItemUnavailable: .shoppingListDelivered(reportNo: 5)
            case .shoppingListDelivered: .shoppingListReleased(botId: bot, reason: "flat battery")
            case .shoppingListReleased: .shoppingListCompleted(lines: [counted], bay: "A-01")
            case .shoppingListCompleted: .shoppingListPutToBay(bay: "B-02")
            case .shoppingListPutToBay: .shoppingListBayCleared(bay: "B-02", toReturns: true)
            case .shoppingListBayCleared: .shoppingListCanceled(botId: bot, reason: "rain", hasGoods: true)
            case .shoppingListCanceled: .shoppingListReturned
            case .shoppingListReturned: .shoppingListForestalled(orderId: order, reason: "rain")
            case .shoppingListForestalled: nil
            }
        }
            + Sample.stored(Bot.self) { event in
                switch event {
                case nil: .botRegistered(name: "Rosie")
                case .botRegistered: .botOnline
                case .botOnline: .botIdled
                case .botIdled: .botActivated(listId: list)
                case .botActivated: .botRecalled(listId: list, reason: "rain")
                case .botRecalled: .botOffline(reason: "charging")
                case .botOffline: .botLost(listId: list)
                case .botLost: .botRetired
                case .botRetired: nil
                }
            }
    }

    private static func depotSaid() throws -> [Sample] {
        [
            try .said(ShoppingListCreated(id: list, orderId: order, stops: [stop])),
            try .said(ShoppingListInitiated(id: list, orderId: order)),
            try .said(ShoppingListAssigned(id: list, orderId: order, botId: bot, botName: "Rosie")),
            try .said(ShoppingListStarted(id: list, orderId: order, botId: bot)),
            try .said(ShoppingListStopReached(id: list, orderId: order, botId: bot, storeId: ID(1))),
            try .said(
                ShoppingListItemPicked(
                    id: list, orderId: order, botId: bot, storeId: ID(1), productId: ID(2), quantity: 2)),
            try .said(
                ShoppingListItemUnavailable(
                    id: list, orderId: order, botId: bot, storeId: ID(1), productId: ID(2), productName: "Rye",
                    quantity: 1)),
            try .said(ShoppingListDelivered(id: list, orderId: order, botId: bot)),
            try .said(ShoppingListCompleted(id: list, orderId: order, botId: bot, lines: [counted], bay: "A-01")),
            try .said(
                ShoppingListReleased(
                    id: list, orderId: order, botId: bot, reason: "flat battery", attempts: 3, needsClerk: true)),
            try .said(ShoppingListCanceled(id: list, orderId: order, botId: bot, reason: "rain", hasGoods: true)),
            try .said(ShoppingListPutToBay(id: list, orderId: order, bay: "B-02")),
            try .said(ShoppingListBayCleared(id: list, orderId: order, bay: "B-02", toReturns: true)),
            try .said(ShoppingListReturned(id: list, orderId: order)),
            try .said(BotRegistered(id: bot, name: "Rosie")),
            try .said(BotOnline(id: bot)),
            try .said(BotIdled(id: bot)),
            try .said(BotActivated(id: bot, listId: list)),
            try .said(BotRecalled(id: bot, listId: list, reason: "rain")),
            try .said(BotOffline(id: bot, reason: "charging")),
            try .said(BotLost(id: bot, listId: list)),
            try .said(BotRetired(id: bot)),
        ]
    }

    private static func depotAccepted() throws -> [Sample] {
        [
            try .said(CreateShoppingList(orderId: order, items: [rye])),
            try .said(InitiateShopping(id: list)),
            try .said(CancelShoppingList(id: list, reason: "rain")),
            try .said(AssignShoppingList(id: list, botId: bot)),
            try .said(ReleaseShoppingList(id: list, reason: "flat battery")),
            try .said(
                CompleteShoppingList(id: list, counts: [Count(productId: ID(2), storeId: ID(1), quantity: 2)])),
            try .said(PutToBay(id: list, bay: "B-02")),
            try .said(ClearReturns(id: list)),
            try .said(RegisterBot(name: "Rosie")),
            try .said(RetireBot(id: bot)),
            try .said(RecallBot(id: bot, reason: "inspection")),
            try .said(GreetBot(id: bot, heldListId: list)),
            try .said(LeaveBot(id: bot, reason: "charging")),
            try .said(LoseBot(id: bot)),
            try .said(ReturnBot(id: bot)),
            try .said(StartShopping(id: list, botId: bot, reportNo: 1)),
            try .said(ArriveAtStop(id: list, botId: bot, reportNo: 2, storeId: ID(1))),
            try .said(
                PickItem(id: list, botId: bot, reportNo: 3, storeId: ID(1), productId: ID(2), quantity: 2)),
            try .said(
                MarkUnavailable(id: list, botId: bot, reportNo: 4, storeId: ID(1), productId: ID(2), quantity: 1)),
            try .said(ReturnToDepot(id: list, botId: bot, reportNo: 5)),
        ]
    }

    private static func depotAnswered() throws -> [Sample] {
        [
            try .answered("depotapi.RegisteredBot", RegisteredBot(id: bot)),
            try .answered("depotapi.Greeting", Greeting(resume: list, recall: ID(22))),
            try .answered(
                "depotapi.ShoppingListDetails",
                ShoppingListDetails(
                    id: list, orderId: order, status: .completed,
                    stops: [
                        StopDetails(
                            storeId: ID(1), storeName: "Bread & more", location: "A1/7", arrivedAt: noon,
                            lines: [
                                LineDetails(productId: ID(2), productName: "Rye", ordered: 3, picked: 2, missing: 1)
                            ])
                    ], botId: bot, bay: "A-01", attempts: 1, lastReport: 5, reason: "rain", version: 9)),
            try .answered(
                "depotapi.BotDetails",
                BotDetails(id: bot, name: "Rosie", status: .active, listId: list, version: 4)),
        ]
    }
}
