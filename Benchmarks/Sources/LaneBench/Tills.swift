import EventStore
import Kernel

// A shop of tills that count money: about the smallest command there is, one event and one message, and who listens.

enum TillNoun {}

struct Till: Decider {
    typealias Noun = TillNoun
    enum Command: Sendable { case put(Int) }
    enum Event: Codable, Sendable, Equatable { case moneyPut(amount: Int, total: Int) }
    static let category = "bench.Till"

    var total = 0

    func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event] {
        switch command {
        case .put(let amount): [.moneyPut(amount: amount, total: total + amount)]
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .moneyPut(_, let total): self.total = total
        }
    }
}

struct PutMoney: PublicCommand {
    static let name = "benchapi.PutMoney"
    let till: ID<TillNoun>
    let amount: Int
}

struct MoneyPut: PublicEvent {
    static let name = "benchapi.MoneyPut"
    let till: ID<TillNoun>
    let amount: Int
    let total: Int
}

/// Hears of the money and counts it again, in a stream of its own.
struct Audit: Decider {
    typealias Noun = TillNoun
    enum Command: Sendable { case see(Int) }
    enum Event: Codable, Sendable, Equatable { case moneySeen(amount: Int) }
    static let category = "audit.Audit"

    var total = 0

    func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event] {
        switch command {
        case .see(let amount): [.moneySeen(amount: amount)]
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .moneySeen(let amount): total += amount
        }
    }
}

struct MoneySeen: PublicEvent {
    static let name = "auditapi.MoneySeen"
    let till: ID<TillNoun>
    let total: Int
}

struct TillRow: ProjectionRow {
    var total: Int
    static let columns: [Column<TillRow>] = [Column("total", .int) { .int(Int64($0.total)) }]
}

let tills = Projection("tills", of: TillRow.self) {
    on(MoneyPut.self, \.till) { row, event, _ in row = TillRow(total: event.total) }
}

let ledger = Migration(
    1, "ledger", sql: "create schema bench; create table bench.ledger (till uuid not null, total bigint not null)")

let shop = [
    Module("bench") {
        accepts(PutMoney.self) { command, tx in
            try await tx.tell(Till.self, command.till, .put(command.amount))
            return Done()
        }
        announces(Till.self) { id, _, event in
            switch event {
            case .moneyPut(let amount, let total): MoneyPut(till: id, amount: amount, total: total)
            }
        }
        folds(tills)
    },
    Module("audit") {
        reacts(to: MoneyPut.self) { event, tx in try await tx.tell(Audit.self, event.till, .see(event.amount)) }
        announces(Audit.self) { id, audit, event in
            switch event {
            case .moneySeen: MoneySeen(till: id, total: audit.total)
            }
        }
        migrates(ledger)
        keeps("ledger") {
            on(MoneySeen.self) { message, _ in
                "insert into bench.ledger values (\(message.till), \(Int64(message.total)))"
            }
        }
    },
]
