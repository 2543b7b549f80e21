public import Kernel

/// What a decider answers to every command in every state, as text: one line a pair, for a reader to judge.
public func table<D: Decider>(
    of decider: D.Type, at now: Instant = .morning, states: KeyValuePairs<String, [D.Event]>,
    commands: KeyValuePairs<String, D.Command>
) -> String {
    var lines: [String] = []
    for (state, past) in states {
        lines.append(state)
        for (name, command) in commands {
            let outcome =
                switch given(decider, past).at(now).when(command) {
                case .success(let events) where events.isEmpty: "-"
                case .success(let events): events.map(caseName).joined(separator: ", ")
                case .failure(let refusal): "\(refusal.kind.rawValue): \(refusal.message)"
                }
            lines.append("    \(name) → \(outcome)")
        }
    }
    return lines.joined(separator: "\n")
}

/// `storeCreated` of `.storeCreated(name: "…")`.
public func caseName(_ event: some Any) -> String { String("\(event)".prefix { $0 != "(" }) }

/// Tells a decider random commands for a while: it may refuse, but not trap, and a refusal changes nothing.
public func wander<D: Decider>(
    _: D.Type, steps: Int = 40, using random: inout Seeded, command: (inout Seeded) -> D.Command
) {
    var state = D()
    var now = Instant.morning
    for _ in 0..<steps {
        now = now + .seconds(Int64.random(in: 0...900, using: &random))
        let command = command(&random)
        guard let events = try? state.decide(command, at: now) else { continue }
        for event in events { state.apply(event) }
        _ = (state.claims, state.timers)
    }
}
