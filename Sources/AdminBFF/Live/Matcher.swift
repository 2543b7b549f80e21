import FoundationEssentials
import Kernel

/// Not Foundation's, which says nothing that SQL could.
typealias Predicate = Kernel.Predicate

/// A predicate with its columns found once, so that testing a row looks no name up.
struct Matcher {
    private enum Test {
        case among(Int, [ColumnValue])
        case has(Int, [UUID])
        case atLeast(Int, ColumnValue)
        case atMost(Int, ColumnValue)
        case below(Int, ColumnValue)
        case other(Predicate)
    }

    private let tests: [Test]

    init(_ predicate: Predicate, names: ColumnNames) {
        tests = predicate.conjuncts.map { part in
            switch part {
            case .among(let column, let values): .among(names.index(of: column), values)
            case .has(let column, let wanted): .has(names.index(of: column), wanted)
            case .atLeast(let column, let value): .atLeast(names.index(of: column), value)
            case .atMost(let column, let value): .atMost(names.index(of: column), value)
            case .below(let column, let value): .below(names.index(of: column), value)
            case .contains, .all: .other(part)
            }
        }
    }

    /// What `Predicate.matches` answers.
    func matches(_ row: Columns) -> Bool {
        for test in tests {
            let passed =
                switch test {
                case .among(let place, let values): values.contains(row.values[place])
                case .has(let place, let wanted):
                    if case .uuids(let held) = row.values[place] {
                        held.contains(where: wanted.contains)
                    } else {
                        false
                    }
                case .atLeast(let place, let value): row.values[place] != .null && row.values[place] >= value
                case .atMost(let place, let value): row.values[place] != .null && row.values[place] <= value
                case .below(let place, let value): row.values[place] != .null && row.values[place] < value
                case .other(let predicate): predicate.matches(row)
                }
            if !passed { return false }
        }
        return true
    }
}

extension Predicate {
    /// One form for all predicates that mean the same because they list the same things in another order.
    var canonical: Predicate {
        let parts = conjuncts.map { part -> Predicate in
            switch part {
            case .among(let column, let values): .among(column, Array(Set(values)).sorted())
            case .has(let column, let wanted): .has(column, Array(Set(wanted)).sorted())
            case .contains(let column, let words): .contains(column, Array(Set(words)).sorted())
            case .all, .atLeast, .atMost, .below: part
            }
        }
        return .all(Array(Set(parts)).sorted { String(describing: $0) < String(describing: $1) })
    }
}
