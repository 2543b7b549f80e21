import Contracts
import Kernel

/// A shop of the mall, and whether its goods may be ordered through the service.
enum Store: Decider {
    case absent
    case open(name: String, location: String, Participation)

    enum Participation: Codable, Equatable {
        case outside, requested, participating
    }

    typealias Noun = Contracts.Noun.Store
    static let category = "stores.Store"

    enum Command {
        case create(name: String, location: String)
        case rebrand(name: String)
        case enable
        case disable
        case request(note: String?)
        case deny(note: String?)
    }

    enum Event: Codable, Equatable {
        case storeCreated(name: String, location: String)
        case storeRebranded(name: String)
        case storeParticipationEnabled(participating: Bool)
        case storeParticipationDisabled(participating: Bool)
        case storeParticipationRequested(note: String)
        case storeParticipationDenied(note: String)
    }

    init() { self = .absent }

    func decide(_ command: Command, at _: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .create(let name, let location)):
            return [
                .storeCreated(
                    name: try Text.name(name, field: "name"), location: try Text.name(location, field: "location"))
            ]
        case (.open(let old, _, _), .rebrand(let new)):
            let name = try Text.name(new, field: "name")
            guard name != old else { throw .invalid("the store has this name already", field: "name") }
            return [.storeRebranded(name: name)]
        case (.open(_, _, .outside), .enable), (.open(_, _, .requested), .enable):
            return [.storeParticipationEnabled(participating: true)]
        case (.open(_, _, .participating), .disable):
            return [.storeParticipationDisabled(participating: false)]
        case (.open(_, _, .outside), .request(let note)):
            return [.storeParticipationRequested(note: try Text.note(note, field: "note"))]
        case (.open(_, _, .requested), .deny(let note)):
            return [.storeParticipationDenied(note: try Text.note(note, field: "note"))]

        case (.open, .create): throw .conflict("the store exists already")
        case (.open(_, _, .participating), .enable), (.open(_, _, .participating), .request):
            throw .conflict("the store already takes part")
        case (.open(_, _, .outside), .disable), (.open(_, _, .requested), .disable):
            throw .conflict("the store does not take part")
        case (.open(_, _, .requested), .request): throw .conflict("the store has asked to take part already")
        case (.open(_, _, .outside), .deny), (.open(_, _, .participating), .deny):
            throw .conflict("the store has not asked to take part")
        case (.absent, .rebrand), (.absent, .enable), (.absent, .disable), (.absent, .request), (.absent, .deny):
            throw .unknownStore
        }
    }

    mutating func apply(_ event: Event) {
        switch (self, event) {
        case (_, .storeCreated(let name, let location)):
            self = .open(name: name, location: location, .outside)
        case (.open(_, let location, let participation), .storeRebranded(let name)):
            self = .open(name: name, location: location, participation)
        case (.open(let name, let location, _), .storeParticipationEnabled):
            self = .open(name: name, location: location, .participating)
        case (.open(let name, let location, _), .storeParticipationRequested):
            self = .open(name: name, location: location, .requested)
        case (.open(let name, let location, _), .storeParticipationDisabled),
            (.open(let name, let location, _), .storeParticipationDenied):
            self = .open(name: name, location: location, .outside)
        case (.absent, _): preconditionFailure("a store's history begins with \(event), not with its creation")
        }
    }
}

extension Refusal {
    static let unknownStore = Refusal.notFound("there is no such store")
    static let unknownProduct = Refusal.notFound("there is no such product")
}
