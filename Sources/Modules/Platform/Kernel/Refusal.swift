/// Why something asked for was not done. A refusal leaves nothing behind and is told to whoever asked.
public struct Refusal: Error, Equatable, Sendable, Codable {
    /// The error kinds of the mall, each with its place in HTTP.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case invalid
        case unauthenticated
        case forbidden
        case notFound = "not_found"
        /// The state of the thing forbids it.
        case conflict
        /// Somebody else was faster, several times in a row.
        case stale
        case unavailable
        case `internal`
    }

    public let kind: Kind
    /// A sentence for a person, in lower case, without a full stop.
    public let message: String
    /// The input field that is at fault, where one is.
    public let field: String?

    public init(_ kind: Kind, _ message: String, field: String? = nil) {
        self.kind = kind
        self.message = message
        self.field = field
    }

    /// Whether asking again would be answered alike.
    public var isFinal: Bool {
        switch kind {
        case .unavailable, .stale, .internal: false
        case .invalid, .unauthenticated, .forbidden, .notFound, .conflict: true
        }
    }

    public static func invalid(_ message: String, field: String? = nil) -> Refusal {
        Refusal(.invalid, message, field: field)
    }
    public static func notFound(_ message: String) -> Refusal { Refusal(.notFound, message) }
    public static func conflict(_ message: String) -> Refusal { Refusal(.conflict, message) }
    public static func forbidden(_ message: String) -> Refusal { Refusal(.forbidden, message) }
    public static func unavailable(_ message: String) -> Refusal { Refusal(.unavailable, message) }
}
