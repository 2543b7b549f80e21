import FoundationEssentials
import Kernel

/// The rows of one projection that views hold, each once however many views hold it, and which views a change can match.
///
/// All views stand at the same position, so one version of a row is enough for all.
final class RowTable {
    private struct Held {
        var row: StoredRow
        var holders: Int
    }

    let projection: any Folding
    var index = ViewIndex()
    private var rows: [UUID: Held] = [:]

    init(_ projection: any Folding) { self.projection = projection }

    var count: Int { rows.count }

    func row(_ key: UUID) -> StoredRow? { rows[key]?.row }

    /// Takes the newer version of a row that is held; says which columns it had.
    func take(_ row: StoredRow) -> Columns? {
        guard let at = rows.index(forKey: row.key) else { return nil }
        let old = rows.values[at].row.columns
        rows.values[at].row = row
        return old
    }

    func hold(_ row: StoredRow) {
        if let at = rows.index(forKey: row.key) {
            rows.values[at].holders += 1
            if rows.values[at].row.position < row.position { rows.values[at].row = row }
        } else {
            rows[row.key] = Held(row: row, holders: 1)
        }
    }

    func release(_ key: UUID) {
        guard let at = rows.index(forKey: key) else { preconditionFailure("a row was released that nobody holds") }
        rows.values[at].holders -= 1
        if rows.values[at].holders == 0 { rows.remove(at: at) }
    }
}

/// Views by a term of equality in their predicates: a change is tested only against views that its row, as it was or as
/// it is, can match.
struct ViewIndex {
    private var byColumn: [(column: Int, views: [ColumnValue: [View]])] = []
    private var unfiled: [View] = []

    mutating func insert(_ view: View) {
        guard let (column, values) = Self.term(of: view) else {
            unfiled.append(view)
            return
        }
        let at = byColumn.firstIndex { $0.column == column } ?? byColumn.count
        if at == byColumn.count { byColumn.append((column, [:])) }
        for value in values { byColumn[at].views[value, default: []].append(view) }
    }

    mutating func remove(_ view: View) {
        guard let (column, values) = Self.term(of: view), let at = byColumn.firstIndex(where: { $0.column == column })
        else {
            unfiled.removeAll { $0 === view }
            return
        }
        for value in values {
            byColumn[at].views[value]?.removeAll { $0 === view }
            if byColumn[at].views[value]?.isEmpty == true { byColumn[at].views[value] = nil }
        }
        if byColumn[at].views.isEmpty { byColumn.remove(at: at) }
    }

    /// Every view that a row with any of these columns can match; one may come more than once.
    func candidates(_ a: Columns?, _ b: Columns?, _ c: Columns?, _ visit: (View) -> Void) {
        for view in unfiled { visit(view) }
        for (column, views) in byColumn {
            let (first, second, third) = (a?.values[column], b?.values[column], c?.values[column])
            find(first, views, visit)
            if second != first { find(second, views, visit) }
            if third != first && third != second { find(third, views, visit) }
        }
    }

    private func find(_ value: ColumnValue?, _ views: [ColumnValue: [View]], _ visit: (View) -> Void) {
        guard let value else { return }
        if case .uuids(let set) = value {
            for member in set { views[.uuid(member)]?.forEach(visit) }
        } else {
            views[value]?.forEach(visit)
        }
    }

    /// The term that a view is filed under: the one with the fewest values, identifiers before all others.
    private static func term(of view: View) -> (column: Int, values: [ColumnValue])? {
        let names = view.table.projection.columnNames
        var best: (cost: Int, column: Int, values: [ColumnValue])?
        for part in view.key.predicate.conjuncts {
            let column: String
            let values: [ColumnValue]
            switch part {
            case .among(let name, let wanted): (column, values) = (name, wanted)
            case .has(let name, let wanted): (column, values) = (name, wanted.map { .uuid($0) })
            default: continue
            }
            guard values.count <= LiveLimits.termValues else { continue }
            var cost = values.count
            if case .uuid = values.first {} else { cost += LiveLimits.termValues }
            if best == nil || cost < best!.cost { best = (cost, names.index(of: column), values) }
        }
        return best.map { ($0.column, $0.values) }
    }
}
