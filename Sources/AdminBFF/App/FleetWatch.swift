import Contracts
import Crypto
import EventLoop
import EventStore
import FoundationEssentials
import Kernel
import Live
import Logging

/// What a robot says of itself every few seconds.
struct Heartbeat: Decodable, Sendable {
    let battery: Int?
    let position: String?
}

enum FleetLimits {
    /// How often a robot shall be heard from.
    static let heartbeat = Duration.seconds(5)
    /// For how long it may be silent until staff are shown that something may be wrong, and until it is given up.
    static let suspect = Duration.seconds(15)
    static let lost = Duration.seconds(45)
    /// How long a list that a robot declined is not offered to it.
    static let spared = Duration.seconds(60)
    /// How long a list that a robot was told is told to no other, so that many who ask at once do not want the same one.
    static let offered = Duration.seconds(10)
    /// Lists that a robot may decline at a time.
    static let declined = 100
    static let look = Duration.seconds(1)
    static let text = 100
}

/// Knows when each robot was last heard from, in memory only: it is not in the log and need not be.
///
/// A robot that stays silent is lost. After a restart of this program every robot that is not known to be away counts as
/// heard from at that moment, so that a restart loses none.
actor FleetWatch {
    private struct Sign {
        var at: Instant
        var battery: Int?
        var position: String?
    }

    private let loop: EventLoop
    private let clock: MallClock
    private let dispatcher: Dispatcher
    private let fleet: Topic?
    private let isActive: @Sendable () async -> Bool
    private let logger = Logger(label: "mallbots.fleet")
    private var signs: [BotID: Sign] = [:]
    private var declines: [BotID: [ListID: Instant]] = [:]
    /// What each robot was told to fetch, and until when nobody else is told it. Who gets the list, its assignment decides.
    private var offers: [BotID: (list: ListID, until: Instant)] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// `isActive` says whether this process is the one that gives robots up.
    init(
        on loop: EventLoop, clock: MallClock, dispatcher: Dispatcher, fleet: Topic?,
        isActive: @escaping @Sendable () async -> Bool
    ) {
        self.loop = loop
        self.clock = clock
        self.dispatcher = dispatcher
        self.fleet = fleet
        self.isActive = isActive
    }

    func saw(_ robot: BotID, _ heartbeat: Heartbeat? = nil) {
        var sign = signs[robot] ?? Sign(at: clock.now)
        sign.at = clock.now
        if let heartbeat {
            sign.battery = heartbeat.battery.map { min(max($0, 0), 100) } ?? sign.battery
            sign.position = heartbeat.position.map { String($0.prefix(FleetLimits.text)) } ?? sign.position
        }
        signs[robot] = sign
    }

    func forget(_ robot: BotID) {
        signs[robot] = nil
        declines[robot] = nil
        offers[robot] = nil
    }

    func decline(_ list: ListID, by robot: BotID) {
        var lists = (declines[robot] ?? [:]).filter { clock.now - $0.value < FleetLimits.spared }
        if lists.count < FleetLimits.declined { lists[list] = clock.now }
        declines[robot] = lists
        if offers[robot]?.list == list { offers[robot] = nil }
    }

    /// The oldest list that waits for a robot, but none of these, none it has declined lately and none that another robot
    /// was told a moment ago. What it is told is its own to accept for a while.
    func offer(to robot: BotID, but others: [ListID]) async throws -> ListID? {
        while true {
            let told = told(toOthersThan: robot)
            let found = try await dispatcher.questions.ask(FindWork(declined: others + declined(by: robot) + told))
            guard let found else {
                offers[robot] = nil
                return nil
            }
            // Another may have asked while the database was asked; then it is told that list, and this one another.
            if self.told(toOthersThan: robot).contains(found) { continue }
            offers[robot] = (found, clock.now + FleetLimits.offered)
            return found
        }
    }

    private func told(toOthersThan robot: BotID) -> [ListID] {
        let now = clock.now
        offers = offers.filter { now < $0.value.until }
        return offers.filter { $0.key != robot }.map(\.value.list)
    }

    /// The lists that this robot need not be offered now.
    private func declined(by robot: BotID) -> [ListID] {
        (declines[robot] ?? [:]).filter { clock.now - $0.value < FleetLimits.spared }.keys.sorted {
            $0.description < $1.description
        }
    }

    /// Gives up the robots that stay silent, until the task is cancelled.
    func run() async {
        guard let fleet else { return }
        while !Task.isCancelled {
            do {
                if await isActive() { try await look(at: fleet) }
            } catch {
                if !Task.isCancelled { logger.warning("robots cannot be watched", metadata: ["error": "\(error)"]) }
            }
            await loop.sleep(for: FleetLimits.look)
        }
    }

    private func look(at fleet: Topic) async throws {
        let shown = try Coding.encode(["status": [BotStatus.idle, .active, .recalled].map(\.rawValue)])
        let rows = try await dispatcher.questions.rows(
            fleet.projection.storage.select(
                RowQuery(predicate: fleet.filter(shown), order: RowOrder(fleet.orders[0]))))
        let present = try rows.map { BotID(rawValue: try $0[0]) }
        for robot in present {
            guard let sign = signs[robot] else {
                signs[robot] = Sign(at: clock.now)
                continue
            }
            if clock.now - sign.at >= FleetLimits.lost { await lose(robot, silentSince: sign.at) }
        }
        // Of robots that are away nothing is shown.
        let known = Set(present)
        signs = signs.filter { known.contains($0.key) || clock.now - $0.value.at < FleetLimits.lost }
    }

    private func lose(_ robot: BotID, silentSince: Instant) async {
        // The same silence is one loss, whoever notices it.
        let id = uuid5(namespace: robot.rawValue, name: "lost \(silentSince.microseconds)")
        do {
            _ = try await dispatcher.perform(
                LoseBot(id: robot),
                CommandRequest(
                    id: id, mayRepeat: true, cause: Cause(correlation: id, causation: id, actor: "watch:fleet")))
            signs[robot] = nil
        } catch let refusal as Refusal {
            logger.notice("a silent robot is not lost", metadata: ["bot": "\(robot)", "refusal": "\(refusal.message)"])
        } catch {
            logger.warning("a silent robot could not be given up", metadata: ["bot": "\(robot)", "error": "\(error)"])
        }
    }

    private struct Row: Encodable {
        let id: BotID
        let lastSeenAt: Instant
        let battery: Int?
        let position: String?
        let suspect: Bool
    }

    /// The newest of every robot, for pages.
    func rows() throws -> [VolatileRow] {
        let now = clock.now
        return try signs.map { robot, sign in
            VolatileRow(
                key: robot.rawValue, sort: .text(robot.description),
                value: try Coding.encode(
                    Row(
                        id: robot, lastSeenAt: sign.at, battery: sign.battery, position: sign.position,
                        suspect: now - sign.at >= FleetLimits.suspect)))
        }
    }
}
