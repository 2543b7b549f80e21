import Contracts
import Kernel

/// A cashier's shift: what the drawer should hold, and what was counted in the end.
struct ShiftRow: ProjectionRow {
    let id: ShiftID
    let cashier: String
    let openedAt: Instant
    var closedAt: Instant?
    let floatMinor: Money
    var expectedMinor: Money
    var countedMinor: Money?
    /// How often money went in or out.
    var movements = 0
    var version: Version

    static let columns: [Column<ShiftRow>] = [
        Column("openedAt", .int, indexed: 2) { .instant($0.openedAt) },
        Column("open", .bool) { .bool($0.closedAt == nil) },
    ]
}

let shifts = Projection("shifts", of: ShiftRow.self) {
    on(ShiftOpened.self, \.id) { row, event, envelope in
        row = ShiftRow(
            id: event.id, cashier: event.cashier, openedAt: envelope.at, floatMinor: event.floatMinor,
            expectedMinor: event.floatMinor, version: envelope.version)
    }
    on(ShiftMoved.self, \.id) { row, event, envelope in
        row?.expectedMinor = event.expectedMinor
        row?.movements += 1
        row?.version = envelope.version
    }
    on(ShiftClosed.self, \.id) { row, event, envelope in
        row?.closedAt = envelope.at
        row?.countedMinor = event.countedMinor
        row?.version = envelope.version
    }
}

struct ShiftFilter: Decodable {
    let open: Bool?
}

let shiftsTopic = Topic("shifts", of: shifts, orders: ["-openedAt"], filter: ShiftFilter.self) { filter in
    filter.open.map { .among("open", [.bool($0)]) } ?? .everything
}
