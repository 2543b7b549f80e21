public import Kernel

/// Somebody can order from now on.
public struct CustomerRegistered: PublicEvent {
    public static let name = "customersapi.CustomerRegistered"

    public let id: CustomerID
    public let name: String
    /// In E.164: `+` and up to 15 digits.
    public let smsNumber: String

    public init(id: CustomerID, name: String, smsNumber: String) {
        self.id = id
        self.name = name
        self.smsNumber = smsNumber
    }
}

public struct CustomerSmsChanged: PublicEvent {
    public static let name = "customersapi.CustomerSmsChanged"

    public let id: CustomerID
    public let smsNumber: String

    public init(id: CustomerID, smsNumber: String) {
        self.id = id
        self.smsNumber = smsNumber
    }
}

public struct CustomerEnabled: PublicEvent {
    public static let name = "customersapi.CustomerEnabled"

    public let id: CustomerID

    public init(id: CustomerID) {
        self.id = id
    }
}

public struct CustomerDisabled: PublicEvent {
    public static let name = "customersapi.CustomerDisabled"

    public let id: CustomerID

    public init(id: CustomerID) {
        self.id = id
    }
}

/// Registers a person, or finds the one who has this number already.
public struct RegisterCustomer: PublicCommand {
    public static let name = "customersapi.RegisterCustomer"
    public typealias Reply = RegisteredCustomer

    public let name: String
    public let smsNumber: String

    public init(name: String, smsNumber: String) {
        self.name = name
        self.smsNumber = smsNumber
    }
}

/// Who a registration led to. It says nothing about a customer known before, not even the name.
public struct RegisteredCustomer: Codable, Sendable, Equatable {
    public let id: CustomerID
    /// Whether the number was registered before; nothing was changed then.
    public let known: Bool

    public init(id: CustomerID, known: Bool) {
        self.id = id
        self.known = known
    }
}

public struct ChangeSmsNumber: PublicCommand {
    public static let name = "customersapi.ChangeSmsNumber"

    public let id: CustomerID
    public let smsNumber: String

    public init(id: CustomerID, smsNumber: String) {
        self.id = id
        self.smsNumber = smsNumber
    }
}

public struct EnableCustomer: PublicCommand {
    public static let name = "customersapi.EnableCustomer"

    public let id: CustomerID

    public init(id: CustomerID) {
        self.id = id
    }
}

public struct DisableCustomer: PublicCommand {
    public static let name = "customersapi.DisableCustomer"

    public let id: CustomerID

    public init(id: CustomerID) {
        self.id = id
    }
}

/// Refused as `forbidden` when the customer may not order.
public struct AuthorizeCustomer: PublicCommand {
    public static let name = "customersapi.AuthorizeCustomer"

    public let id: CustomerID

    public init(id: CustomerID) {
        self.id = id
    }
}

/// A customer by identifier; `not_found` if there is none.
public struct GetCustomer: Query {
    public static let name = "customersapi.GetCustomer"
    public typealias Answer = CustomerDetails

    public let id: CustomerID

    public init(id: CustomerID) {
        self.id = id
    }
}

/// The customer with this number, in whatever spelling; nil if there is none.
public struct FindCustomer: Query {
    public static let name = "customersapi.FindCustomer"
    public typealias Answer = CustomerDetails?

    public let smsNumber: String

    public init(smsNumber: String) {
        self.smsNumber = smsNumber
    }
}

/// Customers by words in name or number, by name.
public struct FindCustomers: Query {
    public static let name = "customersapi.FindCustomers"
    public typealias Answer = Page<CustomerDetails>

    public let text: String?
    public let page: PageRequest

    public init(text: String? = nil, page: PageRequest) {
        self.text = text
        self.page = page
    }
}

public struct CustomerDetails: Codable, Sendable, Equatable {
    public let id: CustomerID
    public let name: String
    public let smsNumber: String
    public let enabled: Bool
    public let version: Version

    public init(id: CustomerID, name: String, smsNumber: String, enabled: Bool, version: Version) {
        self.id = id
        self.name = name
        self.smsNumber = smsNumber
        self.enabled = enabled
        self.version = version
    }
}
