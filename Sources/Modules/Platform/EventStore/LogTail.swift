import DequeModule
import EventLoop
import Kernel

/// The newest rows of the log, read once for all consumers of this process.
actor LogTail {
    private let loop: EventLoop
    private let log: Log
    private var rows = Deque<LogRow>()
    private var reading: Task<Void, any Error>?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(on loop: EventLoop, log: Log) {
        self.loop = loop
        self.log = log
    }

    /// Rows behind `position`, whole commands only; none if there are none yet.
    func rows(after position: Position) async throws -> [LogRow] {
        if let rows = remembered(after: position) { return rows }
        if let last = rows.last, last.envelope.position != position { return try await log.rows(after: position) }
        try await readOn(from: position)
        return remembered(after: position) ?? []
    }

    private func remembered(after position: Position) -> [LogRow]? {
        guard let first = rows.first?.envelope.position, let last = rows.last?.envelope.position,
            position.rawValue >= first.rawValue - 1, position < last
        else { return nil }
        // Positions are dense, so a place is an index.
        let start = Int(position.rawValue - first.rawValue + 1)
        var end = min(start + Limits.rowsPerRead, rows.count)
        let whole = rows[end - 1].envelope.commandEnd
        while end < rows.count, rows[end].envelope.position <= whole { end += 1 }
        return Array(rows[start..<end])
    }

    /// Reads behind the last row, once, whoever asks.
    private func readOn(from position: Position) async throws {
        if let reading { return try await reading.value }
        let task = loop.spawnThrowing { try await self.append(self.log.rows(after: position)) }
        reading = task
        defer { reading = nil }
        try await task.value
    }

    private func append(_ new: [LogRow]) {
        if let last = rows.last?.envelope.position, let first = new.first?.envelope.position,
            first.rawValue != last.rawValue + 1
        {
            rows.removeAll()
        }
        rows.append(contentsOf: new)
        if rows.count > Limits.rowsInTail { rows.removeFirst(rows.count - Limits.rowsInTail) }
    }
}
