import FoundationEssentials
import Kernel
import Testing

@testable import Live

/// Random commands, reads that come late, pages that stall, leave and come back elsewhere, a projector that goes back,
/// change sets that are lost: at every commit every page must show exactly what its queries find at that position.
struct OracleTests {
    static let seeds: [UInt64] = {
        let random = UInt64.random(in: 0...UInt64.max)
        return [1, 2, 3, 4_077_735_686_589_014_588, random, random &+ 1]
    }()

    @Test(arguments: seeds)
    func `at every commit every page equals its queries at that position`(seed: UInt64) {
        let world = World(seed: seed)
        world.run(steps: 1000)
        #expect(world.comparisons > 1000, "seed \(seed): too little was compared")
    }
}

/// Two servers over one log, and pages between them.
private final class World {
    private struct Wire {
        let server: TestServer
        var sets: [ChangeSet] = []
        var reads: [ReadRequest] = []
        var answers: [ReadResult] = []
    }

    private let seed: UInt64
    private var random: SplitMix
    private var log = TestLog()
    /// Logs of earlier epochs too: a page may still be reading commits of those.
    private var logs: [String: TestLog] = [:]
    private var wires: [Wire] = []
    private var pages: [(page: TestPage, wire: Int)] = []
    private var wide: Set<ObjectIdentifier> = []
    private var made = 0
    private var epochs = 1
    private(set) var comparisons = 0
    private var step = 0
    private let stores = (1...4).map { key(1_000_000 + $0) }
    private let statuses = ["pending", "ready", "completed"]
    /// What a query finds at a position, asked many times.
    private var found: [String: [RowQuery: (rows: [UUID: Int64], count: Int)]] = [:]

    init(seed: UInt64) {
        self.seed = seed
        random = SplitMix(state: seed)
        logs[log.epoch] = log
        for _ in 0..<20 { write() }
        _ = log.project()
        for _ in 0..<2 { wires.append(Wire(server: TestServer(log))) }
        for index in 0..<10 {
            let page = TestPage()
            page.atCommit = { [unowned self] in compare($0) }
            pages.append((page, index % 2))
            page.connect(to: wires[index % 2].server)
            if index < 2 {
                // These look at everything, so that sums can be drawn over both projections.
                wide.insert(ObjectIdentifier(page))
                page.open(1, "orders", limit: 2000, count: true)
                page.open(2, "invoices", order: "name", limit: 2000)
            } else {
                for id in 1...3 { open(page, id) }
            }
        }
    }

    func run(steps: Int) {
        for step in 0..<steps {
            self.step = step
            turn()
        }
        settle()
    }

    private func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    private func turn() {
        let wire = pick(2)
        let server = wires[wire].server
        server.now = server.now + .milliseconds(pick(400))
        let at = pick(pages.count)
        let page = pages[at].page
        switch pick(1000) {
        case 0..<200: write()
        case 200..<330: project()
        case 330..<500: deliver(wire)
        case 500..<640: read(wire)
        case 640..<760: answer(wire)
        case 760..<800: server.views.tick(now: server.now)
        case 800..<850: if !wide.contains(ObjectIdentifier(page)) { change(page) }
        case 850..<880: page.isStalled = true
        case 880..<930:
            page.isStalled = false
            page.read(random.chance(50) ? 1 + pick(5) : .max)
        case 930..<965: move(at)
        case 965..<980: log.crash(losing: pick(5))
        case 980..<985: if random.chance(30) { log.horizon = log.checkpoint }
        case 985..<995: if let id = page.views.keys.sorted().first { page.send("{\"type\":\"check\",\"view\":\(id)}") }
        default: if random.chance(20) { renew() }
        }
        wires[wire].reads += server.views.takeReads()
        for (page, _) in pages where !page.isStalled { page.read() }
        for index in wires.indices { wires[index].server.views.horizon = log.horizon }
    }

    /// Moves an amount between an order and an invoice, and sometimes more: the sum of all stays zero.
    private func write() {
        var changes: [(projection: String, key: UUID, thing: Thing?)] = []
        let amount = Int64(pick(50))
        for (projection, sign) in [("orders", Int64(1)), ("invoices", -1)] {
            let known = log.versions[projection]!.keys.sorted()
            if known.count < 40 || random.chance(15) {
                made += 1
                changes.append((projection, key(made), thing(made, amount: sign * amount)))
                continue
            }
            let chosen = known[pick(known.count)]
            let old = log.versions[projection]![chosen]!.last!.thing
            var new = thing(Int(old?.number ?? Int64(made)), amount: (old?.amount ?? 0) + sign * amount)
            if random.chance(50), let old { (new.name, new.status, new.stores) = (old.name, old.status, old.stores) }
            changes.append((projection, chosen, new))
            if random.chance(25),
                let empty = known.first(where: { log.versions[projection]![$0]!.last!.thing?.amount == 0 }),
                empty != chosen
            {
                changes.append((projection, empty, nil))
            }
        }
        log.write(changes)
    }

    private func thing(_ number: Int, amount: Int64) -> Thing {
        Thing.make(
            random.chance(20) ? pick(60) : number, statuses[pick(3)], amount: amount,
            name: ["apple", "pear", "plum"][pick(3)]
                + (random.chance(3) ? String(repeating: " long", count: 2000) : ""),
            stores: stores.filter { _ in random.chance(30) })
    }

    private func project() {
        guard !log.isProjected else { return }
        let set = log.project(1 + pick(4))
        for index in wires.indices { wires[index].sets.append(set) }
    }

    private func deliver(_ wire: Int) {
        guard !wires[wire].sets.isEmpty else { return }
        let set = wires[wire].sets.removeFirst()
        // A hint lost; or, in a process that reads by position, a set without what was before.
        if random.chance(2) { return }
        let server = wires[wire].server
        if random.chance(3) {
            let head = server.views.head
            if set.to > head { server.views.apply(log.set(from: head, to: set.to, exactly: false), now: server.now) }
        } else {
            server.views.apply(set, now: server.now)
        }
    }

    private func read(_ wire: Int) {
        guard !wires[wire].reads.isEmpty else { return }
        let request = wires[wire].reads.remove(at: pick(wires[wire].reads.count))
        wires[wire].answers.append(log.run(request))
    }

    private func answer(_ wire: Int) {
        guard !wires[wire].answers.isEmpty else { return }
        var result = wires[wire].answers.remove(at: pick(wires[wire].answers.count))
        if random.chance(5) {
            result = ReadResult(
                id: result.id, epoch: result.epoch, checkpoint: result.checkpoint, asOf: result.asOf, answer: .failed)
        }
        wires[wire].server.views.answer(result, now: wires[wire].server.now)
    }

    private func filter() -> ThingFilter {
        var filter = ThingFilter()
        if random.chance(40) { filter.status = statuses.filter { _ in random.chance(50) } + ["ready"] }
        if random.chance(30) { filter.store = stores[pick(4)] }
        if random.chance(20) { filter.atLeast = Int64(pick(100)) - 50 }
        if random.chance(10) { filter.text = "p" }
        return filter
    }

    private func open(_ page: TestPage, _ id: Int) {
        page.open(
            id, random.chance(50) ? "orders" : "invoices", filter(),
            order: ["-number", "name", "amount", "-amount"][pick(4)],
            limit: [1, 3, 10, 30, 2000][pick(5)], count: random.chance(40))
    }

    private func change(_ page: TestPage) {
        let id = 1 + pick(4)
        if page.views[id] == nil {
            open(page, id)
        } else if random.chance(20) {
            page.close(id)
        } else {
            let order = random.chance(20) ? ["-number", "name"][pick(2)] : nil
            page.change(id, filter(), order: order, limit: random.chance(50) ? [2, 5, 20][pick(3)] : nil)
        }
    }

    /// The connection breaks, and the page goes on at one server or the other from what it has.
    private func move(_ at: Int) {
        let page = pages[at].page
        page.disconnect()
        page.isStalled = false
        pages[at].wire = pick(2)
        page.connect(to: wires[pages[at].wire].server)
    }

    /// Restored from something else: another past, positions that mean nothing.
    private func renew() {
        epochs += 1
        log = TestLog(epoch: "e\(epochs)")
        logs[log.epoch] = log
        for _ in 0..<(5 + pick(20)) { write() }
        _ = log.project()
        for index in wires.indices {
            wires[index].sets = []
            wires[index].server.log = log
            wires[index].server.views.horizon = .start
            wires[index].server.views.renew(
                epoch: log.epoch, position: log.checkpoint, asOf: epochStart, now: wires[index].server.now)
        }
    }

    /// Lets everything arrive: then every page must be at the end of the log, and show what it asked for.
    private func settle() {
        for (page, _) in pages { page.isStalled = false }
        for _ in 0..<50 {
            while !log.isProjected { project() }
            for index in wires.indices {
                let server = wires[index].server
                server.now = server.now + .seconds(6)
                while !wires[index].sets.isEmpty {
                    server.views.apply(wires[index].sets.removeFirst(), now: server.now)
                }
                // A poll: nothing may be missing for good.
                let head = server.views.head
                if head < log.checkpoint {
                    server.views.apply(log.set(from: head, to: log.checkpoint), now: server.now)
                }
                for request in wires[index].reads + server.views.takeReads() {
                    wires[index].answers.append(log.run(request))
                }
                wires[index].reads = []
                for result in wires[index].answers { server.views.answer(result, now: server.now) }
                wires[index].answers = []
                server.views.tick(now: server.now)
            }
            for (page, _) in pages { page.read() }
        }
        for (page, _) in pages {
            #expect(page.position == log.checkpoint.rawValue, "seed \(seed): a page stayed at \(page.position)")
            for (id, view) in page.views {
                #expect(view.isComplete, "seed \(seed): view \(id) never came")
                let want = log.rows(view.topic, view.query, at: log.checkpoint)
                #expect(
                    view.rows.mapValues(\.position)
                        == Dictionary(uniqueKeysWithValues: want.map { ($0.key, $0.position.rawValue) }),
                    "seed \(seed): view \(id) ended wrong")
                if view.count { #expect(view.total != nil, "seed \(seed): a total never came") }
            }
            #expect(page.mostUnsent < LiveLimits.unsent + 128 * 1024, "seed \(seed): \(page.mostUnsent) bytes unsent")
        }
        #expect(pages.contains { $0.page.checks > 0 })
    }

    private func compare(_ page: TestPage) {
        let cursor = Cursor(page.cursor!)!
        let log = logs[cursor.epoch]!
        for (id, view) in page.views where view.isComplete {
            // Which query it is showing is known by the number its rows came under.
            guard let shared = view.shared, let shown = queries(of: page.server, shared) else { continue }
            comparisons += 1
            let want = expected(view.topic, shown, cursor, log)
            let held = view.rows.mapValues(\.position)
            #expect(held == want.rows, "seed \(seed) step \(step): view \(id) is torn or stale at \(cursor)")
            if let total = view.total {
                #expect(total == want.count, "seed \(seed) step \(step): view \(id) counts wrong at \(cursor)")
            }
        }
        guard wide.contains(ObjectIdentifier(page)), let a = page.views[1], let b = page.views[2], a.isComplete,
            b.isComplete
        else { return }
        let sum = (Array(a.rows.values) + Array(b.rows.values)).reduce(0) { $0 + $1.value.amount }
        #expect(sum == 0, "seed \(seed) step \(step): half a command is visible at \(cursor)")
    }

    private var known: [ObjectIdentifier: [Int: RowQuery]] = [:]

    private func queries(of server: TestServer, _ shared: Int) -> RowQuery? {
        let id = ObjectIdentifier(server)
        if let query = known[id]?[shared] { return query }
        for view in server.views.views.values {
            known[id, default: [:]][view.number] = RowQuery(
                predicate: view.key.predicate, order: view.key.order, limit: view.key.limit)
        }
        return known[id]?[shared]
    }

    private func expected(
        _ topic: String, _ query: RowQuery, _ cursor: Cursor, _ log: TestLog
    ) -> (rows: [UUID: Int64], count: Int) {
        let place = "\(topic) \(cursor)"
        if let known = found[place]?[query] { return known }
        if found.count > 500 { found = [:] }
        var all = query
        all.limit = nil
        let matching = log.rows(topic, all, at: cursor.position)
        let rows = Dictionary(
            uniqueKeysWithValues: matching.prefix(query.limit!).map { ($0.key, $0.position.rawValue) })
        found[place, default: [:]][query] = (rows, matching.count)
        return (rows, matching.count)
    }
}
