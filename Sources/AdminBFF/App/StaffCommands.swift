import ArgumentParser
import Contracts
import EventLoop
import EventStore
import FoundationEssentials
import Glibc
import Kernel
import Logging
import Postgres

/// The database of the running system, for commands that need nothing else of it.
struct RunningDatabase: ParsableArguments {
    @Option(help: "The folder of the private PostgreSQL; DATABASE_URL names another database.") var data = ".mallbots"

    /// Lends the accounts of the running system. What is changed reaches its open pages within a second.
    func withAccounts(_ body: (Accounts) async throws -> Void) async throws {
        try await withPool { pool, loop in
            let clock = MallClock()
            let lane = CommitLane(on: loop, pool: pool, feed: LogFeed(on: loop))
            let dispatcher = Dispatcher(
                on: loop, catalogue: Catalogue(mallModules()), pool: pool, lane: lane, clock: clock)
            try await body(Accounts(pool: pool, clock: clock, dispatcher: dispatcher))
        }
    }

    func withPool(_ body: (Pool, EventLoop) async throws -> Void) async throws {
        let loop = EventLoop(name: "command")
        defer { loop.stop() }
        let conninfo = getenv("DATABASE_URL").map { String(cString: $0) } ?? Cluster.conninfo(running: data)
        let pool = Pool(
            Configuration(conninfo, name: "mallbots command"), size: 1, on: loop,
            logger: Logger(label: "mallbots.command", factory: { _ in SwiftLogNoOpLogHandler() }))
        do {
            try await body(pool, loop)
            await pool.close()
        } catch {
            await pool.close()
            let reason = (error as? Refusal)?.message ?? "\(error)"
            throw ValidationError("\(reason)")
        }
    }
}

/// Who may use the admin page.
struct Staff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, add, change and remove the accounts of staff, of the running system.",
        subcommands: [List.self, Put.self, Remove.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say who has an account, with which roles.")

        @OptionGroup var database: RunningDatabase

        func run() async throws {
            try await database.withAccounts { accounts in
                for account in try await accounts.staff() {
                    let stores =
                        account.stores.isEmpty ? "" : "\t" + account.stores.map(\.description).joined(separator: ",")
                    print("\(account.user)\t\(account.name)\t\(account.roles.joined(separator: ","))\(stores)")
                }
            }
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an account, or give one another name, roles and stores.",
            discussion: """
                A new account's password is made and printed, once. An existing account keeps its password, unless \
                --new-password asks for another, which ends its sessions.
                """)

        @Argument(help: "The name to log in with.") var user: String
        @Option(help: "The person's name; by default the one they have, or else the user.") var name: String?
        @Option(
            help: "A role; may be given several times: \(Role.allCases.map(\.rawValue).joined(separator: ", ")).")
        var role: [Role]
        @Option(help: "The id of a store that a store_manager has; may be given several times.") var store: [String] =
            []
        @Flag(help: "Make another password.") var newPassword = false
        @OptionGroup var database: RunningDatabase

        func run() async throws {
            let stores = try store.map { text in
                guard let id = StoreID(text) else { throw ValidationError("\(text) is not the id of a store") }
                return id
            }
            try await database.withAccounts { accounts in
                let known = try await accounts.staff().first { $0.user == user }
                let password = newPassword && known != nil ? Accounts.newPassword() : nil
                let put = try await accounts.put(
                    user: user, name: name ?? known?.name ?? user, password: password, roles: Set(role),
                    stores: Set(stores))
                print("\(user): \(role.map(\.rawValue).sorted().joined(separator: ", "))")
                if let password = put.password ?? password { print("password: \(password)") }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take an account away; its pages close.")

        @Argument(help: "The name it logs in with.") var user: String
        @OptionGroup var database: RunningDatabase

        func run() async throws {
            try await database.withAccounts { accounts in
                try await accounts.remove(user: user)
                print("\(user) is removed")
            }
        }
    }
}

/// The tokens kiosks work with.
struct Kiosk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a kiosk's token and print it, once; the token it had is worth nothing any more.")

    @Argument(help: "What the kiosk is called.") var name: String
    @OptionGroup var database: RunningDatabase

    func run() async throws {
        try await database.withAccounts { print("kiosk token: \(try await $0.token(forKiosk: name))") }
    }
}

/// The tokens robots work with.
struct RobotToken: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "robot",
        abstract: "Make another token for a robot and print it, once; the token it had is worth nothing any more.")

    @Argument(help: "What the robot is called.") var name: String
    @OptionGroup var database: RunningDatabase

    func run() async throws {
        try await database.withAccounts { accounts in
            let id = try await accounts.robot(named: name)
            print("robot token: \(try await accounts.renewToken(ofRobot: id, by: .commandLine).token)")
        }
    }
}

/// Folds what pages and lists show anew.
struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fold projections anew from the log, while the system runs; without names, all of them.",
        discussion: """
            The new rows are kept beside the old ones, which are shown until the new take their place at once. A log that \
            grows as fast as it is folded is never caught up with: that is said, and the mall should be quieter.
            """)

    @Argument(help: "Which projections.") var projections: [String] = []
    @OptionGroup var database: RunningDatabase

    private static let look = Duration.milliseconds(250)

    func run() async throws {
        try await database.withPool { pool, loop in
            let modules = mallModules()
            let all = Catalogue(modules).projections.map(\.name).sorted()
            let wanted = projections.isEmpty ? all : projections
            for name in wanted where !all.contains(name) {
                throw Refusal.invalid("there is no projection \(name); there are \(all.joined(separator: ", "))")
            }
            let rebuilds = Rebuilds(pool: pool, clock: MallClock())
            try await rebuilds.ask(wanted)
            var said: [String: String] = [:]
            var isDone = false
            while !isDone {
                await loop.sleep(for: Self.look)
                let states = try await rebuilds.states().filter { wanted.contains($0.projection) }
                for state in states {
                    let line =
                        state.error.map { "not rebuilt: \($0)" }
                        ?? (state.isDone ? "rebuilt" : state.progress)
                    if said.updateValue(line, forKey: state.projection) != line {
                        print("\(state.projection): \(line)")
                    }
                }
                isDone = states.allSatisfy { $0.isDone || $0.error != nil }
            }
        }
    }
}

extension Rebuilds.State {
    fileprivate var progress: String {
        guard let reached, let behind else { return "waiting" }
        return "at \(reached), \(behind) behind" + (isLosing ? ", and the log grows as fast" : "")
    }
}

extension Role: ExpressibleByArgument {}
