import Contracts
public import Kernel

/// The people who order. Numbers without a country code are read as numbers of the country with `diallingCode`.
public func customers(diallingCode: String = "49") -> Module {
    Module("customers") {
        accepts(RegisterCustomer.self) { command, tx in
            let number = try PhoneNumber(command.smsNumber, diallingCode: diallingCode)
            if let known = try await tx.ask(FindCustomer(smsNumber: number.e164)) {
                return RegisteredCustomer(id: known.id, known: true)
            }
            // Two kiosks that register one number at once: the claim lets one of them through.
            let id = tx.newID(CustomerID.self)
            try await tx.tell(Customer.self, id, .register(name: command.name, number))
            return RegisteredCustomer(id: id, known: false)
        }
        accepts(ChangeSmsNumber.self) { command, tx in
            let number = try PhoneNumber(command.smsNumber, diallingCode: diallingCode)
            try await tx.tell(Customer.self, command.id, .changeSmsNumber(number))
            return Done()
        }
        accepts(EnableCustomer.self) { command, tx in
            try await tx.tell(Customer.self, command.id, .enable)
            return Done()
        }
        accepts(DisableCustomer.self) { command, tx in
            try await tx.tell(Customer.self, command.id, .disable)
            return Done()
        }
        accepts(AuthorizeCustomer.self) { command, tx in
            try await tx.tell(Customer.self, command.id, .authorize)
            return Done()
        }
        announces(Customer.self) { id, _, event in
            switch event {
            case .customerRegistered(let name, let smsNumber):
                CustomerRegistered(id: id, name: name, smsNumber: smsNumber)
            case .customerSmsChanged(let smsNumber): CustomerSmsChanged(id: id, smsNumber: smsNumber)
            case .customerEnabled: CustomerEnabled(id: id)
            case .customerDisabled: CustomerDisabled(id: id)
            case .customerAuthorized: []
            }
        }

        answers(GetCustomer.self) { query, reader in
            guard let details = try await details(of: query.id, reader) else { throw Refusal.unknownCustomer }
            return details
        }
        answers(FindCustomer.self) { query, reader in
            let number = try PhoneNumber(query.smsNumber, diallingCode: diallingCode)
            guard let holder = try await reader.holder(ofClaim: Customer.numberScope, value: number.e164) else {
                return nil
            }
            return try await details(of: CustomerID(rawValue: holder), reader)
        }
        answers(FindCustomers.self) { query, reader in
            let wanted = try Predicate.words(of: query.text ?? "", in: "words")
            return try await people.page(query.page, where: wanted, of: reader, by: \.name) { row in
                CustomerDetails(
                    id: row.id, name: row.name, smsNumber: row.smsNumber, enabled: row.enabled, version: row.version)
            }
        }

        folds(people)
        shows(peopleTopic)
    }
}

private func details(of id: CustomerID, _ reader: any Reader) async throws -> CustomerDetails? {
    guard let found = try await reader.state(of: Customer.self, id),
        case .registered(let person, let enabled) = found.state
    else { return nil }
    return CustomerDetails(
        id: id, name: person.name, smsNumber: person.smsNumber, enabled: enabled, version: found.version)
}
