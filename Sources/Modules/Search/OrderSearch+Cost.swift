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
        case .customers: preconditionFailure("a customer is the only way")
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

    /// Rows that are read until enough are found, supposing that the filters have nothing to do with each other. A way that
    /// merges several lists reads each of them that far; one that is not in order is read whole.
    func cost(of way: Way, among ways: [Way]) -> SQL {
        func share(without left: Int?) -> SQL {
            var product: SQL = "1.0"
            for other in ways {
                guard let index = other.counted, index != left else { continue }
                product += " * least(1, n\(raw: "\(index)") / everything)"
            }
            let wanted: SQL = limit.map { "\(raw: "\($0)")" } ?? "everything"
            return "\(wanted) / greatest(\(product), 1e-9)"
        }
        func part(_ index: Int) -> SQL { "n\(raw: "\(index)") * within / everything" }
        switch way {
        case .terms(let index, _):
            return "least(\(part(index)), l\(raw: "\(index)") * \(share(without: index))) + 4 * l\(raw: "\(index)")"
        case .statuses(let index, let statuses):
            return "least(\(part(index)), \(raw: "\(statuses.count)") * \(share(without: index)))"
        case .totals(let indices, _, _):
            return "0.25 * n\(raw: "\(indices[0])") + least(\(part(indices[0])), \(share(without: indices[0])))"
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
