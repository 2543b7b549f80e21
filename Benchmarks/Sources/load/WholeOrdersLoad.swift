import ArgumentParser
import EventLoop
import FoundationEssentials

/// Orders from checkout to handover, without a pause anywhere: customers, robots, clerks and cashiers over HTTP, and all
/// that the mall's listeners and sagas do between them.
struct WholeOrdersLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whole-orders", abstract: "Orders from checkout to handover, over HTTP.",
        discussion: """
            Every hand is a kiosk, a robot and a desk in turn: it buys, fetches the oldest list that waits, has it counted, \
            takes the money for what was fetched a round ago, and hands over what was paid a round ago: so it seldom has to \
            ask whether the mall's listeners have followed. Times are from checkout to handover.
            """)

    @OptionGroup var target: Target
    @OptionGroup var staff: Staff
    @Option(help: "How many hands at once.") var hands = 16

    func validate() throws {
        guard 1...Limits.hands ~= hands else { throw ValidationError("expected 1 to \(Limits.hands) hands") }
    }

    func run() async throws {
        try makeRoom(forDescriptors: hands * 3)
        let loop = EventLoop(name: "load")
        try await loop.spawnThrowing { [self] in
            let mall = Mall(target, staff, Ground(loop))
            try await mall.prepare(stores: 5, products: 20, customers: 50)
            print(try await WholeOrdersRun(self, mall).run())
        }.value
    }
}

/// Touched on the loop's thread only.
private final class WholeOrdersRun: @unchecked Sendable {
    private let load: WholeOrdersLoad
    private let mall: Mall
    private var latencies = Latencies()
    /// Orders that were handed over, those of earlier runs too, whose lists have waited for robots.
    private var handedOver = 0
    private var checkedOut: [String: UInt64] = [:]
    private var isEnding = false

    init(_ load: WholeOrdersLoad, _ mall: Mall) { (self.load, self.mall) = (load, mall) }

    func run() async throws -> String {
        let loop = mall.ground.loop
        let hands = try await mall.together(load.hands) { [mall] in
            try mall.administrator()
        } each: { [mall] desk, number in
            try await Hand(mall, desk, number)
        }
        let tasks = hands.map { hand in
            loop.spawnThrowing {
                defer { hand.close() }
                // What is bought ahead has become a list by the time it is fetched.
                for round in 0..<Limits.boughtAhead { try await self.buy(hand, round) }
                var (fetched, paid): (String?, String?)
                var round = Limits.boughtAhead
                while !self.isEnding {
                    try await self.buy(hand, round)
                    let order = try await hand.fetch()
                    if let paid { try await self.handOver(paid, hand) }
                    if let fetched { try await hand.takeMoney(for: fetched) }
                    (fetched, paid) = (order, fetched)
                    round += 1
                }
            }
        }
        // What is measured is a mall in which every hand has something of each kind to do.
        let deadline = loop.now + Limits.listenersFollow
        while handedOver < load.hands, loop.now < deadline { await loop.sleep(for: Limits.look) }
        await loop.sleep(for: .seconds(load.target.warmUp))
        latencies.reset()
        handedOver = 0
        let asked = mall.ground.asked
        let stretch = try Stretch(
            load.target.pid.map(ServerProcess.init), load.staff.postgresPid.map(ProcessFamily.init))
        await loop.sleep(for: .seconds(load.target.seconds))
        let report = try stretch.report(handedOver, "order", "orders", latencies)
        let requests = Double(mall.ground.asked - asked) / Double(max(handedOver, 1))
        isEnding = true
        for task in tasks { try await task.value }
        guard handedOver > 0 else { throw Failure(description: "no order was handed over") }
        return "whole orders: \(load.hands) hands · \(report) · \(requests.text(1)) requests/order"
    }

    private func buy(_ hand: Hand, _ round: Int) async throws {
        let order = try await mall.buy(hand.kiosk, customer: hand.number + round * load.hands)
        checkedOut[order] = nanoseconds()
    }

    private func handOver(_ order: String, _ hand: Hand) async throws {
        try await hand.handOver(order)
        handedOver += 1
        guard let start = checkedOut.removeValue(forKey: order) else { return }
        latencies.note(nanoseconds() - start)
    }
}

/// A kiosk, a robot and a desk. Touched on the loop's thread only.
private final class Hand: @unchecked Sendable {
    let number: Int
    let kiosk: Caller
    private let robot: Caller
    private let desk: Caller
    private let mall: Mall

    init(_ mall: Mall, _ door: Caller, _ number: Int) async throws {
        (self.mall, self.number) = (mall, number)
        kiosk = try mall.kiosk()
        desk = try mall.administrator()
        let made = try await door.tell(
            "POST", "/admin/api/bots", "{\"name\":\"Robot \(nanoseconds())-\(number)\"}", key: mall.key())
        robot = try mall.robot(token: made.field("token"))
        _ = try await robot.tell("POST", "/robots/api/hello", "{}")
    }

    func close() {
        kiosk.close()
        robot.close()
        desk.close()
    }

    private struct Work: Decodable {
        let list: List?
    }
    private struct List: Decodable {
        let id: String
        let orderId: String
        let stops: [Stop]
    }
    private struct Stop: Decodable {
        let storeId: String
        let lines: [Line]
    }
    private struct Line: Decodable {
        let productId: String
        let ordered: Int
    }

    /// Fetches the oldest list that waits, and has it counted. Returns its order.
    func fetch() async throws -> String {
        while true {
            var offered: List?
            try await until("a list waits for a robot") {
                offered = try JSONDecoder().decode(
                    Work.self, from: Data(try await robot.tell("POST", "/robots/api/work", "{}").body)
                ).list
                return offered != nil
            }
            guard let list = offered else { continue }
            // Others are offered the same list; the first to accept has it.
            guard try await robot.isDone("/robots/api/lists/\(list.id)/accept", "{}", key: mall.key()) else { continue }
            try await work(on: list)
            return list.orderId
        }
    }

    private func work(on list: List) async throws {
        var reportNo = 0
        func report(_ what: String, _ fields: String = "") async throws {
            reportNo += 1
            _ = try await robot.tell(
                "POST", "/robots/api/lists/\(list.id)/\(what)", "{\"reportNo\":\(reportNo)\(fields)}", key: mall.key())
        }
        try await report("start")
        for stop in list.stops {
            try await report("arrive", ",\"storeId\":\"\(stop.storeId)\"")
            for line in stop.lines {
                try await report(
                    "pick",
                    ",\"storeId\":\"\(stop.storeId)\",\"productId\":\"\(line.productId)\",\"quantity\":\(line.ordered)")
            }
        }
        try await report("deliver")
        // Another clerk may have put goods into the bay that was meant for these.
        try await until("list \(list.id) has a bay") {
            try await desk.isDone("/admin/api/lists/\(list.id)/complete", "{\"counts\":[]}", key: mall.key())
        }
    }

    func takeMoney(for order: String) async throws {
        var invoice: Caller.Answer?
        try await until("the invoice of order \(order) is open") {
            let answer = try await desk.tell("GET", "/admin/api/invoices?order=\(order)")
            invoice = answer
            return answer.has("\"status\":\"pending\"")
        }
        guard let invoice else { return }
        _ = try await desk.tell(
            "PUT", "/admin/api/invoices/\(try invoice.field("id"))/pay",
            "{\"method\":\"card_on_file\",\"expectedAmountMinor\":\(try invoice.field("amountMinor"))}", key: mall.key()
        )
    }

    func handOver(_ order: String) async throws {
        try await until("order \(order) is ready and paid") {
            let answer = try await desk.tell("GET", "/admin/api/orders/\(order)")
            return answer.has("\"status\":\"ready\"") && answer.has("\"paid\":true")
        }
        _ = try await desk.tell("POST", "/admin/api/orders/\(order)/complete", key: mall.key())
    }

    /// Asks again until something holds that the mall's listeners bring about.
    private func until(_ what: String, _ holds: () async throws -> Bool) async throws {
        let loop = mall.ground.loop
        let deadline = loop.now + Limits.listenersFollow
        while try await !holds() {
            guard loop.now < deadline else { throw Failure(description: "expected that \(what)") }
            await loop.sleep(for: Limits.look)
        }
    }
}
