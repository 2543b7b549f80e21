import EventLoop
import Kernel
import Logging
import Postgres

/// Drops the tombstones of rows that were deleted longer ago than any page is expected to be away.
struct Tombstones: Sendable {
    let loop: EventLoop
    let pool: Pool
    let clock: MallClock
    let storages: [any ProjectionStorage]

    /// Looks once an hour, until the task is cancelled.
    func run() async {
        let logger = Logger(label: "mallbots.tombstones")
        while !Task.isCancelled {
            do { try await drop() } catch {
                if !Task.isCancelled { logger.warning("tombstones were not dropped", metadata: ["error": "\(error)"]) }
            }
            await loop.sleep(for: Limits.horizonStep)
        }
    }

    /// Notes where the projector stands, and drops what was deleted before it stood where it did a horizon ago.
    func drop() async throws {
        let now = clock.now
        _ = try await pool.query(
            """
            insert into mall.horizons (position, at)
            select position, \(now) from mall.checkpoints where consumer = \(Projector.name)
            on conflict do nothing
            """)
        let old = now + (.zero - Limits.horizon)
        let rows = try await pool.query("select max(position) from mall.horizons where at <= \(old) and not purged")
        guard let position = try rows.first?[0, as: Int64?.self] else { return }
        _ = try await pool.pipeline(
            storages.map { $0.purge(upTo: Position(position)) } + [
                "update mall.horizons set purged = true where position = \(position)",
                "delete from mall.horizons where position < \(position)",
            ])
    }
}
