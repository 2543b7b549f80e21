import EventLoop
import EventStore
import Glibc
import HTTP
import Kernel
import Logging
import Postgres
import Server

/// The whole system in one process: database, event store, modules, live layer and gateways, joined by ordinary
/// initialisers. This is the only place where the parts meet.
final class Application: Sendable {
    struct Options: Sendable {
        var host = "127.0.0.1"
        var port: UInt16 = 8080
        var loops = 1
        /// Where the private PostgreSQL lives; not used with `databaseURL`.
        var dataDirectory: String
        var databaseURL: String?
        /// The folder of the admin page.
        var page: String
        var secureCookies = false
        var trustedProxies: [AddressRange] = []
        /// Sockets that listen already, instead of one at `host` and `port`.
        var inherited: [Int32] = []
        /// Whether what pages are told is compressed, for the browsers that offer it.
        var compression = true
        /// A socket over which tests move the clock and script the simulated services. Off unless named.
        var testControl: String?
        var mall = MallSettings()
    }

    let port: UInt16
    let accounts: Accounts
    let dispatcher: Dispatcher
    let live: LiveGateway
    /// The usual order of each topic that pages can open views of.
    let usualOrders: [String: String]
    private let database: Database
    private let relays: [Relay]
    private let loops: [EventLoop]
    private let server: Server
    private let control: Server?
    private let work: [Task<Void, Never>]

    /// Starts everything. What was started is stopped again if a later part cannot start.
    convenience init(_ options: Options, logger: Logger) async throws {
        let loops = (0..<max(1, options.loops)).map { EventLoop(name: "loop \($0)") }
        let card = CardService { [loop = loops[0]] in await loop.sleep(for: $0) }
        let sms = SmsService()
        Currency.ofTheMall = Currency(options.mall.currency)
        let catalogue = Catalogue(mallModules(options.mall, card: card, sms: sms))
        guard catalogue.unheard.isEmpty else {
            throw Refusal(
                .internal,
                "no module carries out \(catalogue.unheard.sorted().joined(separator: ", ")), which a saga asks for")
        }
        let database = try await Database(options, on: loops[0], catalogue: catalogue, logger: logger)
        do { try await self.init(options, on: loops, database, catalogue, card, sms) } catch {
            await database.stop()
            throw error
        }
    }

    private init(
        _ options: Options, on loops: [EventLoop], _ database: Database, _ catalogue: Catalogue, _ card: CardService,
        _ sms: SmsService
    ) async throws {
        let loop = loops[0]
        self.loops = loops
        self.database = database
        usualOrders = catalogue.topics.mapValues { $0.orders[0] }
        let clock = MallClock()
        let pool = database.pool
        let feed = LogFeed(on: loop)
        let lane = CommitLane(on: loop, pool: pool, feed: feed)
        let dispatcher = Dispatcher(on: loop, catalogue: catalogue, pool: pool, lane: lane, clock: clock)
        self.dispatcher = dispatcher
        accounts = Accounts(pool: pool, clock: clock, dispatcher: dispatcher)
        let live = try await LiveGateway(
            on: loop, serving: loops, topics: catalogue.topics.values.sorted { $0.name < $1.name }, pool: pool,
            clock: clock,
            accounts: accounts)
        self.live = live
        let disturbance = options.testControl.map { _ in Disturbance() }
        let worker = Worker(
            on: loop, dispatcher: dispatcher, pool: pool,
            lock: database.lock, feed: feed, clock: clock, disturbance: disturbance
        ) { live.publish($0) }

        let fleet = FleetWatch(
            on: loop, clock: clock, dispatcher: dispatcher, fleet: catalogue.topics["fleet"]
        ) { await worker.isActive }
        let health = Health(
            pool: pool, worker: worker, live: live, clock: clock, sagas: catalogue.topics["sagas"],
            rebuilds: Rebuilds(pool: pool, clock: clock), projections: Set(catalogue.projections.map(\.name)))
        let metrics = Metrics()
        let edge = Edge(
            dispatcher: dispatcher, topics: catalogue.topics, accounts: accounts, live: live, fleet: fleet,
            metrics: metrics, secureCookies: options.secureCookies)
        var router = Router()
        router.addStaffRoutes(edge, currency: options.mall.currency)
        router.addHealthRoutes(edge, health)
        router.addKioskRoutes(edge)
        router.addRobotRoutes(edge)
        router.addOperations(edge, pool: pool, worker: worker)
        live.addEndpoint(to: &router, edge, isCompressed: options.compression)
        router.refuseLikeHandlers()
        guard let files = StaticFiles(options.page) else {
            throw Refusal.notFound("the admin page is not at \(options.page); name its folder with --public")
        }
        router.addPage(files)

        var configuration = Server.Configuration(.ip(host: options.host, port: options.port))
        configuration.limits.body = EdgeLimits.body
        configuration.observer = metrics.observer
        configuration.trustedProxies = options.trustedProxies
        configuration.inherited = options.inherited
        server = try Server(configuration, router, on: loops, logger: Logger(label: "mallbots.http"))
        port = server.port
        control =
            if let path = options.testControl, let disturbance {
                try TestControl(clock: clock, card: card, sms: sms, worker: worker, disturbance: disturbance)
                    .serve(at: path, on: loop)
            } else { nil }
        let logRelay = feed.relay(
            over: database.configuration(name: "mallbots relay"), on: loop, logger: Logger(label: "mallbots.relay"))
        let liveRelay = Relay(
            "mall_live", database.configuration(name: "mallbots live relay"), on: loop,
            logger: Logger(label: "mallbots.relay")
        ) { live.look() }
        live.onPublish { liveRelay.tell() }
        relays = [logRelay, liveRelay]
        work = [
            loop.spawn { await worker.run() },
            loop.spawn { await fleet.run() },
            loop.spawn {
                await live.feed([("heartbeats", { try await fleet.rows() }), ("ops", { try await health.rows() })])
            },
            loop.spawn {
                await live.run {
                    await dispatcher.reset()
                    await worker.reset()
                }
            },
        ]
    }

    /// Finishes what is under way, in the reverse order of its beginning, and returns when nothing is left.
    func stop() async {
        await server.drain(within: AppLimits.drain)
        await control?.drain(within: .zero)
        for task in work { task.cancel() }
        for task in work { await task.value }
        for relay in relays { await relay.close() }
        await database.stop()
        for loop in loops { loop.stop() }
    }
}

enum AppLimits {
    /// How long requests and pages have to come to an end when the server leaves.
    static let drain = Duration.seconds(5)
}
