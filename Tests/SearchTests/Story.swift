import Contracts
import FoundationEssentials
import Kernel

@testable import Search

/// A log in memory: it gives messages a place and a time, and folds them as a projector does.
final class Story {
    private(set) var position: Int64 = 0
    private let folder = orders.makeFolder()
    /// Every row as it was last written.
    private(set) var rows: [UUID: StoredRow] = [:]

    /// Says an event. Clocks differ: `at` need not rise.
    func say(_ event: some PublicEvent, at: Instant? = nil, actor: String = "anna", gap: Int64 = 1) throws {
        position += gap
        try hear(Self.envelope(event, position, at: at, actor: actor))
    }

    static func envelope(
        _ event: some PublicEvent, _ position: Int64, at: Instant? = nil, actor: String = "anna"
    ) throws -> Envelope {
        Envelope(
            position: Position(position), commandEnd: Position(position), id: UUID(),
            stream: StreamName(category: "ordering.Order", id: UUID()), version: 1, kind: .message,
            type: type(of: event).name, body: try Coding.body(of: event),
            cause: Cause(correlation: UUID(), causation: UUID(), actor: actor),
            at: at ?? Instant(microseconds: 1_700_000_000_000_000 + position * 1_000_000))
    }

    func hear(_ envelope: Envelope) throws {
        guard let key = try folder.key(for: envelope) else { return }
        if !folder.holds(key) { try folder.load(rows[key].map { [$0] } ?? [], absent: rows[key] == nil ? [key] : []) }
        try folder.fold(envelope)
    }

    /// The changes since the last call, as storage gets them.
    func write() throws -> [StoredRow] {
        let changed = try folder.takeChanges().map(\.row)
        for row in changed { rows[row.key] = row }
        return changed
    }

    /// Writes what changed and forgets it, so that it is folded on from what was stored.
    func settle() throws {
        _ = try write()
        folder.forget()
    }

    /// Writes a row that no event stands for.
    func replace(_ row: StoredRow) {
        rows[row.key] = row
        folder.forget()
    }

    func row(_ order: OrderID) throws -> OrderRow {
        _ = try write()
        guard let stored = rows[order.rawValue] else { throw Absent() }
        var row = try Coding.decode(OrderRow.self, from: stored.value)
        row.detail = try Coding.decode(OrderRow.Detail.self, from: stored.detail)
        return row
    }

    struct Absent: Error {}
}

func id<Noun>(_ number: UInt8) -> ID<Noun> {
    ID(rawValue: UUID(uuid: (number, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number)))
}

func item(
    _ product: UInt8, _ name: String, of store: UInt8 = 1, _ storeName: String = "Corner Books", quantity: Int = 1
) -> Item {
    Item(
        productId: id(product), storeId: id(store), storeName: storeName, productName: name,
        priceMinor: Money(minor: 1_000),
        quantity: quantity)
}

func created(_ order: OrderID, by name: String = "Ada Lovelace", _ items: [Item]) throws -> OrderCreated {
    OrderCreated(
        id: order, customerId: id(9), customerName: name, paymentId: id(8), items: items, totalMinor: try items.total(),
        pickupCode: "1234")
}
