import Contracts
import Crypto
import EventStore
import FoundationEssentials
import HTTP
import Kernel
import Live
import Server

/// How a query parameter is written into a filter.
enum ParameterKind: Sendable {
    case text
    /// May be given several times.
    case texts
    case number
    case bool
}

extension Edge {
    /// A list over a topic's projection: the same rows and filters a page has live, part by part.
    ///
    /// Keyset paging: a part begins behind the last row of the one before, so rows that come meanwhile neither repeat nor
    /// hide one.
    func list(
        _ name: String, as field: String, _ parameters: [String: ParameterKind], path: String? = nil,
        of exists: @escaping @Sendable (Call) async throws -> Void = { _ in }
    ) -> Router.Handler {
        // A mall without a module has no list of it.
        guard let topic = topics[name] else {
            return route(.everyStaff) { call in
                try mayRead(name, call)
                throw Refusal.notFound("there is no list of \(name)")
            }
        }
        let order = RowOrder(topic.orders[0])
        let kind = topic.projection.columns[topic.projection.columnNames.index(of: order.column)].kind
        return route(.everyStaff) { call in
            let rights = try mayRead(name, call)
            try await catchUp(call)
            try await exists(call)
            let query = call.request.query
            let filter = try filter(query, parameters, path.map { ($0, try call.id(ID<Never>.self).description) })
            let wanted = try topic.filter(filter)
            try rights.judge(wanted, of: name)
            let page = try PageRequest(limit: limit(query["limit"]))
            // One row more than wanted tells whether the list goes on.
            let rows = try await dispatcher.questions.rows(
                topic.projection.storage.select(
                    RowQuery(
                        predicate: .all([wanted, rights.scope(of: name)]), order: order,
                        limit: page.limit + 1,
                        after: query["next"].map { try place($0, in: kind) })))
            let shown = try rows.prefix(page.limit).map { try StoredRow($0, of: topic.projection) }
            let mask = rights.mask(of: name)
            var body = Array("{\"\(field)\":[".utf8)
            for (index, row) in shown.enumerated() {
                if index > 0 { body.append(UInt8(ascii: ",")) }
                body += mask.map { $0.masked(row.value) } ?? row.value
            }
            body.append(UInt8(ascii: "]"))
            if rows.count > page.limit, let last = shown.last, let columns = last.columns {
                body += Array(",\"next\":\"\(Self.next(columns[order.column], last.key))\"".utf8)
            }
            body.append(UInt8(ascii: "}"))
            return .json(body)
        }
    }

    /// One thing, as its module answers for it, for whoever may have its topic.
    func one<Q: Kernel.Query>(
        _ topic: String, _ query: @escaping @Sendable (Call) throws -> Q
    ) -> Router.Handler where Q.Answer: Encodable {
        route(.everyStaff) { call in
            let rights = try mayRead(topic, call)
            try await catchUp(call)
            let answer = try await dispatcher.questions.ask(query(call))
            let body = try Coding.encode(answer)
            return .json(rights.mask(of: topic).map { $0.masked(body) } ?? body)
        }
    }

    /// What the caller may see of a topic. Whoever may not have it live may not have it in parts either.
    @discardableResult
    func mayRead(_ topic: String, _ call: Call) throws(Refusal) -> Rights {
        guard case .staff(let member) = call.principal, member.rights.allows(topic) else {
            throw .forbidden("\(topic) is not for your roles")
        }
        return member.rights
    }

    private func limit(_ text: String?) throws(Refusal) -> Int? {
        guard let text else { return nil }
        guard let limit = Int(text) else { throw .invalid("limit must be a whole number", field: "limit") }
        return limit
    }

    /// The filter as a page would send it, from query parameters.
    func filter(
        _ query: HTTP.Query, _ kinds: [String: ParameterKind], _ path: (name: String, value: String)?
    ) throws -> [UInt8] {
        var fields: [String: JSONValue] = [:]
        if let path { fields[path.name] = .text(path.value) }
        for (name, value) in query.pairs where name != "limit" && name != "next" {
            switch kinds[name] {
            case nil: throw Refusal.invalid("there is no filter \(name.prefix(64))", field: String(name.prefix(64)))
            case .text: fields[name] = .text(value)
            case .texts: fields[name] = .texts(query.all(name))
            case .number:
                guard let number = Int64(value) else {
                    throw Refusal.invalid("\(name) must be a whole number", field: name)
                }
                fields[name] = .number(number)
            case .bool:
                guard let bool = Bool(value) else {
                    throw Refusal.invalid("\(name) must be true or false", field: name)
                }
                fields[name] = .bool(bool)
            }
        }
        return try Coding.encode(fields)
    }

    /// The opaque place a list goes on behind: the order's value and the key.
    static func next(_ value: ColumnValue, _ key: UUID) -> String {
        let text =
            switch value {
            case .int(let number): "i\(number)"
            case .text(let text): "t\(text)"
            case .uuid(let uuid): "u\(uuid.lowercase)"
            case .bool(let bool): "b\(bool)"
            case .null, .uuids: "n"
            }
        return Base64.encodeURL(Array((key.lowercase + text).utf8))
    }

    /// The place, if its value is one of the column that the list is in the order of.
    func place(_ next: String, in kind: ColumnKind) throws(Refusal) -> RowQuery.Place {
        guard let bytes = Base64.decodeURL(next), let text = String(validating: bytes, as: UTF8.self),
            let key = ID<Never>(text.prefix(36)), let value = Self.value(text.dropFirst(36)), value.isOf(kind)
        else { throw .invalid("next is not one that a list has answered", field: "next") }
        return RowQuery.Place(value: value, key: key.rawValue)
    }

    private static func value(_ text: Substring) -> ColumnValue? {
        let rest = text.dropFirst()
        switch text.first {
        case "i": return Int64(rest).map { .int($0) }
        // No text in the database has a zero in it.
        case "t": return rest.utf8.contains(0) ? nil : .text(String(rest))
        case "u": return ID<Never>(rest).map { .uuid($0.rawValue) }
        case "b": return Bool(String(rest)).map { .bool($0) }
        case "n": return .null
        default: return nil
        }
    }
}

extension ColumnValue {
    fileprivate func isOf(_ kind: ColumnKind) -> Bool {
        switch (self, kind) {
        case (.bool, .bool), (.int, .int), (.text, .text), (.uuid, .uuid), (.uuids, .uuids): true
        case (.bool, _), (.int, _), (.text, _), (.uuid, _), (.uuids, _), (.null, _): false
        }
    }
}

/// The few shapes of JSON that a filter made from query parameters has.
private enum JSONValue: Encodable {
    case text(String)
    case texts([String])
    case number(Int64)
    case bool(Bool)

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .texts(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .bool(let value): try container.encode(value)
        }
    }
}
