/// A depot clerk: counts what robots bring, and deals with what they cannot.
struct Clerk: Sendable {
    let person: Person

    private var crew: Crew { person.crew }

    func work() async {
        while !Task.isCancelled {
            if await !checkIn() {
                await clearReturns()
                await assignByHand()
                await crew.pace.take(Self.look)
            }
        }
    }

    private static let look = Duration.seconds(10)

    /// Counts one delivered list; false if none waits.
    private func checkIn() async -> Bool {
        let board = await person.get("look at the board", "/admin/api/lists?status=delivered&limit=20")
        guard let rows = try? board?.read(Boards.self).lists, let row = rows.first(where: { crew.take($0.id) }) else {
            return false
        }
        defer { crew.putBack(row.id) }
        await crew.pace.take(person.generator.duration(crew.settings.parameters.clerkCheck))
        guard let list = await errand(row.id), list.status == "delivered" else { return true }
        let counts = list.stops.flatMap { stop in
            stop.lines.map { line -> Body in
                [
                    "productId": "\(line.productId)", "storeId": "\(stop.storeId)",
                    "quantity": .number(Int64(line.picked)),
                ]
            }
        }
        let answer = await person.post(
            "complete a list", "/admin/api/lists/\(row.id)/complete", ["counts": .list(counts)])
        if answer?.isDone == true { crew.tally.count("checked in") }
        return true
    }

    private func errand(_ id: String) async -> Errand? {
        try? await person.get("look at a list", "/admin/api/lists/\(id)")?.read(Errand.self)
    }

    private func clearReturns() async {
        let shelf = await person.get("look at the shelf", "/admin/api/lists?onShelf=true&limit=20")
        for row in (try? shelf?.read(Boards.self))?.lists ?? [] where crew.take(row.id) {
            await person.post("clear returns", "/admin/api/lists/\(row.id)/returns-cleared")
            crew.putBack(row.id)
        }
    }

    /// A list that failed too often goes to a robot the clerk chooses, with the list on paper.
    private func assignByHand() async {
        let board = await person.get(
            "look at the board", "/admin/api/lists?needsClerk=true&status=available&limit=20")
        for row in (try? board?.read(Boards.self))?.lists ?? [] where crew.take(row.id) {
            let fleet = await person.get("look at the fleet", "/admin/api/bots?status=idle&limit=100")
            let idle = Set((try? fleet?.read(Fleet.self))?.bots.map(\.id) ?? [])
            if let robot = crew.robots.first(where: { idle.contains($0.id) }), let list = await errand(row.id) {
                let answer = await person.post(
                    "assign by hand", "/admin/api/lists/\(row.id)/assign", ["botId": "\(robot.id)"])
                if answer?.isDone == true {
                    crew.tally.count("assigned by hand")
                    robot.slip = list
                }
            }
            crew.putBack(row.id)
        }
    }
}
