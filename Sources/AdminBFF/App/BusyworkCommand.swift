import ArgumentParser
import Busywork
import EventLoop
import EventStore
import Glibc
import Kernel
import Logging
import Postgres

/// Keeps a mall busy.
struct BusyworkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "busywork", abstract: "Let customers, robots and staff work in a mall, over its public gateways.",
        discussion: """
            Without --url it starts a server of its own, on a private PostgreSQL in a folder that is thrown away, looks \
            again and again whether everything holds that must, and ends with the number of violations.

            --minutes are real ones: so long customers come in, and what takes people a minute takes a factor-th of it. \
            10 minutes at factor 30 are five hours of the mall. The server's own clock stays real: a basket is abandoned \
            after ten real minutes, a robot lost after 45 real seconds of silence. Once the doors are closed those who \
            are inside have half an hour of the mall to finish. The same seed makes the same decisions.
            """)

    @OptionGroup var pace: PaceOptions
    @Option(help: "How many minutes customers come; with --url, without end unless given.") var minutes: Double?
    @Flag(help: "Kill the server and PostgreSQL, silence services and listeners, send commands twice.") var faults =
        false
    @Option(help: "Where a running mall is, as http://127.0.0.1:8080.") var url: String?
    @Option(help: "A kiosk's token of the running mall.") var kioskToken: String?
    @Option(help: "An administrator of the running mall.") var user = "admin"
    @Option(help: "Their password.") var password: String?
    @Flag(help: "Keep the folder of the server that was started.") var keep = false

    func validate() throws {
        if url != nil {
            guard address != nil else { throw ValidationError("--url is http://ADDRESS:PORT, with a numeric address") }
            guard kioskToken != nil, password != nil else {
                throw ValidationError("--url needs --kiosk-token and --password as the server printed them")
            }
            guard !faults else { throw ValidationError("--faults breaks only what it started; leave --url away") }
        }
        if let minutes, !(minutes > 0 && minutes < 10_000) { throw ValidationError("--minutes is more than 0") }
    }

    private var address: SocketAddress? {
        guard let rest = url?.split(separator: "://"), rest.count == 2, rest[0] == "http" else { return nil }
        let place = rest[1].prefix { $0 != "/" }
        guard let colon = place.lastIndex(of: ":"), let port = UInt16(place[place.index(after: colon)...]) else {
            return nil
        }
        let host = place[..<colon].filter { $0 != "[" && $0 != "]" }
        return .ip(host: host == "localhost" ? "127.0.0.1" : String(host), port: port)
    }

    func run() async throws {
        Signals.catchAll([SIGINT, SIGTERM])
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .critical
            return handler
        }
        let violations = try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask { try await address == nil ? own() : elsewhere() }
            group.addTask {
                await Signals.next()
                return nil
            }
            defer { group.cancelAll() }
            let first = try await group.next() ?? nil
            if first == nil {
                // The other one cleans up behind itself.
                group.cancelAll()
                _ = try? await group.next()
            } else {
                Signals.stopWaiting()
            }
            return first
        }
        guard violations == 0 else { throw ExitCode.failure }
    }

    private func elsewhere() async throws -> Int {
        guard let address, let kioskToken, let password else { return 0 }
        var settings = Busywork.Settings(address: address, kioskToken: kioskToken, user: user, password: password)
        pace.apply(to: &settings)
        settings.length = minutes.map { .seconds($0 * 60) }
        return try await Busywork(settings) { tell($0) }.run()
    }

    private func own() async throws -> Int {
        let server = try ServerProcess()
        do {
            try await server.start()
            let violations = try await watched(server)
            await leave(server, violations > 0)
            return violations
        } catch {
            await leave(server, true)
            throw error
        }
    }

    private func leave(_ server: ServerProcess, _ isOfInterest: Bool) async {
        if keep || isOfInterest && !Task.isCancelled {
            await server.stop()
            tell("what the server stored and said is kept in \(server.folder)")
        } else {
            await server.remove()
        }
    }

    /// A run on a server of this program's own: looked at, and broken if wished.
    private func watched(_ server: ServerProcess) async throws -> Int {
        var settings = Busywork.Settings(
            address: .ip(host: "127.0.0.1", port: await server.port), kioskToken: await server.kioskToken,
            user: "admin",
            password: await server.password)
        pace.apply(to: &settings)
        settings.length = .seconds((minutes ?? 10) * 60)
        settings.control = server.control
        if faults { settings.repeats = Self.repeats }

        let loop = EventLoop(name: "inspector")
        defer { loop.stop() }
        let pool = Pool(
            Configuration(Cluster.conninfo(running: server.data), name: "mallbots inspector"), size: 1, on: loop,
            logger: Logger(label: "mallbots.inspector", factory: { _ in SwiftLogNoOpLogHandler() }))
        var patience = Ledger.Patience()
        patience.availableList = max(patience.availableList / pace.factor, Self.leastPatience)
        let inspector = Inspector(
            on: loop, pool: pool,
            projections: Catalogue(mallModules()).projections, patience: patience)
        let breaking = Faults(on: loop, of: server, factor: pace.factor, seed: pace.seed) { tell($0) }
        let breaker = faults ? loop.spawnThrowing { try await breaking.run() } : nil
        let busywork = Busywork(settings) { isLast in
            if isLast {
                breaker?.cancel()
                do { try await breaker?.value } catch { return ["the server was not to be started again: \(error)"] }
            }
            let found = await inspector.look(
                within: isLast ? Self.timeToCalm : Self.timeForPeace, all: isLast,
                excused: isLast ? false : await breaking.isExcused)
            if found == nil, isLast { return ["there was no peace at the end: \(await inspector.unrest())"] }
            return found
        } say: {
            tell($0)
        }
        do {
            let violations = try await busywork.run()
            breaker?.cancel()
            _ = try? await breaker?.value
            await pool.close()
            return violations
        } catch {
            breaker?.cancel()
            _ = try? await breaker?.value
            await pool.close()
            throw error
        }
    }

    /// One command of a hundred.
    private static let repeats = 10
    /// How long a look waits for everything to be heard; at the end as long as the first tries of what failed take.
    private static let timeForPeace = Duration.seconds(3)
    private static let timeToCalm = Duration.seconds(180)
    private static let leastPatience = Duration.seconds(30)
}

/// How fast, and which of all possible days.
struct PaceOptions: ParsableArguments {
    @Option(help: "How much faster than life people are.") var factor = 30
    @Option(help: "Chooses the day: the same seed, the same decisions.") var seed: UInt64 = 1
    @Flag(help: "More customers than the robots can serve.") var overload = false

    func validate() throws {
        guard (1...1000).contains(factor) else { throw ValidationError("--factor is 1 to 1000, not \(factor)") }
    }

    func apply(to settings: inout Busywork.Settings) {
        (settings.factor, settings.seed) = (factor, seed)
        if overload { settings.parameters.overload() }
    }
}

private func tell(_ line: String) {
    print(line)
    fflush(nil)
}
