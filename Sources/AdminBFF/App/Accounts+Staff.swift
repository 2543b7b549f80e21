import Contracts
import Crypto
import EventStore
import FoundationEssentials
import Kernel
import Postgres

/// An account as administrators see it. Its password is nowhere.
struct Account: Encodable, Sendable, Equatable {
    let user: String
    let name: String
    let roles: [String]
    let stores: [StoreID]
    let since: Instant
}

/// Who has an account, with which roles and for which stores. One administrator is always left.
extension Accounts {
    private enum Limits {
        static let user = 64
        static let password = 8...1024
        static let stores = 100
    }

    func staff() async throws -> [Account] {
        try await pool.query(
            "select \"user\", name, roles, stores, since from admin.staff order by \"user\""
        ).map { row in
            Account(
                user: try row[0], name: try row[1], roles: try row[2],
                stores: try row[3, as: [UUID].self].map { StoreID(rawValue: $0) }, since: try row[4])
        }
    }

    /// Adds an account, or gives an existing one another name, roles and stores, and another password where one is given; a
    /// new password ends its sessions. Returns the password if it was made here: it is nowhere else.
    @discardableResult
    func put(
        user: String, name: String, password: String?, roles: Set<Role>, stores: Set<StoreID> = [],
        by author: Author = .commandLine
    ) async throws -> (password: String?, position: Position) {
        try Self.check(user)
        let name = try Text.name(name, field: "name")
        guard !roles.isEmpty else { throw Refusal.invalid("at least one role is needed", field: "roles") }
        guard stores.count <= Limits.stores else {
            throw Refusal.invalid("an account may have at most \(Limits.stores) stores", field: "stores")
        }
        if let password, !Limits.password.contains(password.utf8.count) {
            throw Refusal.invalid(
                "a password has \(Limits.password.lowerBound) to \(Limits.password.upperBound) characters",
                field: "password")
        }
        let isNew = try await pool.query("select 1 from admin.staff where \"user\" = \(user)").isEmpty
        let made = isNew && password == nil ? Self.newPassword() : nil
        var hash: String?
        if let password = password ?? made { hash = try await Self.hash(password) }
        let given = hash
        let change = try await change(by: author) { session in
            try await keepAdministrator(besides: roles.contains(.administrator) ? nil : user, in: session)
            _ = try await session.query(
                """
                insert into admin.staff ("user", name, password, roles, stores, since)
                values (\(user), \(name), \(given ?? ""), \(roles.map(\.rawValue).sorted()),
                    \(stores.map(\.rawValue).sorted()), \(clock.now))
                on conflict ("user") do update
                set name = excluded.name, roles = excluded.roles, stores = excluded.stores,
                    password = coalesce(nullif(excluded.password, ''), admin.staff.password)
                """)
            if given != nil { _ = try await session.query("delete from admin.sessions where \"user\" = \(user)") }
            return ((), Self.deed(user, roles.map(\.rawValue), stores))
        }
        return (made, change.position)
    }

    static func newPassword() -> String { Base64.encodeURL(randomBytes(15)) }

    private static func deed(_ user: String, _ roles: [String], _ stores: some Sequence<StoreID>) -> Deed.Event {
        .staffPut(user: user, roles: roles.sorted(), stores: stores.sorted { $0.description < $1.description })
    }

    /// Takes an account away, and with it its sessions.
    @discardableResult
    func remove(user: String, by author: Author = .commandLine) async throws -> Position {
        try await change(by: author) { session in
            try await keepAdministrator(besides: user, in: session)
            guard try await session.execute("delete from admin.staff where \"user\" = \(user)") > 0 else {
                throw Refusal.notFound("there is no account \(user)")
            }
            return ((), .staffRemoved(user: user))
        }.position
    }

    /// Gives a manager one store more: the one they have just opened.
    func add(_ store: StoreID, to user: String, by author: Author) async throws {
        _ = try await change(by: author) { session in
            let rows = try await session.query(
                """
                update admin.staff set stores = array_append(array_remove(stores, \(store.rawValue)), \(store.rawValue))
                where "user" = \(user) returning roles, stores
                """)
            guard let row = rows.first else { throw Refusal.notFound("there is no account \(user)") }
            return ((), Self.deed(user, try row[0], try row[1, as: [UUID].self].map { StoreID(rawValue: $0) }))
        }
    }

    /// Refuses to go on if nobody but `user` is an administrator. Two who do so at once wait for each other.
    private func keepAdministrator(besides user: String?, in session: Session) async throws {
        _ = try await session.query("lock table admin.staff in share row exclusive mode")
        guard let user else { return }
        let rows = try await session.query(
            "select \"user\" from admin.staff where \(Role.administrator.rawValue) = any(roles)")
        let administrators = try rows.map { try $0[0, as: String.self] }
        guard administrators != [user] else {
            throw Refusal.conflict("\(user) is the last administrator; make another one first")
        }
    }

    /// A name that the log can show as an actor: it is mistaken for neither a device's nor the mall's own.
    private static func check(_ user: String) throws(Refusal) {
        let isPlain = user.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || ".-_@".utf8.contains(byte)
        }
        guard isPlain, (1...Limits.user).contains(user.utf8.count), user != Demo.actor else {
            throw .invalid("a user has 1 to \(Limits.user) letters, digits and .-_@", field: "user")
        }
    }
}
