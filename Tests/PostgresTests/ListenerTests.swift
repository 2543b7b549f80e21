import EventLoop
import Kernel
import PostgresTestSupport
import Testing

@testable import Postgres

@Suite struct ListenerTests {
    @Test func `a listener hears its channels, and says when it may have missed something`() async throws {
        try await TestDatabase.with { database, loop in
            let (heard, hear) = AsyncStream<String>.makeStream()
            var listening = heard.makeAsyncIterator()
            let listener = Listener(
                database.configuration, channels: ["log", "Other \"one\""], on: loop, logger: TestCluster.quiet,
                onReconnect: { hear.yield("reconnected") },
                onNotification: { hear.yield("\($0.channel): \($0.payload)") })
            try await listener.ready()
            let connection = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
            _ = try await connection.pipeline(["select pg_notify('log', '1')", "select pg_notify('unheard', '')"])
            #expect(await listening.next() == "log: 1")
            try await connection.execute("notify \(identifier: "Other \"one\"")")
            #expect(await listening.next() == "Other \"one\": ")

            _ = try await connection.query(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
                """)
            #expect(await listening.next() == "reconnected")
            _ = try await connection.query("select pg_notify('log', '2')")
            #expect(await listening.next() == "log: 2")
            await listener.close()
            await connection.close()
        }
    }
}
