import FoundationEssentials
import TestSupport

/// Somebody who calls the mall over HTTP: a member of staff with a cookie, a kiosk with a token, or nobody.
///
/// One connection, one request at a time.
struct Caller: Sendable {
    let port: UInt16
    /// What every request carries.
    let fields: [String]
    let client: Client

    init(port: UInt16, fields: [String] = []) {
        self.port = port
        self.fields = fields
        client = Client(port: port)
    }

    /// The same caller on a connection of its own.
    var again: Caller { Caller(port: port, fields: fields) }

    func callAsFunction(
        _ method: String, _ path: String, _ body: JSON? = nil, key: String? = nil, fields extra: [String] = []
    ) async -> Reply {
        await send(method, path, body?.bytes, key: key, fields: extra)
    }

    /// As above, with a body that need not be JSON.
    func send(
        _ method: String, _ path: String, _ body: [UInt8]?, key: String? = nil, fields extra: [String] = []
    ) async -> Reply {
        let keys = key.map { ["Idempotency-Key: \($0)"] } ?? []
        return Reply(await client.ask(method, path, fields: fields + extra + keys, body: body))
    }

    func get(_ path: String, fields: [String] = []) async -> Reply { await self("GET", path, fields: fields) }
    func post(_ path: String, _ body: JSON = [:], key: String? = nil) async -> Reply {
        await self("POST", path, body, key: key)
    }
    func put(_ path: String, _ body: JSON? = nil, key: String? = nil) async -> Reply {
        await self("PUT", path, body, key: key)
    }
    func delete(_ path: String, _ body: JSON? = nil, key: String? = nil) async -> Reply {
        await self("DELETE", path, body, key: key)
    }

    /// The whole of a list, read part by part.
    func all(_ path: String, _ field: String, limit: Int = 100, after position: Int64? = nil) async -> [JSON] {
        var rows: [JSON] = []
        var next: String?
        repeat {
            let separator = path.contains("?") ? "&" : "?"
            let more = next.map { "&next=\(Caller.escaped($0))" } ?? ""
            let reply = await get(
                "\(path)\(separator)limit=\(limit)\(more)", fields: position.map { ["After-Position: \($0)"] } ?? [])
            guard reply.status == 200 else { return [.text("the list was answered \(reply)")] }
            rows += reply.json[field].list
            next = reply.json.next.text
        } while next != nil
        return rows
    }

    /// A value as it stands in a query.
    static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}

/// What was answered; status 0 if nothing was.
struct Reply: Sendable, CustomStringConvertible {
    let answer: Answer?
    let json: JSON

    init(_ answer: Answer?) {
        self.answer = answer
        json = answer.map { JSON($0.body) } ?? .null
    }

    var status: Int { answer?.status ?? 0 }
    var id: String { json.id.text ?? "no id in \(self)" }
    var position: Int64 { json.position.int ?? -1 }
    var code: String? { json.code.text }

    /// Whether it is an error as every error is told: code, message and correlation, and nothing of another shape.
    func isError(_ status: Int, _ code: String) -> Bool { self.status == status && self.code == code && hasErrorBody }

    var hasErrorBody: Bool {
        guard let message = json.message.text, !message.isEmpty, let correlation = json.correlationId.text else {
            return false
        }
        return UUID(uuidString: correlation) != nil && json.code.text != nil
            && Set(json.members.keys).subtracting(["priceChanges", "totalMinor"])
                .isSubset(of: ["code", "message", "field", "correlationId"])
    }

    var description: String { "\(status) \(answer?.text.prefix(300) ?? "")" }
}
