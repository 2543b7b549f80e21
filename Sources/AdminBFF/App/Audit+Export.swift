import FoundationEssentials
import HTTP
import Kernel
import Server

/// The audit as a list, and as a table for other programs (RFC 4180).
extension Edge {
    private static let filters: [String: ParameterKind] = ["actor": .text, "outcome": .text, "text": .text]

    func auditList() -> Router.Handler {
        let list = list("audit", as: "audit", Self.filters)
        let table = auditTable()
        return { request in request.query["format"] == "csv" ? await table(request) : await list(request) }
    }

    /// Read page by page, so that no statement is long. What is beyond one answer is had with `next` from its header.
    private func auditTable() -> Router.Handler {
        route(.auditors) { call in
            try await catchUp(call)
            let order = RowOrder(auditTopic.orders[0])
            let filter = try auditTopic.filter(
                filter(call.request.query, Self.filters.merging(["format": .text]) { $1 }, nil))
            var after = try call.request.query["next"].map { try place($0, in: .int) }
            var lines = ["at,actor,action,subject,outcome,message,correlation,effects"]
            var isWhole = false
            while !isWhole, lines.count <= EdgeLimits.exportedRows {
                let rows = try await dispatcher.questions.rows(
                    audit.storage.select(
                        RowQuery(predicate: filter, order: order, limit: EdgeLimits.exportPage, after: after)))
                for row in rows {
                    let stored = try StoredRow(row, of: audit)
                    lines.append(Self.line(try Coding.decode(AuditRow.self, from: stored.value)))
                    after = stored.columns.map { RowQuery.Place(value: $0[order.column], key: stored.key) }
                }
                isWhole = rows.count < EdgeLimits.exportPage
            }
            var response = Response.text(lines.joined(separator: "\r\n") + "\r\n")
            response.headers.set("content-type", to: "text/csv; charset=utf-8")
            response.headers.add("content-disposition", "attachment; filename=\"audit.csv\"")
            if !isWhole, let after { response.headers.add("x-next", Self.next(after.value, after.key)) }
            return response
        }
    }

    private static func line(_ row: AuditRow) -> String {
        [
            row.at.description, row.actor, row.action, row.subject ?? "", row.outcome, row.message ?? "", row.id,
            row.effects.joined(separator: " "),
        ].map(field).joined(separator: ",")
    }

    private static func field(_ text: String) -> String {
        // What a spreadsheet would take for a formula is text.
        let safe = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } == true ? "'" + text : text
        guard safe.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return safe }
        return "\"" + safe.replacing("\"", with: "\"\"") + "\""
    }
}

extension EdgeLimits {
    static let exportPage = 500
    static let exportedRows = 10_000
}
