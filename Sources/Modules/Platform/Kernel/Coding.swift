import FoundationEssentials

/// How messages, events and rows become JSON and come back.
///
/// A stored body is one object that begins with its schema version: `{"v":1,"name":…}`. An event is a case of an enum;
/// the case's name becomes the stored type, so the body holds its labels only.
public enum Coding {
    /// The same value is the same bytes, for golden files, digests and comparisons: keys are sorted.
    public static func encode(_ value: some Encodable) throws -> [UInt8] { try JSONWriter.bytes(of: value) }

    public static func decode<Value: Decodable>(_: Value.Type = Value.self, from bytes: [UInt8]) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(bytes))
    }

    /// A message's stored body.
    public static func body<M: Message>(of message: M) throws -> [UInt8] {
        stamped(try encode(message), version: M.schemaVersion)
    }

    /// An event's stored type and body: `.storeCreated(name:)` of `stores.Store` is `stores.StoreCreated`, `{"v":1,"name":…}`.
    public static func stored<D: Decider>(_ event: D.Event, of _: D.Type) throws -> (type: String, body: [UInt8]) {
        let json = try encode(event)
        // {"case":{…}}: one key, one object.
        guard json.count > 6, json[0] == UInt8(ascii: "{"), json[1] == UInt8(ascii: "\""),
            let quote = json[2...].firstIndex(of: UInt8(ascii: "\"")), json[quote + 1] == UInt8(ascii: ":")
        else { preconditionFailure("an event of \(D.category) is not encoded as an enum with labels") }
        let name = String(decoding: json[2..<quote], as: UTF8.self)
        let type = "\(D.module).\(name.prefix(1).uppercased())\(name.dropFirst())"
        return (type, stamped(json[(quote + 2)..<(json.count - 1)], version: 1))
    }

    /// The event that `stored(_:of:)` wrote.
    public static func event<D: Decider>(of _: D.Type, type: String, body: [UInt8]) throws -> D.Event {
        let name = type.drop { $0 != "." }.dropFirst()
        var json = Array("{\"\(name.prefix(1).lowercased())\(name.dropFirst())\":".utf8)
        json += body
        json.append(UInt8(ascii: "}"))
        return try decode(D.Event.self, from: json)
    }

    private static func stamped(_ object: some Collection<UInt8>, version: Int) -> [UInt8] {
        var bytes = Array("{\"v\":\(version)".utf8)
        bytes.reserveCapacity(bytes.count + object.count + 1)
        if object.count > 2 { bytes.append(UInt8(ascii: ",")) }
        bytes += object.dropFirst()
        return bytes
    }
}

/// What was wrong with a JSON text, as a refusal that names the field.
extension Refusal {
    public init(decoding error: any Error) {
        guard let error = error as? DecodingError else {
            self = .invalid(Self.notJSON)
            return
        }
        func path(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String? {
            let keys = context.codingPath + (last.map { [$0] } ?? [])
            if keys.isEmpty { return nil }
            return keys.map { key in key.intValue.map(String.init) ?? key.stringValue }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            self = .invalid("\(key.stringValue) is required", field: path(context, key))
        case .typeMismatch(let type, let context):
            let field = path(context)
            self = .invalid("\(field ?? "the body") must be \(Self.spoken(type))", field: field)
        case .valueNotFound(_, let context):
            let field = path(context)
            self = .invalid("\(field ?? "the body") must not be null", field: field)
        case .dataCorrupted(let context):
            let field = path(context)
            self = .invalid(
                field == nil ? Self.notJSON : "\(field!): \(context.debugDescription)", field: field)
        @unknown default:
            self = .invalid(Self.notJSON)
        }
    }

    /// The decoder calls JSON broken, too, when a number is no whole one of 64 bits, and does not say where.
    private static let notJSON = "the body is not valid JSON, or a number in it is not a whole one that fits 64 bits"

    private static func spoken(_ type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is any FixedWidthInteger.Type: "a whole number"
        case is any KernelCollection.Type: "a list"
        default: "an object"
        }
    }
}

/// Marks the collection types that `Refusal.spoken` calls a list.
private protocol KernelCollection {}
extension Array: KernelCollection {}
