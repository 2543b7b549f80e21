/// Something said aloud in the mall: it crosses module boundaries, as JSON, under a name that never changes.
public protocol Message: Codable, Sendable, Equatable, SendableMetatype {
    /// `module` + `api.` + what it is, such as `ordersapi.OrderCreated`.
    static var name: String { get }
    /// The version of its fields, stored beside the name. It rises when an old body can no longer be read as it is.
    static var schemaVersion: Int { get }
}

extension Message {
    public static var schemaVersion: Int { 1 }
}

/// A fact, in the past tense, for whoever wants to know.
public protocol PublicEvent: Message {}

/// A wish, in the imperative, to the one module that accepts it.
public protocol PublicCommand: Message {
    /// What is answered when it was done; refusals are thrown.
    associatedtype Reply: Codable & Sendable & Equatable = Done
}

/// The reply of a command that has nothing to say but that it was done.
public struct Done: Codable, Sendable, Equatable {
    public init() {}
}

/// A question that one module answers for others without changing anything.
public protocol Query: Sendable, SendableMetatype {
    static var name: String { get }
    associatedtype Answer: Sendable
}
