import ArgumentParser
import Busywork
import EventLoop
import FoundationEssentials
import Glibc
import HTTP
import Kernel
import Logging

/// The program.
@main struct Mallbots: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mallbots", abstract: "The back end of a mall that sells the errand.",
        subcommands: [Serve.self, Staff.self, Kiosk.self, RobotToken.self, Rebuild.self, BusyworkCommand.self],
        defaultSubcommand: Serve.self)
}

extension AddressRange: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the admin page, the kiosks and everything behind them.")

    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 lets the kernel choose.") var port: UInt16 = 8080
    @Option(help: "How many event loops serve, each on a thread of its own.") var loops = 1
    @Option(help: "The folder of the private PostgreSQL.") var data = ".mallbots"
    @Option(help: "The folder of the admin page; by default Public beside this program's package.") var `public`:
        String?
    @Flag(help: "Fill an empty mall with a few stores, customers and orders.") var demo = false
    @Flag(help: "Let simulated customers, robots and staff keep the mall busy, over its own port.") var busywork = false
    @OptionGroup var pace: PaceOptions
    @Flag(help: "Mark cookies as secure: for a server behind a proxy that speaks TLS.") var secureCookies = false
    @Flag(help: "Send pages everything uncompressed: for a fast network, or a processor that is short of time.")
    var noCompression = false
    @Option(
        help: "Proxies whose word on a client's address is believed: an address or a range, as 10.0.0.0/8; repeatable.")
    var trustedProxy: [AddressRange] = []
    @Option(help: "A socket over which tests control time and services.") var testControl: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical.") var logLevel = Logger.Level.notice

    func validate() throws {
        guard (1...64).contains(loops) else { throw ValidationError("--loops is 1 to 64, not \(loops)") }
    }

    func run() async throws {
        let level = logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        Signals.catchAll([SIGINT, SIGTERM])
        Descriptors.raiseLimit()
        var options = Application.Options(dataDirectory: data, page: `public` ?? Self.pageBesideProgram)
        options.host = host
        options.port = port
        options.loops = loops
        options.secureCookies = secureCookies
        options.trustedProxies = trustedProxy
        options.inherited = try Socket.inherited()
        options.compression = !noCompression
        options.testControl = testControl
        options.databaseURL = getenv("DATABASE_URL").map { String(cString: $0) }
        let application: Application
        do { application = try await Application(options, logger: Logger(label: "mallbots")) } catch {
            let line = "mallbots cannot start: \((error as? Refusal)?.message ?? "\(error)")\n"
            _ = write(STDERR_FILENO, line, line.utf8.count)
            throw ExitCode.failure
        }
        let (isDemo, isBusy) = (demo, busywork)
        let address = "http://\(host.contains(":") ? "[\(host)]" : host):\(application.port)"
        // A signal ends the start as well: whichever comes to its end first.
        let result = await withTaskGroup(of: Result<Void, any Error>?.self) { group in
            group.addTask {
                do {
                    try await introduce(application)
                    if isDemo { try await Demo(application).fill() }
                    say("serving on \(address)")
                    if isBusy { try await keepBusy(application) }
                    return nil
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                await Signals.next()
                say("leaving")
                return .success(())
            }
            defer { group.cancelAll() }
            while let result = await group.next() {
                if case .failure = result { Signals.stopWaiting() }
                if let result { return result }
            }
            return .success(())
        }
        await application.stop()
        try result.get()
    }

    /// What is needed to get in, told once: when it is made.
    private func introduce(_ application: Application) async throws {
        let accounts = application.accounts
        if try await !accounts.hasStaff() {
            let password = Accounts.newPassword()
            try await accounts.put(user: "admin", name: "Administrator", password: password, roles: [.administrator])
            say("administrator: admin / \(password)")
        }
        if try await !accounts.hasKiosk() {
            say("kiosk token: \(try await accounts.token(forKiosk: "entrance"))")
        }
    }

    /// Those who keep the mall busy come in by the front door, with an account and a token of their own.
    private func keepBusy(_ application: Application) async throws {
        let (accounts, user, password) = (application.accounts, "busywork", Accounts.newPassword())
        try await accounts.put(user: user, name: "Busywork", password: password, roles: [.administrator])
        let door: SocketAddress = .ip(
            host: ["0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host, port: application.port)
        var settings = Busywork.Settings(
            address: door, kioskToken: try await accounts.token(forKiosk: "busywork"), user: user, password: password)
        pace.apply(to: &settings)
        settings.control = testControl
        _ = try await Busywork(settings) { say($0) }.run()
    }

    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }

    /// The folder `Public` in the nearest folder above the program that has one.
    private static var pageBesideProgram: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        var parts = String(decoding: buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: "/", omittingEmptySubsequences: false)
        while parts.count > 1 {
            parts.removeLast()
            let candidate = (parts + ["Public"]).joined(separator: "/")
            if access(candidate + "/index.html", R_OK) == 0 { return candidate }
        }
        return "Public"
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
