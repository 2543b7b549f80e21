import EventStoreTestSupport
import FoundationEssentials
import Kernel
import Postgres
import Testing

@testable import EventStore

/// Takes money out of an account, opens another and posts the money there.
private struct Errand: Saga {
    typealias Noun = AccountNoun
    static let category = "errands.Errand"

    let from: AccountID
    let amount: Int
    let name: String
    var opened: AccountID?

    static let steps = Steps<Errand> {
        ask {
            Change($0.from, .withdraw(amount: $0.amount))
        } undo: { errand, _ in
            Change(errand.from, .deposit(amount: errand.amount))
        }
        ask {
            OpenAccount(name: $0.name)
        } heard: {
            $0.opened = $1.account
        } undo: { errand, _ in
            errand.opened.map { Change($0, .close) }
        }
        ask { Post(to: $0.opened ?? $0.from, amount: $0.amount) }
    }
}

private struct StartErrand: PublicCommand {
    static let name = "errandsapi.StartErrand"
    let from: AccountID
    let amount: Int
    let name: String
}

private struct Post: PublicCommand {
    static let name = "postapi.Post"
    let to: AccountID
    let amount: Int
}

private let errands = Module("errands") {
    accepts(StartErrand.self) { command, tx in
        let id = tx.newID(AccountID.self)
        try await tx.tell(
            Course<Errand>.self, id, .start(Errand(from: command.from, amount: command.amount, name: command.name)))
        return Done()
    }
    coordinates(Errand.self) { _, _, _ in }
}

/// Delivers; `inHandler` is called before and after it has told the account.
private func post(_ inHandler: @escaping @Sendable () throws -> Void = {}) -> Module {
    Module("post") {
        accepts(Post.self) { command, tx in
            try inHandler()
            try await tx.tell(Account.self, command.to, .deposit(command.amount))
            try inHandler()
            return Done()
        }
    }
}

@Suite struct SagaTests {
    private struct Begun {
        let branch: Branch
        let from: AccountID
        let errand: AccountID

        var course: Course<Errand>? {
            get async throws { try await branch.dispatcher.questions.state(of: Course<Errand>.self, errand)?.state }
        }
        var balance: Int? { get async throws { try await branch.state(of: from)?.state.balance } }
        var opened: Account? {
            get async throws {
                guard let id = try await course?.saga?.opened else { return nil }
                return try await branch.state(of: id)?.state
            }
        }

        /// What the saga's stream has said and heard, in order.
        var messages: [String] {
            get async throws {
                try await branch.pool.query(
                    """
                    select l.type from mall.log l join mall.streams s using (stream_no)
                    where s.category = \(Errand.category) and l.kind = 1 order by l.position
                    """
                ).map { try $0[0] }
            }
        }

        func isCompleted() async throws -> Bool {
            if case .completed? = try await course { true } else { false }
        }
        func isCompensated() async throws -> Bool {
            if case .compensated? = try await course { true } else { false }
        }
    }

    private func begin(
        _ modules: [Module], pausing paused: String? = nil, _ body: (Begun) async throws -> Void
    ) async throws {
        try await withBranch(modules: bank() + [errands] + modules, works: true) { branch in
            let from = try await branch.open()
            try await branch.perform(Change(from, .deposit(amount: 100)))
            if let paused { #expect(await branch.worker.pause(paused, true)) }
            let outcome = try await branch.perform(
                StartErrand(from: from, amount: 40, name: UUID().lowercase), id: UUID())
            let errand = try #require(outcome.subject)
            try await body(Begun(branch: branch, from: from, errand: AccountID(rawValue: errand.id)))
        }
    }

    private let allWell = [
        "bankapi.Change", "am.Success", "bankapi.OpenAccount", "bankapi.Reply", "postapi.Post", "am.Success",
    ]

    @Test func `a saga's commands are carried out by whoever accepts them, and answered on its stream`() async throws {
        try await begin([post()]) { begun in
            try await until("it is completed") { try await begun.isCompleted() }
            #expect(try await begun.balance == 60)
            #expect(try await begun.opened?.balance == 40)
            #expect(try await begun.messages == allWell)
            // A reply has the version of what asked, and is one unit with what was done.
            let together = try await begun.branch.number(
                """
                select count(*) from mall.log r join mall.log e on e.command_end = r.command_end
                where r.type in ('am.Success', 'bankapi.Reply') and r.kind = 1 and e.kind = 0
                """)
            #expect(together == 3)
        }
    }

    @Test func `row 33, F-M2: who was killed before its mark could be moved does nothing twice`() async throws {
        try await begin([post()]) { begun in
            try await until("it is completed") { try await begun.isCompleted() }
            for name in ["bank.commands", "post.commands", "errands.replies"] {
                try await begun.branch.pool.execute("update mall.checkpoints set position = 0 where consumer = \(name)")
            }
            await begun.branch.worker.reset()
            try await until("all is heard again") { try await begun.branch.isSettled() }
            #expect(try await begun.messages == allWell)
            #expect(try await begun.balance == 60)
            #expect(try await begun.opened?.movements == 1)
            #expect(try await begun.branch.number("select count(*) from mall.dead_letters") == 0)
        }
    }

    @Test func `row 34, F-M3: a refusal keeps none of the participant's writes, and its reply has the reason`()
        async throws
    {
        let calls = Calls()
        let refusing = post { if calls.next() == 2 { throw Refusal.conflict("the letter box is full") } }
        try await begin([refusing]) { begun in
            try await until("it is compensated") { try await begun.isCompensated() }
            #expect(try await begun.balance == 100)
            #expect(try await begun.opened?.movements == 0)
            #expect(try await begun.course?.undoing?.cause == .conflict("the letter box is full"))
            #expect(
                try await begun.messages == allWell.dropLast() + [
                    "am.Failure", "bankapi.Change", "am.Success", "bankapi.Change", "am.Success",
                ])
        }
    }

    @Test func `F-D1: a command that nobody accepts is refused, and not met with silence`() async throws {
        try await begin([]) { begun in
            try await until("it is compensated") { try await begun.isCompensated() }
            #expect(try await begun.balance == 100)
            #expect(try await begun.course?.undoing?.cause == .notFound("nobody carries out postapi.Post"))
        }
    }

    @Test func `row 31: a saga waits for a participant that is away, asks again, and is answered once`() async throws {
        try await begin([post()], pausing: "post.commands") { begun in
            let (branch, clock) = (begun.branch, begun.branch.clock)
            func asked(_ count: Int) async throws {
                try await until("asked \(count) times") {
                    try await begun.messages.filter { $0 == "postapi.Post" }.count == count
                }
            }
            try await asked(1)
            clock.advance(by: .seconds(20))
            clock.advance(by: .seconds(11))
            try await asked(2)
            #expect(try await !begun.isCompleted())
            #expect(await branch.worker.pause("post.commands", false))
            try await until("it is completed") { try await begun.isCompleted() }
            try await until("the second asking is heard") { try await branch.isSettled() }
            #expect(try await begun.opened?.movements == 1)
            #expect(try await begun.messages.filter { $0 == "am.Success" }.count == 2)
        }
    }

    @Test func `row 31: a participant that never answers is given up after the fifth asking`() async throws {
        try await begin([post()], pausing: "post.commands") { begun in
            for sends in 1...SagaLimits.sends {
                try await until("asked \(sends) times") {
                    let asked = try await begun.course?.asked
                    return asked?.step == 2 && asked?.send == sends
                }
                begun.branch.clock.advance(by: SagaLimits.patience)
            }
            try await until("it is compensated") { try await begun.isCompensated() }
            #expect(try await begun.balance == 100)
            #expect(try await begun.course?.undoing?.cause.kind == .unavailable)
        }
    }

    @Test func `F-P8: what is the world's fault is no answer, and tried again`() async throws {
        let calls = Calls()
        let failing = post { if calls.next() <= 2 { throw Broken() } }
        try await begin([failing]) { begun in
            for attempts in 1...2 {
                try await until("try \(attempts) has failed") {
                    try await begun.branch.number("select coalesce(max(attempts), 0)::bigint from mall.parked")
                        == attempts
                }
                begun.branch.clock.advance(by: .seconds(5))
            }
            try await until("it is completed") { try await begun.isCompleted() }
            #expect(try await begun.messages == allWell)
        }
    }
}
