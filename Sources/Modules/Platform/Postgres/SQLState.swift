/// A five-character error code of PostgreSQL (appendix A of its manual). Errors are told apart by it, never by their text.
public struct SQLState: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    private init(_ rawValue: String) { self.rawValue = rawValue }

    public static let featureNotSupported = SQLState("0A000")
    public static let notNullViolation = SQLState("23502")
    public static let foreignKeyViolation = SQLState("23503")
    public static let uniqueViolation = SQLState("23505")
    public static let checkViolation = SQLState("23514")
    public static let exclusionViolation = SQLState("23P01")
    public static let readOnlyTransaction = SQLState("25006")
    public static let failedTransaction = SQLState("25P02")
    public static let idleInTransactionTimeout = SQLState("25P03")
    public static let unknownStatement = SQLState("26000")
    public static let unknownDatabase = SQLState("3D000")
    public static let serializationFailure = SQLState("40001")
    public static let deadlock = SQLState("40P01")
    public static let syntaxError = SQLState("42601")
    public static let unknownColumn = SQLState("42703")
    public static let unknownTable = SQLState("42P01")
    public static let duplicateDatabase = SQLState("42P04")
    public static let tooManyConnections = SQLState("53300")
    public static let lockNotAvailable = SQLState("55P03")
    public static let objectInUse = SQLState("55006")
    public static let queryCanceled = SQLState("57014")
    public static let adminShutdown = SQLState("57P01")
    public static let crashShutdown = SQLState("57P02")
    public static let cannotConnectNow = SQLState("57P03")
    public static let divisionByZero = SQLState("22012")
    public static let raisedException = SQLState("P0001")

    /// The first two characters.
    public var category: Substring { rawValue.prefix(2) }

    public var description: String { rawValue }

    /// Whether the same statement may succeed a moment later: rollbacks by the server's choice, missing resources, shutdowns.
    public var isTransient: Bool {
        switch self {
        case .serializationFailure, .deadlock, .lockNotAvailable, .adminShutdown, .crashShutdown, .cannotConnectNow:
            true
        default: category == "53" || category == "08"
        }
    }
}
