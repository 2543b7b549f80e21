import Kernel

extension OrderSearch {
    /// How many orders a way has (`n…`), and in how many lists (`l…`).
    func facts(of way: Way) -> SQL {
        switch way {
        case .terms(let index, _):
            return """
                (select coalesce(sum(orders), 0)::float8 from t\(raw: "\(index)")) as n\(raw: "\(index)"),
                (select count(*)::float8 from t\(raw: "\(index)")) as l\(raw: "\(index)")
                """
        case .statuses(let index, let statuses):
            return """
                (select coalesce(sum(orders), 0)::float8 from search.statuses where status = any(\(statuses))) as n\(raw: "\(index)")
                """
        case .totals(let indices, let least, let most):
            return """
                (select coalesce(sum(orders), 0)::float8 from search.bands
                    where band between search.band(\(least)) and search.band(\(most))) as n\(raw: "\(indices[0])")
                """
        case .customers, .both, .common: preconditionFailure("\(way) is not counted")
        case .all:
            var within: SQL = "true"
            for conjunct in conjuncts {
                switch conjunct {
                case .atLeast("created", let value): within += " and latest >= \(value.number)"
                case .below("created", let value): within += " and earliest < \(value.number)"
                case .atMost("created", let value): within += " and earliest <= \(value.number)"
                default: continue
                }
            }
            if let after {
                within += " and era \(raw: descending ? "<=" : ">=") \(after >> Int64(SearchLimits.eraBits))"
            }
            return """
                (select greatest(coalesce(sum(orders), 0), 1)::float8 from search.statuses) as everything,
                (select coalesce(sum(orders), 0)::float8 from search.eras where \(within)) as within
                """
        }
    }

    /// What an entry of an index costs that is read in passing, and one that has to be sorted, as parts of a row.
    private static let entry: SQL = "0.03"
    private static let sorted: SQL = "0.05"
    /// The same for one list's part in an entry of the inverted index, and for a row that is read in the order of the table.
    private static let inverted: SQL = "0.005"
    private static let inOrder: SQL = "0.6"

    /// Rows that are read until enough are found, supposing that the filters have nothing to do with each other. A way that
    /// merges several lists reads each of them that far; one that is not in order is read whole.
    func cost(of way: Way, among lists: [Way]) -> SQL {
        func share(without left: Int?) -> SQL {
            var product: SQL = "1.0"
            for other in lists {
                guard let index = other.counted, index != left else { continue }
                product += " * least(1, n\(raw: "\(index)") / everything)"
            }
            let wanted: SQL = limit.map { "\(raw: "\($0)")" } ?? "everything"
            return "\(wanted) / greatest(\(product), 1e-9)"
        }
        func part(_ index: Int) -> SQL { "n\(raw: "\(index)") * within / everything" }
        /// The indexes of lists hold the total, so that nothing else is read where nothing else is asked.
        func each(_ list: Int) -> SQL {
            others(than: [list]).allSatisfy { conjuncts[$0].isOnTotal || conjuncts[$0].isOnNumber } ? Self.entry : "1"
        }
        switch way {
        case .terms(let index, _):
            return """
                \(each(index)) * least(\(part(index)), l\(raw: "\(index)") * \(share(without: index)))
                    + 4 * l\(raw: "\(index)")
                """
        case .statuses(let index, let statuses):
            return "\(each(index)) * least(\(part(index)), \(raw: "\(statuses.count)") * \(share(without: index)))"
        case .totals(let indices, _, _):
            return "0.25 * n\(raw: "\(indices[0])") + least(\(part(indices[0])), \(share(without: indices[0])))"
        case .both(let first, let second):
            let tested = others(than: [first, second].compactMap(\.counted)).contains {
                !conjuncts[$0].isOnTotal && !conjuncts[$0].isOnNumber
            }
            let read: SQL = "least(within, \(share(without: nil)))"
            var cost: SQL = ""
            var common: SQL = read
            for way in [first, second] {
                guard let index = way.counted else { continue }
                let name = "\(index)"
                switch (way, conjuncts[index]) {
                case (.terms, .contains): cost += "\(Self.sorted) * \(part(index)) + "
                // Of several names only the first would be read.
                case (.terms, _):
                    cost += "case when l\(raw: name) > 1 then 'infinity'::float8 else 0 end + "
                    fallthrough
                default: cost += "\(Self.entry) * \(read) * n\(raw: name) / everything + "
                }
                common += " * n\(raw: name) / everything"
            }
            return "\(cost)\(tested ? common : "0")"
        case .common(let lists):
            // Names belong together, as a product and its store do: the shortest list may lie within all others.
            let counts = lists.compactMap(\.counted).map { "n\(raw: "\($0)")" as SQL }
            let keys = lists.compactMap(\.counted).map { "l\(raw: "\($0)")" as SQL }.joined(separator: " + ")
            let least: SQL = "least(\(counts.joined(separator: ", ")))"
            return "(\(Self.inverted) * (\(keys)) + \(Self.inOrder)) * \(least) + (\(keys))"
        case .customers: preconditionFailure("a customer is the only way")
        case .all: return "least(within, \(share(without: nil)))"
        }
    }
}

extension ColumnValue {
    /// The integer that a time is compared as.
    var number: Int64 {
        guard case .int(let value) = self else {
            preconditionFailure("a time is stored as a number, and \(self) is none")
        }
        return value
    }
}
