public import FoundationEssentials
import Kernel

/// What a page asks, decoded. The shapes are those of `mallbots.live.v1`.
public enum ClientMessage: Equatable, Sendable {
    case open(view: Int, topic: String, Query, resume: Resume?)
    case changeView(view: Int, Query)
    case close(view: Int)
    case check(view: Int)
    /// A command of the page's own was committed at this position: it wants to hear when it has been brought there,
    /// also if nothing that it shows has changed.
    case reach(Position)

    /// What a view shows. What is nil stays as it was, or is the topic's usual.
    public struct Query: Equatable, Sendable {
        /// A JSON object, read by the topic.
        public var filter: [UInt8]?
        public var order: String?
        public var limit: Int?
        public var count: Bool?
    }

    /// What the page still holds, and as of when.
    public struct Resume: Equatable, Sendable {
        public let cursor: String
        public let have: [UUID]
    }

    /// Reads a text frame. What is not understood breaks the protocol; what is understood may still be refused.
    public init(_ bytes: [UInt8]) throws(ProtocolViolation) {
        guard bytes.count <= LiveLimits.clientMessage else {
            throw ProtocolViolation("a message of \(bytes.count) bytes")
        }
        guard let members = Members(bytes) else { throw ProtocolViolation("expected a JSON object") }
        do { self = try Self.read(members) } catch { throw ProtocolViolation(error.message) }
    }

    private static func read(_ members: Members) throws(Refusal) -> ClientMessage {
        guard let type: String = try members.read("type") else { throw .invalid("a message without a type") }
        if type == "reach" {
            guard let position: Int64 = try members.read("position") else { throw .invalid("reach without a position") }
            return .reach(Position(position))
        }
        guard let view: Int = try members.read("view") else { throw .invalid("\(type) without a view") }
        switch type {
        case "open":
            guard let topic: String = try members.read("topic") else { throw .invalid("open without a topic") }
            var resume: Resume?
            if let cursor: String = try members.read("cursor") {
                var have: [UUID] = []
                for text in try members.read("have", as: [String].self) ?? [] {
                    guard let key = UUID(uuidString: text) else { throw .invalid("have holds what is not a key") }
                    have.append(key)
                }
                resume = Resume(cursor: cursor, have: have)
            }
            return .open(view: view, topic: topic, try query(members), resume: resume)
        case "change-view": return .changeView(view: view, try query(members))
        case "close": return .close(view: view)
        case "check": return .check(view: view)
        default: throw .invalid("no message is of type \(type)")
        }
    }

    private static func query(_ members: Members) throws(Refusal) -> Query {
        Query(
            filter: members.has("filter") ? members.values["filter"].map(Array.init) : nil,
            order: try members.read("order"),
            limit: try members.read("limit"), count: try members.read("count"))
    }
}

/// The page broke the protocol; the connection is closed.
public struct ProtocolViolation: Error, Equatable, Sendable {
    public static let closeCode: UInt16 = 4409
    public let message: String
    init(_ message: String) { self.message = message }
}

/// The server's messages, each put together from rows that are already JSON.
enum ServerMessage {
    static func hello(_ cursor: Cursor, user: String, name: String, roles: [String], at now: Instant) -> [UInt8] {
        var out: [UInt8] = []
        out.add("{\"type\":\"hello\",\"epoch\":")
        out.add(quoted: cursor.epoch)
        out.add(",\"cursor\":")
        out.add(quoted: cursor.description)
        out.add(",\"user\":")
        out.add(quoted: user)
        out.add(",\"name\":")
        out.add(quoted: name)
        out.add(",\"roles\":[")
        for (index, role) in roles.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            out.add(quoted: role)
        }
        out.add("],\"serverTime\":")
        out.add(quoted: now.description)
        out.append(UInt8(ascii: "}"))
        return out
    }

    static func commit(_ cursor: Cursor, asOf: Instant, now: Instant) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(160)
        out.add("{\"type\":\"commit\",\"cursor\":")
        out.add(quoted: cursor.description)
        out.add(",\"position\":")
        out.add(cursor.position.rawValue)
        out.add(",\"asOf\":")
        out.add(quoted: asOf.description)
        out.add(",\"lagMs\":")
        out.add(max(0, (now.microseconds - asOf.microseconds) / 1000))
        out.append(UInt8(ascii: "}"))
        return out
    }

    static func reset(view: Int, reason: StaticString) -> [UInt8] {
        var out: [UInt8] = []
        out.add("{\"type\":\"reset\",\"view\":")
        out.add(view)
        out.add(",\"reason\":\"")
        out.add(reason)
        out.add("\"}")
        return out
    }

    static func refused(view: Int, _ refusal: Refusal) -> [UInt8] {
        var out: [UInt8] = []
        out.add("{\"type\":\"refused\",\"view\":")
        out.add(view)
        out.add(",\"code\":")
        out.add(quoted: refusal.kind.rawValue)
        out.add(",\"message\":")
        out.add(quoted: refusal.message)
        out.append(UInt8(ascii: "}"))
        return out
    }

    static func check(shared: Int, position: Position, _ sum: Checksum) -> [UInt8] {
        var out: [UInt8] = []
        out.add("{\"type\":\"check\",\"shared\":")
        out.add(shared)
        out.add(",\"position\":")
        out.add(position.rawValue)
        out.add(",\"rows\":")
        out.add(sum.rows)
        out.add(",\"sum\":")
        out.add(Int64(sum.sum))
        out.append(UInt8(ascii: "}"))
        return out
    }

    static func total(shared: Int, _ total: Int) -> [UInt8] {
        var out: [UInt8] = []
        out.add("{\"type\":\"total\",\"shared\":")
        out.add(shared)
        out.add(",\"total\":")
        out.add(total)
        out.append(UInt8(ascii: "}"))
        return out
    }

    static func openRows(view: Int, shared: Int) -> [UInt8] {
        var out: [UInt8] = []
        out.add("{\"type\":\"rows\",\"view\":")
        out.add(view)
        out.add(",\"shared\":")
        out.add(shared)
        out.add(",\"rows\":[")
        return out
    }

    static func closeRows(_ out: inout [UInt8], keys: [UUID]?, total: Int?, last: Bool) {
        out.append(UInt8(ascii: "]"))
        if let keys {
            out.add(",\"keys\":")
            out.add(list: keys)
        }
        if let total {
            out.add(",\"total\":")
            out.add(total)
        }
        last ? out.add(",\"last\":true}") : out.add(",\"last\":false}")
    }
}

extension [UInt8] {
    /// A row as pages know it. The value's bytes are the stored ones; a detail continues the object.
    mutating func add(_ row: StoredRow, sort: ColumnValue, detailed: Bool, mask: RowMask? = nil) {
        let value = mask.map { $0.masked(row.value) } ?? row.value
        add("{\"key\":")
        add(row.key)
        add(",\"position\":")
        add(row.position.rawValue)
        add(",\"sort\":")
        add(sort)
        if !row.cause.isEmpty {
            add(",\"cause\":")
            append(contentsOf: row.cause)
        }
        add(",\"value\":")
        if detailed && row.detail.count > 2 {
            append(contentsOf: value.dropLast())
            if value.count > 2 { append(UInt8(ascii: ",")) }
            append(contentsOf: (mask.map { $0.masked(row.detail) } ?? row.detail).dropFirst())
        } else {
            append(contentsOf: value)
        }
        append(UInt8(ascii: "}"))
    }
}
