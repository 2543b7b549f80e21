import EventLoop
import EventStore
import Glibc
import Kernel
import Logging
import Postgres

/// The PostgreSQL everything is kept in: a private one that lives and ends with this program, or one that is given.
struct Database: Sendable {
    /// What everything but the worker's lock is asked on. One loop drives all its connections, so few are enough.
    let pool: Pool
    /// The connection whose session holds the worker's lock.
    let lock: Connection
    private let conninfo: String
    private let cluster: Cluster?

    private static let connections = 8

    /// Starts or finds the database, and brings its tables to what the modules expect.
    init(_ options: Application.Options, on loop: EventLoop, catalogue: Catalogue, logger: Logger) async throws {
        if let url = options.databaseURL {
            conninfo = url
            cluster = nil
        } else {
            let cluster = Cluster(dataDirectory: options.dataDirectory, logger: Logger(label: "mallbots.cluster"))
            conninfo = try await cluster.start()
            await cluster.watch()
            self.cluster = cluster
        }
        pool = Pool(
            Configuration(conninfo, name: "mallbots"), size: Self.connections, on: loop,
            logger: Logger(label: "mallbots.pool"))
        lock = Connection(
            Configuration(conninfo, name: "mallbots worker"), on: loop, logger: Logger(label: "mallbots.worker"))
        let connection = Connection(
            Configuration(conninfo, name: "mallbots migrations"), on: loop, logger: logger)
        do {
            try await Migrations(Self.migrations(of: catalogue)).run(on: connection, logger: logger)
            await connection.close()
        } catch {
            await connection.close()
            await stop()
            throw error
        }
    }

    func configuration(name: String) -> Configuration { Configuration(conninfo, name: name) }

    /// Ends the connections, and the server if it is this program's own.
    func stop() async {
        await lock.close()
        await pool.close()
        await cluster?.stop()
    }

    /// Every module's steps; the event store's come first, since the others build on its schemas.
    static func migrations(of catalogue: Catalogue) -> [(module: String, migrations: [Migration])] {
        var all: [(module: String, migrations: [Migration])] = [
            ("eventstore", eventStoreMigrations), ("admin", Accounts.migrations),
        ]
        for module in catalogue.modules {
            let own = module.parts.flatMap { part -> [Migration] in
                if case .migrates(let migrations) = part { migrations } else { [] }
            }
            if !own.isEmpty { all.append((module.name, own)) }
        }
        return all + catalogue.projections.map { ("live.\($0.name)", $0.storage.migrations) }
    }
}
