import Contracts
import FoundationEssentials
import Glibc
import Kernel
import Postgres
import Search

/// What one event of a placed order costs the database, alone in its batch: one that changes what orders are found by, and
/// one that only changes what is shown of them.
func measureChanges(rounds: Int) async throws {
    let ready = try await keys("ready", rounds)
    try await measure("change: status", ready) { key in
        OrderCompleted(id: ID(rawValue: key), customerId: ID(rawValue: key), invoiceId: ID(rawValue: key))
    }
    try await measure("change: paid", ready) { key in
        InvoicePaid(
            id: ID(rawValue: key), orderId: ID(rawValue: key), customerId: ID(rawValue: key), amountMinor: .zero,
            method: .card)
    }
    try await measure("change: progress", try await keys("completed", rounds)) { key in
        ShoppingListItemPicked(
            id: ID(rawValue: key), orderId: ID(rawValue: key), botId: ID(rawValue: key), storeId: ID(rawValue: key),
            productId: ID(rawValue: key), quantity: 1)
    }
}

private func keys(_ status: String, _ count: Int) async throws -> [UUID] {
    try await connection.query(
        "select key from search.orders where status = \(status) order by md5(key::text) limit \(count)"
    ).map { try $0[0] }
}

private func measure(_ name: String, _ keys: [UUID], _ event: (UUID) -> any PublicEvent) async throws {
    let last: Int64 = try await connection.query("select coalesce(max(number), 0) from search.orders")[0][0]
    var work: [Duration] = []
    for (round, key) in keys.enumerated() {
        let folder = orders.makeFolder()
        let stored = try await connection.query(storage.load([key])).map { row in
            StoredRow(
                key: try row[0], position: Position(try row[1]), columns: Columns(names: ColumnNames([]), values: []),
                value: try row[3], detail: try row[4], cause: try row[5])
        }
        try folder.load(stored, absent: [])
        try folder.fold(envelope(event(key), Position(last + Int64(round) + 1)))
        let before = worked()
        for sql in storage.store(try folder.takeChanges().map(\.row)) { _ = try await connection.query(sql) }
        // The first ones wait for plans and pages.
        if round >= 5 { work.append(worked() - before) }
    }
    work.sort()
    print(padded(name, 32) + " |" + at(0.5, of: work) + at(0.99, of: work))
    fflush(nil)
}

private func envelope(_ event: some PublicEvent, _ position: Position) throws -> Envelope {
    Envelope(
        position: position, commandEnd: position, id: UUID(),
        stream: StreamName(category: "ordering.Order", id: UUID()),
        version: 1, kind: .message, type: type(of: event).name, body: try Coding.body(of: event),
        cause: Cause(correlation: UUID(), causation: UUID(), actor: "anna"),
        at: Instant(microseconds: 1_800_000_000_000_000))
}
