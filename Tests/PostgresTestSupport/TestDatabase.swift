public import EventLoop
import Kernel
public import Postgres
import Synchronization

/// A database for one test, made from a template and dropped afterwards.
public struct TestDatabase: Sendable {
    public let name: String
    public let conninfo: String

    public var configuration: Configuration { Configuration(conninfo) }

    private static let made = Atomic<Int>(0)

    /// Gives `body` a database that nobody else uses, and a loop.
    public static func with<Value: Sendable>(
        template: String = "template1", _ body: (TestDatabase, EventLoop) async throws -> Value
    ) async throws -> Value {
        let loop = EventLoop(name: "test")
        defer { loop.stop() }
        let database = try await make(template: template, loop)
        do {
            let value = try await body(database, loop)
            try await database.drop(loop)
            return value
        } catch {
            try? await database.drop(loop)
            throw error
        }
    }

    /// A connection to it that is closed afterwards.
    public static func connected<Value: Sendable>(
        template: String = "template1", _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        try await with(template: template) { database, loop in
            let connection = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
            do {
                let value = try await body(connection)
                await connection.close()
                return value
            } catch {
                await connection.close()
                throw error
            }
        }
    }

    /// Makes a database under this name, prepared by `prepare`, that others can be made from. Once for each name.
    public static func template(
        _ name: String, _ prepare: @escaping @Sendable (TestDatabase, EventLoop) async throws -> Void
    ) async throws -> String {
        try await templates.made(name) {
            let loop = EventLoop(name: "template")
            defer { loop.stop() }
            let database = try await make(template: "template1", name: name, loop)
            try await prepare(database, loop)
            return name
        }
    }

    private static let templates = Templates()

    private actor Templates {
        private var tasks: [String: Task<String, any Error>] = [:]

        func made(_ name: String, _ make: @escaping @Sendable () async throws -> String) async throws -> String {
            let task = tasks[name] ?? Task { try await make() }
            tasks[name] = task
            return try await task.value
        }
    }

    private static func make(template: String, name: String? = nil, _ loop: EventLoop) async throws -> TestDatabase {
        let name = name ?? "test_\(made.add(1, ordering: .relaxed).newValue)"
        let conninfo = try await TestCluster.conninfo()
        try await administer(loop, "create database \(identifier: name) template \(identifier: template)")
        return TestDatabase(name: name, conninfo: "\(conninfo) dbname=\(name)")
    }

    private func drop(_ loop: EventLoop) async throws {
        try await Self.administer(loop, "drop database \(identifier: name) with (force)")
    }

    /// Templates cannot be copied while somebody else copies them, so one statement at a time.
    private static func administer(_ loop: EventLoop, _ sql: SQL) async throws {
        try await turn.run {
            let connection = Connection(
                Configuration(try await TestCluster.conninfo()), on: loop, logger: TestCluster.quiet)
            do {
                try await connection.execute(sql.planned(.custom))
                await connection.close()
            } catch {
                await connection.close()
                throw error
            }
        }
    }

    private static let turn = Turn()

    private actor Turn {
        private var last: Task<Void, any Error>?

        func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
            let previous = last
            let task = Task {
                _ = await previous?.result
                try await body()
            }
            last = task
            try await task.value
        }
    }
}
