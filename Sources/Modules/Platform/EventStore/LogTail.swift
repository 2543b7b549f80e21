import DequeModule
import EventLoop
import Kernel

/// The newest rows of the log, read once for all consumers of this process that are nearly up to date.
///
/// One that is behind reads for itself until it has come up; one that is ahead moves the tail to where it is.
actor LogTail {
    private let loop: EventLoop
    private let log: Log
    private var rows = Deque<LogRow>()
    private var reading: (after: Position, number: Int, task: Task<[LogRow], any Error>)?
    private var readings = 0
    /// Rises when everything is forgotten: what was asked for before is not taken in any more.
    private var age = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(on loop: EventLoop, log: Log) {
        self.loop = loop
        self.log = log
    }

    /// Rows behind `position`, whole commands only; none if there are none yet.
    func rows(after position: Position) async throws -> [LogRow] {
        if let last = rows.last?.envelope.position, position < last {
            if let rows = remembered(after: position) { return rows }
            return try await log.rows(after: position)
        }
        if let reading, reading.after == position { return try await reading.task.value }
        readings += 1
        let number = readings
        let task = loop.spawnThrowing { try await self.read(after: position, number) }
        reading = (position, number, task)
        return try await task.value
    }

    /// Once it has ended nobody joins it any more: who comes then may know that there is more by now.
    private func read(after position: Position, _ number: Int) async throws -> [LogRow] {
        defer { if reading?.number == number { reading = nil } }
        let before = age
        let new = try await log.rows(after: position)
        if age == before { take(new, after: position) }
        return new
    }

    func forget() {
        rows.removeAll()
        reading = nil
        age += 1
    }

    private func remembered(after position: Position) -> [LogRow]? {
        guard let first = rows.first?.envelope.position, position.rawValue >= first.rawValue - 1 else { return nil }
        // Positions are dense, so a place is an index.
        let start = Int(position.rawValue - first.rawValue + 1)
        var end = min(start + Limits.rowsPerRead, rows.count)
        let whole = rows[end - 1].envelope.commandEnd
        while end < rows.count, rows[end].envelope.position <= whole { end += 1 }
        return Array(rows[start..<end])
    }

    /// Takes rows that this process has just written, if they follow the last one here. Called on the loop.
    nonisolated func follow(_ new: [LogRow]) {
        assumeIsolated { tail in
            guard let first = new.first, let last = tail.rows.last?.envelope.position else { return }
            if first.envelope.position.rawValue == last.rawValue + 1 { tail.take(new, after: last) }
        }
    }

    /// Continues the tail, or begins it anew if these rows do not follow its last one.
    private func take(_ new: [LogRow], after position: Position) {
        guard !new.isEmpty else { return }
        if let last = rows.last?.envelope.position {
            guard position >= last else { return }
            if position > last { rows.removeAll() }
        }
        rows.append(contentsOf: new)
        if rows.count > Limits.rowsInTail { rows.removeFirst(rows.count - Limits.rowsInTail) }
    }
}
