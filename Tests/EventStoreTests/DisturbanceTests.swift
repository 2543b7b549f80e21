import EventStoreTestSupport
import Kernel
import Testing

@testable import EventStore

@Suite struct DisturbanceTests {
    private let listeners = ["bonus.reactions", "table.ledger"]

    private func rule(_ fault: Disturbance.Fault, of listener: String, times: Int? = nil) -> Disturbance.Rule {
        Disturbance.Rule(listener: listener, message: "bankapi.Moved", fault: fault, times: times)
    }

    @Test(arguments: [Disturbance.Fault.failsBefore, .failsWithin, .failsAfter])
    func `row 73: whatever fails, and wherever, is parked, and has its effect once`(fault: Disturbance.Fault)
        async throws
    {
        let disturbance = Disturbance()
        try await withBranch(works: true, disturbance: disturbance) { branch in
            let account = try await branch.open()
            for listener in listeners { disturbance.add(rule(fault, of: listener)) }
            try await branch.perform(Change(account, .deposit(amount: 1)))
            try await branch.perform(Change(account, .deposit(amount: 2)))
            try await until("both wait at both") { try await branch.number("select count(*) from mall.parked") == 4 }
            // Only a reaction has an effect before its mark; a table's is one with it.
            #expect(try await branch.bonus(of: account)?.granted ?? 0 == (fault == .failsAfter ? 1 : 0))
            #expect(try await branch.number("select count(*) from test.ledger") == 0)
            try await branch.worker.calm()
            branch.clock.advance(by: .seconds(1))
            try await until("both have heard it") { try await branch.isSettled() }
            #expect(try await branch.bonus(of: account)?.granted == 2)
            #expect(try await branch.bonus(of: account)?.disorders == 0)
            #expect(try await branch.number("select count(*) from test.ledger") == 2)
        }
    }

    @Test func `what comes late holds its stream and no other, and comes when it is let go`() async throws {
        let disturbance = Disturbance()
        try await withBranch(works: true, disturbance: disturbance) { branch in
            let (late, free) = (try await branch.open(), try await branch.open())
            disturbance.add(rule(.comesLate, of: "bonus.reactions", times: 1))
            for amount in [1, 2] { try await branch.perform(Change(late, .deposit(amount: amount))) }
            try await until("they wait") { try await branch.number("select count(*) from mall.parked") == 2 }
            branch.clock.advance(by: .seconds(86_400))
            try await branch.perform(Change(free, .deposit(amount: 1)))
            try await until("the other flows") { try await branch.bonus(of: free)?.granted == 1 }
            #expect(try await branch.bonus(of: late) == nil)
            try await branch.worker.calm()
            try await until("they come") { try await branch.isSettled() }
            #expect(try await branch.bonus(of: late)?.total == 3)
            #expect(try await branch.bonus(of: late)?.disorders == 0)
            #expect(try await branch.number("select count(*) from mall.dead_letters") == 0)
        }
    }

    @Test(arguments: [Disturbance.Fault.comesTwice, .comesAgain])
    func `row 30: what comes twice, at once or after all the others, has one effect`(fault: Disturbance.Fault)
        async throws
    {
        let disturbance = Disturbance()
        try await withBranch(works: true, disturbance: disturbance) { branch in
            let account = try await branch.open()
            disturbance.add(rule(fault, of: "bonus.reactions"))
            for amount in 1...5 { try await branch.perform(Change(account, .deposit(amount: amount))) }
            try await until("all are heard") { try await branch.isSettled() }
            let written = try await branch.number("select count(*) from mall.log")
            try await branch.worker.calm()
            try await until("all is still") { try await branch.isSettled() }
            #expect(try await branch.bonus(of: account)?.total == 15)
            #expect(try await branch.number("select count(*) from mall.log") == written)
            #expect(try await branch.number("select count(*) from mall.dead_letters") == 0)
        }
    }

    @Test func `what is refused is a dead letter, and its stream flows on`() async throws {
        let disturbance = Disturbance()
        try await withBranch(disturbance: disturbance) { branch in
            let account = try await branch.open()
            for listener in listeners { disturbance.add(rule(.refuses, of: listener)) }
            try await branch.perform(Change(account, .deposit(amount: 1)))
            branch.work()
            try await until("both are dead letters") {
                try await branch.number("select count(*) from mall.dead_letters") == 2
            }
            #expect(disturbance.rules.allSatisfy { $0.struck ?? 0 >= 1 })
            try await branch.worker.calm()
            #expect(disturbance.rules.isEmpty)
            try await branch.perform(Change(account, .deposit(amount: 2)))
            try await until("the next is done") { try await branch.bonus(of: account)?.total == 2 }
            try await until("and in the table") { try await branch.number("select count(*) from test.ledger") == 1 }
        }
    }
}
