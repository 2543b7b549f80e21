import Contracts
import Kernel

/// A shopping list as the depot's staff see it.
struct ListRow: ProjectionRow {
    let id: ListID
    let orderId: OrderID
    var status = ListStatus.pending
    let createdAt: Instant
    /// When it came to this status.
    var since: Instant
    var botId: BotID?
    var botName: String?
    var attempts = 0
    var needsClerk = false
    var bay: String?
    /// Whether goods of its canceled order wait on the returns shelf.
    var onShelf = false
    /// Why it was canceled, or given back last.
    var reason: String?
    var ordered: Int
    var picked = 0
    var missing = 0
    var stops: [StopDetails]
    var version: Version

    static let columns: [Column<ListRow>] = [
        Column("createdAt", .int, indexed: 2) { .instant($0.createdAt) },
        Column("status", .text, indexed: 2) { .text($0.status.rawValue) },
        Column("bot", .uuid, indexed: 2) { $0.botId.map { .uuid($0.rawValue) } ?? .null },
        Column("order", .uuid, indexed: 2) { .uuid($0.orderId.rawValue) },
        Column("needsClerk", .bool) { .bool($0.needsClerk) },
        Column("onShelf", .bool) { .bool($0.onShelf) },
        Column("words", .text) { .text(normalized($0.words)) },
    ]

    private var words: String {
        ([bay, botName].compactMap(\.self)
            + stops.flatMap { stop in [stop.storeName, stop.location] + stop.lines.map(\.productName) })
            .joined(separator: " ")
    }

    mutating func enter(_ status: ListStatus, _ envelope: Envelope) {
        self.status = status
        since = envelope.at
        version = envelope.version
    }

    mutating func change(_ envelope: Envelope, _ change: (inout [StopDetails]) -> Void) {
        change(&stops)
        picked = stops.picked
        missing = stops.missing
        version = envelope.version
    }
}

let lists = Projection("lists", of: ListRow.self) {
    on(ShoppingListCreated.self, \.id) { row, event, envelope in
        let stops = [StopDetails](event.stops)
        row = ListRow(
            id: event.id, orderId: event.orderId, createdAt: envelope.at, since: envelope.at, ordered: stops.ordered,
            stops: stops, version: envelope.version)
    }
    on(ShoppingListInitiated.self, \.id) { row, _, envelope in row?.enter(.available, envelope) }
    on(ShoppingListAssigned.self, \.id) { row, event, envelope in
        row?.enter(.assigned, envelope)
        row?.botId = event.botId
        row?.botName = event.botName
        row?.reason = nil
    }
    on(ShoppingListStarted.self, \.id) { row, _, envelope in row?.enter(.active, envelope) }
    on(ShoppingListStopReached.self, \.id) { row, event, envelope in
        row?.change(envelope) { $0.reach(event.storeId, at: envelope.at) }
    }
    on(ShoppingListItemPicked.self, \.id) { row, event, envelope in
        row?.change(envelope) { $0.add(picked: event.quantity, to: event.productId, at: event.storeId) }
    }
    on(ShoppingListItemUnavailable.self, \.id) { row, event, envelope in
        row?.change(envelope) { $0.add(missing: event.quantity, to: event.productId, at: event.storeId) }
    }
    on(ShoppingListDelivered.self, \.id) { row, _, envelope in row?.enter(.delivered, envelope) }
    on(ShoppingListReleased.self, \.id) { row, event, envelope in
        row?.enter(.available, envelope)
        row?.change(envelope) { $0.reset() }
        row?.botId = nil
        row?.botName = nil
        row?.attempts = event.attempts
        row?.needsClerk = event.needsClerk
        row?.reason = said(event.reason)
    }
    on(ShoppingListCompleted.self, \.id) { row, event, envelope in
        row?.enter(.completed, envelope)
        row?.change(envelope) { $0.settle(event.lines) }
        row?.bay = event.bay
        row?.needsClerk = false
    }
    on(ShoppingListCanceled.self, \.id) { row, event, envelope in
        row?.enter(.canceled, envelope)
        row?.botId = nil
        row?.botName = nil
        row?.onShelf = event.hasGoods
        row?.needsClerk = false
        row?.reason = said(event.reason)
    }
    on(ShoppingListPutToBay.self, \.id) { row, event, envelope in
        row?.bay = event.bay
        row?.version = envelope.version
    }
    on(ShoppingListBayCleared.self, \.id) { row, event, envelope in
        row?.bay = nil
        row?.onShelf = event.toReturns
        row?.version = envelope.version
    }
    on(ShoppingListReturned.self, \.id) { row, _, envelope in
        row?.onShelf = false
        row?.version = envelope.version
    }
}

func said(_ text: String) -> String? { text.isEmpty ? nil : text }

struct ListFilter: Decodable {
    let status: [ListStatus]?
    let bot: BotID?
    let order: OrderID?
    let needsClerk: Bool?
    let onShelf: Bool?
    let text: String?
}

let listsTopic = Topic("lists", of: lists, orders: ["createdAt"], filter: ListFilter.self) { filter throws(Refusal) in
    var parts: [Predicate] = []
    if let status = filter.status { parts.append(.among("status", status.map { .text($0.rawValue) })) }
    if let bot = filter.bot { parts.append(.among("bot", [.uuid(bot.rawValue)])) }
    if let order = filter.order { parts.append(.among("order", [.uuid(order.rawValue)])) }
    if let needsClerk = filter.needsClerk { parts.append(.among("needsClerk", [.bool(needsClerk)])) }
    if let onShelf = filter.onShelf { parts.append(.among("onShelf", [.bool(onShelf)])) }
    if let text = filter.text { parts.append(try .words(of: text, in: "words")) }
    return .all(parts)
}
