import Contracts
import Kernel

/// The stops where an order's items are fetched, as Stores knows them now. Refuses what is not sold any more, by name, and
/// what is asked of a store that does not have it.
func route(of items: [Item], _ tx: borrowing any Transaction & ~Copyable) async throws -> [Stop] {
    var stores: [StoreDetails] = []
    var lines: [StoreID: [StopLine]] = [:]
    for item in try summed(items) {
        let product: ProductDetails
        do { product = try await tx.ask(GetProduct(id: item.productId)) } catch let refusal as Refusal {
            throw refusal.kind == .notFound ? Refusal.notSold(item.productName) : refusal
        }
        guard !product.removed else { throw Refusal.notSold(product.name) }
        guard product.storeId == item.storeId else {
            throw Refusal.invalid("\(product.name) is not a product of \(item.storeName)", field: "items")
        }
        if lines[item.storeId] == nil { stores.append(try await tx.ask(GetStore(id: item.storeId))) }
        lines[item.storeId, default: []].append(
            StopLine(productId: item.productId, productName: product.name, quantity: item.quantity))
    }
    return stores.map { store in
        Stop(storeId: store.id, storeName: store.name, location: store.location, lines: lines[store.id] ?? [])
    }
    .sorted { ($0.place, $0.storeId.description) < ($1.place, $1.storeId.description) }
}

/// Each product of a store once, with all the units of its lines.
func summed(_ items: [Item]) throws(Refusal) -> [Item] {
    guard !items.isEmpty else { throw .nothingToFetch }
    guard items.count <= MallLimits.lines else {
        throw .invalid("an order may have at most \(MallLimits.lines) lines", field: "items")
    }
    var sums: [Item] = []
    for item in items {
        guard MallLimits.quantity.contains(item.quantity) else { throw .tooFew }
        if let index = sums.firstIndex(where: { $0.productId == item.productId && $0.storeId == item.storeId }) {
            sums[index] = sums[index].counting(sums[index].quantity + item.quantity)
        } else {
            sums.append(item)
        }
    }
    return sums
}

extension Stop {
    /// The location as robots pass it: unit 7 before unit 12.
    fileprivate var place: String {
        var place = ""
        var digits = ""
        for character in location.lowercased() + " " {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            if !digits.isEmpty {
                place += String(repeating: "0", count: max(0, Self.digits - digits.count)) + digits
                digits = ""
            }
            place.append(character)
        }
        return place
    }

    /// As many as a number in a location is thought to have.
    private static var digits: Int { 8 }
}

extension Refusal {
    fileprivate static func notSold(_ product: String) -> Refusal { .conflict("\(product) is no longer sold") }
}
