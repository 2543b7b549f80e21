import Contracts
import Kernel

/// The stops of a list with how far its robot is: the same in the aggregate and in the row that staff see.
extension [StopDetails] {
    /// Nothing fetched yet.
    init(_ stops: [Stop]) {
        self = stops.map { stop in
            StopDetails(
                storeId: stop.storeId, storeName: stop.storeName, location: stop.location,
                lines: stop.lines.map {
                    LineDetails(
                        productId: $0.productId, productName: $0.productName, ordered: $0.quantity, picked: 0,
                        missing: 0)
                })
        }
    }

    var ordered: Int { reduce(0) { $0 + $1.lines.reduce(0) { $0 + $1.ordered } } }
    var picked: Int { reduce(0) { $0 + $1.lines.reduce(0) { $0 + $1.picked } } }
    var missing: Int { reduce(0) { $0 + $1.lines.reduce(0) { $0 + $1.missing } } }

    func stop(at store: StoreID) -> StopDetails? { first { $0.storeId == store } }

    func line(_ product: ProductID, at store: StoreID) -> LineDetails? {
        stop(at: store)?.lines.first { $0.productId == product }
    }

    /// A stop that is reached again was reached when it was first.
    mutating func reach(_ store: StoreID, at now: Instant) {
        self = map { $0.storeId == store ? $0.reached(at: $0.arrivedAt ?? now, $0.lines) : $0 }
    }

    mutating func add(picked: Int = 0, missing: Int = 0, to product: ProductID, at store: StoreID) {
        change(product, at: store) { $0.having(picked: $0.picked + picked, missing: $0.missing + missing) }
    }

    /// What a clerk has counted stands, whatever the robot said.
    mutating func settle(_ lines: [CountedLine]) {
        for line in lines {
            change(line.productId, at: line.storeId) { $0.having(picked: line.picked, missing: line.missing) }
        }
    }

    /// All of it is to be fetched again.
    mutating func reset() {
        self = map { $0.reached(at: nil, $0.lines.map { $0.having(picked: 0, missing: 0) }) }
    }

    private mutating func change(
        _ product: ProductID, at store: StoreID, _ change: (LineDetails) -> LineDetails
    ) {
        self = map { stop in
            guard stop.storeId == store else { return stop }
            return stop.reached(at: stop.arrivedAt, stop.lines.map { $0.productId == product ? change($0) : $0 })
        }
    }
}

extension StopDetails {
    fileprivate func reached(at arrivedAt: Instant?, _ lines: [LineDetails]) -> StopDetails {
        StopDetails(storeId: storeId, storeName: storeName, location: location, arrivedAt: arrivedAt, lines: lines)
    }
}

extension LineDetails {
    /// Units that are neither picked nor known to be missing.
    var open: Int { ordered - picked - missing }

    fileprivate func having(picked: Int, missing: Int) -> LineDetails {
        LineDetails(
            productId: productId, productName: productName, ordered: ordered, picked: picked, missing: missing)
    }
}
