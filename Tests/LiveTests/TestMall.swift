import FoundationEssentials
import Kernel
import Live

typealias Predicate = Kernel.Predicate

/// Repeats what it did for the same seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

struct Thing: ProjectionRow {
    var number: Int64
    var name: String
    var status: String
    var stores: [UUID]
    var amount: Int64

    static let columns: [Column<Thing>] = [
        Column("number", .int) { .int($0.number) },
        Column("name", .text) { .text($0.name) },
        Column("status", .text) { .text($0.status) },
        Column("stores", .uuids) { .uuids($0.stores) },
        Column("amount", .int) { .int($0.amount) },
    ]

    var stored: Columns { Columns(names: Self.names, values: Self.columns.map { $0.value(self) }) }
    private static let names = ColumnNames(columns.map(\.name))
}

struct ThingFilter: Codable, Hashable {
    var status: [String]?
    var store: UUID?
    var atLeast: Int64?
    var below: Int64?
    var text: String?

    var predicate: Predicate {
        var parts: [Predicate] = []
        if let status { parts.append(.among("status", status.map { .text($0) })) }
        if let store { parts.append(.has("stores", [store])) }
        if let atLeast { parts.append(.atLeast("amount", .int(atLeast))) }
        if let below { parts.append(.below("amount", .int(below))) }
        if let text { parts.append(.contains("name", [text])) }
        return .all(parts)
    }
}

let orders = Projection("orders", of: Thing.self) {}
let invoices = Projection("invoices", of: Thing.self) {}

let topics = [
    Topic("orders", of: orders, orders: ["-number", "name", "amount"], filter: ThingFilter.self) {
        filter throws(Refusal) in
        if filter.status == [] { throw .invalid("no status at all", field: "status") }
        return filter.predicate
    },
    Topic("invoices", of: invoices, orders: ["-number", "name", "amount"], filter: ThingFilter.self) {
        filter throws(Refusal) in filter.predicate
    },
]

let epochStart = Instant(microseconds: 1_795_000_000_000_000)

/// Small identifiers that order as their numbers do.
func key(_ number: Int) -> UUID {
    let text = String(number, radix: 16)
    return UUID(uuidString: "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - text.count) + text)!
}

/// The log and the tables a projector makes of it, with all their past: what a query finds is known for any position.
final class TestLog {
    let epoch: String
    struct Version {
        let position: Position
        let thing: Thing?
    }

    private(set) var versions: [String: [UUID: [Version]]] = ["orders": [:], "invoices": [:]]
    /// The last position of each command.
    private(set) var ends: [Position] = [.start]
    private var last = Position.start
    /// Tombstones at or before it are gone.
    var horizon = Position.start

    /// How many commands the projector has committed.
    private(set) var projected = 0
    var checkpoint: Position { ends[projected] }
    var isProjected: Bool { projected == ends.count - 1 }

    init(epoch: String = "e1") { self.epoch = epoch }

    /// One command: rows that change together.
    func write(_ changes: [(projection: String, key: UUID, thing: Thing?)]) {
        for change in changes {
            last = Position(last.rawValue + 1)
            versions[change.projection]![change.key, default: []].append(Version(position: last, thing: change.thing))
        }
        ends.append(last)
    }

    /// Commits the next commands in one batch.
    func project(_ commands: Int = .max, exactly: Bool = true) -> ChangeSet {
        let from = projected
        projected = min(ends.count - 1, commands == .max ? .max : projected + commands)
        return set(from: ends[from], to: checkpoint, exactly: exactly)
    }

    /// The projector's last batches were not on disk.
    func crash(losing commands: Int) { projected = max(0, projected - commands) }

    func set(from: Position, to: Position, exactly: Bool = true) -> ChangeSet {
        var changes: [String: [RowChange]] = [:]
        for (projection, rows) in versions {
            for key in rows.keys.sorted() {
                guard let row = row(projection, key, at: to), row.position > from else { continue }
                let before = exactly ? self.row(projection, key, at: from)?.columns : nil
                changes[projection, default: []].append(RowChange(row: row, before: before))
            }
        }
        return ChangeSet(
            from: from, to: to, asOf: epochStart + .milliseconds(to.rawValue), changes: changes, isExact: exactly)
    }

    func row(_ projection: String, _ key: UUID, at position: Position) -> StoredRow? {
        guard let version = versions[projection]![key]?.last(where: { $0.position <= position }) else { return nil }
        return StoredRow(
            key: key, position: version.position, columns: version.thing?.stored,
            value: version.thing.map { try! Coding.encode($0) } ?? [], detail: Array("{}".utf8),
            cause: Array("{\"actor\":\"anna\"}".utf8))
    }

    func rows(_ projection: String, _ query: RowQuery, at position: Position) -> [StoredRow] {
        var found: [(value: ColumnValue, row: StoredRow)] = []
        for key in versions[projection]!.keys {
            guard let row = row(projection, key, at: position), let columns = row.columns,
                query.predicate.matches(columns)
            else { continue }
            let value = columns[query.order.column]
            if let after = query.after, !query.order.precedes((after.value, after.key), (value, key)) { continue }
            found.append((value, row))
        }
        found.sort { query.order.precedes(($0.value, $0.row.key), ($1.value, $1.row.key)) }
        return found.prefix(query.limit ?? .max).map(\.row)
    }

    /// Runs a read as the edge does: one snapshot, with the checkpoint.
    func run(_ request: ReadRequest) -> ReadResult {
        let answer: ReadResult.Answer
        switch request.question {
        case .window(let projection, let query): answer = .rows(rows(projection.name, query, at: checkpoint))
        case .count(let projection, let query):
            var query = query
            (query.limit, query.after) = (nil, nil)
            answer = .count(rows(projection.name, query, at: checkpoint).count)
        case .changes(let projections, let since):
            var found: [String: [StoredRow]] = [:]
            for projection in projections {
                found[projection.name] = versions[projection.name]!.keys.sorted().compactMap { key in
                    guard let row = row(projection.name, key, at: checkpoint), row.position > since else { return nil }
                    return row.isDeleted && row.position <= horizon ? nil : row
                }
            }
            answer = .changes(found)
        }
        return ReadResult(
            id: request.id, epoch: epoch, checkpoint: checkpoint, asOf: epochStart + .milliseconds(checkpoint.rawValue),
            answer: answer)
    }
}

/// A server: views of one loop with the reads they ask for, answered at once or when the test says so.
final class TestServer {
    let views: Views
    var log: TestLog
    var now = epochStart
    private(set) var statements: [ReadRequest] = []

    init(_ log: TestLog) {
        self.log = log
        views = Views(
            topics: topics, epoch: log.epoch, position: log.checkpoint, asOf: epochStart, horizon: log.horizon)
    }

    /// Answers all reads, and those that the answers lead to.
    func read() {
        while true {
            let requests = views.takeReads()
            if requests.isEmpty { return }
            statements += requests
            for request in requests { views.answer(log.run(request), now: now) }
        }
    }

    /// Projects what was written and shows it.
    func show() {
        views.apply(log.project(), now: now)
        read()
    }
}

extension Thing {
    static func make(
        _ number: Int, _ status: String = "pending", amount: Int64 = 0, name: String? = nil, stores: [UUID] = []
    ) -> Thing {
        Thing(number: Int64(number), name: name ?? "thing \(number)", status: status, stores: stores, amount: amount)
    }
}
