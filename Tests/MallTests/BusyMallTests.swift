import Busywork
import EventLoop
import EventStore
import Postgres
import PostgresTestSupport
import Synchronization
import Testing

@testable import App

@Suite struct BusyMallTests {
    @Test func `row 84, F-Z1: a mall that is busy for a moment breaks no rule`() async throws {
        try await TestMall.with { mall in
            try await mall.application.accounts.put(
                user: "busy", name: "Busy", password: TestMall.password, roles: [.administrator])
            var settings = Busywork.Settings(
                address: .ip(host: "127.0.0.1", port: mall.port), kioskToken: mall.token, user: "busy",
                password: TestMall.password)
            settings.factor = 300
            settings.length = .seconds(4)
            settings.repeats = 50
            settings.parameters.stores = 4
            settings.parameters.products = 2...4
            settings.parameters.robots = 4
            settings.parameters.staffPages = 5
            settings.parameters.arrivals = .seconds(60)
            let pool = Pool(mall.database.configuration, size: 1, on: mall.loop, logger: TestCluster.quiet)
            let inspector = Inspector(
                on: mall.loop, pool: pool, projections: Catalogue(mallModules()).projections)
            let looks = Mutex(0)
            let said = Mutex<[String]>([])
            let violations = try await Busywork(settings) { isLast in
                let found = await inspector.look(within: .seconds(isLast ? 30 : 3), all: isLast, excused: false)
                if found != nil { looks.withLock { $0 += 1 } }
                if found == nil, isLast { return ["there was no peace: \(await inspector.unrest())"] }
                return found
            } say: { line in
                said.withLock { $0.append(line) }
            }.run()
            await pool.close()
            let report = said.withLock { $0 }
            #expect(violations == 0, "\(report.joined(separator: "\n"))")
            #expect(looks.withLock { $0 } > 0)
            #expect(report.contains { $0.hasPrefix("orders: ") && $0.contains("completed") }, "\(report)")
        }
    }
}
