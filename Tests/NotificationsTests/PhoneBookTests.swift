import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Postgres
import PostgresTestSupport
import Testing

@testable import Notifications

@Suite struct PhoneBookTests {
    static let ada = CustomerID(1)
    static let registered = CustomerRegistered(id: ada, name: "Ada", smsNumber: "+491701234567")
    static let changed = CustomerSmsChanged(id: ada, smsNumber: "+491707654321")

    @Test func `row 13, F-C1: the number that was changed is the next one used, also if the change came first`()
        async throws
    {
        let facts: [(event: any PublicEvent, version: Version)] = [(Self.registered, 1), (Self.changed, 4)]
        for order in [facts, facts.reversed(), facts + facts] {
            try await kept { connection in
                for fact in order { try await hear(fact.event, fact.version, connection) }
                #expect(try await number(connection) == "+491707654321")
            }
        }
    }

    @Test func `a lookup that began before a change does not undo it`() async throws {
        try await kept { connection in
            try await hear(Self.changed, 4, connection)
            try await connection.execute(
                PhoneBook.remember(
                    CustomerDetails(id: Self.ada, name: "Ada", smsNumber: "+491701234567", enabled: true, version: 3)))
            #expect(try await number(connection) == "+491707654321")
        }
    }

    private func kept(_ body: (Connection) async throws -> Void) async throws {
        try await TestDatabase.connected { connection in
            try await connection.script(PhoneBook.migration.sql)
            try await body(connection)
        }
    }

    private func number(_ connection: Connection) async throws -> String? {
        try await connection.query(PhoneBook.number(of: Self.ada)).first.map { try $0[0] }
    }

    private func hear(_ event: any PublicEvent, _ version: Version, _ connection: Connection) async throws {
        guard case .keeps(let table) = PhoneBook.numbers else { return }
        let (id, spoken) = (UUID(), try Spoken(event))
        let envelope = Envelope(
            position: Position(1), commandEnd: Position(1), id: id,
            stream: StreamName(category: "customers.Customer", id: id), version: version, kind: .message,
            type: spoken.type, body: spoken.body, cause: Cause(correlation: id, causation: id, actor: "test"),
            at: .morning)
        for sql in try table.effects[spoken.type]?(envelope) ?? [] { try await connection.execute(sql) }
    }
}
