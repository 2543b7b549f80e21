import Contracts
import Kernel

/// What a list asks for and how much of it is done. It judges what robots report and clerks count.
struct Errand: Codable, Equatable {
    let orderId: OrderID
    var stops: [StopDetails]
    /// Robots that have tried and given the list back.
    var attempts = 0

    /// Whether robots are not offered it any more.
    var needsClerk: Bool { attempts >= DepotLimits.attempts }
}

/// One robot's way with a list, from its assignment on.
struct Trip: Codable, Equatable {
    let botId: BotID
    let botName: String
    /// The number of the report that was heard last; the first is 1.
    var lastReport = 0

    /// Whether a report is to have its effect; one that was heard before has had it. Refuses another robot's, and one that
    /// comes before those it follows: what was lost on the way must be told first, or it would never be counted.
    func isNews(_ number: Int, from bot: BotID) throws(Refusal) -> Bool {
        guard bot == botId else { throw .forbidden("another robot has the list") }
        guard number >= 1 else { throw .invalid("reports are numbered from 1", field: "reportNo") }
        guard number <= lastReport + 1 else {
            throw .conflict("report \(number) came, and report \(lastReport + 1) is expected")
        }
        return number == lastReport + 1
    }

    func after(_ report: Int) -> Trip {
        var trip = self
        trip.lastReport = report
        return trip
    }
}

/// What a robot says of its way.
enum Report: Equatable {
    case start
    case arrive(StoreID)
    case pick(ProductID, StoreID, quantity: Int)
    case unavailable(ProductID, StoreID, quantity: Int)
    case deliver
}

extension Errand {
    /// The event of a report from a robot on its way.
    func event(of report: Report, _ number: Int, at now: Instant) throws(Refusal) -> ShoppingList.Event {
        switch report {
        case .start: throw .conflict("the robot has started already")
        case .arrive(let store):
            _ = try stop(at: store)
            return .shoppingListStopReached(storeId: store, at: now, reportNo: number)
        case .pick(let product, let store, let quantity):
            guard try stop(at: store).arrivedAt != nil else {
                throw .conflict("the robot has not arrived at this store")
            }
            try judge(quantity, of: product, at: store)
            return .shoppingListItemPicked(
                productId: product, storeId: store, quantity: quantity, reportNo: number)
        // A store that is closed, or lets no robot in, is not arrived at.
        case .unavailable(let product, let store, let quantity):
            try judge(quantity, of: product, at: store)
            return .shoppingListItemUnavailable(
                productId: product, storeId: store, quantity: quantity, reportNo: number)
        case .deliver:
            guard stops.allSatisfy({ $0.lines.allSatisfy { $0.open == 0 } }) else {
                throw .conflict("not every line is picked or missing")
            }
            return .shoppingListDelivered(reportNo: number)
        }
    }

    private func stop(at store: StoreID) throws(Refusal) -> StopDetails {
        guard let stop = stops.stop(at: store) else {
            throw .invalid("the list has no stop at this store", field: "storeId")
        }
        return stop
    }

    private func judge(_ quantity: Int, of product: ProductID, at store: StoreID) throws(Refusal) {
        _ = try stop(at: store)
        guard let line = stops.line(product, at: store) else {
            throw .invalid("the list does not ask this store for the product", field: "productId")
        }
        guard quantity >= 1 else { throw .invalid("the quantity must be at least 1", field: "quantity") }
        guard quantity <= line.open else {
            throw .invalid("only \(line.open) of \(line.ordered) are still to be fetched", field: "quantity")
        }
    }

    /// All lines as they are in the end: a clerk's count wins, and what is not counted is as the robot said.
    func counted(_ counts: [Count]) throws(Refusal) -> [CountedLine] {
        for (index, count) in counts.enumerated() {
            guard let line = stops.line(count.productId, at: count.storeId) else {
                throw .invalid("the list has no such line", field: "counts")
            }
            guard (0...line.ordered).contains(count.quantity) else {
                throw .invalid(
                    "\(line.productName) was ordered \(line.ordered) times, not \(count.quantity)", field: "counts")
            }
            guard !counts[..<index].contains(where: { $0.productId == count.productId && $0.storeId == count.storeId })
            else { throw .invalid("\(line.productName) is counted twice", field: "counts") }
        }
        return stops.flatMap { stop in
            stop.lines.map { line in
                let count = counts.first { $0.productId == line.productId && $0.storeId == stop.storeId }
                let picked = count?.quantity ?? line.picked
                return CountedLine(
                    productId: line.productId, storeId: stop.storeId, productName: line.productName,
                    ordered: line.ordered, picked: picked, missing: line.ordered - picked)
            }
        }
    }
}
