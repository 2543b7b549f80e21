import Testing

@testable import Busywork

@Suite struct PlanTests {
    private static func plans(_ count: Int, seed: UInt64 = 7) -> [CustomerPlan] {
        var generator = SmallGenerator(seed: seed)
        return (0..<count).map { _ in CustomerPlan(Parameters(), using: &generator) }
    }

    @Test func `the same seed makes the same plans, another makes others`() {
        #expect(Self.plans(50) == Self.plans(50))
        #expect(Self.plans(50) != Self.plans(50, seed: 8))
    }

    @Test func `what one actor draws does not depend on others`() {
        var (robot, same) = (SmallGenerator(seed: 3, for: "robot 1"), SmallGenerator(seed: 3, for: "robot 1"))
        var other = SmallGenerator(seed: 3, for: "robot 2")
        let drawn = (0..<20).map { _ in robot.next() }
        #expect(drawn == (0..<20).map { _ in same.next() })
        #expect(drawn != (0..<20).map { _ in other.next() })
    }

    @Test func `shares come out as the parameters say`() {
        let plans = Self.plans(20_000)
        func perMille(_ isSo: (CustomerPlan) -> Bool) -> Int { plans.count(where: isSo) * 1000 / plans.count }
        #expect((735...765).contains(perMille { $0.ending == .checksOut }))
        #expect((155...185).contains(perMille { $0.ending == .cancels }))
        #expect((22...38).contains(perMille { $0.card == .refused }))
        #expect((2...9).contains(perMille { $0.card == .tooSmall }))
        #expect((5...15).contains(perMille { $0.regret == .pending }))
        #expect((13...27).contains(perMille { $0.regret == .approved }))
        #expect((280...320).contains(perMille { $0.paysOnArrival }))
        #expect((5...16).contains(perMille { $0.collectsAfter == nil }))
    }

    @Test func `each store of a visit is visited, and every line is within bounds`() {
        for plan in Self.plans(2_000) {
            #expect((1...3).contains(plan.stores.count) && (1...6).contains(plan.lines.count))
            for line in plan.lines {
                #expect(plan.stores.indices.contains(line.store) && (1...4).contains(line.quantity))
            }
            if plan.lines.count >= plan.stores.count {
                #expect(Set(plan.lines.map(\.store)).count == plan.stores.count)
            }
        }
    }

    @Test func `an errand misses no more than was ordered`() {
        var generator = SmallGenerator(seed: 9)
        var short = 0
        for _ in 0..<2_000 {
            var plan = ErrandPlan(Parameters(), using: &generator)
            let missing = plan.missing(of: 3)
            #expect((0...3).contains(missing))
            if missing > 0 { short += 1 }
            #expect((60...120).contains(plan.leg().components.seconds))
        }
        #expect((20...70).contains(short))
    }

    @Test func `prices stay within their range and around their median`() {
        var generator = SmallGenerator(seed: 1)
        let prices = (0..<10_001).map { _ in generator.price(Parameters.Prices()) }.sorted()
        #expect(prices.first! >= 100 && prices.last! <= 49_900)
        #expect((1_200...1_380).contains(prices[5_000]))
    }

    @Test func `customers come independently, as many as the mean says`() {
        var generator = SmallGenerator(seed: 2)
        let waited = (0..<10_000).reduce(Duration.zero) { sum, _ in sum + generator.wait(mean: .seconds(22)) }
        #expect((215_000...225_000).contains(waited.components.seconds))
    }
}
