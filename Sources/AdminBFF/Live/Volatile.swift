public import FoundationEssentials
public import Kernel

/// A row of a topic that has no position: the newest there is, and no history.
public struct VolatileRow: Equatable, Sendable {
    public let key: UUID
    public let sort: ColumnValue
    /// A JSON object.
    public let value: [UInt8]

    public init(key: UUID, sort: ColumnValue, value: [UInt8]) {
        self.key = key
        self.sort = sort
        self.value = value
    }
}

/// What is not in the log and shown all the same: heartbeats, the mall's own health. It is fed its rows whole, at most once
/// a second and only while somebody watches; pages are told the difference. It stands outside cursors and checksums: whoever
/// comes, or comes back, is sent what there is.
final class Volatile {
    let name: String
    /// What `change` messages call it.
    let number: Int
    private var rows: [UUID: VolatileRow] = [:]
    /// Whether the rows were fed while somebody watched: older ones are not shown.
    private var isFresh = false
    private var holders: [(page: Page, id: Int, isAnswered: Bool)] = []

    init(_ name: String, number: Int) {
        self.name = name
        self.number = number
    }

    var isWatched: Bool { !holders.isEmpty }

    /// Takes a page in. False if it has to wait for the next rows.
    func join(_ page: Page, _ id: Int) -> Bool {
        holders.append((page, id, isFresh))
        if isFresh { page.sink.send(Frame(snapshot(for: id))) }
        return isFresh
    }

    func leave(_ page: Page, _ id: Int) {
        holders.removeAll { $0.page === page && $0.id == id }
        if holders.isEmpty { isFresh = false }
    }

    /// Takes the newest rows and returns the pages that were told something.
    func feed(_ newest: [VolatileRow]) -> [Page] {
        guard isWatched else { return [] }
        let before = rows
        rows = Dictionary(newest.map { ($0.key, $0) }) { $1 }
        isFresh = true
        let put = newest.filter { before[$0.key] != $0 }
        let gone = before.keys.filter { rows[$0] == nil }
        let change = put.isEmpty && gone.isEmpty ? nil : Frame(change(put, gone))
        var told: [Page] = []
        for index in holders.indices {
            let page = holders[index].page
            // Who cannot take it now is sent all of it with the rows after these.
            if page.isSlow {
                holders[index].isAnswered = false
            } else if !holders[index].isAnswered {
                holders[index].isAnswered = true
                page.sink.send(Frame(snapshot(for: holders[index].id)))
                told.append(page)
            } else if let change {
                if !told.contains(where: { $0 === page }) { page.sink.send(change) }
                told.append(page)
            }
        }
        return told
    }

    private func snapshot(for view: Int) -> [UInt8] {
        var out = ServerMessage.openRows(view: view, shared: number)
        add(rows.values.sorted { $0.key < $1.key }, to: &out)
        ServerMessage.closeRows(&out, keys: rows.keys.sorted(), total: nil, last: true)
        return out
    }

    private func change(_ put: [VolatileRow], _ gone: [UUID]) -> [UInt8] {
        var out: [UInt8] = []
        out.add("{\"type\":\"change\",\"shared\":")
        out.add(number)
        out.add(",\"put\":[")
        add(put, to: &out)
        out.add("],\"gone\":")
        out.add(list: gone.sorted())
        out.append(UInt8(ascii: "}"))
        return out
    }

    /// They have no position; the one that all have lets the newest win.
    private func add(_ rows: [VolatileRow], to out: inout [UInt8]) {
        for (index, row) in rows.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out.add("{\"key\":")
            out.add(row.key)
            out.add(",\"position\":0,\"sort\":")
            out.add(row.sort)
            out.add(",\"value\":")
            out.append(contentsOf: row.value)
            out.append(UInt8(ascii: "}"))
        }
    }
}

extension Views {
    /// Whether a page shows a volatile topic, so that its rows are worth finding out.
    public func isWatched(_ topic: String) -> Bool { volatiles[topic]?.isWatched ?? false }

    /// Takes the newest rows of a volatile topic, all of them.
    public func feed(_ topic: String, _ rows: [VolatileRow], now: Instant) {
        guard let volatile = volatiles[topic] else { preconditionFailure("\(topic) is no volatile topic") }
        var committed: [Page] = []
        for page in volatile.feed(rows) where page.isLevel && !committed.contains(where: { $0 === page }) {
            // A page shows nothing before a commit; one that is behind shows it with the one that ends that.
            commit(page, now: now)
            committed.append(page)
        }
    }

    func watch(_ topic: Volatile, as id: Int, _ page: Page, now: Instant) {
        page.watches.append((id, topic))
        if topic.join(page, id), page.isLevel { commit(page, now: now) }
    }
}
