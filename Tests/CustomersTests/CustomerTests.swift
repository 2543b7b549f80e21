import Contracts
import DomainTestSupport
import FoundationEssentials
import Kernel
import Testing

@testable import Customers

@Suite struct CustomerTests {
    static let registered = Customer.Event.customerRegistered(name: "Ada", smsNumber: "+491701234567")

    @Test func `every state answers every command as the table says`() throws {
        let table = table(
            of: Customer.self,
            states: ["absent": [], "enabled": [Self.registered], "disabled": [Self.registered, .customerDisabled]],
            commands: [
                "register": .register(name: "Ada", try number("0170 1234567")),
                "changeSmsNumber": .changeSmsNumber(try number("0170 7654321")), "enable": .enable,
                "disable": .disable, "authorize": .authorize,
            ])
        #expect(
            table == """
                absent
                    register → customerRegistered
                    changeSmsNumber → not_found: there is no such customer
                    enable → not_found: there is no such customer
                    disable → not_found: there is no such customer
                    authorize → not_found: there is no such customer
                enabled
                    register → conflict: the customer is registered already
                    changeSmsNumber → customerSmsChanged
                    enable → conflict: the customer is enabled already
                    disable → customerDisabled
                    authorize → customerAuthorized
                disabled
                    register → conflict: the customer is registered already
                    changeSmsNumber → customerSmsChanged
                    enable → customerEnabled
                    disable → conflict: the customer is disabled already
                    authorize → forbidden: the customer may not order
                """)
    }

    @Test func `a customer's number is claimed, and a changed one given back`() throws {
        let claims = given(Customer.self, [Self.registered]).after(.changeSmsNumber(try number("0170 7654321"))).state
            .claims
        #expect(claims == [Claim(scope: "customers.smsNumber", value: "+491707654321", taken: "")])
    }

    @Test func `a number that is the same in another spelling is no change`() throws {
        let refusal = given(Customer.self, [Self.registered])
            .refusal(of: .changeSmsNumber(try number("0049 170 1234567")))
        #expect(refusal?.field == "smsNumber")
    }

    @Test func `no sequence of commands breaks a customer`() throws {
        let numbers = [try number("0170 1234567"), try number("0170 7654321")]
        Seeded.check { random in
            wander(Customer.self, using: &random) { random in
                let number = numbers.randomElement(using: &random) ?? numbers[0]
                return switch Int.random(in: 0..<5, using: &random) {
                case 0: .register(name: "Ada", number)
                case 1: .changeSmsNumber(number)
                case 2: .enable
                case 3: .disable
                default: .authorize
                }
            }
        }
    }

    private func number(_ text: String) throws -> PhoneNumber { try PhoneNumber(text, diallingCode: "49") }
}

@Suite struct CustomersTests {
    let mall = MemoryMall(customers(diallingCode: "49"))

    @Test func `row 11: whoever registers is enabled, under a normalised number`() async throws {
        let id = try await register("Ada", "0170/1234567").id
        let ada = try await mall.ask(GetCustomer(id: id))
        #expect(ada.enabled)
        #expect(ada.smsNumber == "+491701234567")
        #expect(try people.rows(after: mall.log)[id.rawValue]?.smsNumber == "+491701234567")
        for (name, number, field) in [
            ("", "0170 1", "smsNumber"), ("", "0170 99999999", "name"), ("Bo", "", "smsNumber"),
        ] {
            let refusal = await #expect(throws: Refusal.self) { try await register(name, number) }
            #expect(refusal?.field == field)
        }
        #expect(mall.streamCount == 1)
    }

    @Test func `row 12 and F-C2: a number in another spelling finds the customer who has it, and says no more`()
        async throws
    {
        let first = try await register("Ada", "0170 1234567")
        #expect(!first.known)
        #expect(try await register("Somebody", "+49 170 1234567") == RegisteredCustomer(id: first.id, known: true))
        #expect(try await mall.ask(FindCustomer(smsNumber: "0049 170 1234567"))?.id == first.id)
        #expect(try await mall.ask(FindCustomer(smsNumber: "0170 7654321")) == nil)
        #expect(mall.streamCount == 1)
        await #expect(throws: Refusal.conflict("the customer is enabled already")) {
            try await mall.send(EnableCustomer(id: first.id))
        }
        try await mall.send(DisableCustomer(id: first.id))
        await #expect(throws: Refusal.conflict("the customer is disabled already")) {
            try await mall.send(DisableCustomer(id: first.id))
        }
    }

    @Test func `row 13 and F-C1: a changed number is said, found, and free for others to have before`() async throws {
        let (ada, bo) = (try await register("Ada", "0170 1234567").id, try await register("Bo", "0170 7654321").id)
        await #expect(throws: Refusal.conflict("another customer has this number")) {
            try await mall.send(ChangeSmsNumber(id: bo, smsNumber: "0170 1234567"))
        }
        try await mall.send(ChangeSmsNumber(id: ada, smsNumber: "0170 1111111"))
        try await mall.send(ChangeSmsNumber(id: bo, smsNumber: "0170 1234567"))
        #expect(try mall.said(CustomerSmsChanged.self).map(\.smsNumber) == ["+491701111111", "+491701234567"])
        #expect(try await mall.ask(FindCustomer(smsNumber: "0170 1234567"))?.id == bo)
        #expect(try people.rows(after: mall.log)[ada.rawValue]?.smsNumber == "+491701111111")
    }

    @Test func `F-C3: a disabled customer is not authorised, and nobody hears of an authorisation`() async throws {
        let ada = try await register("Ada", "0170 1234567").id
        try await mall.send(AuthorizeCustomer(id: ada))
        try await mall.send(DisableCustomer(id: ada))
        await #expect(throws: Refusal.forbidden("the customer may not order")) {
            try await mall.send(AuthorizeCustomer(id: ada))
        }
        #expect(
            Set(mall.log.filter { $0.kind == .message }.map(\.type)) == [
                CustomerRegistered.name, CustomerDisabled.name,
            ])
    }

    @Test func `row 8: a command for an unknown customer is not_found and begins no stream`() async throws {
        let id = CustomerID(rawValue: UUID())
        let commands: [() async throws -> Void] = [
            { try await mall.send(ChangeSmsNumber(id: id, smsNumber: "0170 1234567")) },
            { try await mall.send(EnableCustomer(id: id)) },
            { try await mall.send(DisableCustomer(id: id)) },
            { try await mall.send(AuthorizeCustomer(id: id)) },
            { _ = try await mall.ask(GetCustomer(id: id)) },
        ]
        for command in commands {
            let refusal = await #expect(throws: Refusal.self) { try await command() }
            #expect(refusal?.kind == .notFound)
        }
        #expect(mall.streamCount == 0)
    }

    @Test func `views of customers are filtered by words and whether they may order`() throws {
        #expect(
            try peopleTopic.filter(Array(#"{"text":"ADA 170","enabled":false}"#.utf8)).conjuncts
                == [.among("enabled", [.bool(false)]), .contains("words", ["ada", "170"])])
        #expect(throws: Refusal.self) {
            try peopleTopic.filter(Array(#"{"text":"\#(String(repeating: "x", count: 201))"}"#.utf8))
        }
    }

    @discardableResult
    private func register(_ name: String, _ number: String) async throws -> RegisteredCustomer {
        try await mall.send(RegisterCustomer(name: name, smsNumber: number)).reply
    }
}
