import Contracts
import Kernel

/// A robot as the depot's staff see it. Where it is and how it fares is beside it, and is not stored.
struct BotRow: ProjectionRow {
    let id: BotID
    let name: String
    var status = BotStatus.offline
    /// The list it is busy with or, recalled or lost, may still hold something for.
    var listId: ListID?
    /// When it came to this status.
    var since: Instant
    /// Why it is recalled or offline.
    var reason: String?
    var version: Version

    static let columns: [Column<BotRow>] = [
        Column("name", .text) { .text(normalized($0.name)) },
        Column("status", .text) { .text($0.status.rawValue) },
    ]

    mutating func enter(_ status: BotStatus, list: ListID? = nil, reason: String? = nil, _ envelope: Envelope) {
        self.status = status
        listId = list
        since = envelope.at
        self.reason = reason
        version = envelope.version
    }
}

let fleet = Projection("fleet", of: BotRow.self) {
    on(BotRegistered.self, \.id) { row, event, envelope in
        row = BotRow(id: event.id, name: event.name, since: envelope.at, version: envelope.version)
    }
    // What it is from now on, the next event says.
    on(BotOnline.self, \.id) { row, _, envelope in row?.version = envelope.version }
    on(BotIdled.self, \.id) { row, _, envelope in row?.enter(.idle, envelope) }
    on(BotActivated.self, \.id) { row, event, envelope in row?.enter(.active, list: event.listId, envelope) }
    on(BotRecalled.self, \.id) { row, event, envelope in
        row?.enter(.recalled, list: event.listId, reason: said(event.reason), envelope)
    }
    on(BotOffline.self, \.id) { row, event, envelope in row?.enter(.offline, reason: said(event.reason), envelope) }
    on(BotLost.self, \.id) { row, event, envelope in row?.enter(.lost, list: event.listId, envelope) }
    on(BotRetired.self, \.id) { row, _, envelope in row?.enter(.retired, envelope) }
}

struct BotFilter: Decodable {
    let status: [BotStatus]?
}

let fleetTopic = Topic("fleet", of: fleet, orders: ["name"], filter: BotFilter.self) { filter throws(Refusal) in
    filter.status.map { .among("status", $0.map { .text($0.rawValue) }) } ?? .everything
}
