import FoundationEssentials
import Kernel

/// One search, as SQL made of the filters that are present.
///
/// There are several ways to the rows: the postings of a name, an index by status, customer or total, two such lists read
/// side by side, what all of them have in common, or all orders from the newest on. Each row found on a way is tested
/// against all other filters. Which way reads the fewest rows depends on how many orders match each filter; the statement
/// looks that up in the tables of counts and then runs that way and no other (a branch whose gate is false is never
/// started). It is planned anew each time: a plan that is kept does not know the word, and reads the whole
/// index of trigrams for one that has fewer than three letters.
struct OrderSearch {
    let conjuncts: [Kernel.Predicate]
    let limit: Int?
    let after: Int64?
    let descending: Bool
    /// Takes this way if it can be gone, whatever it costs: for tests, which want all of them to give the same rows.
    var forcedWay: Int?

    init(_ query: RowQuery) {
        precondition(query.order.column == "number", "orders are sorted by number, not by \(query.order.column)")
        conjuncts = query.predicate.conjuncts.flatMap(Self.single).filter { $0 != .placed }
        limit = query.limit
        descending = query.order.descending
        after =
            switch query.after?.value {
            case nil: nil
            case .int(let number): number
            case .some(let other): preconditionFailure("orders are sorted by a number, and \(other) is none")
            }
    }

    /// One conjunct for each word: each is looked up by itself.
    private static func single(_ conjunct: Kernel.Predicate) -> [Kernel.Predicate] {
        if case .contains(let column, let words) = conjunct { return words.map { .contains(column, [$0]) } }
        return [conjunct]
    }

    var rows: SQL {
        let sql: SQL
        if conjuncts.contains(where: \.isKeys) {
            sql = """
                select \(OrderStorage.fields) from \(OrderStorage.source)
                where \(conditions(of: "o", conjuncts)) order by o.number \(direction) \(limited)
                """
        } else {
            sql = """
                \(found) select \(OrderStorage.fields)
                from (select number from found order by number \(direction) \(limited)) f
                join search.orders o using (number) join search.documents d using (key)
                order by o.number \(direction)
                """
        }
        return sql.planned(.custom)
    }

    /// A way to the rows: the place of the conjuncts that it answers itself, and what it costs.
    enum Way {
        /// The orders that have one of the terms; `terms` selects `term, orders`.
        case terms(conjunct: Int, terms: SQL)
        case statuses(conjunct: Int, [String])
        case customers(conjunct: Int, [UUID])
        case totals(conjuncts: [Int], least: Int64, most: Int64)
        /// What two of the above lists have in common, found by reading both side by side.
        indirect case both(Way, Way)
        /// What all of the above lists have in common, found in the inverted index: whole, and in no order.
        case common([Way])
        case all

        /// The conjunct that the counted orders of this way match.
        var counted: Int? {
            switch self {
            case .terms(let index, _), .statuses(let index, _): index
            case .totals(let indices, _, _): indices[0]
            case .customers, .both, .common, .all: nil
            }
        }

        /// Whether it is among those that can meet.
        var isSet: Bool { if case .terms = self { true } else { isStatuses } }
        var isStatuses: Bool { if case .statuses = self { true } else { false } }
    }

    /// The ways that answer one filter each.
    var lists: [Way] {
        var lists: [Way] = []
        var totals: (conjuncts: [Int], least: Int64, most: Int64) = ([], .min, .max)
        for (index, conjunct) in conjuncts.enumerated() {
            switch conjunct {
            case .among("customer", let values):
                // Nothing is more selective than a customer.
                let customers: [UUID] = values.compactMap { if case .uuid(let id) = $0 { id } else { nil } }
                return [.customers(conjunct: index, customers)]
            case .among("status", let values):
                let names: [String] = values.compactMap { if case .text(let name) = $0 { name } else { nil } }
                lists.append(.statuses(conjunct: index, Array(Set(names)).sorted()))
            case .has("products", let ids): lists.append(.terms(conjunct: index, terms: Self.terms(.product, ids)))
            case .has("stores", let ids): lists.append(.terms(conjunct: index, terms: Self.terms(.store, ids)))
            case .contains("text", let words):
                lists.append(.terms(conjunct: index, terms: Self.terms(having: words[0])))
            case .atLeast("total", .int(let value)):
                totals = (totals.conjuncts + [index], max(totals.least, value), totals.most)
            case .atMost("total", .int(let value)):
                totals = (totals.conjuncts + [index], totals.least, min(totals.most, value))
            default: continue
            }
        }
        if !totals.conjuncts.isEmpty {
            lists.append(.totals(conjuncts: totals.conjuncts, least: totals.least, most: totals.most))
        }
        return lists
    }

    /// The ways that are worth planning: each is one more branch of the statement, and planning takes longer than finding.
    var ways: [Way] {
        let lists = self.lists
        if case .customers? = lists.first { return lists }
        let sets = lists.filter { $0.isSet }
        // The list of a product, a store or a status is never worse than that of all orders.
        let named = sets.first(where: isNamed)
        let ordered = named ?? sets.first(where: \.isStatuses)
        // Beside it, words and statuses are only tested, or met.
        var ways = named == nil ? lists : lists.filter { !$0.isSet || isNamed($0) }
        if let ordered, let other = sets.first(where: { $0.counted != ordered.counted }),
            named != nil || !other.isStatuses
        {
            ways.append(.both(ordered, other))
        }
        let names = sets.filter { !$0.isStatuses }
        if names.count > 1 { ways.append(.common(names)) }
        return ordered == nil ? ways + [.all] : ways
    }

    private func isNamed(_ way: Way) -> Bool {
        guard case .terms(let index, _) = way, case .has = conjuncts[index] else { return false }
        return true
    }

    private static func terms(_ kind: TermKind, _ ids: [UUID]) -> SQL {
        "select term, orders from search.terms where id = any(\(ids)) and kind = \(kind.rawValue)"
    }

    private static func terms(having word: String) -> SQL {
        var pattern = "%"
        for scalar in word.unicodeScalars {
            if scalar == "%" || scalar == "_" || scalar == "\\" { pattern += "\\" }
            pattern.unicodeScalars.append(scalar)
        }
        return "select term, orders from search.terms where text like \(pattern + "%")"
    }

    /// `with … found as (…)`: the numbers of the first matching orders.
    var found: SQL {
        let (lists, ways) = (self.lists, self.ways)
        var sql: SQL = "with "
        for case .terms(let index, let terms) in lists { sql += "t\(raw: "\(index)") as materialized (\(terms)), " }
        if ways.count == 1 { return sql + "found as materialized (\(branch(ways[0])))" }
        let costs = ways.enumerated().map { place, way in
            let cost = cost(of: way, among: lists)
            return place == forcedWay ? "case when \(cost) < 'infinity' then -1 else 'infinity'::float8 end" : cost
        }
        sql += """
            counted as materialized (select \((lists + [.all]).map { facts(of: $0) }.joined(separator: ", "))),
            costs as materialized (select array[\(costs.joined(separator: ", "))] as cost from counted),
            way as materialized (select array_position(cost, (select min(c) from unnest(cost) as c)) as way from costs),
            found as materialized (
            """
        sql += ways.enumerated().map { index, way in
            "(select number from (\(branch(way))) b where (select way from way) = \(raw: "\(index + 1)"))" as SQL
        }.joined(separator: " union all ")
        return sql + ")"
    }

    /// The orders on a way that match everything, at most `limit` of them from each list it merges.
    private func branch(_ way: Way) -> SQL {
        switch way {
        case .terms(let index, _):
            let (probed, read) = split(others(than: [index]), on: "p")
            let joined: SQL =
                read.isEmpty ? "" : "join search.orders o on o.number = p.number and \(conditions(of: "o", read))"
            return """
                select number from (
                    select x.number from t\(raw: "\(index)") t cross join lateral (
                        select p.number from search.postings p \(joined)
                        where p.term = t.term and \(range("p"))\(probed) order by p.number \(direction) \(limited)
                    ) x
                ) u group by number order by number \(direction) \(limited)
                """
        case .statuses(let index, let statuses):
            let (probed, read) = split(others(than: [index]), on: "p")
            let joined: SQL =
                read.isEmpty ? "" : "join search.orders o on o.number = p.number and \(conditions(of: "o", read))"
            return merged(
                statuses,
                """
                select p.number from search.stages p \(joined)
                where p.status = v.wanted and \(range("p"))\(probed) order by p.number \(direction) \(limited)
                """)
        case .customers(let index, let customers):
            let (probed, read) = split(others(than: [index]), on: "o")
            return merged(
                customers,
                """
                select o.number from search.orders o where o.customer = v.wanted and \(conditions(of: "o", read))\(probed)
                order by o.number \(direction) \(limited)
                """)
        case .totals(let indices, let least, let most):
            // Sorting by an expression keeps the planner from walking all orders by number instead.
            let (probed, read) = split(others(than: indices), on: "c")
            let joined: SQL = read.isEmpty ? "" : "join search.orders o using (number)"
            return """
                select c.number from (
                    select o.number, o.number + 0 as place from search.orders o
                    where o.total between \(least) and \(most) and \(range("o")) order by place \(direction) offset 0
                ) c \(joined)
                where \(read.isEmpty ? "true" : conditions(of: "o", read))\(probed) order by c.place \(direction) \(limited)
                """
        case .both(let first, let second): return merged(first, second)
        case .common(let lists): return common(lists)
        case .all:
            return """
                select o.number from search.orders o where \(conditions(of: "o", conjuncts))
                order by o.number \(direction) \(limited)
                """
        }
    }

    /// Two lists in the order of the numbers, of which the planner makes a merge join: `offset 0` keeps it from looking
    /// every number of the one up in the other, which takes forty times as long as reading on.
    private func merged(_ first: Way, _ second: Way) -> SQL {
        let lists = [first, second]
        let read = lists.reduce(conjuncts.indices.filter { !conjuncts[$0].isOnTotal && !conjuncts[$0].isOnNumber }) {
            rest, way in
            rest.filter { $0 != way.counted }
        }.map { conjuncts[$0] }
        let tested: SQL =
            read.isEmpty
            ? ""
            : """
            where exists (select from search.orders o
                where o.number = m.number and \(conditions(of: "o", read)) offset 0)
            """
        return """
            select m.number from (
                select a.number from (\(list(first))) a join (\(list(second))) b using (number)
                order by a.number \(direction) offset 0
            ) m \(tested) order by m.number \(direction) \(limited)
            """
    }

    /// Sorting by an expression keeps the planner from walking all orders by number instead.
    private func common(_ lists: [Way]) -> SQL {
        let rest = others(than: lists.compactMap(\.counted)).map { conjuncts[$0] }
        var sql: SQL = "select o.number from search.orders o where \(conditions(of: "o", rest))"
        for list in lists {
            switch list {
            case .terms(let index, _): sql += " and o.terms && array(select term from t\(raw: "\(index)"))"
            case .statuses, .customers, .totals, .both, .common, .all:
                preconditionFailure("\(list) is not in the inverted index")
            }
        }
        return "\(sql) order by o.number + 0 \(direction) \(limited)"
    }

    /// The numbers of a list in order, each once. That of a single term or status is read as far as it is needed; those of
    /// a word are as many lists as it has terms, and are read to their ends and sorted.
    private func list(_ way: Way) -> SQL {
        switch way {
        case .terms(let index, _):
            let matching: SQL = "\(range("p"))\(totals(of: "p"))"
            if case .has = conjuncts[index] {
                return """
                    select p.number from search.postings p
                    where p.term = (select min(term) from t\(raw: "\(index)")) and \(matching)
                    order by p.number \(direction) offset 0
                    """
            }
            return """
                select distinct p.number from search.postings p
                where p.term = any(array(select term from t\(raw: "\(index)"))) and \(matching)
                order by p.number \(direction) offset 0
                """
        case .statuses(_, let statuses):
            let parts = statuses.map { status in
                "select p.number from search.stages p where p.status = \(status) and \(range("p"))\(totals(of: "p"))"
                    as SQL
            }
            return
                "select number from (\(parts.joined(separator: " union all "))) s order by number \(direction) offset 0"
        case .customers, .totals, .both, .common, .all: preconditionFailure("\(way) is not a list that is merged")
        }
    }

    private func totals(of table: String) -> SQL {
        var sql: SQL = ""
        for conjunct in conjuncts where conjunct.isOnTotal {
            sql += " and \(raw: table).\(condition(conjunct, bare: true))"
        }
        return sql
    }

    /// The lists of several values (`v.wanted`), one after another in their common order.
    private func merged<Value: SQLElement & SQLBindable>(_ values: [Value], _ list: SQL) -> SQL {
        """
        select number from (
            select x.number from unnest(\(values)) as v(wanted) cross join lateral (\(list)) x
        ) u order by number \(direction) \(limited)
        """
    }

    /// Divides filters into those that are tested in the postings, without reading the order's row, and the others.
    ///
    /// A word with many terms would be many probes for each order, so its text is read then. `offset 0` keeps the planner
    /// from turning the probe into a join that reads the lists to their ends.
    private func split(_ rest: [Int], on table: String) -> (probed: SQL, read: [Kernel.Predicate]) {
        var probed: SQL = ""
        var read: [Kernel.Predicate] = []
        let counted = Set(lists.compactMap(\.counted))
        for index in rest {
            let terms = "t\(index)"
            let probe: SQL = """
                exists (select from search.postings q where q.term = any(array(select term from \(raw: terms)))
                    and q.number = \(raw: table).number offset 0)
                """
            switch conjuncts[index] {
            case .has where counted.contains(index): probed += " and \(probe)"
            case .contains where counted.contains(index):
                let text = condition(conjuncts[index])
                let reading: SQL =
                    table == "o" ? text : "(select \(text) from search.orders o where o.number = \(raw: table).number)"
                probed += """
                     and case when (select count(*) from \(raw: terms)) <= \(raw: "\(SearchLimits.probes)") then \(probe)
                        else \(reading) end
                    """
            case let conjunct where conjunct.isOnTotal && table == "p":
                probed += " and p.\(condition(conjunct, bare: true))"
            default: read.append(conjuncts[index])
            }
        }
        return (probed, read)
    }
}
