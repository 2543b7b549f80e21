import HeapModule

/// A timer that can be cancelled.
public struct TimerID: Hashable, Sendable {
    let number: UInt64
}

/// Timers in the order they are due; those due at one moment fire in the order they were made.
struct Timers {
    private struct Entry: Comparable {
        let due: LoopInstant
        let number: UInt64

        static func < (a: Self, b: Self) -> Bool { (a.due, a.number) < (b.due, b.number) }
    }

    private var heap = Heap<Entry>()
    private var bodies: [UInt64: () -> Void] = [:]
    private var made: UInt64 = 0

    /// When the earliest timer is due.
    var next: LoopInstant? { heap.min?.due }

    @discardableResult
    mutating func add(at due: LoopInstant, _ body: @escaping () -> Void) -> TimerID {
        made += 1
        bodies[made] = body
        heap.insert(Entry(due: due, number: made))
        return TimerID(number: made)
    }

    mutating func cancel(_ timer: TimerID) {
        guard bodies.removeValue(forKey: timer.number) != nil else { return }
        while let first = heap.min, bodies[first.number] == nil { heap.removeMin() }
        // Cancelled timers that are not first stay in the heap; when they are most of it, it is built anew.
        if heap.count > 64, heap.count > 2 * bodies.count {
            heap = Heap(heap.unordered.filter { bodies[$0.number] != nil })
        }
    }

    /// Takes out what is due.
    mutating func due(at now: LoopInstant) -> [() -> Void] {
        var due: [() -> Void] = []
        while let first = heap.min, first.due <= now {
            heap.removeMin()
            if let body = bodies.removeValue(forKey: first.number) { due.append(body) }
        }
        return due
    }
}
