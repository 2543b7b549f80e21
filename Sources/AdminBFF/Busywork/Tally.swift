/// What a run has seen: how often, and how long it took. Touched on the loop's thread only.
final class Tally: @unchecked Sendable {
    private(set) var counts: [String: Int] = [:]
    /// Refusals by what was asked and the kind of the answer.
    private(set) var refusals: [String: (count: Int, example: String)] = [:]
    private var times: [String: [Duration]] = [:]

    func count(_ what: String) { counts[what, default: 0] += 1 }

    func refused(_ action: String, _ answer: Answer) {
        let kind = "\(action) → \(answer.status) \(answer.code ?? "")"
        refusals[kind] = ((refusals[kind]?.count ?? 0) + 1, refusals[kind]?.example ?? answer.message)
    }

    func took(_ what: String, _ time: Duration) { times[what, default: []].append(time) }

    /// The middle, the one of a hundred, the longest.
    func summary(of what: String) -> String {
        guard let all = times[what]?.sorted(), let longest = all.last else { return "none" }
        let places = [all[all.count / 2], all[min(all.count - 1, all.count * 99 / 100)], longest]
        let texts = places.map { time in
            let milliseconds = time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000
            return "\(milliseconds) ms"
        }
        return "p50 \(texts[0]), p99 \(texts[1]), longest \(texts[2]) (\(all.count))"
    }
}
