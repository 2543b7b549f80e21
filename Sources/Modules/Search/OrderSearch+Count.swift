import Kernel

extension OrderSearch {
    /// How many match, from the tables of counts where one filter or none is given, else by reading what matches.
    var count: SQL {
        let sql: SQL
        switch ways.first {
        case _ where conjuncts.isEmpty: sql = "select coalesce(sum(orders), 0)::bigint from search.statuses"
        case _ where conjuncts.contains(where: \.isKeys):
            sql = "select count(*) from search.orders o where \(conditions(of: "o", conjuncts))"
        case .statuses(_, let statuses) where conjuncts.count == 1:
            sql = "select coalesce(sum(orders), 0)::bigint from search.statuses where status = any(\(statuses))"
        case .terms(_, let terms) where conjuncts.count == 1:
            // An order may have several of the terms, so only a single one can be taken at its word.
            sql = """
                with t as materialized (\(terms))
                select case when (select count(*) from t) < 2
                    then (select coalesce(sum(orders), 0) from t)
                    else (select count(distinct number) from search.postings where term = any(array(select term from t)))
                    end::bigint
                """
        case .totals(let indices, let least, let most) where indices.count == conjuncts.count:
            sql = Self.count(from: least, through: most)
        case .all where conjuncts.allSatisfy(\.isOnCreated): sql = countOfTimes
        default: sql = "\(found) select count(*) from found"
        }
        return sql.planned(.custom)
    }

    /// The bands that lie between the bounds as a whole, and what lies in those at its ends.
    static func count(from least: Int64, through most: Int64) -> SQL {
        let low = least > 0 ? Band(of: least).end : least
        let high = most > 0 && most < .max ? Band(of: most).start : most
        guard least <= 0 || low <= high, most > 0 else {
            return "select count(*) from search.orders where number is not null and total between \(least) and \(most)"
        }
        var bands: SQL = "true"
        var edges: SQL = "0"
        func edge(_ from: Int64, _ to: Int64) -> SQL {
            " + (select count(*) from search.orders where number is not null and total >= \(from) and total < \(to))"
        }
        if least > .min {
            // The lowest band holds what is below zero too.
            let first = max(low, 1)
            bands += " and band >= search.band(\(first))"
            edges += edge(least, first)
        }
        if most < .max {
            bands += " and band < search.band(\(high))"
            edges += edge(high, most + 1)
        }
        return "select ((select coalesce(sum(orders), 0) from search.bands where \(bands)) + \(edges))::bigint"
    }

    /// The eras that lie between the bounds as a whole, and what matches of those at its ends.
    var countOfTimes: SQL {
        var inside: SQL = "true"
        var touched: SQL = "true"
        for conjunct in conjuncts {
            switch conjunct {
            case .atLeast(_, let value):
                inside += " and earliest >= \(value.number)"
                touched += " and latest >= \(value.number)"
            case .below(_, let value):
                inside += " and latest < \(value.number)"
                touched += " and earliest < \(value.number)"
            case .atMost(_, let value):
                inside += " and latest <= \(value.number)"
                touched += " and earliest <= \(value.number)"
            default: touched += ""
            }
        }
        let bits: SQL = "\(raw: "\(SearchLimits.eraBits)")"
        return """
            select (coalesce((select sum(orders) from search.eras where \(inside)), 0) + (
                select coalesce(sum(n), 0) from search.eras e cross join lateral (
                    select count(*) as n from search.orders o
                    where o.number >= e.era << \(bits) and o.number < (e.era + 1) << \(bits) and \(conditions(of: "o", conjuncts))
                ) c where \(touched) and not (\(inside))
            ))::bigint
            """
    }

    /// Totals with the same number of digits and the same three leading ones, as `search.band` has them.
    struct Band {
        let start: Int64
        let end: Int64

        init(of total: Int64) {
            var width: Int64 = 1
            while total / width >= 1000 { width *= 10 }
            start = total / width * width
            let (end, overflow) = start.addingReportingOverflow(width)
            self.end = overflow ? .max : end
        }
    }
}
