import EventLoop

/// Looks things up together: what is asked for while one look is under way goes with the next one.
///
/// An answer is never older than its question: a look holds only what was asked for before it began.
actor Lookup<Key: Sendable, Value: Sendable> {
    private struct Waiting {
        let key: Key
        let continuation: CheckedContinuation<Value, any Error>
    }

    private let loop: EventLoop
    private let look: @Sendable ([Key]) async throws -> [Value]
    private var waiting: [Waiting] = []
    private var isLooking = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// `look` answers for each key, in their order.
    init(on loop: EventLoop, _ look: @escaping @Sendable ([Key]) async throws -> [Value]) {
        self.loop = loop
        self.look = look
    }

    func value(of key: Key) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            waiting.append(Waiting(key: key, continuation: continuation))
            if !isLooking {
                isLooking = true
                loop.spawn { await self.run() }
            }
        }
    }

    private func run() async {
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(Limits.keysPerLook))
            waiting.removeFirst(batch.count)
            do {
                let values = try await look(batch.map(\.key))
                precondition(values.count == batch.count, "a look answered \(values.count) of \(batch.count) keys")
                for (waiting, value) in zip(batch, values) { waiting.continuation.resume(returning: value) }
            } catch {
                for waiting in batch { waiting.continuation.resume(throwing: error) }
            }
        }
        isLooking = false
    }
}
