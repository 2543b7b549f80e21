import EventLoop
import Glibc
import Kernel
import PostgresTestSupport
import Testing

@testable import Postgres

/// Clusters of their own, one after the other: each costs a second of initdb.
@Suite(.serialized) struct ClusterTests {
    private func cluster(_ folder: String) -> Cluster {
        Cluster(dataDirectory: folder, settings: TestCluster.settings, logger: TestCluster.quiet)
    }

    private func withConnection(_ conninfo: String, _ body: (Connection) async throws -> Void) async throws {
        let loop = EventLoop()
        defer { loop.stop() }
        var configuration = Configuration(conninfo)
        configuration.patience = .seconds(30)
        let connection = Connection(configuration, on: loop, logger: TestCluster.quiet)
        do {
            try await body(connection)
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    @Test func `a cluster keeps its data from stop to start, belongs to one owner, and is adopted`() async throws {
        let folder = Reaper.temporaryFolder()
        var first: Cluster? = cluster(folder)
        let conninfo = try await first!.start()
        try await withConnection(conninfo) { try await $0.script("create table t (a int); insert into t values (7)") }
        await #expect(throws: ClusterError.self) { try await cluster(folder).start() }
        await first!.stop()
        #expect(access("\(folder)/data/postmaster.pid", F_OK) != 0)

        #expect(try await first!.start() == conninfo)
        let process = await first!.process
        // Let go without a stop, as by a kill -9 of its program.
        first = nil
        let second = cluster(folder)
        _ = try await second.start()
        #expect(await second.process == process)
        try await withConnection(conninfo) { connection in
            let rows = try await connection.query("select a from t")
            #expect(try rows[0][0, as: Int.self] == 7)
        }
        await second.stop()
        #expect(access("\(folder)/data/postmaster.pid", F_OK) != 0)
    }

    @Test func `a server that is killed is started again, though a busy backend outlives it`() async throws {
        let cluster = cluster(Reaper.temporaryFolder())
        let conninfo = try await cluster.start()
        await cluster.watch()
        try await withConnection(conninfo) { connection in
            try await connection.script("create table t (a int); insert into t values (7)")
            try await withConnection(conninfo) { busy in
                let process = try #require(await cluster.process)
                let pid = try await busy.query("select pg_backend_pid()")[0][0, as: Int32.self]
                // It computes and never waits, so it does not notice that its server is gone.
                let work = Task { try await busy.query("select count(*) from generate_series(1, 1e12)") }
                while try await connection.query("select from pg_stat_activity where pid = \(pid) and state = 'active'")
                    .isEmpty
                {}
                kill(process, SIGKILL)
                await #expect(throws: PostgresError.self) { try await work.value }
                while await (cluster.process ?? process) == process {}
                let rows = try await busy.query("select a from t")
                #expect(try rows[0][0, as: Int.self] == 7)
            }
        }
        await cluster.stop()
    }

    @Test func `connections come back when the server was stopped at once and started again`() async throws {
        let cluster = cluster(Reaper.temporaryFolder())
        let conninfo = try await cluster.start()
        await cluster.watch()
        let loop = EventLoop()
        var configuration = Configuration(conninfo)
        configuration.patience = .seconds(30)
        let pool = Pool(configuration, size: 3, on: loop, logger: TestCluster.quiet)
        _ = try await pool.query("select 1")
        let process = try #require(await cluster.process)
        // What pg_ctl stop -m immediate sends.
        kill(process, SIGQUIT)
        while await (cluster.process ?? process) == process {}
        var rows: SQLRows?
        while rows == nil {
            do { rows = try await pool.query("select 1") } catch let error as PostgresError where error.isConnectionLost
            {}
        }
        #expect(rows?.count == 1)
        await pool.close()
        loop.stop()
        await cluster.stop()
    }

    @Test func `a folder that cannot be used is refused with its name`() async throws {
        let error = await #expect(throws: ClusterError.self) { try await cluster("/nonexistent/data").start() }
        #expect(error?.description.contains("/nonexistent/data") == true)
        let long = Reaper.temporaryFolder() + "/" + String(repeating: "x", count: 100)
        let tooLong = await #expect(throws: ClusterError.self) { try await cluster(long).start() }
        #expect(tooLong?.description.contains("too long") == true)
    }
}
