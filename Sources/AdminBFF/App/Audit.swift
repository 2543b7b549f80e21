import Contracts
import Crypto
import FoundationEssentials
import Kernel

/// One command of staff, or one refusal: who, what, when, what came of it, and under which correlation all that followed is
/// found.
struct AuditRow: ProjectionRow {
    /// The correlation.
    let id: String
    let actor: String
    let action: String
    let subject: String?
    /// `done`, or the kind of the refusal.
    let outcome: String
    let message: String?
    let at: Instant
    /// The names of the messages that the command itself said.
    var effects: [String] = []

    static let columns: [Column<AuditRow>] = [
        Column("at", .int, indexed: 2) { .instant($0.at) },
        Column("actor", .text, indexed: 2) { .text($0.actor) },
        Column("outcome", .text, indexed: 2) { .text($0.outcome) },
        Column("words", .text) { row in
            let words = [row.actor, row.action, row.subject, row.outcome, row.message, row.id].compactMap(\.self)
            return .text(normalized(words.joined(separator: " ")))
        },
    ]

    static let done = "done"

    /// More names than a command has effects; only one correlation used again and again has more.
    fileprivate static let effectsLimit = 64
}

/// Everything staff did is in the log already, for every message names its actor; what they were refused is said by `Deed`.
///
/// A row's key is made of correlation and actor, because callers may choose the first: nobody's command is hidden behind
/// another's. A refusal has a key of its own.
let audit = Projection("audit", of: AuditRow.self) {
    on(CommandRefused.self, keyedBy: { $0.id }) { row, event, envelope in
        row = AuditRow(
            id: envelope.cause.correlation.lowercase, actor: envelope.cause.actor, action: event.action,
            subject: event.subject, outcome: event.outcome.rawValue, message: event.message, at: envelope.at)
    }
    onEverythingElse { envelope in
        let cause = envelope.cause
        // What follows from a command has a message as its cause; a command's own messages have the call.
        guard cause.causation == cause.correlation, isStaff(cause.actor) else { return nil }
        return uuid5(namespace: cause.correlation, name: cause.actor)
    } _: { row, envelope in
        var done =
            row
            ?? AuditRow(
                id: envelope.cause.correlation.lowercase, actor: envelope.cause.actor, action: envelope.type,
                subject: envelope.stream.id.lowercase, outcome: AuditRow.done, message: nil, at: envelope.at)
        if done.effects.count < AuditRow.effectsLimit { done.effects.append(envelope.type) }
        row = done
    }
}

/// Devices, timers and the mall itself have a colon in their names; no account has.
private func isStaff(_ actor: String) -> Bool { !actor.utf8.contains(UInt8(ascii: ":")) && actor != Demo.actor }

struct AuditFilter: Decodable {
    let actor: String?
    let outcome: String?
    let text: String?
}

let auditTopic = Topic("audit", of: audit, orders: ["-at"], filter: AuditFilter.self) { filter throws(Refusal) in
    var parts: [Kernel.Predicate] = []
    if let actor = filter.actor { parts.append(.among("actor", [.text(actor)])) }
    if let outcome = filter.outcome { parts.append(.among("outcome", [.text(outcome)])) }
    if let text = filter.text { parts.append(try .words(of: text, in: "words")) }
    return .all(parts)
}
