/// Decides what happens: a command and the time in, events out, nothing else touched.
///
/// An aggregate is the fold of its events. Its category, `module.Aggregate`, and the names of its event's cases are
/// stored (`stores.Store` with `case created` would be written as `stores.Created`, so cases carry the full name,
/// `storeCreated`); they and the labels of the cases never change, and golden files hold them.
/// The state is `Codable` only for snapshots: one that cannot be read any more is ignored and rebuilt.
public protocol Decider: Codable, Sendable, Equatable, SendableMetatype {
    associatedtype Noun
    associatedtype Command: Sendable
    associatedtype Event: Codable, Sendable, Equatable

    static var category: String { get }
    /// Rises when the meaning of the encoded state changes, so that older snapshots are left alone.
    static var snapshotVersion: Int { get }

    /// The state of a stream that has not begun.
    init()
    func decide(_ command: Command, at now: Instant) throws(Refusal) -> [Event]
    mutating func apply(_ event: Event)

    /// What this state holds that no other aggregate may hold too. Taken and released by difference with the state before.
    var claims: Set<Claim> { get }
    /// When this state wants to be told that time has passed, by the timer's name. Set and cleared by difference.
    var timers: [String: Instant] { get }
    /// The command that a due timer becomes.
    static func command(for timer: String) -> Command?
}

extension Decider {
    public static var snapshotVersion: Int { 1 }
    public var claims: Set<Claim> { [] }
    public var timers: [String: Instant] { [:] }
    public static func command(for timer: String) -> Command? { nil }

    /// The module's part of the category: `stores` of `stores.Store`.
    public static var module: Substring { category.prefix { $0 != "." } }
}

/// A value that at most one aggregate may hold within a scope: an SKU in a store, a phone number in the mall.
public struct Claim: Hashable, Sendable, Codable {
    public let scope: String
    public let value: String
    /// Why a second holder is refused.
    public let taken: String

    public init(scope: String, value: String, taken: String) {
        self.scope = scope
        self.value = value
        self.taken = taken
    }

    public static func == (a: Claim, b: Claim) -> Bool { a.scope == b.scope && a.value == b.value }
    public func hash(into hasher: inout Hasher) {
        hasher.combine(scope)
        hasher.combine(value)
    }
}
