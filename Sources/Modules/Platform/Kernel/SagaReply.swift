/// What came of a saga's command, said on the saga's stream by whoever carried it out, in the unit of work that did.
///
/// The message is named `am.Success` or `am.Failure`, or by the type of the reply where it has something to say, such as
/// `depotapi.CreatedShoppingList`. It repeats the command's name and key, so that a saga knows which asking it answers.
public struct SagaReply: Sendable, Equatable {
    public enum Outcome: Sendable, Equatable {
        case success
        case failure(Refusal)
    }

    public static let success = "am.Success"
    public static let failure = "am.Failure"

    public let command: String
    public let key: String
    public let outcome: Outcome
    /// What the message's body is: the outcome's payload is read from it by whoever knows its type.
    public let body: [UInt8]

    private struct Head: Codable {
        let command: String
        var failure: Failure?
        let key: String
        let outcome: Word

        enum Word: String, Codable {
            case success = "SUCCESS"
            case failure = "FAILURE"
        }

        struct Failure: Codable {
            let kind: Refusal.Kind
            let message: String
        }
    }

    private struct Tail<Payload: Decodable>: Decodable {
        let payload: Payload
    }

    /// It was done; `payload` is the handler's reply, a JSON object.
    public init(to command: String, key: String, payload: [UInt8]) throws {
        (self.command, self.key, outcome) = (command, key, .success)
        var body = try Self.stamped(Head(command: command, key: key, outcome: .success))
        if payload.count > 2 {
            body.removeLast()
            body += Array(",\"payload\":".utf8) + payload + [UInt8(ascii: "}")]
        }
        self.body = body
    }

    /// It was refused, and nothing of it was done.
    public init(to command: String, key: String, refusal: Refusal) throws {
        (self.command, self.key, outcome) = (command, key, .failure(refusal))
        body = try Self.stamped(
            Head(
                command: command, failure: Head.Failure(kind: refusal.kind, message: refusal.message), key: key,
                outcome: .failure))
    }

    /// Reads what one of the others has written.
    public init(body: [UInt8]) throws {
        let head = try Coding.decode(Head.self, from: body)
        (command, key, self.body) = (head.command, head.key, body)
        switch (head.outcome, head.failure) {
        case (.success, _): outcome = .success
        case (.failure, let failure?): outcome = .failure(Refusal(failure.kind, failure.message))
        case (.failure, nil): outcome = .failure(Refusal(.internal, "no reason was given"))
        }
    }

    /// The message, given the name that the command's reply has.
    public func spoken(named name: String?) -> Spoken {
        switch outcome {
        case .success: Spoken(type: name ?? Self.success, body: body)
        case .failure: Spoken(type: Self.failure, body: body)
        }
    }

    func payload<Payload: Decodable>(_: Payload.Type) throws -> Payload {
        try Coding.decode(Tail<Payload>.self, from: body).payload
    }

    private static func stamped(_ head: Head) throws -> [UInt8] {
        Array("{\"v\":1,".utf8) + (try Coding.encode(head)).dropFirst()
    }
}

extension PublicCommand {
    /// How the reply to it is named on a saga's stream; nil if it has nothing to say.
    static var replyName: String? {
        Reply.self == Done.self ? nil : "\(name.prefix { $0 != "." }).\(Reply.self)"
    }
}

/// A saga's command on its way: the command's own body, and the key that tells this asking from another one.
enum SagaCommand {
    private struct Key: Decodable {
        let sagaKey: String
    }

    static func spoken(_ command: some PublicCommand, key: String) throws -> Spoken {
        let plain = try Spoken(command)
        var body = plain.body
        let end = body.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? body.endIndex
        body.insert(contentsOf: ",\"sagaKey\":\"\(key)\"".utf8, at: end)
        return Spoken(type: plain.type, body: body)
    }

    static func key(of body: [UInt8]) throws -> String { try Coding.decode(Key.self, from: body).sagaKey }
}

extension Envelope {
    /// The key of a saga's command.
    public var sagaKey: String { get throws { try SagaCommand.key(of: body) } }
}
