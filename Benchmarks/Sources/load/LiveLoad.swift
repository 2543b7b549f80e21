import ArgumentParser
import EventLoop
import Glibc
import WebSocket

/// Pages that show live views while commands change what they show.
struct LiveLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "live", abstract: "Pages with a live view each, and commands at a steady rate over HTTP.",
        discussion: """
            Measured is the time from a command's answer to the commit that shows it, at every page it matches. At the end \
            each page must hold what the server's checksum says, and the same as a page that is opened then.
            """)

    enum Topic: String, ExpressibleByArgument, CaseIterable, Sendable { case orders, catalog }

    @OptionGroup var target: Target
    @OptionGroup var staff: Staff
    @Option(help: "How many pages.") var pages = 500
    @Option(help: "Commands a second.") var rate = 100
    @Option(help: "Different views; a change matches the pages of one of them. 1: all pages are equal.") var views = 10
    @Option(help: "orders: an order is canceled; catalog: a price changes.") var topic = Topic.orders
    @Option(help: "Rows of a page's window.") var limit = 50

    func validate() throws {
        guard 1...Limits.pages ~= pages, 1...pages ~= views else {
            throw ValidationError("expected 1 to \(Limits.pages) pages, and at most as many views")
        }
        guard 1...Limits.rate ~= rate else { throw ValidationError("expected a rate of 1 to \(Limits.rate)") }
        guard 1...2_000 ~= limit else { throw ValidationError("expected a window of 1 to 2,000 rows") }
    }

    func run() async throws {
        try makeRoom(forDescriptors: pages + 64)
        let loop = EventLoop(name: "load")
        print(
            try await loop.spawnThrowing { [self] in try await LiveRun(self, Mall(target, staff, Ground(loop))).run() }
                .value)
    }
}

/// Touched on the loop's thread only.
private final class LiveRun: @unchecked Sendable {
    private let load: LiveLoad
    private let mall: Mall
    private var pages: [LivePage] = []
    /// What is canceled, newest first, by view.
    private var orders: [[String]] = []
    private var latencies = Latencies()
    private var lastOnes = Latencies()
    private var answers = Latencies()
    private var isMeasuring = false

    init(_ load: LiveLoad, _ mall: Mall) { (self.load, self.mall) = (load, mall) }

    private var total: Int { Int(Double(load.rate) * (load.target.warmUp + load.target.seconds)) }

    func run() async throws -> String {
        let loop = mall.ground.loop
        try await mall.prepare(
            stores: load.topic == .catalog ? load.views : 5, products: 20,
            customers: load.topic == .orders ? load.views : 1)
        if load.topic == .orders { try await placeOrders() }
        pages = try await open(load.pages)
        let senders = try (0..<Limits.preparing).map { lane in
            let caller = try mall.administrator()
            return loop.spawnThrowing { try await self.send(caller, lane) }
        }
        await loop.sleep(for: .seconds(load.target.warmUp))
        let delivered = pages.reduce(0) { $0 + $1.changes }
        isMeasuring = true
        let stretch = try Stretch(
            load.target.pid.map(ServerProcess.init), load.staff.postgresPid.map(ProcessFamily.init))
        await loop.sleep(for: .seconds(load.target.seconds))
        let count = pages.reduce(0) { $0 + $1.changes } - delivered
        let report = try stretch.report(count, "change", "changes", latencies)
        // What comes later was given late, and belongs to no rate.
        isMeasuring = false
        let given = Double(answers.total) / load.target.seconds
        var last: Int64 = 0
        for sender in senders { last = max(last, try await sender.value) }
        try await compare(after: last)
        return
            "live: \(pages.count) pages, \(load.views) views of \(load.topic.rawValue), \(load.rate) commands/s · given \(given.text(0)) commands/s · \(report) · "
            + "last page p50 \(lastOnes.milliseconds(0.5).text(3)) ms, p99 \(lastOnes.milliseconds(0.99).text(3)) ms · "
            + "command p50 \(answers.milliseconds(0.5).text(3)) ms, p99 \(answers.milliseconds(0.99).text(3)) ms · "
            + "\(lastOnes.total) commands shown, all pages right"
    }

    private func placeOrders() async throws {
        let made = try await mall.together(total) { [mall] in
            try mall.kiosk()
        } each: { [mall] caller, index in
            try await mall.buy(caller, customer: index)
        }
        orders = (0..<load.views).map { view in
            stride(from: view, to: made.count, by: load.views).map { made[$0] }.reversed()
        }
        let caller = try mall.administrator()
        for order in made { try await mall.waitForOrder(caller, order) }
        caller.close()
    }

    private func open(_ count: Int) async throws -> [LivePage] {
        let cookie = mall.session.dropFirst("Cookie: ".utf8.count).prefix { $0 != "\r\n" }
        var opened: [LivePage] = []
        _ = try await mall.ground.open(count) { number in
            let page = LivePage(view: number % load.views, self)
            let peer = try Peer(
                of: load.target, path: "/admin/live", subprotocols: ["mallbots.live.v1"],
                fields: [("Cookie", String(cookie))], on: mall.ground, owner: page)
            page.peer = peer
            opened.append(page)
            return peer
        }
        for page in opened { page.peer?.send(text: open(page.view)) }
        try await wait("a page's first rows") { opened.allSatisfy { $0.isShown } }
        return opened
    }

    private func open(_ view: Int) -> String {
        switch load.topic {
        case .orders:
            "{\"type\":\"open\",\"view\":1,\"topic\":\"orders\",\"filter\":{\"customer\":\"\(mall.customers[view])\","
                + "\"status\":[\"pending\",\"approved\"]},\"limit\":\(load.limit)}"
        case .catalog:
            "{\"type\":\"open\",\"view\":1,\"topic\":\"catalog\",\"filter\":{\"store\":\"\(mall.stores[view].id)\"},"
                + "\"limit\":\(load.limit)}"
        }
    }

    /// Gives every 16th command, each at its time. Returns the position of the last one.
    private func send(_ caller: Caller, _ lane: Int) async throws -> Int64 {
        defer { caller.close() }
        let loop = mall.ground.loop
        let start = loop.now
        var position: Int64 = 0
        for number in stride(from: lane, to: total, by: Limits.preparing) {
            let due = start + .microseconds(Int64(number) * 1_000_000 / Int64(load.rate))
            if due > loop.now { await loop.sleep(for: due - loop.now) }
            let sentAt = nanoseconds()
            position = max(position, try await command(caller, number).position())
            let now = nanoseconds()
            if isMeasuring { answers.note(now - sentAt) }
            answered(position, at: now, of: number % load.views)
        }
        return position
    }

    private func command(_ caller: Caller, _ number: Int) async throws -> Caller.Answer {
        let (view, round) = (number % load.views, number / load.views)
        switch load.topic {
        case .orders:
            return try await caller.tell(
                "POST", "/admin/api/orders/\(orders[view][round])/cancel", "{\"reason\":\"no stock\"}", key: mall.key())
        case .catalog:
            let products = mall.stores[view].products
            let (product, visit) = (round % products.count, round / products.count)
            let verb = visit % 2 == 0 ? "increasePrice" : "decreasePrice"
            return try await caller.tell(
                "PUT", "/admin/api/stores/products/\(products[product])/\(verb)",
                "{\"priceMinor\":\(500 + product + (visit % 2 == 0 ? 100 : 0))}", key: mall.key())
        }
    }

    private func answered(_ position: Int64, at now: UInt64, of view: Int) {
        let matching = pages.filter { $0.view == view }
        let command = Shown(position: position, at: now, left: matching.count, counts: isMeasuring)
        for page in matching { page.expect(command) }
    }

    fileprivate func shown(_ command: Shown, at now: UInt64) {
        let took = now > command.at ? now - command.at : 0
        command.left -= 1
        guard command.counts else { return }
        latencies.note(took)
        if command.left == 0 { lastOnes.note(took) }
    }

    /// Every page has shown the last command, holds what the server's checksum says it should, and what a page that is
    /// opened now is given.
    private func compare(after position: Int64) async throws {
        try await wait("the last command on every page") { self.pages.allSatisfy(\.hasShownAll) }
        let fresh = try await open(load.views)
        for page in pages + fresh { page.peer?.send(text: "{\"type\":\"check\",\"view\":1}") }
        try await wait("a checksum") { (self.pages + fresh).allSatisfy { $0.sum != nil } }
        for page in pages + fresh {
            guard page.peer?.failure == nil else { throw Failure(description: "a page ended: \(page.peer!.failure!)") }
            let (rows, sum) = page.ownSum
            guard page.sum! == (rows, sum) else {
                throw Failure(description: "a page holds \(rows) rows with sum \(sum), the server says \(page.sum!)")
            }
            guard page.rows == fresh[page.view].rows else {
                throw Failure(description: "a page of view \(page.view) differs from one that was opened at the end")
            }
        }
        for page in pages + fresh { page.peer?.close() }
    }

    private func wait(_ what: String, until holds: () -> Bool) async throws {
        let deadline = mall.ground.loop.now + Limits.pagesFollow
        while !holds() {
            guard mall.ground.loop.now < deadline else {
                throw Failure(description: "\(what) did not come within \(Limits.pagesFollow.components.seconds) s")
            }
            await mall.ground.loop.sleep(for: .milliseconds(2))
        }
    }
}

/// A command that was answered, and how many pages have still to show it.
private final class Shown {
    let position: Int64
    let at: UInt64
    var left: Int
    let counts: Bool

    init(position: Int64, at: UInt64, left: Int, counts: Bool) {
        (self.position, self.at, self.left, self.counts) = (position, at, left, counts)
    }
}

/// A row's identifier.
private struct Key: Hashable {
    let high: UInt64
    let low: UInt64

    init?(_ text: UnsafeRawBufferPointer) {
        var digits: (UInt64, UInt64) = (0, 0)
        var count = 0
        for byte in text where byte != UInt8(ascii: "-") {
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 97...102: digit = byte - 87
            default: return nil
            }
            digits = (digits.0 << 4 | digits.1 >> 60, digits.1 << 4 | UInt64(digit))
            count += 1
        }
        guard count == 32 else { return nil }
        (high, low) = digits
    }

    var text: String {
        let hex = [high, low].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        var text = ""
        for (index, digit) in hex.enumerated() {
            if [8, 12, 16, 20].contains(index) { text += "-" }
            text.append(digit)
        }
        return text
    }
}

/// One page with one view. Of each row it keeps the key and the position, which stand for the content.
private final class LivePage: PeerOwner {
    let view: Int
    private let run: LiveRun
    var peer: Peer?
    private(set) var rows: [Key: Int64] = [:]
    /// `change` messages that have come.
    private(set) var changes = 0
    /// What the server says this page should hold.
    private(set) var sum: (rows: Int64, sum: Int64)?
    private var hasAllRows = false
    private(set) var isShown = false
    private var committed: Int64 = 0
    private var expected: [Shown] = []

    init(view: Int, _ run: LiveRun) { (self.view, self.run) = (view, run) }

    var hasShownAll: Bool { expected.isEmpty }

    func expect(_ command: Shown) {
        if command.position <= committed { run.shown(command, at: 0) } else { expected.append(command) }
    }

    func received(_ peer: Peer, _ message: Payload) { message.withUnsafeBytes(read) }

    private func read(_ bytes: UnsafeRawBufferPointer) {
        // {"type":"…": the type begins at the tenth byte.
        guard bytes.count > 12 else { return }
        switch (bytes[9], bytes[10], bytes[11]) {
        case (UInt8(ascii: "c"), UInt8(ascii: "o"), _): commit(bytes)
        case (UInt8(ascii: "c"), UInt8(ascii: "h"), UInt8(ascii: "a")):
            changes += 1
            take(bytes)
        case (UInt8(ascii: "c"), UInt8(ascii: "h"), UInt8(ascii: "e")):
            sum = JSONScan.number(behind: "\"rows\":", in: bytes).flatMap { rows in
                JSONScan.number(behind: "\"sum\":", in: bytes).map { (rows, $0) }
            }
        case (UInt8(ascii: "r"), UInt8(ascii: "o"), _):
            take(bytes)
            if JSONScan.end(of: "\"last\":true", in: bytes) != nil { hasAllRows = true }
        case (UInt8(ascii: "r"), UInt8(ascii: "e"), UInt8(ascii: "s")): rows = [:]
        default: break
        }
    }

    private func commit(_ bytes: UnsafeRawBufferPointer) {
        guard let position = JSONScan.number(behind: "\"position\":", in: bytes) else { return }
        committed = position
        if hasAllRows { isShown = true }
        guard !expected.isEmpty else { return }
        let now = nanoseconds()
        expected.removeAll { command in
            guard command.position <= position else { return false }
            run.shown(command, at: now)
            return true
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        var place = 0
        while let row = JSONScan.end(of: "{\"key\":\"", in: bytes, from: place) {
            place = row
            guard place + 36 <= bytes.count,
                let key = Key(UnsafeRawBufferPointer(rebasing: bytes[place..<(place + 36)])),
                let position = JSONScan.number(behind: "\"position\":", in: bytes, from: place)
            else { return }
            rows[key] = max(rows[key] ?? 0, position)
        }
        guard let gone = JSONScan.end(of: "\"gone\":[", in: bytes, from: place) else { return }
        place = gone
        while place + 38 <= bytes.count, bytes[place] == UInt8(ascii: "\"") {
            guard let key = Key(UnsafeRawBufferPointer(rebasing: bytes[(place + 1)..<(place + 37)])) else { return }
            rows[key] = nil
            place += 38
            if place < bytes.count, bytes[place] == UInt8(ascii: ",") { place += 1 }
        }
    }

    /// What the page holds, as the server sums it: FNV-1a of "key:position", modulo 2³².
    var ownSum: (rows: Int64, sum: Int64) {
        var sum: UInt32 = 0
        for (key, position) in rows {
            sum &+= "\(key.text):\(position)".utf8.reduce(UInt32(0x811c_9dc5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        }
        return (Int64(rows.count), Int64(sum))
    }
}
