import Contracts
public import Kernel

/// Shopping lists, robots, the bays of the depot.
///
/// A list and its robot are told in one unit of work, so that a robot has one list and a list has one robot.
public let depot = Module("depot") {
    accepts(CreateShoppingList.self) { command, tx in
        let id = tx.newID(ListID.self)
        let stops = try await route(of: command.items, tx)
        try await tx.tell(ShoppingList.self, id, .create(orderId: command.orderId, stops: stops))
        return CreatedShoppingList(id: id)
    }
    accepts(InitiateShopping.self) { command, tx in
        try await tx.tell(ShoppingList.self, command.id, .initiate)
        return Done()
    }
    accepts(CancelShoppingList.self) { command, tx in
        try await end(command.id, .cancel(reason: command.reason), reason: command.reason, tx)
        return Done()
    }
    accepts(AssignShoppingList.self) { command, tx in
        // The list is looked at first: it is what several robots want.
        guard try await tx.state(of: ShoppingList.self, command.id) != nil else { throw Refusal.unknownList }
        guard let name = try await tx.state(of: Bot.self, command.botId)?.name else { throw Refusal.unknownBot }
        try await tx.tell(ShoppingList.self, command.id, .assign(command.botId, name: name))
        try await tx.tell(Bot.self, command.botId, .activate(command.id))
        return Done()
    }
    accepts(ReleaseShoppingList.self) { command, tx in
        let list = try await tx.state(of: ShoppingList.self, command.id)
        try await tx.tell(ShoppingList.self, command.id, .release(reason: command.reason))
        if let list, let bot = list.holder {
            // A robot that gives back what it has not begun has nothing to bring home.
            let declines = list.status == .assigned && tx.cause.actor.hasPrefix("robot:")
            try await tx.tell(
                Bot.self, bot, declines ? .finish(command.id) : .recall(command.id, reason: command.reason))
        }
        return Done()
    }
    accepts(CompleteShoppingList.self) { command, tx in
        let bay = try await tx.ask(FreeBay(list: command.id))
        let list = try await tx.tell(ShoppingList.self, command.id, .complete(command.counts, bay: bay))
        if let bot = list.trip?.botId { try await tx.tell(Bot.self, bot, .finish(command.id)) }
        return Done()
    }
    accepts(PutToBay.self) { command, tx in
        try await tx.tell(ShoppingList.self, command.id, .putToBay(command.bay))
        return Done()
    }
    accepts(ClearReturns.self) { command, tx in
        try await tx.tell(ShoppingList.self, command.id, .clearReturns)
        return Done()
    }

    accepts(StartShopping.self) { command, tx in
        try await tx.tell(
            ShoppingList.self, command.id, .report(.start, number: command.reportNo, by: command.botId))
        return Done()
    }
    accepts(ArriveAtStop.self) { command, tx in
        try await tx.tell(
            ShoppingList.self, command.id,
            .report(.arrive(command.storeId), number: command.reportNo, by: command.botId))
        return Done()
    }
    accepts(PickItem.self) { command, tx in
        let pick = Report.pick(command.productId, command.storeId, quantity: command.quantity)
        try await tx.tell(ShoppingList.self, command.id, .report(pick, number: command.reportNo, by: command.botId))
        return Done()
    }
    accepts(MarkUnavailable.self) { command, tx in
        let gap = Report.unavailable(command.productId, command.storeId, quantity: command.quantity)
        try await tx.tell(ShoppingList.self, command.id, .report(gap, number: command.reportNo, by: command.botId))
        return Done()
    }
    accepts(ReturnToDepot.self) { command, tx in
        try await tx.tell(
            ShoppingList.self, command.id, .report(.deliver, number: command.reportNo, by: command.botId))
        return Done()
    }
    announces(ShoppingList.self) { id, state, event in
        if let errand = state.errand { spoken(id, errand, state.trip, event) }
    }

    accepts(RegisterBot.self) { command, tx in
        let id = tx.newID(BotID.self)
        try await tx.tell(Bot.self, id, .register(name: command.name))
        return RegisteredBot(id: id)
    }
    accepts(RetireBot.self) { command, tx in
        try await tx.tell(Bot.self, command.id, .retire)
        return Done()
    }
    accepts(RecallBot.self) { command, tx in
        let reason = try Text.note(command.reason, field: "reason")
        let list = try await tx.state(of: Bot.self, command.id)?.ownList
        try await tx.tell(Bot.self, command.id, .recall(nil, reason: reason))
        if let list { try await tx.tell(ShoppingList.self, list, .release(reason: reason)) }
        return Done()
    }
    accepts(GreetBot.self) { command, tx in
        try await tx.tell(Bot.self, command.id, .greet(held: command.heldListId)).greeting(held: command.heldListId)
    }
    accepts(LeaveBot.self) { command, tx in
        let list = try await tx.state(of: Bot.self, command.id)?.ownList
        try await tx.tell(Bot.self, command.id, .leave(reason: command.reason))
        if let list { try await tx.tell(ShoppingList.self, list, .release(reason: command.reason)) }
        return Done()
    }
    accepts(LoseBot.self) { command, tx in
        let list = try await tx.state(of: Bot.self, command.id)?.ownList
        if let list, case .delivered = try await tx.state(of: ShoppingList.self, list) {
            // It stands at the depot with all it has, and is free as soon as a clerk has counted that.
            return Done()
        }
        try await tx.tell(Bot.self, command.id, .lose)
        if let list { try await tx.tell(ShoppingList.self, list, .release(reason: "the robot was lost")) }
        return Done()
    }
    accepts(ReturnBot.self) { command, tx in
        try await tx.tell(Bot.self, command.id, .comeBack)
        return Done()
    }
    announces(Bot.self) { id, _, event in
        switch event {
        case .botRegistered(let name): BotRegistered(id: id, name: name)
        case .botOnline: BotOnline(id: id)
        case .botIdled: BotIdled(id: id)
        case .botActivated(let list): BotActivated(id: id, listId: list)
        case .botRecalled(let list, let reason): BotRecalled(id: id, listId: list, reason: reason)
        case .botOffline(let reason): BotOffline(id: id, reason: reason)
        case .botLost(let list): BotLost(id: id, listId: list)
        case .botRetired: BotRetired(id: id)
        }
    }

    reacts(to: OrderCanceled.self) { event, tx in try await end(listOf: event.id, reason: event.reason, tx) }
    reacts(to: OrderRejected.self) { event, tx in try await end(listOf: event.id, reason: event.reason, tx) }
    reacts(to: OrderCompleted.self) { event, tx in
        if let list = try await tx.ask(ListOfOrder(order: event.id)) {
            try await tx.tell(ShoppingList.self, list, .handOver)
        }
    }

    answers(GetShoppingList.self) { query, reader in
        guard let found = try await reader.state(of: ShoppingList.self, query.id),
            let details = ShoppingListDetails(query.id, found.state, found.version)
        else { throw Refusal.unknownList }
        return details
    }
    answers(GetBot.self) { query, reader in
        guard let found = try await reader.state(of: Bot.self, query.id),
            let details = found.state.details(query.id, found.version)
        else { throw Refusal.unknownBot }
        return details
    }
    answers(FindWork.self) { query, reader in
        try await reader.rows(Work.oldest(but: query.declined)).first.map { ListID(rawValue: try $0[0]) }
    }
    answers(FreeBay.self) { query, reader in try await query.answer(reader) }
    answers(ListOfOrder.self) { query, reader in
        try await reader.holder(ofClaim: ShoppingList.orderScope, value: query.order.description)
            .map(ListID.init(rawValue:))
    }

    migrates(Work.migration, Bay.migration)
    Work.waiting
    Bay.taken
    folds(lists)
    shows(listsTopic)
    folds(fleet)
    shows(fleetTopic)
}

/// The list of an order, unless it was canceled; what stands in its place, where it was forestalled.
private struct ListOfOrder: Query {
    static let name = "depot.ListOfOrder"
    typealias Answer = ListID?

    let order: OrderID
}

/// Ends the list of an order that has ended. Where there is none, the end has overtaken its creation or the saga has
/// canceled it: either way there will be none.
///
/// A list that is created at this very moment takes the claim that the forestalled one wants, or is refused for it: one of
/// the two decides again.
private func end(listOf order: OrderID, reason: String, _ tx: borrowing any Transaction & ~Copyable) async throws {
    if let list = try await tx.ask(ListOfOrder(order: order)) {
        try await end(list, .withdraw(reason: reason), reason: reason, tx)
    } else {
        try await tx.tell(ShoppingList.self, tx.newID(ListID.self), .forestall(order, reason: reason))
    }
}

/// Ends a list and calls back the robot that is busy with it.
private func end(
    _ id: ListID, _ command: ShoppingList.Command, reason: String, _ tx: borrowing any Transaction & ~Copyable
) async throws {
    let list = try await tx.state(of: ShoppingList.self, id)
    try await tx.tell(ShoppingList.self, id, command)
    if let bot = list?.holder { try await tx.tell(Bot.self, bot, .recall(id, reason: reason)) }
}

/// What is said aloud of a list's event, given the list after it.
@ListBuilder<any PublicEvent>
private func spoken(_ id: ListID, _ errand: Errand, _ trip: Trip?, _ event: ShoppingList.Event) -> [any PublicEvent] {
    let order = errand.orderId
    switch (trip, event) {
    case (_, .shoppingListCreated(_, let stops)): ShoppingListCreated(id: id, orderId: order, stops: stops)
    case (_, .shoppingListInitiated): ShoppingListInitiated(id: id, orderId: order)
    case (_, .shoppingListAssigned(let bot, let name)):
        ShoppingListAssigned(id: id, orderId: order, botId: bot, botName: name)
    case (let trip?, .shoppingListStarted): ShoppingListStarted(id: id, orderId: order, botId: trip.botId)
    case (let trip?, .shoppingListStopReached(let store, _, _)):
        ShoppingListStopReached(id: id, orderId: order, botId: trip.botId, storeId: store)
    case (let trip?, .shoppingListItemPicked(let product, let store, let quantity, _)):
        ShoppingListItemPicked(
            id: id, orderId: order, botId: trip.botId, storeId: store, productId: product, quantity: quantity)
    case (let trip?, .shoppingListItemUnavailable(let product, let store, let quantity, _)):
        ShoppingListItemUnavailable(
            id: id, orderId: order, botId: trip.botId, storeId: store, productId: product,
            productName: errand.stops.line(product, at: store)?.productName ?? "", quantity: quantity)
    case (let trip?, .shoppingListDelivered): ShoppingListDelivered(id: id, orderId: order, botId: trip.botId)
    case (let trip?, .shoppingListCompleted(let lines, let bay)):
        ShoppingListCompleted(id: id, orderId: order, botId: trip.botId, lines: lines, bay: bay)
    case (_, .shoppingListReleased(let bot, let reason)):
        ShoppingListReleased(
            id: id, orderId: order, botId: bot, reason: reason, attempts: errand.attempts,
            needsClerk: errand.needsClerk)
    case (_, .shoppingListPutToBay(let bay)): ShoppingListPutToBay(id: id, orderId: order, bay: bay)
    case (_, .shoppingListBayCleared(let bay, let toReturns)):
        ShoppingListBayCleared(id: id, orderId: order, bay: bay, toReturns: toReturns)
    case (_, .shoppingListCanceled(let bot, let reason, let hasGoods)):
        ShoppingListCanceled(id: id, orderId: order, botId: bot, reason: reason, hasGoods: hasGoods)
    case (_, .shoppingListReturned): ShoppingListReturned(id: id, orderId: order)
    case (nil, .shoppingListStarted), (nil, .shoppingListStopReached), (nil, .shoppingListItemPicked),
        (nil, .shoppingListItemUnavailable), (nil, .shoppingListDelivered), (nil, .shoppingListCompleted),
        // There is no errand to speak of.
        (_, .shoppingListForestalled):
        impossible(event)
    }
}

private func impossible(_ event: ShoppingList.Event) -> [any PublicEvent] {
    preconditionFailure("\(event) left a list that no robot has")
}
