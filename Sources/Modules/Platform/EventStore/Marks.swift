import EventLoop
import Kernel
import Logging

/// The durable marks of this process's consumers. What moves without effects in the database moves together, a little
/// later, in one statement for all of them; what has effects moves with them at once.
///
/// A mark that is behind costs no more than a repetition: what a consumer appended is known by its command's id.
actor Marks {
    private struct Mark {
        /// What the database holds.
        var durable: Position
        /// Where its consumer stands.
        var wanted: Position
        /// Another instance has moved it.
        var isFenced = false
    }

    private let loop: EventLoop
    private let checkpoints: Checkpoints
    private let logger = Logger(label: "mallbots.marks")
    private var marks: [String: Mark] = [:]
    private var writing: Task<Void, Never>?
    private var isScheduled = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(on loop: EventLoop, checkpoints: Checkpoints) {
        self.loop = loop
        self.checkpoints = checkpoints
    }

    /// Reads where a consumer stands, and forgets where it was thought to.
    func recall(_ consumer: String) async throws -> Position {
        await settle()
        marks[consumer] = nil
        let position = try await checkpoints.position(of: consumer)
        marks[consumer] = Mark(durable: position, wanted: position)
        return position
    }

    /// A consumer has come to `position`, and it is enough if that is known a little later. False if another instance has
    /// moved its mark: it has to be recalled.
    func note(_ consumer: String, at position: Position) -> Bool {
        guard let mark = marks[consumer], !mark.isFenced else { return false }
        marks[consumer]?.wanted = max(mark.wanted, position)
        schedule(after: Limits.marks)
        return true
    }

    /// Moves a consumer's mark with what follows from the step, in one transaction.
    func advance(_ consumer: String, to position: Position, with effects: [SQL]) async throws {
        await settle()
        guard let mark = marks[consumer], !mark.isFenced else { throw Fenced(consumer: consumer) }
        // Nothing else moves it meanwhile: its consumer waits.
        marks[consumer]?.wanted = mark.durable
        try await checkpoints.advance(consumer, from: mark.durable, to: position, with: effects)
        marks[consumer]?.durable = position
        marks[consumer]?.wanted = position
    }

    /// Writes what is noted, and returns when it is written, or cannot be.
    func flush() async {
        await settle()
        write()
        await settle()
    }

    private func settle() async { while let writing { await writing.value } }

    /// Those that are not where their consumers are.
    private var moved: [String: Mark] { marks.filter { $0.value.wanted > $0.value.durable && !$0.value.isFenced } }

    private func schedule(after pause: Duration) {
        guard !isScheduled else { return }
        isScheduled = true
        loop.schedule(after: pause) {
            self.assumeIsolated { marks in
                marks.isScheduled = false
                marks.write()
            }
        }
    }

    private func write() {
        let moved = moved
        guard writing == nil, !moved.isEmpty else { return }
        writing = loop.spawn { await self.write(moved) }
    }

    private func write(_ moved: [String: Mark]) async {
        do {
            let fenced = try await checkpoints.advance(moved.map { ($0, from: $1.durable, to: $1.wanted) })
            for (consumer, mark) in moved {
                if fenced.contains(consumer) {
                    marks[consumer]?.isFenced = true
                } else {
                    marks[consumer]?.durable = mark.wanted
                }
            }
        } catch {
            // They are written with the next ones. Whoever cannot reach the database finds out by itself.
            logger.warning("marks were not moved", metadata: ["error": "\(error)"])
            await loop.sleep(for: Limits.poll)
        }
        writing = nil
        if !self.moved.isEmpty { schedule(after: Limits.marks) }
    }
}

/// Another instance is ahead of a consumer of this one.
struct Fenced: Error, CustomStringConvertible {
    let consumer: String

    var description: String { "consumer \(consumer) is not where it was any more" }
}
