import Kernel
import Postgres

/// Where consumers stand. A mark moves only from where its consumer believes it to be.
struct Checkpoints: Sendable {
    let pool: Pool

    /// The SQLSTATE of `mall.advance` when another instance is ahead.
    static let fenced = SQLState(rawValue: "MB001")

    /// Where a consumer stands; one never seen before begins at the start of the log.
    func position(of consumer: String) async throws -> Position {
        let rows = try await pool.query(
            """
            insert into mall.checkpoints (consumer, position) values (\(consumer), 0)
            on conflict (consumer) do update set position = mall.checkpoints.position returning position
            """)
        guard let row = rows.first else { return .start }
        return Position(try row[0])
    }

    /// Moves a mark and applies the effects that belong to the step, in one transaction and one round trip.
    func advance(_ consumer: String, from old: Position, to new: Position, with effects: [SQL]) async throws {
        let advance: SQL = "select mall.advance(\(consumer), \(old.rawValue), \(new.rawValue))"
        _ = try await pool.pipeline([advance] + effects)
    }
}

extension PostgresError {
    var isConnectionLost: Bool {
        if case .connectionLost = self { true } else { false }
    }
}
