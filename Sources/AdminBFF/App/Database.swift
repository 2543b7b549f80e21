import EventLoop
import EventStore
import Glibc
import Kernel
import Logging
import Postgres

/// The PostgreSQL everything is kept in: a private one that lives and ends with this program, or one that is given.
struct Database: Sendable {
    private let conninfo: String
    private let cluster: Cluster?

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
        do {
            let connection = Connection(configuration(name: "mallbots migrations"), on: loop, logger: logger)
            try await Migrations(Self.migrations(of: catalogue)).run(on: connection, logger: logger)
            await connection.close()
        } catch {
            await cluster?.stop()
            throw error
        }
    }

    func configuration(name: String) -> Configuration { Configuration(conninfo, name: name) }

    func stop() async { await cluster?.stop() }

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
