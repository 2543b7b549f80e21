import FoundationEssentials
import Kernel

/// What makes two views one: equal keys share rows, evaluation and bytes. The reader's scope is part of the predicate, and what is
/// hidden from them part of the key.
struct ViewKey: Hashable {
    let topic: String
    let predicate: Predicate
    let order: RowOrder
    let limit: Int
    var mask: RowMask?
}

/// One query, kept equal to the database at the position its `Views` stand at.
///
/// It holds the rows of its window and some behind it, the margin, in order, and knows every matching row up to its
/// `edge`. A row that enters the window notes when it did: who was level with the view at an earlier position lacks
/// exactly the rows that changed or entered since. So nothing is kept for a page that has fallen behind.
final class View {
    struct Entry {
        let value: ColumnValue
        let key: UUID
        /// When it last came into the window; means nothing behind it.
        var entered: Position
    }

    enum Outcome {
        case unchanged
        case changed(Frame)
    }

    /// What later `change` messages call this view.
    let number: Int
    let key: ViewKey
    let topic: Topic
    let table: RowTable
    /// The place of the order's column.
    let column: Int
    private let matcher: Matcher

    /// In order; the window is the first `limit` of them.
    private(set) var entries: [Entry] = []
    /// Behind this place there may be matching rows that are not held; nil when there are none.
    private(set) var edge: Place?
    private(set) var isLoaded = false
    /// Whether pages ask how many rows match, and the answer.
    var counts = false
    private(set) var total: Int?
    /// A total that pages have seen was lost: until it is known again the view cannot be shown.
    private var isRecounting = false

    /// When the window or the total last changed, and when a row last left the window.
    private(set) var changedAt = Position.start
    private(set) var leftAt = Position.start

    /// Pages that show it, and pages that want to.
    var shown: [Attachment] = []
    var wanted: [Attachment] = []
    var isClosed = false

    var isReadingRows = false
    var isCounting = false
    /// Which changes of the set being applied it must look at.
    var inbox: [Int] = []
    var nextCheck = Instant(microseconds: 0)
    private var snapshot: (view: Int, frames: [Frame])?

    init(number: Int, key: ViewKey, topic: Topic, table: RowTable) {
        self.number = number
        self.key = key
        self.topic = topic
        self.table = table
        let names = table.projection.columnNames
        column = names.index(of: key.order.column)
        matcher = Matcher(key.predicate, names: names)
    }

    var window: ArraySlice<Entry> { entries.prefix(key.limit) }

    /// Whether several pages have it, or so little is in it that it does not matter who pays for the bytes.
    var isShared: Bool { shown.count + wanted.count > 1 || key.limit <= 16 }

    private var isShort: Bool { edge != nil && entries.count < key.limit }

    /// Whether its window and total are those of the query now.
    var isReady: Bool { isLoaded && !isShort && !isRecounting }

    /// The rows it needs read, if any: all of them at first, later those behind the edge when the margin runs out.
    var missingRows: RowQuery? {
        let margin = LiveLimits.margin(key.limit)
        let full = key.limit + margin
        if !isLoaded { return RowQuery(predicate: key.predicate, order: key.order, limit: full) }
        guard let edge, entries.count < key.limit + margin / 2 else { return nil }
        return RowQuery(
            predicate: key.predicate, order: key.order, limit: full - entries.count,
            after: RowQuery.Place(value: edge.value, key: edge.key))
    }

    /// The count it needs made, if any: only once rows are held, for only then do changes reach it and move the total.
    var missingCount: RowQuery? {
        isLoaded && counts && total == nil ? RowQuery(predicate: key.predicate, order: key.order) : nil
    }

    /// Applies what its inbox names of a set. `olds` are the columns that rows held until now had. The frame says the whole difference; it is meant for pages that were level.
    func apply(_ changes: [RowChange], olds: [Columns?], of set: ChangeSet) -> Outcome {
        var noted = Noted()
        let totalBefore = total
        if !set.isExact, total != nil {
            total = nil
            isRecounting = true
        }
        for index in inbox {
            let change = changes[index]
            let after = change.row.columns.flatMap { matcher.matches($0) ? $0 : nil }
            if let known = total {
                let matched = change.before.map(matcher.matches) ?? false
                total = known + (after != nil ? 1 : 0) - (matched ? 1 : 0)
            }
            let held = olds[index].flatMap { place(of: change.row.key, $0) }
            var next = after.map { Place(value: $0.values[column], key: change.row.key) }
            if let edge, let place = next, precedes(edge, place) { next = nil }
            if let held, let next, entries[held].value == next.value {
                noted.note(next.key, wasVisible: held < key.limit)
                continue
            }
            if let held { remove(at: held, &noted) }
            if let next { insert(next, change.row, &noted) }
        }
        inbox.removeAll(keepingCapacity: true)

        var put: [Int] = []
        var gone: [UUID] = []
        for key in noted.keys {
            let row = table.row(key)
            let at = row?.columns.flatMap { place(of: key, $0) }.flatMap { $0 < self.key.limit ? $0 : nil }
            switch (noted.was[key]!, at) {
            case (false, let at?):
                entries[at].entered = set.to
                put.append(at)
            case (true, let at?): if row!.position > set.from { put.append(at) }
            case (true, nil): gone.append(key)
            case (false, nil): break
            }
        }
        trim()
        if !gone.isEmpty { leftAt = set.to }
        guard !put.isEmpty || !gone.isEmpty || total != totalBefore else { return .unchanged }
        changedAt = set.to
        snapshot = nil
        guard isReady, shown.contains(where: \.page.isLevel) else { return .unchanged }
        return .changed(Frame(encode(put: put, gone: gone, total: total != totalBefore ? total : nil)))
    }

    /// Takes the rows that `asked` found at `checkpoint`, after bringing them up to `now` with the sets since.
    func install(_ rows: [StoredRow], asked: RowQuery, checkpoint: Position, since sets: [ChangeSet], now: Position) {
        isReadingRows = false
        if let after = asked.after {
            // The edge moved meanwhile: between it and these rows something would be missing.
            guard let edge, edge.key == after.key, edge.value == after.value else { return }
        }
        let (found, behind) = brought(rows, asked: asked, checkpoint: checkpoint, by: sets)
        snapshot = nil
        if asked.after == nil {
            replace(by: found, now: now)
        } else {
            let short = isShort
            for row in found { append(row, entered: now) }
            if short { changedAt = now }
        }
        edge = behind
        isLoaded = true
    }

    /// Takes a count made at `checkpoint`. False if the sets since cannot say what it is now.
    func install(count: Int, checkpoint: Position, since sets: [ChangeSet]) -> Bool {
        isCounting = false
        var total = count
        for set in sets where set.to > checkpoint {
            guard set.isExact, set.from >= checkpoint else { return false }
            for change in set.changes[table.projection.name] ?? [] {
                if let after = change.row.columns, matcher.matches(after) { total += 1 }
                if let before = change.before, matcher.matches(before) { total -= 1 }
            }
        }
        self.total = total
        isRecounting = false
        snapshot = nil
        return true
    }

    /// What it holds is no longer known to be right. Rows stay until others come, so that pages get the difference.
    func unload(forgetting: Bool) {
        isLoaded = false
        isReadingRows = false
        isCounting = false
        isRecounting = total != nil && !forgetting
        total = nil
        snapshot = nil
        if forgetting { drop() }
    }

    /// Gives its rows back.
    func drop() {
        for entry in entries { table.release(entry.key) }
        entries = []
        edge = nil
    }

    /// Whether a page that was level with this view at `reached` has the newest version of a row.
    func had(_ row: StoredRow, at reached: Position) -> Bool {
        guard isLoaded, row.position <= reached, let columns = row.columns, let at = place(of: row.key, columns) else {
            return false
        }
        return at < key.limit && entries[at].entered <= reached
    }

    func checksum() -> Checksum {
        var sum = Checksum()
        for entry in window { sum.add(entry.key, table.row(entry.key)!.position) }
        return sum
    }

    func encode(_ entry: Entry, into out: inout [UInt8]) {
        guard let row = table.row(entry.key) else { preconditionFailure("view \(number) lost a row it holds") }
        out.add(row, sort: entry.value, detailed: topic.detailed, mask: key.mask)
    }

    /// The whole window for a page that holds nothing, in the same bytes for all that call the view by one number.
    func snapshot(for view: Int) -> [Frame] {
        if let snapshot, snapshot.view == view { return snapshot.frames }
        var frames: [Frame] = []
        var out = ServerMessage.openRows(view: view, shared: number)
        var empty = true
        for entry in window {
            if out.count > LiveLimits.chunk {
                ServerMessage.closeRows(&out, keys: nil, total: nil, last: false)
                frames.append(Frame(out, counts: false))
                out = ServerMessage.openRows(view: view, shared: number)
                empty = true
            }
            if !empty { out.append(UInt8(ascii: ",")) }
            empty = false
            encode(entry, into: &out)
        }
        ServerMessage.closeRows(&out, keys: nil, total: total, last: true)
        frames.append(Frame(out, counts: false))
        snapshot = (view, frames)
        return frames
    }

    /// Where a row with these columns stands among those held.
    private func place(of key: UUID, _ columns: Columns) -> Int? {
        let place = Place(value: columns.values[column], key: key)
        let at = bound(place)
        return at < entries.count && entries[at].key == key && entries[at].value == place.value ? at : nil
    }

    /// The first index whose entry does not stand before `place`.
    private func bound(_ place: Place) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            let entry = entries[middle]
            if key.order.precedes((entry.value, entry.key), (place.value, place.key)) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private func precedes(_ a: Place, _ b: Place) -> Bool { key.order.precedes((a.value, a.key), (b.value, b.key)) }

    private func remove(at index: Int, _ noted: inout Noted) {
        noted.note(entries[index].key, wasVisible: index < key.limit)
        if index < key.limit, entries.count > key.limit { noted.note(entries[key.limit].key, wasVisible: false) }
        table.release(entries[index].key)
        entries.remove(at: index)
    }

    private func insert(_ place: Place, _ row: StoredRow, _ noted: inout Noted) {
        let index = bound(place)
        table.hold(row)
        entries.insert(Entry(value: place.value, key: place.key, entered: .start), at: index)
        noted.note(place.key, wasVisible: false)
        if index < key.limit, entries.count > key.limit { noted.note(entries[key.limit].key, wasVisible: true) }
    }

    private func append(_ row: StoredRow, entered: Position) {
        table.hold(row)
        entries.append(Entry(value: row.columns!.values[column], key: row.key, entered: entered))
    }

    /// Keeps the margin from growing. Not while rows behind the edge are being read: they must still join on.
    private func trim() {
        let margin = LiveLimits.margin(key.limit)
        guard !isReadingRows, entries.count > key.limit + 2 * margin else { return }
        let kept = key.limit + margin
        for entry in entries[kept...] { table.release(entry.key) }
        entries.removeSubrange(kept...)
        edge = Place(value: entries[kept - 1].value, key: entries[kept - 1].key)
    }

    private func replace(by rows: [StoredRow], now: Position) {
        var before: [UUID: Position] = [:]
        for entry in window { before[entry.key] = entry.entered }
        let old = entries
        entries = []
        for row in rows { append(row, entered: before[row.key] ?? now) }
        for entry in old { table.release(entry.key) }
        changedAt = now
        leftAt = now
    }

    /// Rows read at `checkpoint` as they are after the sets since: of a read and a change the higher position wins.
    private func brought(
        _ rows: [StoredRow], asked: RowQuery, checkpoint: Position, by sets: [ChangeSet]
    ) -> (rows: [StoredRow], edge: Place?) {
        func place(_ row: StoredRow) -> Place { Place(value: row.columns!.values[column], key: row.key) }
        let isFull = rows.count == asked.limit
        let edge = isFull ? rows.last.map(place) : nil
        let newer = sets.filter { $0.to > checkpoint }
        guard !newer.isEmpty else { return (rows, edge) }
        var found: [UUID: StoredRow] = [:]
        for row in rows { found[row.key] = row }
        for set in newer {
            for change in set.changes[table.projection.name] ?? [] {
                if let read = found[change.row.key], read.position >= change.row.position { continue }
                found[change.row.key] = nil
                guard let columns = change.row.columns, matcher.matches(columns) else { continue }
                let place = place(change.row)
                if let edge, precedes(edge, place) { continue }
                if let after = asked.after, !precedes(Place(value: after.value, key: after.key), place) { continue }
                found[change.row.key] = change.row
            }
        }
        return (found.values.sorted { precedes(place($0), place($1)) }, edge)
    }

    private func encode(put: [Int], gone: [UUID], total: Int?) -> [UInt8] {
        if put.isEmpty && gone.isEmpty, let total { return ServerMessage.total(shared: number, total) }
        var out: [UInt8] = []
        out.reserveCapacity(512 * (put.count + 1))
        out.add("{\"type\":\"change\",\"shared\":")
        out.add(number)
        out.add(",\"put\":[")
        for (index, at) in put.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            encode(entries[at], into: &out)
        }
        out.add("],\"gone\":")
        out.add(list: gone)
        if let total {
            out.add(",\"total\":")
            out.add(total)
        }
        out.append(UInt8(ascii: "}"))
        return out
    }
}

/// The rows that a set touched in one view, and whether each stood in the window before.
private struct Noted {
    private(set) var keys: [UUID] = []
    private(set) var was: [UUID: Bool] = [:]

    /// Only the first word about a row counts: it was said before anything had moved it.
    mutating func note(_ key: UUID, wasVisible: Bool) {
        guard was[key] == nil else { return }
        was[key] = wasVisible
        keys.append(key)
    }
}
