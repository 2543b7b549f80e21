public import Kernel

/// What all modules together accept, hear, say, keep, show and answer: indexed once, at start.
///
/// Two handlers of one command, two answers to one query or two projections of one name stop the program: each is a mistake
/// that would otherwise show only as a message that reaches the wrong one of them.
public struct Catalogue: Sendable {
    public private(set) var modules: [Module]
    private(set) var acceptances: [String: Acceptance] = [:]
    private(set) var announcements: [String: Announcement] = [:]
    private(set) var answerings: [String: Answering] = [:]
    private(set) var tickings: [String: Ticking] = [:]
    /// The reactions of each module by the event they hear.
    private(set) var reactions: [(module: String, byEvent: [String: Reaction])] = []
    private(set) var tables: [Table] = []
    public private(set) var projections: [any Folding] = []
    public private(set) var topics: [String: Topic] = [:]

    public init(_ modules: [Module]) {
        self.modules = modules
        for module in modules {
            var reactions: [String: Reaction] = [:]
            for part in module.parts {
                switch part {
                case .accepts(let part): Self.put(part, at: part.command, in: &acceptances, "handler of command")
                case .announces(let part): Self.put(part, at: part.category, in: &announcements, "announcement of")
                case .answers(let part): Self.put(part, at: part.query, in: &answerings, "answer to")
                case .ticks(let part): Self.put(part, at: part.category, in: &tickings, "ticking of")
                case .reacts(let part): Self.put(part, at: part.event, in: &reactions, "reaction of \(module.name) to")
                case .shows(let topic): Self.put(topic, at: topic.name, in: &topics, "topic")
                case .keeps(let table): tables.append(table)
                case .folds(let projection): projections.append(projection)
                case .migrates: break
                }
            }
            if !reactions.isEmpty { self.reactions.append((module.name, reactions)) }
        }
        precondition(Set(projections.map(\.name)).count == projections.count, "two projections have one name")
        precondition(Set(tables.map(\.name)).count == tables.count, "two tables have one name")
    }

    /// Every command some module accepts.
    public var commands: Set<String> { Set(acceptances.keys) }

    private static func put<Value>(_ value: Value, at key: String, in values: inout [String: Value], _ what: String) {
        precondition(values[key] == nil, "there is a second \(what) \(key)")
        values[key] = value
    }
}
