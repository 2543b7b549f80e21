/// A shopping robot: asks for work, goes from store to store, reports what it takes and what is not there, and comes back.
///
/// It knows what it carries. What it may go on with the system says, at every greeting and by every refusal.
final class Robot: @unchecked Sendable {
    let id: String
    /// A list that a clerk gave it by hand.
    var slip: Errand?
    private let person: Person
    private let heart: Person
    private var crew: Crew { person.crew }
    private var battery = 100
    /// Silent until then: no heartbeat, no report.
    private var isSilent = false
    private var silenceAt: (blip: Duration, lost: Duration) = (.zero, .zero)

    init(id: String, name: String, token: String, of crew: Crew) {
        self.id = id
        person = Person(name, of: crew, identity: "Authorization: Bearer \(token)\r\n")
        heart = Person("\(name) heart", of: crew, identity: "Authorization: Bearer \(token)\r\n")
    }

    func work() async {
        drawSilences()
        await greet(holding: nil)
        while !Task.isCancelled {
            if let slip {
                self.slip = nil
                await shop(slip, ErrandPlan(crew.settings.parameters, using: &person.generator))
            } else if await !findWork() {
                await crew.pace.take(Self.look)
            }
        }
    }

    /// Beats in real time, since the system listens in real time.
    func beat() async {
        while !Task.isCancelled {
            if !isSilent {
                battery = battery > 20 ? battery - 1 : 100
                await heart.post(
                    "heartbeat", "/robots/api/heartbeat", ["battery": .number(Int64(battery)), "position": "\(place)"])
            }
            await crew.pace.rest(Self.beats)
        }
    }

    private static let beats = Duration.seconds(5)
    private static let look = Duration.seconds(5)
    private var place = "depot"

    /// Takes the list that is offered, if there is one and it likes it.
    private func findWork() async -> Bool {
        await fallSilent(holding: nil)
        let answer = await person.post("ask for work", "/robots/api/work", ["declined": []])
        guard let list = (try? answer?.read(Offered.self))?.list else { return false }
        let plan = ErrandPlan(crew.settings.parameters, using: &person.generator)
        if plan.declines {
            await person.post("decline", "/robots/api/lists/\(list.id)/decline", ["reason": "battery"])
            crew.tally.count("declined")
            return true
        }
        let accepted = await person.post("accept", "/robots/api/lists/\(list.id)/accept")
        guard accepted?.isDone == true else {
            // Another was faster, or this robot is not what it thinks it is: called back, lost, given a list by hand.
            await greet(holding: nil)
            return false
        }
        await shop(list, plan)
        return true
    }

    /// Says who it is and what it holds; returns the list it has to go on with.
    @discardableResult
    private func greet(holding list: String?) async -> String? {
        let answer = await person.post("say hello", "/robots/api/hello", list.map { ["heldListId": "\($0)"] } ?? [:])
        guard let greeting = try? answer?.read(Greeted.self) else { return nil }
        if greeting.recall != nil {
            place = "on the way back"
            await crew.pace.take(person.generator.duration(crew.settings.parameters.travel))
            await person.post("come back", "/robots/api/returned")
            crew.tally.count("recalled")
            place = "depot"
            return nil
        }
        return greeting.resume
    }

    private func shop(_ list: Errand, _ drawn: ErrandPlan) async {
        var plan = drawn
        var report = list.lastReport
        /// Reports; false if the list is not this robot's any more.
        func tell(_ what: String, _ body: [String: Body] = [:]) async -> Bool {
            await fallSilent(holding: list.id)
            report += 1
            var body = body
            body["reportNo"] = .number(Int64(report))
            let answer = await person.post(what, "/robots/api/lists/\(list.id)/\(what)", .object(body))
            if answer?.isDone == true { return true }
            return await greet(holding: list.id) == list.id
        }
        guard await tell("start") else { return }
        for stop in list.stops {
            place = stop.storeId
            await crew.pace.take(plan.leg())
            guard await tell("arrive", ["storeId": "\(stop.storeId)"]) else { return }
            for line in stop.lines where line.open > 0 {
                await crew.pace.take(plan.handling())
                let missing = min(plan.missing(of: line.ordered), line.open)
                let subject: [String: Body] = ["storeId": "\(stop.storeId)", "productId": "\(line.productId)"]
                for (what, quantity) in [("pick", line.open - missing), ("unavailable", missing)] where quantity > 0 {
                    guard await tell(what, subject.merging(["quantity": .number(Int64(quantity))]) { $1 }) else {
                        return
                    }
                }
            }
        }
        place = "on the way back"
        await crew.pace.take(plan.leg())
        guard await tell("deliver") else { return }
        place = "depot"
        crew.tally.count("delivered")
        // The goods are handed in; the clerk's count ends the errand, and until then the list is still its own.
        while !Task.isCancelled, await greet(holding: nil) == list.id { await crew.pace.take(Self.look) }
    }

    /// A robot out of reach for a while. Short silences are the mall's time; one that gets it lost must outlast the
    /// system's patience, which is real.
    private func fallSilent(holding list: String?) async {
        let now = crew.pace.elapsed
        let isLost = now >= silenceAt.lost
        guard isLost || now >= silenceAt.blip else { return }
        isSilent = true
        if isLost {
            crew.tally.count("lost for a while")
            await crew.pace.rest(Self.outlast)
        } else {
            await crew.pace.take(person.generator.duration(3...14))
        }
        isSilent = false
        drawSilences()
    }

    private static let outlast = Duration.seconds(48)

    private func drawSilences() {
        let now = crew.pace.elapsed
        silenceAt = (
            now + person.generator.wait(mean: crew.settings.parameters.blip),
            now + person.generator.wait(mean: crew.settings.parameters.lost)
        )
    }
}
