import Contracts
import Crypto
import EventStore
import FoundationEssentials
import Kernel
import Postgres
import Synchronization

/// Staff accounts, their sessions, and the tokens of devices.
///
/// Of a session or a token only the SHA-256 is stored: who reads the table cannot act as anybody. Who a token belongs to is
/// remembered for a moment, shorter than the second within which rights end, so that not every request looks it up.
struct Accounts: Sendable {
    let pool: Pool
    let clock: MallClock
    private let dispatcher: Dispatcher
    let remembered = Remembered()

    init(pool: Pool, clock: MallClock, dispatcher: Dispatcher) {
        (self.pool, self.clock, self.dispatcher) = (pool, clock, dispatcher)
    }

    /// Who changes an account, and under which correlation.
    struct Author: Sendable {
        let actor: String
        let correlation: UUID

        /// Whoever may run this program on the database; an account cannot have this name.
        static var commandLine: Author { Author(actor: "command line", correlation: uuid4()) }
    }

    /// Changes accounts and puts what was done into the log, in one transaction: neither is there without the other.
    func change<Value>(
        by author: Author, _ body: (Session) async throws -> (value: Value, deed: Deed.Event)
    ) async throws -> (value: Value, position: Position) {
        defer { remembered.forget() }
        let request = CommandRequest(
            id: uuid4(), mayRepeat: false,
            cause: Cause(correlation: author.correlation, causation: author.correlation, actor: author.actor))
        let (value, outcome) = try await pool.transaction { session in
            let (value, deed) = try await body(session)
            return (value, try await dispatcher.perform(NoteDeed(event: deed), request, in: session))
        }
        dispatcher.written(outcome)
        return (value, outcome.position)
    }

    /// How long a token's owner is remembered, and of how many.
    static let remembering = Duration.milliseconds(400)
    static let rememberedTokens = 10_000

    final class Remembered: Sendable {
        struct Owners {
            var members: [[UInt8]: (member: StaffMember, at: Instant)] = [:]
            var devices: [[UInt8]: (owner: Principal, at: Instant)] = [:]
        }

        let owners = Mutex(Owners())

        func forget() { owners.withLock { $0 = Owners() } }
    }

    /// What of a token is stored.
    static func digest(of token: String) -> [UInt8] { Digest.sha256(token.utf8) }

    /// How long a session lasts at most.
    static let sessionLength = Duration.seconds(8 * 3600)

    static let migrations = [
        Migration(
            1, "accounts",
            sql: """
                create schema admin;
                create table admin.staff (
                    "user"   text collate "C" primary key,
                    name     text not null,
                    password text not null,
                    roles    text[] not null,
                    since    timestamptz not null
                );
                create table admin.sessions (
                    token   bytea primary key,
                    "user"  text collate "C" not null references admin.staff on delete cascade,
                    expires timestamptz not null
                );
                create index on admin.sessions (expires);
                create table admin.kiosks (
                    name  text collate "C" primary key,
                    token bytea not null unique,
                    since timestamptz not null
                );
                """),
        Migration(
            2, "stores of managers, robots",
            sql: """
                alter table admin.staff add stores uuid[] not null default '{}';
                create table admin.robots (
                    bot_id uuid primary key,
                    name   text not null,
                    token  bytea not null unique,
                    since  timestamptz not null
                );
                """),
    ]

    /// The member a password belongs to; nil if it is not theirs. Takes about 50 ms of a processor, away from every loop.
    func member(user: String, password: String) async throws -> StaffMember? {
        let row = try await pool.query(
            "select name, roles, password, stores from admin.staff where \"user\" = \(user)"
        ).first
        let hash = try row?[2, as: String.self]
        // An unknown name takes as long as a wrong password, or the time would tell which names there are.
        let isRight = await Self.verify(password, hash ?? Self.nobody)
        guard isRight, hash != nil, let row else { return nil }
        return StaffMember(user: user, name: try row[0], roles: Self.roles(try row[1]), stores: try Self.stores(row[3]))
    }

    func hasStaff() async throws -> Bool { try await !pool.query("select 1 from admin.staff limit 1").isEmpty }

    /// Begins a session. Returns the token, which is nowhere else.
    func open(_ member: StaffMember) async throws -> String {
        let token = Base64.encodeURL(randomBytes(32))
        _ = try await pool.pipeline([
            "delete from admin.sessions where expires <= \(clock.now)",
            """
            insert into admin.sessions (token, "user", expires)
            values (\(Self.digest(of: token)), \(member.user), \(clock.now + Self.sessionLength))
            """,
        ])
        return token
    }

    func close(session token: String) async throws {
        defer { remembered.forget() }
        _ = try await pool.query("delete from admin.sessions where token = \(Self.digest(of: token))")
    }

    /// Whose session it is, with the roles they have now; nil if it is over.
    func member(session token: String) async throws -> StaffMember? {
        let digest = Self.digest(of: token)
        let now = clock.now
        let known = remembered.owners.withLock { $0.members[digest] }
        if let known, (.zero..<Self.remembering).contains(now - known.at) { return known.member }
        let member = try await members(sessions: [digest]).first?.value
        remembered.owners.withLock { owners in
            if owners.members.count >= Self.rememberedTokens { owners.members.removeAll() }
            owners.members[digest] = member.map { ($0, now) }
        }
        return member
    }

    /// The members of the sessions that still stand, by their tokens' digests.
    func members(sessions digests: [[UInt8]]) async throws -> [[UInt8]: StaffMember] {
        var members: [[UInt8]: StaffMember] = [:]
        let rows = try await pool.query(
            """
            select token, "user", name, roles, stores from admin.sessions join admin.staff using ("user")
            where token = any(\(digests)) and expires > \(clock.now)
            """)
        for row in rows {
            members[try row[0]] = StaffMember(
                user: try row[1], name: try row[2], roles: Self.roles(try row[3]), stores: try Self.stores(row[4]))
        }
        return members
    }

    static func roles(_ names: [String]) -> Set<Role> { Set(names.compactMap(Role.init(rawValue:))) }

    static func stores(_ ids: [UUID]) -> Set<StoreID> { Set(ids.map { StoreID(rawValue: $0) }) }

    /// The hash of a password that nobody has.
    private static let nobody = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC"

    @concurrent private static func verify(_ password: String, _ hash: String) async -> Bool {
        PasswordHash.verify(password, hash)
    }

    @concurrent static func hash(_ password: String) async throws -> String { try PasswordHash.make(password) }
}
