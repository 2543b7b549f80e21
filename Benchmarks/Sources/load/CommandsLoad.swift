import ArgumentParser
import EventLoop

/// Callers that give commands over HTTP, each one at a time on a connection of its own, and await that each is durable.
struct CommandsLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commands", abstract: "Durable commands of many callers at once, over HTTP.",
        discussion: """
            Every caller fills a basket of its own; a full one is left and another begun. With --journeys each basket is \
            paid for and checked out: five commands, and what the mall's listeners make of them.
            """)

    @OptionGroup var target: Target
    @OptionGroup var staff: Staff
    @Option(parsing: .upToNextOption, help: "How many callers at once; several are measured one after the other.")
    var callers = [1, 16, 64]
    @Flag(help: "Whole journeys: start, two items, payment, checkout.") var journeys = false
    @Option(help: "Items of a basket that is not bought.") var items = 20

    func validate() throws {
        guard !callers.isEmpty, callers.allSatisfy({ 1...Limits.callers ~= $0 }) else {
            throw ValidationError("expected 1 to \(Limits.callers) callers")
        }
        guard 1...100 ~= items else { throw ValidationError("expected 1 to 100 items") }
    }

    func run() async throws {
        try makeRoom(forDescriptors: callers.max() ?? 1)
        let loop = EventLoop(name: "load")
        try await loop.spawnThrowing { [self] in
            let mall = Mall(target, staff, Ground(loop))
            try await mall.prepare(stores: 5, products: 20, customers: 50)
            for count in callers { print(try await CommandsRun(self, mall, count).run()) }
        }.value
    }
}

/// One number of callers. Touched on the loop's thread only.
private final class CommandsRun: @unchecked Sendable {
    private let load: CommandsLoad
    private let mall: Mall
    private let count: Int
    private var latencies = Latencies()
    private var isEnding = false

    init(_ load: CommandsLoad, _ mall: Mall, _ count: Int) { (self.load, self.mall, self.count) = (load, mall, count) }

    func run() async throws -> String {
        let loop = mall.ground.loop
        let tasks = try (0..<count).map { number in
            let caller = try mall.kiosk()
            return loop.spawnThrowing {
                defer { caller.close() }
                var round = number
                while !self.isEnding {
                    try await self.load.journeys ? self.journey(caller, round) : self.fill(caller, round)
                    round += self.count
                }
            }
        }
        await loop.sleep(for: .seconds(load.target.warmUp))
        latencies.reset()
        let stretch = try Stretch(
            load.target.pid.map(ServerProcess.init), load.staff.postgresPid.map(ProcessFamily.init))
        await loop.sleep(for: .seconds(load.target.seconds))
        let report = try stretch.report(latencies.total, "command", "commands", latencies)
        isEnding = true
        for task in tasks { try await task.value }
        guard latencies.total > 0 else { throw Failure(description: "no command was answered") }
        return "commands: \(count) callers\(load.journeys ? ", journeys" : "") · \(report)"
    }

    private func fill(_ caller: Caller, _ round: Int) async throws {
        let basket = try await timed { try await mall.startBasket(caller, customer: round) }
        for item in 0..<load.items where !isEnding {
            try await timed { try await mall.addItem(caller, basket: basket, round + item) }
        }
    }

    private func journey(_ caller: Caller, _ round: Int) async throws {
        let basket = try await timed { try await mall.startBasket(caller, customer: round) }
        for item in 0..<2 { try await timed { try await mall.addItem(caller, basket: basket, round + item) } }
        let payment = try await timed { try await mall.pay(caller, basket: basket) }
        _ = try await timed { try await mall.checkOut(caller, basket: basket, payment: payment) }
    }

    private func timed<Value>(_ command: () async throws -> Value) async throws -> Value {
        let start = nanoseconds()
        let value = try await command()
        latencies.note(nanoseconds() - start)
        return value
    }
}
