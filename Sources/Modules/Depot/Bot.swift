import Contracts
import Kernel

/// A robot and what it is busy with: at most one list at a time. Where it is and how it fares is not kept here.
enum Bot: Decider {
    case absent
    case offline(name: String)
    case idle(name: String)
    case active(name: String, listId: ListID)
    /// Coming back with what it may hold for a list that is not its own any more.
    case recalled(name: String, listId: ListID)
    /// The list is the one that it may still hold something for.
    case lost(name: String, listId: ListID?)
    case retired(name: String)

    typealias Noun = Contracts.Noun.Bot
    static let category = "depot.Bot"

    enum Command {
        case register(name: String)
        case greet(held: ListID?)
        case activate(ListID)
        /// The list has ended or was given back, and the robot holds nothing for it.
        case finish(ListID)
        /// From this list, or from whichever it has.
        case recall(ListID?, reason: String)
        case leave(reason: String)
        case lose
        case comeBack
        case retire
    }

    enum Event: Codable, Equatable {
        case botRegistered(name: String)
        case botOnline
        case botIdled
        case botActivated(listId: ListID)
        case botRecalled(listId: ListID, reason: String)
        case botOffline(reason: String)
        case botLost(listId: ListID?)
        case botRetired
    }

    /// Why a robot that holds goods for somebody else's list is called back.
    static let stray = "the list is not the robot's any more"

    init() { self = .absent }

    /// Nil before it was registered.
    var name: String? {
        switch self {
        case .absent: nil
        case .offline(let name), .idle(let name), .active(let name, _), .recalled(let name, _), .lost(let name, _),
            .retired(let name):
            name
        }
    }

    /// The list it is busy with, as its own.
    var ownList: ListID? { if case .active(_, let list) = self { list } else { nil } }

    /// A name is one robot's; one out of service gives it back.
    var claims: Set<Claim> {
        switch self {
        case .absent, .retired: []
        case .offline(let name), .idle(let name), .active(let name, _), .recalled(let name, _), .lost(let name, _):
            [Claim(scope: "depot.botName", value: normalized(name), taken: "another robot has this name")]
        }
    }

    func decide(_ command: Command, at _: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .register(let name)): return [.botRegistered(name: try Text.name(name, field: "name"))]

        case (.offline, .greet(let held)), (.lost, .greet(let held)):
            return [.botOnline] + Self.welcome(held)
        case (.idle, .greet(let held)): return held == nil ? [] : Self.welcome(held)
        case (.recalled, .greet(let held)): return held == nil ? [.botIdled] : []
        case (.active, .greet): return []

        case (.idle, .activate(let list)): return [.botActivated(listId: list)]
        case (.active(_, let own), .activate(let list)):
            guard own == list else { throw .conflict("the robot has another list") }
            return []
        case (.active(_, let own), .finish(let list)): return own == list ? [.botIdled] : []
        case (.active(_, let own), .recall(let list, let reason)):
            guard list == nil || list == own else { throw .conflict("the robot has another list") }
            return [.botRecalled(listId: own, reason: reason)]

        case (.idle, .leave(let reason)), (.active, .leave(let reason)), (.recalled, .leave(let reason)),
            (.lost, .leave(let reason)):
            return [.botOffline(reason: try Text.note(reason, field: "reason"))]
        case (.idle, .lose): return [.botLost(listId: nil)]
        case (.active(_, let list), .lose), (.recalled(_, let list), .lose): return [.botLost(listId: list)]
        case (.recalled, .comeBack), (.lost, .comeBack): return [.botIdled]
        case (.offline, .retire), (.idle, .retire), (.recalled, .retire), (.lost, .retire): return [.botRetired]

        case (.offline, .register), (.idle, .register), (.active, .register), (.recalled, .register),
            (.lost, .register), (.retired, .register):
            throw .conflict("the robot is registered already")
        case (.offline, .finish), (.idle, .finish), (.recalled, .finish), (.lost, .finish), (.retired, .finish):
            return []
        case (.recalled, .recall): return []
        case (.offline, .leave), (.offline, .lose), (.lost, .lose), (.idle, .comeBack): return []
        case (.offline, .activate), (.offline, .comeBack): throw .conflict("the robot is offline")
        case (.lost, .activate): throw .conflict("the robot is lost")
        case (.recalled, .activate): throw .conflict("the robot is on its way back")
        case (.offline, .recall), (.idle, .recall), (.lost, .recall): throw .conflict("the robot has no list")
        case (.active, .comeBack), (.active, .retire): throw .conflict("the robot has a list")
        case (.retired, .greet): throw .forbidden("the robot is out of service")
        case (.retired, .activate), (.retired, .recall), (.retired, .leave), (.retired, .comeBack), (.retired, .retire):
            throw .conflict("the robot is out of service")
        case (.retired, .lose): return []
        case (.absent, .greet), (.absent, .activate), (.absent, .finish), (.absent, .recall), (.absent, .leave),
            (.absent, .lose), (.absent, .comeBack), (.absent, .retire):
            throw .unknownBot
        }
    }

    /// A robot without a list of its own is ready, unless it holds goods for one.
    private static func welcome(_ held: ListID?) -> [Event] {
        [held.map { .botRecalled(listId: $0, reason: stray) } ?? .botIdled]
    }

    mutating func apply(_ event: Event) {
        if case .botRegistered(let name) = event {
            self = .offline(name: name)
            return
        }
        guard let name else { preconditionFailure("a robot's history begins with \(event)") }
        switch event {
        // What it is from now on, the next event says.
        case .botRegistered, .botOnline: break
        case .botIdled: self = .idle(name: name)
        case .botActivated(let list): self = .active(name: name, listId: list)
        case .botRecalled(let list, _): self = .recalled(name: name, listId: list)
        case .botOffline: self = .offline(name: name)
        case .botLost(let list): self = .lost(name: name, listId: list)
        case .botRetired: self = .retired(name: name)
        }
    }
}

extension Bot {
    /// What a robot that has said hello is to do, given what it believes to hold.
    func greeting(held: ListID?) -> Greeting {
        switch self {
        case .active(_, let list): Greeting(resume: list, recall: held == list ? nil : held)
        case .recalled(_, let list): Greeting(recall: list)
        case .absent, .offline, .idle, .lost, .retired: Greeting()
        }
    }

    /// Nil before it was registered.
    func details(_ id: BotID, _ version: Version) -> BotDetails? {
        switch self {
        case .absent: nil
        case .offline(let name): BotDetails(id: id, name: name, status: .offline, version: version)
        case .idle(let name): BotDetails(id: id, name: name, status: .idle, version: version)
        case .active(let name, let list):
            BotDetails(id: id, name: name, status: .active, listId: list, version: version)
        case .recalled(let name, let list):
            BotDetails(id: id, name: name, status: .recalled, listId: list, version: version)
        case .lost(let name, let list): BotDetails(id: id, name: name, status: .lost, listId: list, version: version)
        case .retired(let name): BotDetails(id: id, name: name, status: .retired, version: version)
        }
    }
}

extension Refusal {
    static let unknownBot = Refusal.notFound("there is no such robot")
}
