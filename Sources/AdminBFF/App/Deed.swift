import Contracts
import Kernel

/// What staff did or were refused beside the mall's own aggregates, one stream for each: so it has a place in the log like
/// everything else that happened, and lasts.
enum Deed: Decider {
    case undone
    case done

    enum Noun {}
    static let category = "admin.Deed"

    enum Command {
        case note(Event)
    }

    enum Event: Codable, Equatable {
        case commandRefused(action: String, subject: String?, outcome: Refusal.Kind, message: String)
        case staffPut(user: String, roles: [String], stores: [StoreID])
        case staffRemoved(user: String)
        case kioskTokenMade(kiosk: String)
        case robotTokenRenewed(botId: BotID, botName: String)
        case deadLetterReplayed(consumer: String, position: Position)
        case deadLetterDiscarded(consumer: String, position: Position, reason: String)
        case rebuildAsked(projections: [String])
    }

    init() { self = .undone }

    func decide(_ command: Command, at _: Instant) -> [Event] {
        switch (self, command) {
        case (.undone, .note(let event)): [event]
        case (.done, .note): []
        }
    }

    mutating func apply(_: Event) { self = .done }
}

/// Puts a deed into the log. Nobody but the gateway gives this command.
struct NoteDeed: PublicCommand {
    static let name = "admin.NoteDeed"

    let event: Deed.Event
}

/// What the gateways themselves say and show: deeds, and the rows that are made of several modules' facts.
let admin = Module("admin") {
    accepts(NoteDeed.self) { command, tx in
        try await tx.tell(Deed.self, tx.newID(ID<Deed.Noun>.self), .note(command.event))
        return Done()
    }
    announces(Deed.self) { _, _, event in
        switch event {
        case .commandRefused(let action, let subject, let outcome, let message):
            CommandRefused(action: action, subject: subject, outcome: outcome, message: message)
        case .staffPut(let user, let roles, let stores): StaffPut(user: user, roles: roles, stores: stores)
        case .staffRemoved(let user): StaffRemoved(user: user)
        case .kioskTokenMade(let kiosk): KioskTokenMade(kiosk: kiosk)
        case .robotTokenRenewed(let bot, let name): RobotTokenRenewed(botId: bot, botName: name)
        case .deadLetterReplayed(let consumer, let position):
            DeadLetterReplayed(consumer: consumer, position: position)
        case .deadLetterDiscarded(let consumer, let position, let reason):
            DeadLetterDiscarded(consumer: consumer, position: position, reason: reason)
        case .rebuildAsked(let projections): RebuildAsked(projections: projections)
        }
    }

    folds(audit)
    shows(auditTopic)
    folds(pickups)
    shows(pickupTopic)
}
