public import FoundationEssentials
public import Kernel

/// Which part of a list is wanted.
public struct PageRequest: Sendable, Equatable {
    public let limit: Int
    /// The row that the part before ended with.
    public let after: RowQuery.Place?

    /// `next` is what the page before said. Refuses a limit outside 1…100 and a `next` that no page said.
    public init(limit: Int? = nil, next: String? = nil) throws(Refusal) {
        let limit = limit ?? MallLimits.pageDefault
        guard (1...MallLimits.page).contains(limit) else {
            throw .invalid("limit must be between 1 and \(MallLimits.page)", field: "limit")
        }
        self.limit = limit
        guard let next else {
            after = nil
            return
        }
        guard let place = Self.place(next) else {
            throw .invalid("next is not one that a page has said", field: "next")
        }
        after = place
    }

    /// Where a list of texts goes on behind this row: its key, then its text, opaque to whoever passes it on.
    public static func next(after text: String, _ key: UUID) -> String {
        Data((key.lowercase + text).utf8).base64EncodedString()
    }

    private static func place(_ next: String) -> RowQuery.Place? {
        guard let data = Data(base64Encoded: next), let text = String(data: data, encoding: .utf8),
            let key = ID<Never>(text.prefix(36)), !text.utf8.contains(0)
        else { return nil }
        return RowQuery.Place(value: .text(String(text.dropFirst(36))), key: key.rawValue)
    }
}

/// One part of a list.
public struct Page<Row: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
    public let rows: [Row]
    /// Where the list goes on; nil at its end.
    public let next: String?

    public init(rows: [Row], next: String?) {
        self.rows = rows
        self.next = next
    }
}

extension Projection {
    /// One part of the rows that match, ordered by the column `name`, which holds the normalised `text`.
    public func page<Shown>(
        _ request: PageRequest, where predicate: Kernel.Predicate, of reader: any Reader, by text: (Row) -> String,
        _ show: (Row) -> Shown
    ) async throws -> Page<Shown> {
        // One row more than wanted tells whether there is a next page.
        let query = RowQuery(
            predicate: predicate, order: RowOrder("name"), limit: request.limit + 1, after: request.after)
        var found: [(key: UUID, row: Row)] = []
        for row in try await reader.rows(storage.select(query)) {
            found.append((try row.decode("key"), try Coding.decode(from: row.decode("value"))))
        }
        let shown = found.prefix(request.limit)
        var next: String?
        if found.count > request.limit, let last = shown.last {
            next = PageRequest.next(after: normalized(text(last.row)), last.key)
        }
        return Page(rows: shown.map { show($0.row) }, next: next)
    }
}

extension Kernel.Predicate {
    /// The column, a normalised text, has each of these words. A text of more than `MallLimits.name` is refused.
    public static func words(of text: String, in column: String) throws(Refusal) -> Kernel.Predicate {
        let words = try Text.words(text)
        return words.isEmpty ? .everything : .contains(column, words)
    }
}
