import EventLoop
import EventStoreTestSupport
import FoundationEssentials
import Glibc
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import EventStore

@Suite struct StressTests {
    /// Four processes write to the same accounts, two of them rivals as consumers, and are killed and started again, while
    /// transactions sleep beside them. What they do is known beforehand, so is what must come of it.
    @Test func `F-M1: processes killed at random lose nothing, do nothing twice and keep every order`() async throws {
        try await withBank { database, loop in
            let loads = (1...4).map { _ in Workload(seed: .random(in: 1...UInt64(Int.max)), commands: 480) }
            let seeds = "seeds \(loads.map(\.seed))"
            let sleepers = [database.conninfo, database.conninfo + " dbname=postgres"].map {
                Connection(Configuration($0), on: loop, logger: TestCluster.quiet)
            }
            for sleeper in sleepers { try await sleeper.script("begin; select pg_current_xact_id()") }

            func start(_ index: Int) throws -> Process {
                let load = loads[index]
                return try Process(
                    "StressWorker",
                    [database.conninfo, "\(load.seed)", "\(load.commands)"] + (index == 1 ? ["rival"] : []))
            }
            var processes = try loads.indices.map(start)
            let watcher = Branch(database.configuration, name: "watcher")
            for kill in 1...6 {
                // Each time some more has been written.
                try await until("writing goes on after kill \(kill - 1)", within: .seconds(40)) {
                    try await watcher.number("select count(*) from mall.commands") > kill * 300
                        || processes.allSatisfy { $0.hasEnded }
                }
                let victim = Int.random(in: 0..<processes.count)
                processes[victim].kill()
                processes[victim] = try start(victim)
            }
            try await until("every writer has its answers, \(seeds)", within: .seconds(60)) {
                processes.allSatisfy(\.hasEnded)
            }
            #expect(processes.allSatisfy { $0.status == 0 }, "\(seeds)")
            for sleeper in sleepers { await sleeper.close() }

            watcher.work()
            try await settleByTheClock(watcher)
            try await expectDense(watcher)
            var balances = [Int](repeating: 0, count: Workload.accounts)
            var movements = balances
            for load in loads {
                for step in (0..<load.commands).map({ load[$0] }) where step.amount > 0 {
                    balances[step.account] += step.amount
                    movements[step.account] += 1
                }
            }
            for index in 0..<Workload.accounts {
                let account = try await Workload.open(watcher, index)
                let state = try await watcher.state(of: account)?.state
                #expect(state?.balance == balances[index] && state?.movements == movements[index], "\(seeds)")
                try await expectEffects(watcher, [account], movements: movements[index])
            }
            #expect(try await watcher.number("select count(*) from mall.dead_letters") == 0)
            try await expectRowsEqualFold(watcher)
            await watcher.close()
        }
    }

    /// What the lane is for. Without its lock the same reader loses a row: a position is drawn before it can be seen.
    @Test func `a reader of positions from a plain sequence misses a row, and one of the lane's does not`() async throws
    {
        try await withBank { database, loop in
            let (slow, fast, reader) = (
                Connection(database.configuration, on: loop, logger: TestCluster.quiet),
                Connection(database.configuration, on: loop, logger: TestCluster.quiet),
                Connection(database.configuration, on: loop, logger: TestCluster.quiet)
            )
            func read(_ table: String, after mark: inout Int64) async throws -> Int {
                let rows = try await reader.query(
                    SQL(raw: "select position from \(table) where position > ") + "\(mark) order by position")
                if let last = rows.last { mark = try last[0] }
                return rows.count
            }
            try await slow.script("create table test.plain (position bigint generated always as identity)")
            try await slow.script("begin; insert into test.plain default values")
            try await fast.script("insert into test.plain default values")
            var mark: Int64 = 0
            #expect(try await read("test.plain", after: &mark) == 1)
            try await slow.script("commit")
            #expect(try await read("test.plain", after: &mark) == 0)
            #expect(try await reader.query("select from test.plain").count == 2)

            try await slow.script("begin")
            _ = try await slow.query(CommitLane.statement([unit([stream(UUID())])]))
            let second = Task { try await fast.query(CommitLane.statement([unit([stream(UUID())])])) }
            try await until("the second waits") {
                try await reader.query("select from pg_locks where locktype = 'advisory' and not granted").count == 1
            }
            mark = 0
            #expect(try await read("mall.log", after: &mark) == 0)
            try await slow.script("commit")
            _ = try await second.value
            #expect(try await read("mall.log", after: &mark) == 2)
            for connection in [slow, fast, reader] { await connection.close() }
        }
    }
}

/// A program of this package, started from beside the tests.
private final class Process {
    private let id: pid_t
    private(set) var status: Int32?

    init(_ program: String, _ arguments: [String]) throws {
        var own = [CChar](repeating: 0, count: Int(PATH_MAX))
        precondition(readlink("/proc/self/exe", &own, own.count - 1) > 0, "this program's own path is not known")
        let folder = String(decoding: own.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            .split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let path = "\(folder)/\(program)"
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var id: pid_t = 0
        let result = posix_spawn(&id, path, nil, nil, words, environ)
        guard result == 0 else { throw Waited(description: "\(path) cannot be started: \(systemError(result))") }
        self.id = id
    }

    var hasEnded: Bool {
        if status != nil { return true }
        var raw: Int32 = 0
        guard waitpid(id, &raw, WNOHANG) == id else { return false }
        // 0 where it ended by itself and well.
        status = raw
        return true
    }

    /// Ends it at once, wherever it is.
    func kill() {
        if hasEnded { return }
        Glibc.kill(id, SIGKILL)
        var raw: Int32 = 0
        waitpid(id, &raw, 0)
        status = raw
    }

    deinit { kill() }
}
