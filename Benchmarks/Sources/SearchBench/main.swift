import Contracts
import EventLoop
import FoundationEssentials
import Glibc
import Kernel
import Logging
import Postgres
import Search

// Measures the order search on a real database: how fast orders are written, and p50 and p99 of each kind of query.
//
//     SearchBench "host=/run/… dbname=bench" [orders, 1000000 unless given; 0 measures what is there] [rounds, 200]
//         [only kinds whose name contains this]

let arguments = CommandLine.arguments
guard arguments.count > 1 else {
    print("usage: SearchBench CONNINFO [orders] [rounds] [kinds]")
    exit(2)
}
let orderCount = arguments.count > 2 ? Int(arguments[2]) ?? 1_000_000 : 1_000_000
let rounds = arguments.count > 3 ? Int(arguments[3]) ?? 200 : 200
let wanted = arguments.count > 4 ? arguments[4] : ""

let loop = EventLoop(name: "bench")
let connection = Connection(
    Configuration(arguments[1]), on: loop, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
let storage = OrderStorage()

let backend: Int32 = try await connection.query("select pg_backend_pid()")[0][0]
if orderCount > 0 { try await seed() }
print(padded("milliseconds", 32) + " | first page: work p50, p99, clock p99 | page 1,000: the same | count: work p50")
let samples = try await Samples(connection)
if rounds > 0 && "changes".contains(wanted) { try await measureChanges(rounds: rounds) }
for kind in kinds(samples) where rounds > 0 && (wanted.isEmpty || kind.name.contains(wanted)) {
    try await measure(kind)
}
await connection.close()
loop.stop()

/// Writes orders through the storage, in batches as a rebuild would. Batches are folded ahead while others are written.
func seed() async throws {
    for migration in storage.migrations { try await connection.script(migration.sql) }
    // A rebuild into empty tables makes the indexes that nothing is looked up by while it writes when it has written.
    try await connection.script("set synchronous_commit = off; set maintenance_work_mem = '512MB'")
    let indexes: [(name: String, definition: String)] = try await connection.query(
        """
        select indexname, indexdef from pg_indexes where schemaname = 'search'
            and indexname in ('orders_customer', 'orders_total', 'orders_names', 'documents_position')
        """
    ).map { (try $0[0], try $0[1]) }
    for index in indexes { try await connection.script("drop index search.\(index.name)") }
    let mall = Mall(seed: 42)
    let size = 5_000
    let ahead = 4
    var folding: [Task<[StoredRow], any Error>] = []
    func fold(_ batch: Int) {
        let first = batch * size
        guard first < orderCount else { return }
        let count = min(size, orderCount - first)
        folding.append(Task.detached { try mall.rows(ofBatch: batch, from: first, count: count) })
    }
    for batch in 0..<ahead { fold(batch) }
    let start = ContinuousClock.now
    var (stored, batch) = (0, 0)
    var writing: Duration = .zero
    while !folding.isEmpty {
        let rows = try await folding.removeFirst().value
        fold(batch + ahead)
        batch += 1
        let before = worked()
        for sql in storage.store(rows) { _ = try await connection.query(sql, timeout: .seconds(120)) }
        writing += worked() - before
        stored += rows.count
        guard batch % 4 == 0 || folding.isEmpty else { continue }
        let rate = Double(stored) / ((.now - start) / .seconds(1))
        let work = writing / .microseconds(1) / Double(stored)
        let own = Double(clock()) / Double(CLOCKS_PER_SEC) * 1_000_000 / Double(stored)
        print(
            "\(stored) of \(orderCount) orders, \(Int(rate)) a second; each \(Int(work)) µs of the server's work and "
                + "\(Int(own)) µs of folding")
        fflush(nil)
    }
    for index in indexes {
        let before = (worked(), ContinuousClock.now)
        _ = try await connection.query(SQL(raw: index.definition), timeout: .seconds(600))
        let (work, time) = ((worked() - before.0) / .seconds(1), (.now - before.1) / .seconds(1))
        print("\(index.name) in \(Int(time + 0.5)) s, \(Int(work + 0.5)) s of the server's work")
    }
    for table in ["orders", "documents", "terms", "postings", "stages", "eras", "bands"] {
        try await connection.script("vacuum analyze search.\(table)")
    }
    print("seeded in \(Int((.now - start) / .seconds(1))) s")
}

struct Kind {
    let name: String
    /// The filter of a round.
    let filter: (Int) -> OrderFilter
}

func kinds(_ samples: Samples) -> [Kind] {
    func kind(_ name: String, _ change: @escaping (inout OrderFilter, Int) -> Void) -> Kind {
        Kind(name: name) { round in
            var filter = OrderFilter()
            change(&filter, round)
            return filter
        }
    }
    let live = ["pending", "approved", "in-progress", "ready"]
    func week(_ filter: inout OrderFilter, _ round: Int) {
        let from = samples.instant(round)
        filter.from = from
        filter.to = from + .seconds(7 * 86_400)
    }
    return [
        kind("no filter") { _, _ in },
        kind("status completed") { filter, _ in filter.status = ["completed"] },
        kind("status canceled") { filter, _ in filter.status = ["canceled"] },
        kind("status live (4)") { filter, _ in filter.status = live },
        kind("store") { filter, round in filter.store = samples.store(round) },
        kind("product") { filter, round in filter.product = samples.product(round) },
        kind("customer") { filter, round in filter.customer = samples.customer(round) },
        kind("week") { filter, round in week(&filter, round) },
        kind("from") { filter, round in filter.from = samples.instant(round) },
        kind("to") { filter, round in filter.to = samples.instant(round) },
        kind("total 10 % of orders") { filter, _ in
            filter.minTotalMinor = Money(minor: 4_000)
            filter.maxTotalMinor = Money(minor: 4_700)
        },
        kind("total of one amount") { filter, round in
            filter.minTotalMinor = samples.total(round)
            filter.maxTotalMinor = samples.total(round)
        },
        kind("total, dearest 1 %") { filter, _ in filter.minTotalMinor = samples.dear },
        kind("text: last name") { filter, round in filter.text = samples.lastName(round) },
        kind("text: first name") { filter, round in filter.text = samples.firstName(round) },
        kind("text: whole name") { filter, round in filter.text = samples.name(round) },
        kind("text: three letters") { filter, round in filter.text = String(samples.lastName(round).prefix(3)) },
        kind("text: product word") { filter, round in filter.text = samples.productWord(round) },
        kind("text: two letters") { filter, round in filter.text = String(samples.lastName(round).prefix(2)) },
        kind("text: nothing has it") { filter, round in filter.text = "xqz\(round)" },
        kind("text: two letters, none") { filter, _ in filter.text = "%_" },
        kind("store + status canceled") { filter, round in
            filter.store = samples.store(round)
            filter.status = ["canceled"]
        },
        kind("store + status live") { filter, round in
            filter.store = samples.store(round)
            filter.status = live
        },
        kind("store + week") { filter, round in
            filter.store = samples.store(round)
            week(&filter, round)
        },
        kind("store + product") { filter, round in
            filter.store = samples.store(round)
            filter.product = samples.product(round &+ 1)
        },
        kind("store + dearest 1 %") { filter, round in
            filter.store = samples.store(round)
            filter.minTotalMinor = samples.dear
        },
        kind("status canceled + week") { filter, round in
            filter.status = ["canceled"]
            week(&filter, round)
        },
        kind("status canceled + dearest 1 %") { filter, _ in
            filter.status = ["canceled"]
            filter.minTotalMinor = samples.dear
        },
        kind("product + status canceled") { filter, round in
            filter.product = samples.product(round)
            filter.status = ["canceled"]
        },
        kind("text + status completed") { filter, round in
            filter.text = samples.lastName(round)
            filter.status = ["completed"]
        },
        kind("text + store") { filter, round in
            filter.text = samples.firstName(round)
            filter.store = samples.store(round)
        },
        kind("text + week") { filter, round in
            filter.text = samples.lastName(round)
            week(&filter, round)
        },
        kind("two words of two names") { filter, round in
            filter.text = samples.lastName(round) + " " + samples.productWord(round)
        },
        kind("customer + status") { filter, round in
            filter.customer = samples.customer(round)
            filter.status = ["completed"]
        },
    ]
}

/// How long a query took by the clock, and how long the server's process worked on it: where others use the machine too,
/// only the second can be trusted.
struct Taken {
    let clock: Duration
    let work: Duration
}

func measure(_ kind: Kind) async throws {
    var first: [Taken] = []
    var deep: [Taken] = []
    var counts: [Taken] = []
    // Plans, pages and names that are used for the first time are not what is measured.
    for round in 0..<3 {
        _ = try await timed(
            storage.select(RowQuery(predicate: kind.filter(round).predicate(), order: RowOrder("-number"), limit: 50)))
    }
    for round in 0..<rounds {
        let predicate = try kind.filter(round).predicate()
        var query = RowQuery(predicate: predicate, order: RowOrder("-number"), limit: 50)
        first.append(try await timed(storage.select(query)))
        // The thousandth page of all orders begins there; filtered lists are entered at the same place.
        query.after = RowQuery.Place(value: .int(samples.pageThousand), key: UUID())
        deep.append(try await timed(storage.select(query)))
        if round < 10 { counts.append(try await timed(storage.count(query))) }
    }
    func figures(_ taken: [Taken]) -> String {
        let (work, clock) = (taken.map(\.work).sorted(), taken.map(\.clock).sorted())
        return [at(0.5, of: work), at(0.99, of: work), at(0.99, of: clock)].joined()
    }
    print(
        padded(kind.name, 32) + " |" + figures(first) + " |" + figures(deep) + " |"
            + at(0.5, of: counts.map(\.work).sorted()))
    fflush(nil)
}

func at(_ share: Double, of sorted: [Duration]) -> String {
    let value = sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    let hundredths = Int(value / .milliseconds(1) * 100 + 0.5)
    return padded("\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)", -8)
}

func padded(_ text: String, _ width: Int) -> String {
    let space = String(repeating: " ", count: max(0, abs(width) - text.utf8.count))
    return width < 0 ? space + text : text + space
}

func timed(_ sql: SQL) async throws -> Taken {
    let before = worked()
    let start = ContinuousClock.now
    _ = try await connection.query(sql, timeout: .seconds(60))
    let clock = ContinuousClock.now - start
    return Taken(clock: clock, work: worked() - before)
}

/// What the kernel has counted for the server's process, which has to be on this machine.
func worked() -> Duration {
    guard let file = fopen("/proc/\(backend)/schedstat", "r") else { return .zero }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 64)
    guard fgets(&line, Int32(line.count), file) != nil else { return .zero }
    return .nanoseconds(Int64(strtoll(line, nil, 10)))
}
