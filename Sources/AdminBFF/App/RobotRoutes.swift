import Contracts
import EventStore
import FoundationEssentials
import HTTP
import Kernel
import Server

/// The robots' routes. Which robot it is the token says, never the body.
extension Router {
    mutating func addRobotRoutes(_ edge: Edge) {
        post("/robots/api/hello", edge.hello())
        post("/robots/api/heartbeat", edge.heartbeat())
        post("/robots/api/work", edge.work())
        get("/robots/api/lists/{id}", edge.ownList())
        post("/robots/api/lists/{id}/accept", edge.report(AssignShoppingList.self))
        post("/robots/api/lists/{id}/decline", edge.decline())
        post("/robots/api/lists/{id}/start", edge.report(StartShopping.self))
        post("/robots/api/lists/{id}/arrive", edge.report(ArriveAtStop.self))
        post("/robots/api/lists/{id}/pick", edge.report(PickItem.self))
        post("/robots/api/lists/{id}/unavailable", edge.report(MarkUnavailable.self))
        post("/robots/api/lists/{id}/deliver", edge.report(ReturnToDepot.self))
        post("/robots/api/lists/{id}/release", edge.report(ReleaseShoppingList.self, where: edge.holdsList))
        post("/robots/api/returned", edge.report(ReturnBot.self, as: "id"))
        post("/robots/api/offline", edge.goOffline())
    }
}

private struct Hello: Encodable {
    let resume: ListID?
    let recall: ListID?
    let heartbeatSeconds: Int64
    let position: Position
    let correlationId: String
}

/// What the mall thinks of a robot that has just been heard from.
private struct Beat: Encodable {
    let status: BotStatus
    /// The list it is to go on with.
    let resume: ListID?
    /// The list it is to come back with.
    let recall: ListID?

    init(_ bot: BotDetails) {
        status = bot.status
        resume = bot.status == .active ? bot.listId : nil
        recall = bot.status == .recalled ? bot.listId : nil
    }
}

private struct Work: Encodable {
    let list: ShoppingListDetails?
}

private struct Declined: Decodable {
    let declined: [ListID]?
}

private struct NewRobot: Encodable {
    let id: BotID
    /// Told once.
    let token: String
    let version: Version?
    let position: Position
    let correlationId: String
}

extension Edge {
    /// A report of the robot whose token it is, given under the name that the command has for it.
    fileprivate func report<C: PublicCommand>(
        _: C.Type, as field: String = "botId", where check: @escaping Check = { _ in }
    ) -> Router.Handler {
        mustBeAccepted(C.self)
        return route(.robot, as: C.name) { call in
            try await check(call)
            let robot = try call.robot
            await fleet.saw(robot)
            let outcome = try await perform(C.self, call, with: [(field, robot.description)])
            return try .json(Coding.encode(Receipt(outcome, call)))
        }
    }

    /// A robot gives back what it has and nothing else.
    fileprivate var holdsList: Check {
        { call in
            let list = try await dispatcher.questions.ask(GetShoppingList(id: call.id()))
            guard list.botId == (try call.robot) else { throw Refusal.forbidden("another robot has this list") }
        }
    }

    fileprivate func hello() -> Router.Handler {
        route(.robot, as: GreetBot.name) { call in
            let robot = try call.robot
            await fleet.saw(robot)
            let outcome = try await perform(GreetBot.self, call, with: [("id", robot.description)])
            let greeting = try Coding.decode(Greeting.self, from: outcome.reply)
            return try .json(
                Coding.encode(
                    Hello(
                        resume: greeting.resume, recall: greeting.recall,
                        heartbeatSeconds: FleetLimits.heartbeat.components.seconds, position: outcome.position,
                        correlationId: call.correlation.lowercase)))
        }
    }

    fileprivate func heartbeat() -> Router.Handler {
        route(.robot) { call in
            let signs: Heartbeat
            do { signs = try Coding.decode(from: Self.fields(of: call.request)) } catch {
                throw (error as? Refusal) ?? Refusal(decoding: error)
            }
            let robot = try call.robot
            await fleet.saw(robot, signs)
            return try .json(Coding.encode(Beat(await dispatcher.questions.ask(GetBot(id: robot)))))
        }
    }

    /// The robot's own list as it stands: one that has forgotten everything goes on from there.
    fileprivate func ownList() -> Router.Handler {
        route(.robot) { call in
            let robot = try call.robot
            await fleet.saw(robot)
            let list = try await dispatcher.questions.ask(GetShoppingList(id: call.id()))
            guard list.botId == robot else { throw Refusal.forbidden("the list is not this robot's") }
            return try .json(Coding.encode(list))
        }
    }

    /// The oldest list that waits for a robot, that this one has not declined and that no other is told just now.
    fileprivate func work() -> Router.Handler {
        route(.robot) { call in
            let wish: Declined
            do { wish = try Coding.decode(from: Self.fields(of: call.request)) } catch {
                throw (error as? Refusal) ?? Refusal(decoding: error)
            }
            let robot = try call.robot
            await fleet.saw(robot)
            let declined = wish.declined ?? []
            guard declined.count <= FleetLimits.declined else {
                throw Refusal.invalid("declined may name \(FleetLimits.declined) lists", field: "declined")
            }
            guard let id = try await fleet.offer(to: robot, but: declined) else {
                return try .json(Coding.encode(Work(list: nil)))
            }
            return try .json(
                Coding.encode(Work(list: await dispatcher.questions.ask(GetShoppingList(id: id)))))
        }
    }

    fileprivate func decline() -> Router.Handler {
        route(.robot) { call in
            await fleet.decline(try call.id(), by: try call.robot)
            return .noContent
        }
    }

    fileprivate func goOffline() -> Router.Handler {
        route(.robot, as: LeaveBot.name) { call in
            let robot = try call.robot
            let outcome = try await perform(LeaveBot.self, call, with: [("id", robot.description)])
            await fleet.forget(robot)
            return try .json(Coding.encode(Receipt(outcome, call)))
        }
    }

    /// A robot and the token it works with.
    func registerBot() -> Router.Handler {
        route(.administrator, as: RegisterBot.name) { call in
            let outcome = try await perform(RegisterBot.self, call)
            let id = try Coding.decode(RegisteredBot.self, from: outcome.reply).id
            let name = try await dispatcher.questions.after(outcome).ask(GetBot(id: id)).name
            let token = try await accounts.token(forRobot: id, name: name)
            return try .json(
                Coding.encode(
                    NewRobot(
                        id: id, token: token, version: outcome.subject?.version, position: outcome.position,
                        correlationId: call.correlation.lowercase)),
                .created)
        }
    }

    /// Makes another token for a robot whose token is lost, or known to somebody else.
    func renewToken() -> Router.Handler {
        route(.administrator, as: RobotTokenRenewed.name) { call in
            _ = try Self.fields(of: call.request)
            let id: BotID = try call.id()
            let renewed = try await accounts.renewToken(ofRobot: id, by: call.author)
            return try .json(
                Coding.encode(
                    NewRobot(
                        id: id, token: renewed.token, version: nil, position: renewed.position,
                        correlationId: call.correlation.lowercase)))
        }
    }

    /// Takes a robot out of service. Its token is worth nothing any more.
    func retireBot() -> Router.Handler {
        route(.depot, as: RetireBot.name) { call in
            let outcome = try await perform(RetireBot.self, call)
            let id: BotID = try call.id()
            try await accounts.removeToken(ofRobot: id)
            await fleet.forget(id)
            return try .json(Coding.encode(Receipt(outcome, call)))
        }
    }
}

extension Edge.Call {
    /// The robot that calls.
    fileprivate var robot: BotID {
        get throws(Refusal) {
            guard case .robot(let id, _) = principal else {
                throw Refusal(.unauthenticated, "a robot's token is needed")
            }
            return id
        }
    }
}
