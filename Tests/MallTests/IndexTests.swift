import EventStore
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import App

/// What pages and lists filter and order by is found and not looked for.
@Suite struct IndexTests {
    @Test func `each live table is read in its usual order, and by each indexed column, through an index`() async throws
    {
        try await TestMall.with { mall in
            let catalogue = Catalogue(mallModules())
            var indexed = 0
            for topic in catalogue.topics.values.sorted(by: { $0.name < $1.name })
            where topic.projection.storage.schema == "live" && !["fleet", "mall"].contains(topic.name) {
                let (projection, order) = (topic.projection, RowOrder(topic.orders[0]))
                let page = RowQuery(predicate: .everything, order: order, limit: 20)
                let plan = try await mall.plan(of: projection.storage.select(page))
                #expect(plan.contains("c_\(order.column.lowercased())_idx"), "\(topic.name): \(plan)")
                for step in projection.storage.migrations.dropFirst() {
                    indexed += step.sql.split(separator: "\n").count
                }
            }
            let found = await mall.count(
                "select count(*) from pg_indexes where schemaname = 'live' and indexdef like '%WHERE (NOT deleted)'")
            #expect(found == indexed && indexed > 20)
        }
    }
}

extension TestMall {
    /// How PostgreSQL would go about it if the table were too large to be looked through.
    fileprivate func plan(of sql: SQL) async throws -> String {
        let connection = Connection(database.configuration, on: loop, logger: TestCluster.quiet)
        do {
            try await connection.execute("set enable_seqscan = off")
            let lines = try await connection.query("explain \(sql)").map { try $0[0, as: String.self] }
            await connection.close()
            return lines.joined(separator: "\n")
        } catch {
            await connection.close()
            throw error
        }
    }
}
