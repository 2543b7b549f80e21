import Crypto
import EventStore
import FoundationEssentials
import Kernel
import Live
import Postgres

/// How the mall's machinery is: how far consumers are behind, what has failed, what waits. Read when somebody looks.
struct Health: Sendable {
    let pool: Pool
    let worker: Worker
    let live: LiveGateway
    let clock: MallClock
    /// The sagas, where there are any, to count them by status.
    let sagas: Topic?
    let rebuilds: Rebuilds
    /// The names of all projections.
    let projections: Set<String>

    /// Dead letters shown at a time; they are counted in full.
    private static let letters = 100

    private struct Consumer: Encodable {
        let id: String
        let kind = "consumer"
        let position: Int64
        let lag: Int64
        let parked: Int64
        let deadLetters: Int64
    }

    private struct Gauge: Encodable {
        let id: String
        let kind = "gauge"
        let value: Int64
    }

    private struct DeadLetter: Encodable {
        let id: String
        let kind = "deadLetter"
        let consumer: String
        let position: Int64
        let type: String
        let stream: String
        let error: String
        let attempts: Int32
        let firstAt: Instant
        let lastAt: Instant
    }

    func rows() async throws -> [VolatileRow] {
        let now = clock.now
        let results = try await pool.pipeline([
            """
            select coalesce((select max(position) from mall.log), 0),
                   (select count(*) from mall.parked),
                   (select count(*) from mall.dead_letters where resolved is null),
                   (select count(*) from mall.timers where due <= \(now))
            """,
            """
            select c.consumer, c.position,
                   (select count(*) from mall.parked p where p.consumer = c.consumer),
                   (select count(*) from mall.dead_letters d where d.consumer = c.consumer and resolved is null)
            from mall.checkpoints c order by c.consumer
            """,
            """
            select d.consumer, d.position, l.type, s.category, s.stream_id, d.error, d.attempts, d.first_at, d.last_at
            from mall.dead_letters d join mall.log l using (position) join mall.streams s using (stream_no)
            where d.resolved is null order by d.last_at desc, d.consumer, d.position limit \(Int64(Self.letters))
            """,
        ])
        guard let counts = results[0].first else { return [] }
        let end: Int64 = try counts[0]
        let database = await pool.health
        var gauges: [(String, Int64)] = [
            ("log position", end), ("parked messages", try counts[1]), ("dead letters", try counts[2]),
            ("timers overdue", try counts[3]), ("pages", Int64(await live.pages)),
            ("database connections lent", Int64(database.inUse)),
            ("waiting for a connection", Int64(database.waiting)), ("worker active", await worker.isActive ? 1 : 0),
        ]
        gauges += try await sagaCounts()
        for rebuild in try await rebuilds.states() where !rebuild.isDone {
            let state =
                rebuild.error != nil
                ? "not rebuilt:" : rebuild.isLosing ? "rebuilding, and not catching up:" : "rebuilding"
            gauges.append(("\(state) \(rebuild.projection)", rebuild.reached?.rawValue ?? 0))
        }
        var rows = try gauges.map { name, value in try row(Gauge(id: "gauge:\(name)", value: value), "gauge:\(name)") }
        for line in results[1] {
            let name: String = try line[0]
            let position: Int64 = try line[1]
            let id = "consumer:\(name)"
            rows.append(
                try row(
                    Consumer(
                        id: id, position: position, lag: max(0, end - position), parked: try line[2],
                        deadLetters: try line[3]), id))
        }
        for line in results[2] {
            let consumer: String = try line[0]
            let position: Int64 = try line[1]
            let id = "deadLetter:\(consumer):\(position)"
            let stream = StreamName(category: try line[3], id: try line[4])
            rows.append(
                try row(
                    DeadLetter(
                        id: id, consumer: consumer, position: position, type: try line[2],
                        stream: stream.description, error: try line[5], attempts: try line[6], firstAt: try line[7],
                        lastAt: try line[8]), id))
        }
        return rows
    }

    private func sagaCounts() async throws -> [(String, Int64)] {
        guard let sagas else { return [] }
        var counts: [(String, Int64)] = []
        for status in ["running", "compensating", "stuck"] {
            let predicate = try sagas.filter(Coding.encode(["status": [status]]))
            let query = RowQuery(predicate: predicate, order: RowOrder(sagas.orders[0]))
            let rows = try await pool.query(sagas.projection.storage.count(query))
            counts.append(("sagas \(status)", try rows.first?[0] ?? 0))
        }
        return counts
    }

    private func row(_ value: some Encodable, _ id: String) throws -> VolatileRow {
        VolatileRow(
            key: uuid5(namespace: Self.namespace, name: id), sort: .text(id), value: try Coding.encode(value))
    }

    private static let namespace = uuid5(namespace: UUIDNamespace.url, name: "mallbots/ops")
}
