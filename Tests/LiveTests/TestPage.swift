import FoundationEssentials
import Kernel
import Testing

@testable import Live

/// A page as the protocol describes one, written from its text: it holds what comes until a commit and then shows it.
final class TestPage: PageSink {
    struct Row: Decodable, Equatable {
        let key: UUID
        let position: Int64
        let value: Thing
    }

    /// Any message: what is not in it is nil.
    final class Message: Decodable {
        let type: String
        let view: Int?
        let shared: Int?
        let rows: Either?
        let put: [Row]?
        let gone: [UUID]?
        let keys: [UUID]?
        let total: Int?
        let last: Bool?
        let cursor: String?
        let position: Int64?
        let reason: String?
        let sum: UInt32?
        let code: String?
        let epoch: String?
        let lagMs: Int?

        /// `rows` is a list in `rows` and a number in `check`.
        enum Either: Decodable {
            case list([Row])
            case number(Int)
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                self = try (try? container.decode(Int.self)).map(Either.number) ?? .list(container.decode([Row].self))
            }
        }

        var list: [Row] { if case .list(let rows) = rows { rows } else { [] } }
    }

    final class Held {
        var rows: [UUID: Row] = [:]
        var total: Int?
        var shared: Int?
        /// Whether the rows are a state that the server committed.
        var isComplete = false
        var awaitsSnapshot = true
        var staged: [Message] = []
        var isAnswered = false
        var isResuming = false
        /// As it was last asked for.
        var topic: String
        var filter: ThingFilter
        var order: String
        var limit: Int
        var count: Bool

        init(_ topic: String, _ filter: ThingFilter, _ order: String, _ limit: Int, _ count: Bool) {
            (self.topic, self.filter, self.order, self.limit, self.count) = (topic, filter, order, limit, count)
        }

        var query: RowQuery { RowQuery(predicate: filter.predicate, order: RowOrder(order), limit: limit) }
    }

    private(set) var server: TestServer!
    private(set) var page: Page!
    var views: [Int: Held] = [:]
    var cursor: String?
    var position: Int64 = 0
    /// Frames not yet read; a page that is stalled reads none.
    private(set) var queue: [Frame] = []
    private(set) var unsent = 0
    var isStalled = false

    /// Everything read on this connection, and how much it was.
    var messages: [Message] = []
    var received = 0
    var rowsReceived = 0
    var mostUnsent = 0
    var checks = 0
    /// Looks at the page right after each commit.
    var atCommit: ((TestPage) -> Void)?

    func connect(to server: TestServer, roles: Set<String> = ["administrator"]) {
        self.server = server
        queue = []
        unsent = 0
        rowsReceived = 0
        received = 0
        messages = []
        // With nothing to resume it says no cursor, and may find itself at a server that is not as far.
        if !views.values.contains(where: \.isComplete) { position = 0 }
        page = server.views.connect(self, user: "anna", name: "Anna", rights: Rights(roles: roles), now: server.now)
        for (id, view) in views.sorted(by: { $0.key < $1.key }) {
            view.staged = []
            view.isAnswered = false
            view.shared = nil
            ask(id, view, resume: view.isComplete)
        }
        read()
    }

    func disconnect() {
        server.views.disconnect(page)
        for view in views.values where !view.isComplete { view.rows = [:] }
        (queue, unsent) = ([], 0)
    }

    func open(
        _ id: Int, _ topic: String = "orders", _ filter: ThingFilter = ThingFilter(), order: String = "-number",
        limit: Int = 50,
        count: Bool = false
    ) {
        let view = Held(topic, filter, order, limit, count)
        views[id] = view
        ask(id, view, resume: false)
        read()
    }

    func change(_ id: Int, _ filter: ThingFilter, order: String? = nil, limit: Int? = nil) {
        guard let view = views[id] else { return }
        view.filter = filter
        if let limit { view.limit = limit }
        if let order { view.order = order }
        let text = """
            {"type":"change-view","view":\(id),"filter":\(json(filter)),"order":"\(view.order)",\
            "limit":\(view.limit),"count":\(view.count)}
            """
        send(text)
        read()
    }

    func close(_ id: Int) {
        views[id] = nil
        send("{\"type\":\"close\",\"view\":\(id)}")
        read()
    }

    func send(_ text: String) {
        do { try server.views.receive(Array(text.utf8), from: page, now: server.now) } catch {
            Issue.record("the server closed on \(text): \(error)")
        }
    }

    private func ask(_ id: Int, _ view: Held, resume: Bool) {
        var text = """
            {"type":"open","view":\(id),"topic":"\(view.topic)","filter":\(json(view.filter)),"order":"\(view.order)",\
            "limit":\(view.limit),"count":\(view.count)
            """
        view.awaitsSnapshot = !resume
        view.isResuming = resume
        if resume, let cursor {
            let have = view.rows.keys.map { "\"\($0.lowercase)\"" }.joined(separator: ",")
            text += ",\"cursor\":\"\(cursor)\",\"have\":[\(have)]"
        }
        send(text + "}")
    }

    private func json(_ filter: ThingFilter) -> String { String(decoding: try! Coding.encode(filter), as: UTF8.self) }

    private(set) var refusals: [(topic: String, refusal: Refusal)] = []

    func refused(_ topic: String, _ refusal: Refusal) { refusals.append((topic, refusal)) }

    func send(_ frame: Frame) {
        queue.append(frame)
        if frame.counts { unsent += frame.bytes.count }
        mostUnsent = max(mostUnsent, unsent)
    }

    /// Reads what has been sent, all of it or so many frames; an edge then says that there is room again.
    func read(_ count: Int = .max) {
        guard !isStalled else { return }
        var left = count
        while !queue.isEmpty, left > 0 {
            let wasSlow = unsent > LiveLimits.unsent
            let frames = queue.prefix(left)
            queue.removeFirst(frames.count)
            left -= frames.count
            for frame in frames {
                if frame.counts { unsent -= frame.bytes.count }
                take(frame)
            }
            if wasSlow, unsent <= LiveLimits.unsent { server.views.drained(page, now: server.now) }
        }
    }

    func rows(_ id: Int) -> [Row] {
        guard let view = views[id] else { return [] }
        return view.rows.values.sorted { a, b in
            let columns = (a.value.stored, b.value.stored)
            let order = RowOrder(view.order)
            return order.precedes((columns.0[order.column], a.key), (columns.1[order.column], b.key))
        }
    }

    func numbers(_ id: Int) -> [Int] { rows(id).map { Int($0.value.number) } }

    private func take(_ frame: Frame) {
        // Read once for all pages that get the frame.
        let message = frame.prepared as? Message ?? (try! Coding.decode(Message.self, from: frame.bytes))
        frame.prepared = message
        received += frame.bytes.count
        messages.append(message)
        rowsReceived += message.list.count + (message.put?.count ?? 0)
        let view = message.view.flatMap { views[$0] }
        switch message.type {
        case "rows":
            guard let view else { return }
            view.shared = message.shared
            view.staged.append(message)
            if message.last == true { view.isAnswered = true }
        case "change", "total":
            for view in views.values where view.shared == message.shared { view.staged.append(message) }
        case "reset":
            guard let view else { return }
            view.rows = [:]
            view.staged = []
            view.total = nil
            view.isComplete = false
            view.isAnswered = false
            view.isResuming = false
            view.awaitsSnapshot = true
            if message.reason == "withdrawn" { view.shared = nil }
        case "refused": if let id = message.view { views[id] = nil }
        case "commit": commit(message)
        case "check": check(message)
        default: break
        }
    }

    private func commit(_ message: Message) {
        // Rows of an earlier connection are as of the old cursor until the server has answered for them.
        if views.values.contains(where: { $0.isResuming && !$0.isAnswered }) { return }
        for view in views.values {
            let isWhole = view.staged.allSatisfy { $0.type != "rows" } || view.isAnswered
            #expect(isWhole, "a commit came between the chunks of a view")
            for message in view.staged { apply(message, to: view) }
            if view.isAnswered { (view.isComplete, view.isResuming) = (true, false) }
            view.staged = []
            view.isAnswered = false
        }
        let cursor = Cursor(message.cursor!)!
        if self.cursor.flatMap({ Cursor($0) })?.epoch == cursor.epoch {
            #expect(message.position! >= position, "a page was sent back in time")
        }
        self.cursor = message.cursor
        position = message.position!
        atCommit?(self)
    }

    private func apply(_ message: Message, to view: Held) {
        if message.type == "rows", view.awaitsSnapshot {
            view.rows = [:]
            view.awaitsSnapshot = false
        }
        for key in message.gone ?? [] { view.rows[key] = nil }
        for row in message.list + (message.put ?? []) {
            if let held = view.rows[row.key], held.position > row.position { continue }
            view.rows[row.key] = row
        }
        if let keys = message.keys {
            for key in keys where view.rows[key] == nil { Issue.record("a window lists a row that was not sent") }
            let window = Set(keys)
            view.rows = view.rows.filter { window.contains($0.key) }
        }
        // An answer says all that is known; a change says what moved.
        if message.type != "rows" { view.total = message.total ?? view.total }
        if message.last == true { view.total = message.total }
    }

    private func check(_ message: Message) {
        for view in views.values where view.shared == message.shared && view.isComplete {
            guard message.position == position, view.staged.isEmpty else { continue }
            checks += 1
            var sum = Checksum()
            for row in view.rows.values { sum.add(row.key, Position(row.position)) }
            guard case .number(let rows) = message.rows else { continue }
            #expect(rows == sum.rows && message.sum == sum.sum, "a checksum does not agree")
        }
    }
}
