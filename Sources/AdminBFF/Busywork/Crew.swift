import EventLoop

/// Everybody who keeps the mall busy, and what they share. Touched on the loop's thread only.
final class Crew: @unchecked Sendable {
    let settings: Busywork.Settings
    let loop: EventLoop
    let pace: Pace
    let gate = Gate()
    let desk = Desk()
    let tally = Tally()
    let control: TestControlClient?
    /// Tells the keys of this run from those of one before it.
    let run: String
    private(set) var stores: [String] = []
    private(set) var robots: [Robot] = []
    private(set) var administrator: Administrator?
    private(set) var supervisor: Supervisor?
    private(set) var knownCustomers = 0
    private var clerks: [Clerk] = []
    private var cashiers: [Cashier] = []
    private var manager: Manager?
    private var pages: [StaffPage] = []
    private var checkouts: [String: ContinuousClock.Instant] = [:]
    private var taken: Set<String> = []
    private var customers = 0
    private var inside = 0
    private let password: String

    init(_ settings: Busywork.Settings, on loop: EventLoop) {
        (self.settings, self.loop) = (settings, loop)
        pace = Pace(factor: settings.factor, on: loop)
        control = settings.control.map { TestControlClient(at: $0, on: loop) }
        var random = SystemRandomNumberGenerator()
        run = String(random.next(), radix: 36)
        password = String(random.next(), radix: 36) + String(random.next(), radix: 36)
    }

    /// The four digits that the phone numbers of this seed share.
    var district: String { String(1_000 + settings.seed % 9_000) }

    func newCustomer() -> Int {
        knownCustomers += 1
        return knownCustomers - 1
    }

    func kiosk(_ name: String) -> Person {
        Person(name, of: self, identity: "Authorization: Bearer \(settings.kioskToken)\r\n")
    }

    /// Reserves a list for one clerk, so that no two count the same goods.
    func take(_ list: String) -> Bool { taken.insert(list).inserted }
    func putBack(_ list: String) { taken.remove(list) }

    func checkedOut(_ order: String, at instant: ContinuousClock.Instant) {
        // A page may have shown the approval before the kiosk's answer was read.
        checkouts[order] = instant
    }

    /// A page shows an order in a state.
    func saw(_ order: String, _ status: String) {
        guard status == "approved", let begun = checkouts.removeValue(forKey: order) else { return }
        tally.took("checkout → approved", .now - begun)
    }

    // The morning

    /// What stopped the preparations.
    struct Unprepared: Error, CustomStringConvertible {
        let description: String
    }

    /// Logs in, gives everybody an account, opens stores and registers robots.
    func prepare() async throws {
        let boss = Person("administrator", of: self, identity: "")
        boss.caller.identity = try await logIn(boss, settings.user, settings.password)
        administrator = Administrator(person: boss)
        supervisor = Supervisor(person: try await hire("supervisor", "depot_supervisor", by: boss))
        for number in 1...settings.parameters.clerks {
            clerks.append(Clerk(person: try await hire("clerk-\(number)", "depot_clerk", by: boss)))
        }
        for number in 1...settings.parameters.cashiers {
            cashiers.append(Cashier(person: try await hire("cashier-\(number)", "cashier", by: boss)))
        }
        try await openStores(boss)
        manager = Manager(
            person: try await hire("manager", "store_manager", by: boss, stores: stores))
        for number in 1...settings.parameters.robots {
            let answer = await boss.post("register a robot", "/admin/api/bots", ["name": "Robot \(number)"])
            let robot: NewRobot = try read(answer, "register a robot")
            robots.append(Robot(id: robot.id, name: "robot \(number)", token: robot.token, of: self))
        }
        for number in 0..<settings.parameters.staffPages {
            pages.append(
                StaffPage(
                    of: self, identity: boss.caller.identity, watches: StaffPage.topics[number % StaffPage.topics.count]
                ))
        }
    }

    private func hire(_ name: String, _ role: String, by boss: Person, stores: [String] = []) async throws -> Person {
        let user = "busywork-\(name)"
        let answer = await boss.put(
            "hire", "/admin/api/staff/\(user)",
            [
                "name": "\(name)", "password": "\(password)", "roles": [.text(role)],
                "stores": .list(stores.map { .text($0) }),
            ])
        guard let answer, answer.isDone else {
            throw Unprepared(description: "no account could be made for \(user): \(answer?.message ?? "no answer")")
        }
        let person = Person(name, of: self, identity: "")
        person.caller.identity = try await logIn(person, user, password)
        return person
    }

    private func logIn(_ person: Person, _ user: String, _ password: String) async throws -> String {
        let answer = await person.post(
            "log in", "/admin/api/session", ["user": "\(user)", "password": "\(password)"])
        guard let cookie = answer?[field: "set-cookie"]?.prefix(while: { $0 != ";" }) else {
            throw Unprepared(description: "\(user) cannot log in: \(answer?.message ?? "no answer")")
        }
        return "Cookie: \(cookie)\r\n"
    }

    /// Works with the stores that take part already, and opens as many as are missing.
    private func openStores(_ boss: Person) async throws {
        let visitor = kiosk("visitor")
        var next: String?
        repeat {
            let query = next.map { "&next=\($0)" } ?? ""
            let page: Shops = try read(
                await visitor.get("browse", "/api/stores/participating?limit=100\(query)"), "browse")
            stores += page.stores.map(\.id)
            next = page.next
        } while next != nil
        visitor.caller.close()
        var generator = SmallGenerator(seed: settings.seed, for: "stores")
        while stores.count < settings.parameters.stores {
            let number = stores.count + 1
            let opened: Made = try read(
                await boss.post(
                    "open a store", "/admin/api/stores",
                    ["name": "\(Names.store(generator.next()))", "location": "Level \(number % 3), unit \(number)"]),
                "open a store")
            for product in 1...Int.random(in: settings.parameters.products, using: &generator) {
                let _: Made = try read(
                    await boss.post(
                        "add a product", "/admin/api/stores/\(opened.id)/products",
                        [
                            "name": "\(Names.product(generator.next()))", "description": "",
                            "sku": "B-\(number)-\(product)",
                            "priceMinor": .number(generator.price(settings.parameters.prices)),
                        ]), "add a product")
            }
            await boss.put("take a store in", "/admin/api/stores/\(opened.id)/participating")
            stores.append(opened.id)
        }
    }

    private func read<Value: Decodable>(_ answer: Answer?, _ action: String) throws -> Value {
        guard let answer, answer.isDone else {
            throw Unprepared(
                description: "could not \(action): \(answer.map { "\($0.status) \($0.message)" } ?? "no answer")")
        }
        return try answer.read()
    }

    // The day

    /// Everybody but the customers begins to work.
    func begin() -> [Task<Void, Never>] {
        var tasks = robots.flatMap { robot in
            [loop.spawn { await robot.work() }, loop.spawn { await robot.beat() }]
        }
        tasks += clerks.map { clerk in loop.spawn { await clerk.work() } }
        tasks += pages.map { page in loop.spawn { await page.watch() } }
        if let administrator {
            tasks += [
                loop.spawn { await administrator.toggleParticipation() }, loop.spawn { await administrator.mend() },
            ]
        }
        if let manager {
            tasks += [loop.spawn { await manager.changePrices() }, loop.spawn { await manager.rebrand() }]
        }
        return tasks
    }

    /// The cashiers go home when the desk is closed, not before.
    func openDesk() -> [Task<Void, Never>] { cashiers.map { cashier in loop.spawn { await cashier.work() } } }

    /// Lets customers in, one after the other, until the task is cancelled. Returns their visits.
    func letIn() async -> [Task<Void, Never>] {
        var generator = SmallGenerator(seed: settings.seed, for: "arrivals")
        var visits: [Task<Void, Never>] = []
        while !Task.isCancelled {
            let mean = settings.parameters.arrivals * 100 / Parameters.crowd(at: pace.elapsed)
            await pace.take(generator.wait(mean: mean))
            if Task.isCancelled { break }
            customers += 1
            inside += 1
            tally.count("customers")
            let customer = Customer(number: customers, crew: self)
            visits.append(
                loop.spawn { [self] in
                    await customer.visit()
                    inside -= 1
                })
        }
        return visits
    }

    /// How many customers are in the mall.
    var crowd: Int { inside }

    /// Takes the robots out of service, as far as they have no list.
    func leave() async {
        guard let boss = administrator?.person else { return }
        for robot in robots {
            await boss.post("retire a robot", "/admin/api/bots/\(robot.id)/retire")
        }
    }

    /// How many orders there are in each state, as a member of staff would count them.
    func ordersByState() async -> [String: Int] {
        guard let boss = administrator?.person else { return [:] }
        var counts: [String: Int] = [:]
        var next: String?
        repeat {
            let query = next.map { "&next=\($0)" } ?? ""
            guard
                let page = try? await boss.get("count orders", "/admin/api/orders?limit=100\(query)")?.read(Orders.self)
            else { break }
            for order in page.orders { counts[order.status, default: 0] += 1 }
            next = page.next
        } while next != nil
        return counts
    }
}
