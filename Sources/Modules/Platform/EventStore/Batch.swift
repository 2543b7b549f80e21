import Crypto
import FoundationEssentials
import Kernel
import Postgres

/// Commands that go to the database as one call: what `write_batch` is given, and what the log holds once it has written.
struct Batch {
    private struct Row {
        /// Index into the batch's streams.
        let stream: Int
        let id: UUID
        let row: CommitUnit.Row
    }

    let units: [CommitUnit]
    private var streams: [(command: Int32, stream: CommitUnit.Stream)] = []
    private var rows: [Row] = []
    private var claims: [(stream: Int32, change: CommitUnit.ClaimChange)] = []
    private var timers: [(stream: Int32, change: CommitUnit.TimerChange)] = []
    /// How many rows there are up to the last one of each command; 0 where it has none.
    private var ends: [Int32] = []
    private let now: Instant

    init(_ units: [CommitUnit]) {
        self.units = units
        now = units.map(\.now).max() ?? Instant(microseconds: 0)
        for (index, unit) in units.enumerated() {
            let base = streams.count
            for stream in unit.streams { streams.append((Int32(index + 1), stream)) }
            if let namespace = unit.rows.isEmpty ? nil : unit.id ?? UUID() {
                for (number, row) in unit.rows.enumerated() {
                    let id = uuid5(namespace: namespace, name: "row \(number)")
                    rows.append(Row(stream: base + row.stream, id: id, row: row))
                }
            }
            ends.append(unit.rows.isEmpty ? 0 : Int32(rows.count))
            for change in unit.claims { claims.append((Int32(base + change.stream + 1), change)) }
            for change in unit.timers { timers.append((Int32(base + change.stream + 1), change)) }
        }
    }

    var statement: SQL {
        """
        select * from mall.write_batch(\(now),
            \(units.map(\.id)), \(units.map(\.digest)), \(units.map(\.answer)), \(ends),
            \(units.map(\.cause.correlation)), \(units.map(\.cause.causation)), \(units.map(\.cause.actor)),
            \(streams.map(\.command)), \(streams.map(\.stream.name.category)), \(streams.map(\.stream.name.id)),
            \(streams.map { $0.stream.expected.map { Int32($0) } }), \(streams.map { Int32($0.stream.count) }),
            \(rows.map { Int32($0.stream + 1) }), \(rows.map { Int32($0.row.version) }), \(rows.map(\.row.kind.rawValue)),
            \(rows.map(\.row.type)), \(rows.map(\.id)), \(rows.map(\.row.body)),
            \(claims.map(\.stream)), \(claims.map(\.change.takes)), \(claims.map(\.change.claim.scope)),
            \(claims.map(\.change.claim.value)),
            \(timers.map(\.stream)), \(timers.map(\.change.name)), \(timers.map(\.change.due)))
        """
    }

    /// The rows as the log holds them, if all of them were written and the last stands at `head`.
    func written(upTo head: Position, streams numbers: [Int64?]) -> [LogRow] {
        let base = head.rawValue - Int64(rows.count)
        var written: [LogRow] = []
        written.reserveCapacity(rows.count)
        for (index, row) in rows.enumerated() {
            let (command, stream) = streams[row.stream]
            guard let number = numbers[row.stream] else {
                preconditionFailure("\(stream.name) was written without a number")
            }
            let unit = units[Int(command) - 1]
            written.append(
                LogRow(
                    Envelope(
                        position: Position(base + Int64(index) + 1),
                        commandEnd: Position(base + Int64(ends[Int(command) - 1])), id: row.id, stream: stream.name,
                        version: row.row.version, kind: row.row.kind, type: row.row.type,
                        // As when it is read: an event stands for nothing but its place.
                        body: row.row.kind == .message ? row.row.body : [], cause: unit.cause, at: now),
                    stream: number))
        }
        return written
    }
}
