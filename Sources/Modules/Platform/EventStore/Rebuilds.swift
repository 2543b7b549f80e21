public import Kernel
public import Postgres

/// Which projections are to be folded anew. Whoever asks writes it down; the process that works does it.
public struct Rebuilds: Sendable {
    /// How one stands.
    public struct State: Sendable, Equatable {
        public let projection: String
        public let reached: Position?
        /// How many positions were left then.
        public let behind: Int64?
        /// The log grows as fast as it is folded: it does not come to an end before the mall is quieter.
        public let isLosing: Bool
        public let isDone: Bool
        public let error: String?
    }

    private let pool: Pool
    private let clock: MallClock

    public init(pool: Pool, clock: MallClock) { (self.pool, self.clock) = (pool, clock) }

    /// Asks for these to be folded anew; one that is being folded is not asked for twice.
    public func ask(_ projections: [String]) async throws {
        _ = try await pool.query(
            """
            insert into mall.rebuilds (projection, asked) select unnest(\(projections)), \(clock.now)
            on conflict (projection) do update
            set asked = excluded.asked, reached = null, behind = null, losing = false, done = null, error = null
            where mall.rebuilds.done is not null or mall.rebuilds.error is not null
            """)
    }

    public func states() async throws -> [State] {
        try await pool.query(
            "select projection, reached, behind, losing, done is not null, error from mall.rebuilds order by projection"
        ).map { row in
            State(
                projection: try row[0], reached: try row[1, as: Int64?.self].map { Position($0) }, behind: try row[2],
                isLosing: try row[3], isDone: try row[4], error: try row[5])
        }
    }

    /// Notes the projections this log has not known; nothing is to be done for them where nothing was projected yet.
    func know(_ projections: [String]) async throws {
        _ = try await pool.query(
            """
            insert into mall.rebuilds (projection, asked, done)
            select unnest(\(projections)), \(clock.now),
                case when coalesce((select position from mall.checkpoints where consumer = \(Projector.name)), 0) = 0
                    then \(clock.now) end
            on conflict do nothing
            """)
    }

    func wanted() async throws -> [String] {
        try await pool.query("select projection from mall.rebuilds where done is null and error is null").map {
            try $0[0]
        }
    }

    func note(_ reached: Position, behind: Int64, isLosing: Bool, of projections: [String]) async throws {
        _ = try await pool.query(
            """
            update mall.rebuilds set reached = \(reached.rawValue), behind = \(behind), losing = \(isLosing)
            where projection = any(\(projections))
            """)
    }

    func finish(_ projections: [String], error: String?) async throws {
        let done = error == nil ? clock.now : nil
        _ = try await pool.query(
            "update mall.rebuilds set done = \(done), error = \(error) where projection = any(\(projections))")
    }
}
