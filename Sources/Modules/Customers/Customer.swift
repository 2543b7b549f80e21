import Contracts
import Kernel

/// A registered person and whether they may order.
enum Customer: Decider {
    case absent
    case registered(Person, enabled: Bool)

    struct Person: Codable, Equatable {
        let name: String
        var smsNumber: String
    }

    typealias Noun = Contracts.Noun.Customer
    static let category = "customers.Customer"
    static let numberScope = "customers.smsNumber"

    enum Command {
        case register(name: String, PhoneNumber)
        case changeSmsNumber(PhoneNumber)
        case enable
        case disable
        case authorize
    }

    enum Event: Codable, Equatable {
        case customerRegistered(name: String, smsNumber: String)
        case customerSmsChanged(smsNumber: String)
        case customerEnabled
        case customerDisabled
        case customerAuthorized
    }

    init() { self = .absent }

    /// A number is one person's in the mall: it is how a kiosk knows them.
    var claims: Set<Claim> {
        guard case .registered(let person, _) = self else { return [] }
        return [
            Claim(scope: Self.numberScope, value: person.smsNumber, taken: "another customer has this number")
        ]
    }

    func decide(_ command: Command, at _: Instant) throws(Refusal) -> [Event] {
        switch (self, command) {
        case (.absent, .register(let name, let number)):
            return [.customerRegistered(name: try Text.name(name, field: "name"), smsNumber: number.e164)]
        case (.registered(let person, _), .changeSmsNumber(let number)):
            guard number.e164 != person.smsNumber else {
                throw .invalid("the customer has this number already", field: "smsNumber")
            }
            return [.customerSmsChanged(smsNumber: number.e164)]
        case (.registered(_, enabled: false), .enable): return [.customerEnabled]
        case (.registered(_, enabled: true), .disable): return [.customerDisabled]
        case (.registered(_, enabled: true), .authorize): return [.customerAuthorized]

        case (.registered, .register): throw .conflict("the customer is registered already")
        case (.registered(_, enabled: true), .enable): throw .conflict("the customer is enabled already")
        case (.registered(_, enabled: false), .disable): throw .conflict("the customer is disabled already")
        case (.registered(_, enabled: false), .authorize): throw .forbidden("the customer may not order")
        case (.absent, .changeSmsNumber), (.absent, .enable), (.absent, .disable), (.absent, .authorize):
            throw .unknownCustomer
        }
    }

    mutating func apply(_ event: Event) {
        switch (self, event) {
        case (_, .customerRegistered(let name, let smsNumber)):
            self = .registered(Person(name: name, smsNumber: smsNumber), enabled: true)
        case (.registered(var person, let enabled), .customerSmsChanged(let smsNumber)):
            person.smsNumber = smsNumber
            self = .registered(person, enabled: enabled)
        case (.registered(let person, _), .customerEnabled): self = .registered(person, enabled: true)
        case (.registered(let person, _), .customerDisabled): self = .registered(person, enabled: false)
        case (.registered, .customerAuthorized): break
        case (.absent, _): preconditionFailure("a customer's history begins with \(event), not with a registration")
        }
    }
}

extension Refusal {
    static let unknownCustomer = Refusal.notFound("there is no such customer")
}
