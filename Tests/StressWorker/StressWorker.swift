import EventStore
import EventStoreTestSupport
import Kernel
import Postgres
import PostgresTestSupport

/// One process of the stress test: `StressWorker CONNINFO SEED COMMANDS [rival]`. It ends well when all its commands are
/// answered; until then it consumes and projects as well, if it is its turn or, as a rival, in any case.
@main
struct StressWorker {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let seed = UInt64(arguments[2]), let commands = Int(arguments[3]) else {
            preconditionFailure("usage: StressWorker CONNINFO SEED COMMANDS [rival]")
        }
        let configuration = Configuration(arguments[1])
        var faults = Faults()
        faults.inReaction = { _ in if Int.random(in: 0..<40) == 0 { throw Rolled() } }
        var lock = configuration
        // The lock belongs to a database: in another one it is always free.
        if arguments.count > 4 { lock.conninfo += " dbname=postgres" }
        let branch = Branch(configuration, modules: bank(faults), connections: 4, lock: lock, name: "stress \(seed)")
        let relay = branch.feed.relay(over: configuration, on: branch.loop, logger: TestCluster.quiet)
        branch.work()
        try await Workload(seed: seed, commands: commands).run(branch)
        await relay.close()
        await branch.close()
    }
}

/// A handler that had begun and does not end well.
struct Rolled: Error {}
