import Contracts
import FoundationEssentials
import Kernel

/// The places where goods wait for their customers.
enum Bay {
    /// A-01, A-02, …, the nearest first.
    static let names = DepotLimits.bayRows.flatMap { row in
        (1...DepotLimits.baysInRow).map { "\(row)-\($0 < 10 ? "0" : "")\($0)" }
    }

    private static let known = Set(names)

    /// A bay as somebody typed it.
    static func name(_ text: String) throws(Refusal) -> String {
        let name = try Text.name(text, field: "bay").uppercased()
        guard known.contains(name) else { throw .invalid("there is no bay \(name)", field: "bay") }
        return name
    }

    static let migration = Migration(
        2, "create the list of taken bays",
        sql: """
            create table depot.bays (
                list_id uuid primary key,
                bay text not null
            );
            """)

    /// Which bays are taken, a moment ago: a hint where to look. Who has a bay, its claim says.
    static let taken = keeps("depot.bays") {
        on(ShoppingListCompleted.self) { event, _ in
            if let bay = event.bay { put(event.id, to: bay) } else { clear(event.id) }
        }
        on(ShoppingListPutToBay.self) { event, _ in put(event.id, to: event.bay) }
        on(ShoppingListBayCleared.self) { event, _ in clear(event.id) }
    }

    private static func put(_ list: ListID, to bay: String) -> SQL {
        """
        insert into depot.bays (list_id, bay) values (\(list.rawValue), \(bay))
        on conflict (list_id) do update set bay = excluded.bay
        """
    }

    private static func clear(_ list: ListID) -> SQL { "delete from depot.bays where list_id = \(list.rawValue)" }
}

/// A bay for a list's goods; nil if all are taken.
struct FreeBay: Query {
    static let name = "depot.FreeBay"
    typealias Answer = String?

    let list: ListID

    func answer(_ reader: any Reader) async throws -> String? {
        var taken: Set<String> = []
        for row in try await reader.rows("select bay from depot.bays") { taken.insert(try row[0]) }
        let free = Bay.names.filter { !taken.contains($0) }
        for start in stride(from: 0, to: free.count, by: DepotLimits.baySpread) {
            let near = free[start..<min(start + DepotLimits.baySpread, free.count)]
            // Two clerks who complete two lists at once look at the same few bays, in another order.
            let offset = Int(list.rawValue.uuid.15) % near.count
            for bay in near.dropFirst(offset) + near.prefix(offset) {
                if try await reader.holder(ofClaim: ShoppingList.bayScope, value: bay) == nil { return bay }
            }
        }
        return nil
    }
}
