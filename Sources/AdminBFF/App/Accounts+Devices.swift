import Contracts
import Crypto
import FoundationEssentials
import Kernel
import Postgres

/// The tokens of kiosks and robots. Each is told once, when it is made.
extension Accounts {
    /// Makes a kiosk's token, replacing one it had.
    func token(forKiosk name: String, by author: Author = .commandLine) async throws -> String {
        let name = try Text.name(name, field: "name")
        return try await change(by: author) { session in
            let token = Self.newToken()
            _ = try await session.query(
                """
                insert into admin.kiosks (name, token, since) values (\(name), \(Self.digest(of: token)), \(clock.now))
                on conflict (name) do update set token = excluded.token, since = excluded.since
                """)
            return (token, .kioskTokenMade(kiosk: name))
        }.value
    }

    private static func newToken() -> String { Base64.encodeURL(randomBytes(32)) }

    /// Makes the token of a robot that has just been registered, which is what the log tells of it.
    func token(forRobot id: BotID, name: String) async throws -> String {
        let token = Self.newToken()
        defer { remembered.forget() }
        _ = try await pool.query(
            """
            insert into admin.robots (bot_id, name, token, since)
            values (\(id.rawValue), \(name), \(Self.digest(of: token)), \(clock.now))
            on conflict (bot_id) do update
            set name = excluded.name, token = excluded.token, since = excluded.since
            """)
        return token
    }

    /// Makes another token for a robot that has one.
    func renewToken(ofRobot id: BotID, by author: Author) async throws -> (token: String, position: Position) {
        let change = try await change(by: author) { session in
            let token = Self.newToken()
            let rows = try await session.query(
                """
                update admin.robots set token = \(Self.digest(of: token)), since = \(clock.now)
                where bot_id = \(id.rawValue) returning name
                """)
            guard let name = try rows.first?[0, as: String.self] else {
                throw Refusal.notFound("there is no such robot")
            }
            return (token, .robotTokenRenewed(botId: id, botName: name))
        }
        return (change.value, change.position)
    }

    /// The robot in service that is called so, in whatever spelling.
    func robot(named name: String) async throws -> BotID {
        let rows = try await pool.query("select bot_id, name from admin.robots order by name")
        for row in rows where normalized(try row[1]) == normalized(name) { return BotID(rawValue: try row[0]) }
        throw Refusal.notFound("there is no robot \(name); an administrator registers it on the page")
    }

    /// From now on the robot is nobody.
    func removeToken(ofRobot id: BotID) async throws {
        defer { remembered.forget() }
        _ = try await pool.query("delete from admin.robots where bot_id = \(id.rawValue)")
    }

    func hasKiosk() async throws -> Bool { try await !pool.query("select 1 from admin.kiosks limit 1").isEmpty }

    /// The kiosk a token belongs to.
    func kiosk(token: String) async throws -> Principal? {
        guard let owner = try await device(token), case .kiosk = owner else { return nil }
        return owner
    }

    /// The robot a token belongs to.
    func robot(token: String) async throws -> Principal? {
        guard let owner = try await device(token), case .robot = owner else { return nil }
        return owner
    }

    /// Whose token it is. A kiosk's and a robot's are never the same: each is 32 bytes of chance.
    private func device(_ token: String) async throws -> Principal? {
        let digest = Self.digest(of: token)
        let now = clock.now
        let known = remembered.owners.withLock { $0.devices[digest] }
        if let known, (.zero..<Self.remembering).contains(now - known.at) { return known.owner }
        let rows = try await pool.query(
            """
            select name, null::uuid from admin.kiosks where token = \(digest)
            union all select name, bot_id from admin.robots where token = \(digest)
            """)
        let owner: Principal? = try rows.first.map { row in
            row.isNull(1) ? .kiosk(name: try row[0]) : .robot(BotID(rawValue: try row[1]), name: try row[0])
        }
        remembered.owners.withLock { owners in
            if owners.devices.count >= Self.rememberedTokens { owners.devices.removeAll() }
            owners.devices[digest] = owner.map { ($0, now) }
        }
        return owner
    }
}
