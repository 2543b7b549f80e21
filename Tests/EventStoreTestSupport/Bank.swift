public import Kernel

// A small bank, to keep an event store busy with: accounts with claims and timers, a module that reacts, a table, a view.

public enum AccountNoun {}
public typealias AccountID = ID<AccountNoun>

public struct Account: Decider {
    public typealias Noun = AccountNoun

    public enum Command: Sendable {
        case open(name: String)
        case deposit(Int)
        case withdraw(Int)
        /// So many deposits of 1 at once.
        case burst(Int)
        case rename(String)
        case remind(at: Instant?)
        case ring
        case close
    }

    public enum Event: Codable, Sendable, Equatable {
        case accountOpened(name: String)
        case deposited(amount: Int)
        case withdrawn(amount: Int)
        case renamed(name: String)
        case reminderSet(at: Instant?)
        case rang(due: Instant)
        case accountClosed(at: Int)
    }

    public static let category = "bank.Account"

    public var isOpen = false
    public var name = ""
    public var balance = 0
    public var movements = 0
    public var rings = 0
    public var reminder: Instant?

    public init() {}

    public func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event] {
        guard isOpen else {
            if case .open(let name) = command { return [.accountOpened(name: name)] }
            throw .notFound("there is no such account")
        }
        switch command {
        case .open: throw .conflict("the account is open already")
        case .deposit(let amount): return amount == 0 ? [] : [.deposited(amount: amount)]
        case .withdraw(let amount):
            guard amount <= balance else { throw .conflict("there are only \(balance) left") }
            return [.withdrawn(amount: amount)]
        case .burst(let count): return Array(repeating: .deposited(amount: 1), count: count)
        case .rename(let name): return [.renamed(name: name)]
        case .remind(let at): return [.reminderSet(at: at)]
        case .ring: return reminder.map { [.rang(due: $0)] } ?? []
        case .close: return [.accountClosed(at: movements)]
        }
    }

    public mutating func apply(_ event: Event) {
        switch event {
        case .accountOpened(let name): (isOpen, self.name) = (true, name)
        case .deposited(let amount): (balance, movements) = (balance + amount, movements + 1)
        case .withdrawn(let amount): (balance, movements) = (balance - amount, movements + 1)
        case .renamed(let name): self.name = name
        case .reminderSet(let at): reminder = at
        case .rang: (reminder, rings) = (nil, rings + 1)
        case .accountClosed: isOpen = false
        }
    }

    public var claims: Set<Claim> {
        isOpen ? [Claim(scope: "account", value: name, taken: "the name \(name) is taken")] : []
    }
    public var timers: [String: Instant] { reminder.map { ["reminder": $0] } ?? [:] }
    public static func command(for timer: String) -> Command? { timer == "reminder" ? .ring : nil }
}

public struct AccountOpened: PublicEvent {
    public static let name = "bankapi.AccountOpened"
    public let account: AccountID
    public let name: String
}

public struct Moved: PublicEvent, Hashable {
    public static let name = "bankapi.Moved"
    public let account: AccountID
    public let amount: Int
    public let balance: Int
    /// From 1, without gaps, for each account.
    public let number: Int

    public init(account: AccountID, amount: Int, balance: Int, number: Int) {
        (self.account, self.amount, self.balance, self.number) = (account, amount, balance, number)
    }
}

public struct AccountClosed: PublicEvent {
    public static let name = "bankapi.AccountClosed"
    public let account: AccountID
}

public struct OpenAccount: PublicCommand {
    public static let name = "bankapi.OpenAccount"
    public struct Reply: Codable, Sendable, Equatable { public let account: AccountID }
    public let name: String
    public init(name: String) { self.name = name }
}

public struct Change: PublicCommand {
    public static let name = "bankapi.Change"
    public enum What: Codable, Sendable, Equatable {
        case deposit(amount: Int)
        case withdraw(amount: Int)
        case burst(count: Int)
        case rename(name: String)
        case remind(at: Instant?)
        case close
    }
    public let account: AccountID
    public let what: What
    public init(_ account: AccountID, _ what: What) { (self.account, self.what) = (account, what) }
}

public struct Transfer: PublicCommand {
    public static let name = "bankapi.Transfer"
    public let from: AccountID
    public let to: AccountID
    public let amount: Int
    public init(from: AccountID, to: AccountID, amount: Int) { (self.from, self.to, self.amount) = (from, to, amount) }
}

/// Counts the movements of one account, and how many came in another order than they were made.
public struct Bonus: Decider {
    public typealias Noun = AccountNoun
    public enum Command: Sendable { case grant(number: Int, amount: Int) }
    public enum Event: Codable, Sendable, Equatable { case bonusGranted(number: Int, amount: Int) }

    public static let category = "bonus.Bonus"

    public var total = 0
    public var granted = 0
    public var last = 0
    public var disorders = 0

    public init() {}

    public func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event] {
        switch command {
        case .grant(_, let amount) where amount == unlucky: throw .conflict("there is no bonus for \(unlucky)")
        case .grant(let number, let amount): return [.bonusGranted(number: number, amount: amount)]
        }
    }

    public mutating func apply(_ event: Event) {
        switch event {
        case .bonusGranted(let number, let amount):
            total += amount
            granted += 1
            if number != last + 1 { disorders += 1 }
            last = number
        }
    }
}

/// An amount that the bonus module refuses.
public let unlucky = 13

public struct BonusGranted: PublicEvent {
    public static let name = "bonusapi.BonusGranted"
    public let account: AccountID
    public let number: Int
    public let total: Int
}

public struct AccountRow: ProjectionRow {
    public let name: String
    public var balance = 0
    public var movements = 0
    public var bonus = 0

    public static let columns: [Column<AccountRow>] = [
        Column("name", .text) { .text($0.name) },
        Column("balance", .int) { .int(Int64($0.balance)) },
    ]
}

/// What goes wrong on purpose.
public struct Faults: Sendable {
    /// Called at the start and at the end of the bonus module's handler.
    public var inReaction: @Sendable (Moved) throws -> Void = { _ in }
    public init() {}
}

/// The modules; the table's statements call `test.flaky()`, which a test may make fail.
public func bank(_ faults: Faults = Faults()) -> [Module] {
    [
        Module("bank") {
            accepts(OpenAccount.self) { command, tx in
                let account = tx.newID(AccountID.self)
                try await tx.tell(Account.self, account, .open(name: command.name))
                return OpenAccount.Reply(account: account)
            }
            accepts(Change.self) { command, tx in
                let told: Account.Command =
                    switch command.what {
                    case .deposit(let amount): .deposit(amount)
                    case .withdraw(let amount): .withdraw(amount)
                    case .burst(let count): .burst(count)
                    case .rename(let name): .rename(name)
                    case .remind(let at): .remind(at: at)
                    case .close: .close
                    }
                try await tx.tell(Account.self, command.account, told)
                return Done()
            }
            accepts(Transfer.self) { command, tx in
                try await tx.tell(Account.self, command.from, .withdraw(command.amount))
                try await tx.tell(Account.self, command.to, .deposit(command.amount))
                return Done()
            }
            announces(Account.self) { id, account, event in
                switch event {
                case .accountOpened(let name): AccountOpened(account: id, name: name)
                case .deposited(let amount):
                    Moved(account: id, amount: amount, balance: account.balance, number: account.movements)
                case .withdrawn(let amount):
                    Moved(account: id, amount: -amount, balance: account.balance, number: account.movements)
                case .accountClosed: AccountClosed(account: id)
                case .renamed, .reminderSet, .rang: []
                }
            }
            ticks(Account.self)
            folds(accounts)
            migrates(
                Migration(
                    1, "ledger",
                    sql: """
                        create schema test;
                        create table test.ledger (
                            at bigint generated always as identity, account uuid not null, number int not null,
                            amount int not null check (amount <> 666));
                        create table test.chance (failure float not null);
                        insert into test.chance values (0);
                        create function test.flaky() returns void language plpgsql as $$
                        begin
                            if random() < (select failure from test.chance) then raise 'out of luck'; end if;
                        end $$;
                        """))
            keeps("ledger") {
                on(Moved.self) { message, _ in
                    """
                    insert into test.ledger (account, number, amount)
                    select \(message.account), \(Int32(message.number)), \(Int32(message.amount)) from test.flaky()
                    """
                }
            }
        },
        Module("bonus") {
            reacts(to: Moved.self) { event, tx in
                try faults.inReaction(event)
                try await tx.tell(Bonus.self, event.account, .grant(number: event.number, amount: event.amount))
                try faults.inReaction(event)
            }
            announces(Bonus.self) { id, bonus, event in
                switch event {
                case .bonusGranted(let number, _): BonusGranted(account: id, number: number, total: bonus.total)
                }
            }
        },
    ]
}

public let accounts = Projection("accounts", of: AccountRow.self) {
    on(AccountOpened.self, \.account) { row, event, _ in row = AccountRow(name: event.name) }
    on(Moved.self, \.account) { row, event, _ in
        row?.balance = event.balance
        row?.movements += 1
    }
    on(BonusGranted.self, \.account) { row, event, _ in row?.bonus = event.total }
    on(AccountClosed.self, \.account) { row, _, _ in row = nil }
}
