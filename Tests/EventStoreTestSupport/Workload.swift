public import EventStore
public import FoundationEssentials
public import Kernel

/// What one writer of the stress test does: the same for the same seed, so that one that is killed and started again repeats
/// its commands under the same ids, and anybody can say what must come of it.
public struct Workload: Sendable {
    public static let accounts = 12
    public static let callers = 16

    public let seed: UInt64
    public let commands: Int

    public init(seed: UInt64, commands: Int) { (self.seed, self.commands) = (seed, commands) }

    public struct Step: Sendable {
        public let id: UUID
        public let account: Int
        /// 0 asks for something that is always refused.
        public let amount: Int
    }

    public subscript(number: Int) -> Step {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(number)
        func next() -> UInt64 {
            // splitmix64, by S. Vigna.
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        let (a, b) = (next(), next())
        // Half of it is about one account.
        let account = next() % 2 == 0 ? 0 : Int(next() % UInt64(Self.accounts))
        let amount = next() % 10 == 0 ? 0 : Int(next() % 9) + 1
        return Step(id: Self.uuid(a, b), account: account, amount: amount)
    }

    /// The command's id that opens an account; every writer opens them all.
    public static func opening(_ account: Int) -> UUID { uuid(0x6261_6e6b, UInt64(account) + 1) }

    private static func uuid(_ a: UInt64, _ b: UInt64) -> UUID {
        withUnsafeBytes(of: (a, b)) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }

    /// Asks until it is answered, however often the answer is that somebody else was faster or that the database is away.
    public static func perform(_ branch: Branch, _ command: some PublicCommand, id: UUID) async throws -> Outcome? {
        while true {
            do {
                return try await branch.perform(command, id: id)
            } catch let refusal as Refusal where refusal.kind == .stale || refusal.kind == .unavailable {
                continue
            } catch let refusal as Refusal where refusal.kind == .conflict {
                return nil
            }
        }
    }

    public static func open(_ branch: Branch, _ account: Int) async throws -> AccountID {
        guard let outcome = try await perform(branch, OpenAccount(name: "account \(account)"), id: opening(account))
        else {
            throw Waited(description: "account \(account) is held by another command")
        }
        return try Coding.decode(OpenAccount.Reply.self, from: outcome.reply).account
    }

    public func run(_ branch: Branch) async throws {
        var accounts: [AccountID] = []
        for account in 0..<Self.accounts { accounts.append(try await Self.open(branch, account)) }
        try await withThrowingTaskGroup { group in
            for caller in 0..<Self.callers {
                group.addTask { [accounts] in
                    for number in stride(from: caller, to: commands, by: Self.callers) {
                        let step = self[number]
                        let what: Change.What =
                            step.amount == 0 ? .withdraw(amount: .max) : .deposit(amount: step.amount)
                        _ = try await Self.perform(branch, Change(accounts[step.account], what), id: step.id)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
