import Crypto
import EventStore
import HTTP
import Kernel
import Postgres
import Server

/// What those who run the system ask it, and the admin page itself.
extension Router {
    mutating func addOperations(_ edge: Edge, pool: Pool, worker: Worker) {
        direct(.get, "/healthz") { _ in .text("alive\n") }
        get("/readyz") { _ in
            do {
                _ = try await pool.query("select 1")
                return .text("ready\n")
            } catch {
                return .text("not ready: the database cannot be reached\n", .serviceUnavailable)
            }
        }
        get("/metrics") { _ in
            let health = await pool.health
            var gauges: [(String, String, Int)] = [
                ("mallbots_live_pages", "pages connected", await edge.live.pages),
                ("mallbots_pool_in_use", "database connections lent", health.inUse),
                ("mallbots_pool_waiting", "callers waiting for a database connection", health.waiting),
                ("mallbots_worker_active", "whether this process consumes and projects", await worker.isActive ? 1 : 0),
            ]
            if let rows = try? await pool.query(Self.counts), let row = rows.first {
                for (index, name) in [
                    ("mallbots_log_position", "rows in the log"),
                    ("mallbots_parked_messages", "messages that failed and wait for another try"),
                    ("mallbots_dead_letters", "messages that need a person"),
                ].enumerated() {
                    if let value = try? row[index, as: Int64.self] { gauges.append((name.0, name.1, Int(value))) }
                }
                if let lags = try? await pool.query(Self.lags) {
                    for lag in lags {
                        if let consumer = try? lag[0, as: String.self], let rows = try? lag[1, as: Int64.self] {
                            gauges.append(
                                (
                                    "mallbots_consumer_lag{consumer=\"\(consumer)\"}", "rows a consumer is behind",
                                    Int(rows)
                                ))
                        }
                    }
                }
            }
            return .text(edge.metrics.exposition(gauges))
        }
    }

    private static let counts: SQL = """
        select coalesce((select max(position) from mall.log), 0), (select count(*) from mall.parked),
               (select count(*) from mall.dead_letters where resolved is null)
        """
    private static let lags: SQL = """
        select consumer, coalesce((select max(position) from mall.log), 0) - position from mall.checkpoints order by consumer
        """

    /// Tells what is not there, and what is not done there, as every refusal of the interfaces is told.
    mutating func refuseLikeHandlers() {
        let interfaces = ["/api", "/admin/api", "/robots/api"]
        for interface in interfaces { reserve(interface) }
        refusal = { head, status in
            let path = head.path
            guard interfaces.contains(where: { path == $0 || path.hasPrefix($0 + "/") }) else { return .plain(status) }
            let refusal =
                status == .methodNotAllowed
                ? Refusal.invalid("\(head.method.rawValue) is nothing that can be done here")
                : Refusal.notFound("there is nothing at this address")
            return Edge.response(refusal, uuid4(), status)
        }
    }

    /// The page's files, and the page itself under every path it shows screens at.
    mutating func addPage(_ files: StaticFiles) {
        for path in [
            "/login", "/depot", "/depot/{id}", "/pickup", "/pickup/{id}", "/payments", "/payments/{id}", "/orders",
            "/orders/{id}",
            "/stores", "/stores/{id}", "/customers", "/messages", "/sagas", "/audit", "/staff",
        ] {
            index(path, of: files)
        }
        self.files("/", files)
    }
}
