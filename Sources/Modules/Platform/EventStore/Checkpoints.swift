import Kernel
import Postgres

/// Where consumers stand. A mark moves only from where its consumer believes it to be.
struct Checkpoints: Sendable {
    let pool: Pool

    /// The SQLSTATE of `mall.advance` and `mall.unpark` when another instance is ahead.
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

    /// Takes a parked message out, with what follows from it. Nothing is done if another instance was faster.
    func unpark(_ consumer: String, _ position: Position, with effects: [SQL]) async throws {
        let unpark: SQL = "select mall.unpark(\(consumer), \(position.rawValue))"
        _ = try await pool.pipeline([unpark] + effects)
    }

    /// Moves a mark and applies the effects that belong to the step, in one transaction and one round trip.
    func advance(_ consumer: String, from old: Position, to new: Position, with effects: [SQL]) async throws {
        let advance: SQL = "select mall.advance(\(consumer), \(old.rawValue), \(new.rawValue))"
        _ = try await pool.pipeline([advance] + effects)
    }

    /// Moves several marks, and names those that another instance has moved.
    func advance(_ marks: [(consumer: String, from: Position, to: Position)]) async throws -> Set<String> {
        let rows = try await pool.query(
            """
            select fenced from mall.advance_marks(
                \(marks.map(\.consumer)), \(marks.map(\.from.rawValue)), \(marks.map(\.to.rawValue)))
            """)
        return Set(try rows.map { try $0[0] })
    }
}
