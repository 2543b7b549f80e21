import FoundationEssentials
import Kernel

extension OrderSearch {
    func others(than indices: [Int]) -> [Int] { conjuncts.indices.filter { !indices.contains($0) } }

    var direction: SQL { descending ? "desc" : "asc" }

    var limited: SQL { limit.map { "limit \(raw: "\($0)")" } ?? "" }

    func conditions(of table: String, _ predicates: [Kernel.Predicate]) -> SQL {
        var sql = range(table)
        for predicate in predicates where !predicate.isOnNumber { sql += " and \(condition(predicate))" }
        return sql
    }

    /// The bounds of the number: given, behind the last row of the page before, and those that follow from the times.
    func range(_ table: String) -> SQL {
        let number = "\(table).number"
        var sql: SQL = "\(raw: number) is not null"
        if let after { sql += " and \(raw: number) \(raw: descending ? "<" : ">") \(after)" }
        for conjunct in conjuncts {
            switch conjunct {
            case _ where conjunct.isOnNumber: sql += " and \(raw: table).\(condition(conjunct, bare: true))"
            case .atLeast("created", let value):
                sql += """
                     and \(raw: number) >= (select min(era) << \(raw: "\(SearchLimits.eraBits)") from search.eras
                        where latest >= \(value.number))
                    """
            case .below("created", let value), .atMost("created", let value):
                sql += """
                     and \(raw: number) < (select (max(era) + 1) << \(raw: "\(SearchLimits.eraBits)") from search.eras
                        where earliest <= \(value.number))
                    """
            default: continue
            }
        }
        return sql
    }

    /// A condition on the narrow row. Texts are searched bytewise (`strpos` under `collate "C"`), as `Predicate.matches` does.
    func condition(_ predicate: Kernel.Predicate, bare: Bool = false) -> SQL {
        let table: SQL = bare ? "" : "o."
        switch predicate {
        case .all(let parts):
            return parts.isEmpty ? "true" : "(\(parts.map { condition($0, bare: bare) }.joined(separator: " and ")))"
        case .among(let column, let values):
            return "\(table)\(raw: sql(column)) = any(\(array(values, column)))"
        case .has(let column, let wanted): return "\(table)\(raw: sql(column)) && \(wanted)"
        case .atLeast(let column, let value): return "\(table)\(raw: sql(column)) >= \(scalar(value))"
        case .atMost(let column, let value): return "\(table)\(raw: sql(column)) <= \(scalar(value))"
        case .below(let column, let value): return "\(table)\(raw: sql(column)) < \(scalar(value))"
        case .contains(let column, let words):
            return words.map { "strpos(\(table)\(raw: sql(column)), \($0)) > 0" as SQL }.joined(separator: " and ")
        }
    }

    private func sql(_ column: String) -> String {
        precondition(OrderRow.columns.contains { $0.name == column }, "orders have no column \(column)")
        return column == "order" ? "key" : column
    }

    private func scalar(_ value: ColumnValue) -> SQL {
        switch value {
        case .int(let value): "\(value)"
        case .text(let value): "\(value)"
        case .uuid(let value): "\(value)"
        case .null, .bool, .uuids: preconditionFailure("orders are not compared with \(value)")
        }
    }

    private func array(_ values: [ColumnValue], _ column: String) -> SQL {
        switch OrderRow.columns.first(where: { $0.name == column })?.kind {
        case .int: "\(values.compactMap { if case .int(let value) = $0 { value } else { Int64?.none } })"
        case .text: "\(values.compactMap { if case .text(let value) = $0 { value } else { String?.none } })"
        case .uuid: "\(values.compactMap { if case .uuid(let value) = $0 { value } else { UUID?.none } })"
        case .bool, .uuids, nil: preconditionFailure("\(column) of an order is not one of several values")
        }
    }
}

extension Kernel.Predicate {
    /// Whether it names the orders themselves.
    var isKeys: Bool { if case .among("order", _) = self { true } else { false } }

    var isOnNumber: Bool { column == "number" }
    var isOnCreated: Bool { column == "created" }
    var isOnTotal: Bool { column == "total" }

    private var column: String? {
        switch self {
        case .all: nil
        case .among(let column, _), .has(let column, _), .atLeast(let column, _), .atMost(let column, _),
            .below(let column, _), .contains(let column, _):
            column
        }
    }
}
