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
    /// The sagas of each module by their category.
    private(set) var sagas: [(module: String, byCategory: [String: Coordination])] = []
    /// What sagas ask of each module. What they ask of nobody is refused by `nobody`.
    private(set) var participants: [(module: String, part: Participation)] = []
    /// The commands that sagas say and no module accepts. A mall that is whole has none.
    public private(set) var unheard: Set<String> = []
    public private(set) var projections: [any Folding] = []
    public private(set) var topics: [String: Topic] = [:]

    public init(_ modules: [Module]) {
        self.modules = modules
        var accepted: [(module: String, commands: [String: Acceptance])] = []
        var coordinations: [String: Coordination] = [:]
        for module in modules {
            var reactions: [String: Reaction] = [:]
            var commands: [String: Acceptance] = [:]
            var sagas: [String: Coordination] = [:]
            for part in module.parts {
                switch part {
                case .accepts(let part):
                    Self.put(part, at: part.command, in: &acceptances, "handler of command")
                    commands[part.command] = part
                case .announces(let part): Self.put(part, at: part.category, in: &announcements, "announcement of")
                case .answers(let part): Self.put(part, at: part.query, in: &answerings, "answer to")
                case .ticks(let part): Self.put(part, at: part.category, in: &tickings, "ticking of")
                case .reacts(let part): Self.put(part, at: part.event, in: &reactions, "reaction of \(module.name) to")
                case .shows(let topic): Self.put(topic, at: topic.name, in: &topics, "topic")
                case .keeps(let table): tables.append(table)
                case .folds(let projection): projections.append(projection)
                case .coordinates(let part):
                    Self.put(part, at: part.category, in: &coordinations, "saga")
                    sagas[part.category] = part
                case .migrates: break
                }
            }
            if !reactions.isEmpty { self.reactions.append((module.name, reactions)) }
            if !commands.isEmpty { accepted.append((module.name, commands)) }
            if !sagas.isEmpty { self.sagas.append((module.name, sagas)) }
        }
        (participants, unheard) = Self.participants(accepted, asked: coordinations.mapValues(\.commands))
        precondition(Set(projections.map(\.name)).count == projections.count, "two projections have one name")
        precondition(Set(tables.map(\.name)).count == tables.count, "two tables have one name")
    }

    /// Every command some module accepts.
    public var commands: Set<String> { Set(acceptances.keys) }

    /// Who hears which of the commands that sagas say, and those that nobody does.
    private static func participants(
        _ accepted: [(module: String, commands: [String: Acceptance])], asked: [String: Set<String>]
    ) -> ([(module: String, part: Participation)], unheard: Set<String>) {
        var unheard = asked.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        var participants: [(module: String, part: Participation)] = []
        for (module, commands) in accepted {
            let heard = commands.filter { unheard.contains($0.key) }
            if heard.isEmpty { continue }
            unheard.subtract(heard.keys)
            participants.append((module, Participation(asked: asked, acceptances: heard)))
        }
        if !unheard.isEmpty {
            let nobody = Dictionary(uniqueKeysWithValues: unheard.map { ($0, Acceptance.nobody($0)) })
            participants.append(("nobody", Participation(asked: asked, acceptances: nobody)))
        }
        return (participants, unheard)
    }

    private static func put<Value>(_ value: Value, at key: String, in values: inout [String: Value], _ what: String) {
        precondition(values[key] == nil, "there is a second \(what) \(key)")
        values[key] = value
    }
}

/// What one module carries out for sagas: commands that it accepts, heard from the streams of sagas that say them.
struct Participation: Sendable {
    /// The names of the commands that the streams of a category say.
    let asked: [String: Set<String>]
    let acceptances: [String: Acceptance]

    /// The handler of a message, if it is a saga's command for this module.
    func acceptance(of envelope: Envelope) -> Acceptance? {
        guard asked[envelope.stream.category]?.contains(envelope.type) == true else { return nil }
        return acceptances[envelope.type]
    }
}
