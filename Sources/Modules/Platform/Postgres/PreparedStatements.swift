import Kernel

/// Which statements a session holds prepared, by text and parameter types; the one used longest ago makes room.
///
/// Knows names only. A new session knows none of them: `forgetAll`.
struct PreparedStatements {
    /// Two statements are the same if their texts and the types of their parameters are; values do not matter.
    private struct Key: Hashable {
        let text: String
        let parameters: [SQL.Parameter]

        init(_ sql: SQL) { (text, parameters) = (sql.text, sql.parameters) }

        static func == (a: Self, b: Self) -> Bool {
            a.text == b.text && a.parameters.elementsEqual(b.parameters) { $0.type == $1.type }
        }

        // The types are left out: statements that differ in them alone are rare.
        func hash(into hasher: inout Hasher) { hasher.combine(text) }
    }

    private final class Entry {
        let name: String
        var used: UInt64
        init(name: String, used: UInt64) { (self.name, self.used) = (name, used) }
    }

    private let limit: Int
    private var entries: [Key: Entry] = [:]
    private var uses: UInt64 = 0
    private var made: UInt64 = 0
    /// Names that the server still knows and nobody uses.
    private var unused: [String] = []

    init(limit: Int = Limits.preparedStatements) { self.limit = limit }

    var count: Int { entries.count }

    /// The name of a statement, and whether it has to be prepared under it first.
    mutating func name(of sql: SQL) -> (name: String, isNew: Bool) {
        let key = Key(sql)
        uses += 1
        if let entry = entries[key] {
            entry.used = uses
            return (entry.name, false)
        }
        if entries.count >= limit, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
            entries[oldest.key] = nil
            unused.append(oldest.value.name)
        }
        made += 1
        let name = "s\(made)"
        entries[key] = Entry(name: name, used: uses)
        return (name, true)
    }

    /// Its plan is of no use any more, or it could not be prepared.
    mutating func forget(_ sql: SQL, isKnownToServer: Bool) {
        guard let entry = entries.removeValue(forKey: Key(sql)), isKnownToServer else { return }
        unused.append(entry.name)
    }

    mutating func forgetAll() {
        entries.removeAll(keepingCapacity: true)
        unused.removeAll()
    }

    mutating func takeUnused() -> [String] {
        if unused.isEmpty { return [] }
        defer { unused.removeAll() }
        return unused
    }
}
