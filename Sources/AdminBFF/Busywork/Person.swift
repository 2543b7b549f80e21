import EventLoop

/// How everybody in the simulation asks the system: again and again while it does not answer, under one key, so that what
/// was done is not done twice. Touched on the loop's thread only.
final class Person: @unchecked Sendable {
    let name: String
    let crew: Crew
    let caller: Caller
    var generator: SmallGenerator
    private var asked = 0

    init(_ name: String, of crew: Crew, identity: String) {
        self.name = name
        self.crew = crew
        caller = Caller(of: crew.settings.address, on: crew.loop, identity: identity)
        generator = SmallGenerator(seed: crew.settings.seed, for: name)
    }

    /// How long somebody goes on asking a system that does not answer.
    private static let patience = Duration.seconds(180)
    private static let pause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(2)

    /// An answer the system stands by: done, or refused. Nil if it never came.
    @discardableResult
    func ask(_ action: String, _ method: String, _ path: String, _ body: Body? = nil) async -> Answer? {
        asked += 1
        let key = method == "GET" ? nil : "\(crew.run)-\(name)-\(asked)"
        let deadline = ContinuousClock.now + Self.patience
        var pause = Self.pause
        while !Task.isCancelled {
            await crew.gate.enter()
            let answer = try? await caller.ask(method, path, body?.bytes, key: key)
            crew.gate.leave()
            if let answer, !isPassing(answer) {
                if !answer.isDone { crew.tally.refused(action, answer) }
                if key != nil, answer.isDone, crew.settings.repeats > 0 { await again(answer, method, path, body, key) }
                return answer
            }
            guard ContinuousClock.now < deadline else { break }
            crew.tally.count("asked again")
            await crew.pace.rest(pause)
            pause = min(pause * 2, Self.longestPause)
        }
        if !Task.isCancelled { crew.tally.count("never answered: \(action)") }
        return nil
    }

    /// Sends now and then once more what was done already: the answer must be the same.
    private func again(_ first: Answer, _ method: String, _ path: String, _ body: Body?, _ key: String?) async {
        guard generator.happens(crew.settings.repeats) else { return }
        await crew.gate.enter()
        let second = try? await caller.ask(method, path, body?.bytes, key: key)
        crew.gate.leave()
        guard let second, !isPassing(second) else { return }
        crew.tally.count(
            second.status == first.status ? "sent twice" : "sent twice and answered otherwise: \(method) \(path)")
    }

    func get(_ action: String, _ path: String) async -> Answer? { await ask(action, "GET", path) }
    @discardableResult
    func post(_ action: String, _ path: String, _ body: Body = [:]) async -> Answer? {
        await ask(action, "POST", path, body)
    }
    @discardableResult
    func put(_ action: String, _ path: String, _ body: Body = [:]) async -> Answer? {
        await ask(action, "PUT", path, body)
    }
    @discardableResult
    func delete(_ action: String, _ path: String, _ body: Body = [:]) async -> Answer? {
        await ask(action, "DELETE", path, body)
    }

    /// What another moment may answer otherwise.
    private func isPassing(_ answer: Answer) -> Bool { answer.status >= 500 || answer.code == "stale" }
}
