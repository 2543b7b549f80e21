/// What people read of the answers they are given: no more than they act on.

struct Made: Decodable, Sendable {
    let id: String
}

struct Shops: Decodable, Sendable {
    struct Shop: Decodable, Sendable {
        let id: String
    }
    let stores: [Shop]
    let next: String?
}

struct Goods: Decodable, Sendable {
    struct Product: Decodable, Sendable {
        let id: String
        let priceMinor: Int64
    }
    let products: [Product]
    let next: String?
}

struct CheckedOut: Decodable, Sendable {
    let orderId: String
    let pickupCode: String
}

/// An order as its customer follows it.
struct Followed: Decodable, Sendable {
    let status: String
    let paid: Bool?
}

struct NewRobot: Decodable, Sendable {
    let id: String
    let token: String
}

struct Greeted: Decodable, Sendable {
    let resume: String?
    let recall: String?
}

/// A shopping list as a robot carries it.
struct Errand: Decodable, Sendable {
    struct Stop: Decodable, Sendable {
        let storeId: String
        let arrivedAt: String?
        let lines: [Line]
    }
    struct Line: Decodable, Sendable {
        let productId: String
        let ordered: Int
        let picked: Int
        let missing: Int

        var open: Int { ordered - picked - missing }
    }
    let id: String
    let status: String
    let stops: [Stop]
    let lastReport: Int
}

struct Offered: Decodable, Sendable {
    let list: Errand?
}

struct Boards: Decodable, Sendable {
    struct Row: Decodable, Sendable {
        let id: String
    }
    let lists: [Row]
}

struct Fleet: Decodable, Sendable {
    struct Row: Decodable, Sendable {
        let id: String
    }
    let bots: [Row]
}

/// What the desk finds about a customer who stands there.
struct Pickups: Decodable, Sendable {
    struct Row: Decodable, Sendable {
        let orderId: String
        let status: String
        let totalMinor: Int64
        let invoiceId: String?
        let invoiceStatus: String?
    }
    let orders: [Row]
}

struct Bill: Decodable, Sendable {
    let status: String
    let amountMinor: Int64
}

struct Orders: Decodable, Sendable {
    struct Row: Decodable, Sendable {
        let status: String
    }
    let orders: [Row]
    let next: String?
}

struct Troubles: Decodable, Sendable {
    struct Row: Decodable, Sendable {
        let id: String
    }
    let rows: [Row]

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// The rows of a list, whatever it is called there.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for key in container.allKeys where key.stringValue != "next" {
            rows = try container.decode([Row].self, forKey: key)
            return
        }
        rows = []
    }
}
