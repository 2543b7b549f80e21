public import Logging
import Postgres

/// One private cluster for a whole test run. It lives in a temporary folder and ends with the process.
public enum TestCluster {
    /// Nothing here has to survive a crash of the machine.
    public static let settings =
        Cluster.settings.filter { $0.0 != "shared_buffers" } + [
            ("shared_buffers", "64MB"), ("fsync", "off"), ("full_page_writes", "off"),
            ("max_connections", "200"),
        ]

    private static let running = Task {
        let cluster = Cluster(dataDirectory: Reaper.temporaryFolder(), settings: settings, logger: quiet)
        let conninfo = try await cluster.start()
        return (cluster, conninfo)
    }

    /// Starts the cluster for the first who asks.
    public static func conninfo() async throws -> String { try await running.value.1 }

    /// Says nothing. Errors that tests provoke would bury those they do not.
    public static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
