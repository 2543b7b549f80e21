import FoundationEssentials
import Kernel
import TestSupport
import Testing

/// A page of a browser, by the text of `mallbots.live.v1`: what comes is held until a commit, and then shown at once.
actor LivePage {
    struct Row: Equatable {
        let key: String
        let position: Int64
        let sort: JSON
        let value: JSON
        let cause: JSON
    }

    private struct View {
        let topic: String
        var filter: JSON
        var order: String
        var limit: Int
        var count: Bool
        var rows: [String: Row] = [:]
        var total: Int64?
        var shared: Int64?
        var isComplete = false
        var awaitsSnapshot = true
        var isResuming = false
        var isAnswered = false
        var staged: [JSON] = []
        var refused: JSON?
    }

    private let port: UInt16
    private let cookie: String
    private let receiveBuffer: Int32?
    private var socket: WebSocketClient?
    private var reading: Task<Void, Never>?
    private var views: [Int: View] = [:]

    private(set) var hello = JSON.null
    private(set) var cursor: String?
    private(set) var position: Int64 = 0
    private(set) var lag: Int64 = 0
    private(set) var commits = 0
    private(set) var closed: (code: UInt16?, reason: String)?
    /// Rows that came on this connection.
    private(set) var rowsReceived = 0
    private(set) var resets: [String] = []
    private(set) var checks = 0
    /// What went against the protocol.
    private(set) var faults: [String] = []
    private var isStalled = false

    init(_ port: UInt16, cookie: String, receiveBuffer: Int32? = nil) {
        self.port = port
        self.cookie = cookie
        self.receiveBuffer = receiveBuffer
    }

    /// Connects and asks for every view it has again; false if it is not let in.
    func connect(to port: UInt16? = nil, origin: String? = "http://test") async -> Bool {
        let socket = WebSocketClient(Client(port: port ?? self.port, receiveBuffer: receiveBuffer))
        guard
            await socket.open(
                "/admin/live", subprotocols: ["mallbots.live.v1"], origin: origin,
                fields: [(name: "Cookie", value: "session=\(cookie)")])
        else { return false }
        self.socket = socket
        closed = nil
        rowsReceived = 0
        for id in views.keys.sorted() {
            views[id]!.staged = []
            views[id]!.isAnswered = false
            views[id]!.shared = nil
            await ask(id, resume: views[id]!.isComplete)
        }
        reading = Task { await self.read(socket) }
        return true
    }

    /// Leaves without a word, keeping what it shows.
    func disconnect() async {
        reading?.cancel()
        isStalled = false
        await socket?.client.reset()
        await reading?.value
        socket = nil
        for id in views.keys where !views[id]!.isComplete { views[id]!.rows = [:] }
    }

    func open(
        _ id: Int, _ topic: String, _ filter: JSON = [:], order: String? = nil, limit: Int = 2_000, count: Bool = false
    ) async {
        let usual =
            ["orders": "-number", "order": "-number", "audit": "-at", "pickup": "readySince"][topic] ?? "name"
        views[id] = View(topic: topic, filter: filter, order: order ?? usual, limit: limit, count: count)
        await ask(id, resume: false)
    }

    func change(_ id: Int, filter: JSON? = nil, order: String? = nil, limit: Int? = nil) async {
        guard var view = views[id] else { return }
        view.filter = filter ?? view.filter
        view.order = order ?? view.order
        view.limit = limit ?? view.limit
        views[id] = view
        await send([
            "type": "change-view", "view": .int(Int64(id)), "filter": view.filter, "order": .text(view.order),
            "limit": .int(Int64(view.limit)), "count": .bool(view.count),
        ])
    }

    func close(_ id: Int) async {
        views[id] = nil
        await send(["type": "close", "view": .int(Int64(id))])
    }

    func check(_ id: Int) async { await send(["type": "check", "view": .int(Int64(id))]) }

    func send(_ message: JSON) async { await socket?.sendAside(message.string) }

    /// Stops reading, so that the server's bytes stay where they are; and goes on.
    func stall(_ stalled: Bool) { isStalled = stalled }

    /// How it stands, for whoever reads why a test failed.
    var state: String {
        "at \(position) after \(commits) commits, lag \(lag) ms, \(closed.map { "closed by \($0.code ?? 0) \($0.reason)" } ?? "open")"
    }

    /// The rows of a view, in its order.
    func rows(_ id: Int) -> [Row] {
        guard let view = views[id] else { return [] }
        let descending = view.order.hasPrefix("-")
        return view.rows.values.sorted { a, b in
            if a.sort == b.sort { return a.key < b.key }
            return Self.precedes(a.sort, b.sort) != descending
        }
    }

    func values(_ id: Int) -> [JSON] { rows(id).map(\.value) }
    func row(_ id: Int, _ key: String) -> Row? { views[id]?.rows[key] }
    func total(_ id: Int) -> Int64? { views[id]?.total }
    func isComplete(_ id: Int) -> Bool { views[id]?.isComplete ?? false }
    func refused(_ id: Int) -> JSON? { views[id]?.refused }

    /// Whether a row comes to be so, shown and not only received.
    nonisolated func shows(_ id: Int, _ key: String, _ condition: (Row) -> Bool = { _ in true }) async -> Bool {
        await eventually { await self.row(id, key).map(condition) ?? false }
    }

    /// Whether it comes to be as far as this.
    nonisolated func reaches(_ position: Int64) async -> Bool { await eventually { await self.position >= position } }

    nonisolated func completes(_ id: Int) async -> Bool { await eventually { await self.isComplete(id) } }

    private static func precedes(_ a: JSON, _ b: JSON) -> Bool {
        switch (a, b) {
        case (.int(let a), .int(let b)): a < b
        case (.text(let a), .text(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
        default: false
        }
    }

    private func ask(_ id: Int, resume: Bool) async {
        guard var view = views[id] else { return }
        var message: [String: JSON] = [
            "type": "open", "view": .int(Int64(id)), "topic": .text(view.topic), "filter": view.filter,
            "order": .text(view.order), "limit": .int(Int64(view.limit)), "count": .bool(view.count),
        ]
        view.awaitsSnapshot = !resume
        view.isResuming = resume
        if resume, let cursor {
            message["cursor"] = .text(cursor)
            message["have"] = .list(view.rows.keys.map { .text($0) })
        }
        views[id] = view
        await send(.object(message))
    }

    private func read(_ socket: WebSocketClient) async {
        while !Task.isCancelled {
            if isStalled {
                try? await Task.sleep(for: .milliseconds(5))
                continue
            }
            switch await socket.receive() {
            case .text(let text): take(JSON(Array(text.utf8)), text)
            case .close(let code, let reason): return closed = (code, reason)
            case .nothing: return closed = (nil, "nothing came, or the connection ended without a word")
            case .ping: await socket.sendAside(.pong)
            case .pong: break
            case let other: faults.append("\(other)")
            }
        }
    }

    private func take(_ message: JSON, _ text: String) {
        guard let type = message.type.text else { return faults.append("not a message: \(text.prefix(200))") }
        rowsReceived += message.rows.list.count + message.put.list.count
        let id = message.view.int.map(Int.init)
        switch type {
        case "hello": hello = message
        case "rows":
            guard let id, views[id] != nil else { return }
            views[id]!.shared = message.shared.int
            views[id]!.staged.append(message)
            if message.last.bool == true { views[id]!.isAnswered = true }
        case "change", "total":
            for id in views.keys where views[id]!.shared == message.shared.int { views[id]!.staged.append(message) }
        case "reset":
            guard let id, let view = views[id] else { return }
            resets.append(message.reason.text ?? "")
            views[id] = View(
                topic: view.topic, filter: view.filter, order: view.order, limit: view.limit, count: view.count)
        case "refused":
            if let id { views[id]?.refused = message }
        case "commit": commit(message)
        case "check": check(message)
        default: faults.append("unknown: \(text.prefix(200))")
        }
    }

    private func commit(_ message: JSON) {
        guard let cursor = message.cursor.text, let position = message.position.int else {
            return faults.append("a commit without a cursor: \(message.string)")
        }
        commits += 1
        lag = message.lagMs.int ?? -1
        // Rows of an earlier connection are as of the old cursor until the server has answered for them.
        if views.values.contains(where: { $0.isResuming && !$0.isAnswered && $0.refused == nil }) { return }
        for id in views.keys {
            var view = views[id]!
            let hasRows = view.staged.contains { $0.type == "rows" }
            if hasRows && !view.isAnswered { faults.append("a commit came between the chunks of view \(id)") }
            for staged in view.staged { apply(staged, to: &view) }
            if view.isAnswered { (view.isComplete, view.isResuming) = (true, false) }
            view.staged = []
            view.isAnswered = false
            views[id] = view
        }
        let sameEpoch = self.cursor?.prefix { $0 != "." } == cursor.prefix { $0 != "." }
        if sameEpoch, position < self.position { faults.append("sent back from \(self.position) to \(position)") }
        self.cursor = cursor
        self.position = position
    }

    private func apply(_ message: JSON, to view: inout View) {
        let isAnswer = message.type == "rows"
        if isAnswer, view.awaitsSnapshot {
            view.rows = [:]
            view.awaitsSnapshot = false
        }
        for key in message.gone.list { view.rows[key.text ?? ""] = nil }
        for row in message.rows.list + message.put.list {
            guard let key = row.key.text, let position = row.position.int else {
                faults.append("a row without a key: \(row.string)")
                continue
            }
            if let held = view.rows[key], held.position > position { continue }
            view.rows[key] = Row(key: key, position: position, sort: row.sort, value: row.value, cause: row.cause)
        }
        if case .list(let keys) = message.keys {
            let window = Set(keys.compactMap(\.text))
            if !window.isSubset(of: view.rows.keys) { faults.append("a window lists a row that was not sent") }
            view.rows = view.rows.filter { window.contains($0.key) }
        }
        if !isAnswer { view.total = message.total.int ?? view.total }
        if message.last.bool == true { view.total = message.total.int }
    }

    private func check(_ message: JSON) {
        for (id, view) in views where view.shared == message.shared.int && view.isComplete {
            guard message.position.int == position, view.staged.isEmpty else { continue }
            checks += 1
            var sum: UInt32 = 0
            for row in view.rows.values {
                var hash: UInt32 = 0x811c_9dc5
                for byte in "\(row.key):\(row.position)".utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
                sum &+= hash
            }
            if message.rows.int != Int64(view.rows.count) || message.sum.int != Int64(sum) {
                faults.append("the checksum of view \(id) does not agree")
            }
        }
    }
}
