import EventLoop
import EventStore
import FoundationEssentials
import Glibc
import Kernel
import Logging
import Postgres

// Measures durable commands through the dispatcher and the lane, and then what follows from them: a reaction with an event
// and a message of its own, a table that hears it, and a projection.
//
//     LaneBench FOLDER [seconds for each number of callers, 5]
//
// The folder is new: a cluster is made in it, with the settings of the mall's own, and left there.
//
// CPU is that of this process and of the server's, as proc(5) tells it, for each command.

guard CommandLine.arguments.count > 1 else {
    print("usage: LaneBench FOLDER [SECONDS]")
    exit(2)
}
let seconds = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 5 : 5
let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
let cluster = Cluster(dataDirectory: CommandLine.arguments[1], logger: quiet)
let configuration = Configuration(try await cluster.start())
let loop = EventLoop(name: "bench")
let admin = Connection(configuration, on: loop, logger: quiet)
try await Migrations([
    ("eventstore", eventStoreMigrations), ("audit", [ledger]), ("tills", tills.storage.migrations),
]).run(on: admin, logger: quiet)

let pool = Pool(configuration, size: 8, on: loop, logger: quiet)
let feed = LogFeed(on: loop)
let clock = MallClock()
let lane = CommitLane(on: loop, pool: pool, feed: feed)
let dispatcher = Dispatcher(on: loop, catalogue: Catalogue(shop), pool: pool, lane: lane, clock: clock)

let ids = (0..<1_024).map { _ in ID<TillNoun>(rawValue: UUID()) }
print("callers | commands/s | p50, p99 ms | CPU µs/command: this process, PostgreSQL | of a core: this, PostgreSQL")
_ = try await run(callers: 64, for: .seconds(1))
for callers in [1, 16, 64, 256] { try await report(callers) }
try await reportReactions()
await pool.close()
await admin.close()
await cluster.stop()

func report(_ callers: Int) async throws {
    let before = try await Usage.now()
    let start = ContinuousClock.now
    let latencies = try await run(callers: callers, for: .seconds(seconds)).sorted()
    let passed = (ContinuousClock.now - start) / .seconds(1)
    let used = try await Usage.now() - before
    let count = Double(latencies.count)
    func milliseconds(_ share: Double) -> Double {
        latencies[Int(Double(latencies.count - 1) * share)] / .milliseconds(1)
    }
    print(
        "\(callers) | \(Int(count / passed)) | \(text(milliseconds(0.5))), \(text(milliseconds(0.99))) | "
            + "\(text(used.own / count * 1e6)), \(text(used.server / count * 1e6)) | "
            + "\(Int(used.own / passed * 100)) %, \(Int(used.server / passed * 100)) %")
}

/// Each caller sends one command after the other, each to a till that nobody else uses just then.
func run(callers: Int, for duration: Duration) async throws -> [Duration] {
    let end = ContinuousClock.now + duration
    let tills = ids
    return try await loop.spawnThrowing {
        try await withThrowingTaskGroup(of: [Duration].self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var latencies: [Duration] = []
                    var next = caller
                    while ContinuousClock.now < end {
                        let start = ContinuousClock.now
                        let id = UUID()
                        _ = try await dispatcher.perform(
                            PutMoney(till: tills[next % tills.count], amount: 1),
                            CommandRequest(
                                id: id, mayRepeat: false, cause: Cause(correlation: id, causation: id, actor: "bench")))
                        latencies.append(ContinuousClock.now - start)
                        next += callers
                    }
                    return latencies
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }.value
}

/// What was written before has to be heard: how fast all listeners catch up, and then how fast while commands are made.
func reportReactions() async throws {
    let lock = Connection(configuration, on: loop, logger: quiet)
    let worker = Worker(
        on: loop, dispatcher: dispatcher, pool: pool, lock: lock, feed: feed, clock: clock, publish: { _ in })
    let messages: Int = try await admin.query("select count(*) from mall.log where type = 'benchapi.MoneyPut'")[0][0]
    let before = try await Usage.now()
    let start = ContinuousClock.now
    let working = loop.spawn { await worker.run() }
    try await heard(messages)
    let passed = (ContinuousClock.now - start) / .seconds(1)
    let used = try await Usage.now() - before
    print(
        "caught up with \(messages) messages: \(Int(Double(messages) / passed)) a second from command to reaction to table; "
            + "CPU µs/message: this process \(text(used.own / Double(messages) * 1e6)), "
            + "PostgreSQL \(text(used.server / Double(messages) * 1e6))")

    print("the same with all listeners at work:")
    for callers in [16, 64] { try await report(callers) }
    let late = ContinuousClock.now
    try await heard(try await admin.query("select count(*) from mall.log where type = 'benchapi.MoneyPut'")[0][0])
    print("the table was behind by \(text((ContinuousClock.now - late) / .milliseconds(1))) ms")
    working.cancel()
    await working.value
    await lock.close()
}

func heard(_ messages: Int) async throws {
    while try await admin.query("select count(*) from bench.ledger")[0][0, as: Int.self] < messages {
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// CPU seconds of this process and of every process of the server.
struct Usage {
    var own: Double
    var server: Double

    static func now() async throws -> Usage {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        var server = 0.0
        for row in try await admin.query("select pid from pg_stat_activity") {
            server += ticks(of: try row[0, as: Int32.self]) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }
        return Usage(own: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9, server: server)
    }

    /// utime and stime, the 14th and 15th field of proc_pid_stat(5).
    private static func ticks(of pid: Int32) -> Double {
        guard let file = fopen("/proc/\(pid)/stat", "r") else { return 0 }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let text = String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return 0 }
        return user + system
    }

    static func - (a: Usage, b: Usage) -> Usage { Usage(own: a.own - b.own, server: a.server - b.server) }
}

func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
