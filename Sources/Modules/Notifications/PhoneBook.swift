import Contracts
import FoundationEssentials
import Kernel

/// Where a customer is written to; `not_found` if Customers has never heard of them.
struct PhoneOf: Query {
    static let name = "notifications.PhoneOf"
    typealias Answer = String

    let customer: CustomerID

    /// From the cache; what it lacks is asked of Customers and remembered.
    func answer(_ reader: any Reader) async throws -> String {
        if let row = try await reader.rows(PhoneBook.number(of: customer)).first { return try row[0] }
        let details = try await reader.ask(GetCustomer(id: customer))
        try await reader.remember(PhoneBook.remember(details))
        return details.smsNumber
    }
}

/// The module's copy of what Customers has said: the number of each with the version it was last heard at, so that a change
/// which overtakes the registration stands.
enum PhoneBook {
    static let migration = Migration(
        1, "create the cache of customers",
        sql: """
            create schema if not exists notifications;
            create table notifications.customers_cache (
                id uuid primary key,
                sms_number text not null,
                version bigint not null
            );
            """)

    static func number(of customer: CustomerID) -> SQL {
        "select sms_number from notifications.customers_cache where id = \(customer.rawValue)"
    }

    static func remember(_ customer: CustomerDetails) -> SQL {
        hear(customer.smsNumber, of: customer.id, customer.version)
    }

    static let numbers = keeps("notifications.customers_cache") {
        on(CustomerRegistered.self) { event, envelope in hear(event.smsNumber, of: event.id, envelope.version) }
        on(CustomerSmsChanged.self) { event, envelope in hear(event.smsNumber, of: event.id, envelope.version) }
    }

    private static func hear(_ number: String, of customer: CustomerID, _ version: Version) -> SQL {
        """
        insert into notifications.customers_cache as held (id, sms_number, version)
        values (\(customer.rawValue), \(number), \(version))
        on conflict (id) do update set sms_number = excluded.sms_number, version = excluded.version
        where held.version < excluded.version
        """
    }
}
