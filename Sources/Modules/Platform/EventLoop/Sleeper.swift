import Glibc
import Synchronization

/// A task's sleep, which a timer or the task's cancellation ends, whichever comes first.
final class Sleeper: Sendable {
    private enum State {
        case awake, asleep(CheckedContinuation<Void, Never>), ended
    }

    private let state = Mutex(State.awake)

    func wait(_ continuation: CheckedContinuation<Void, Never>) {
        let over = state.withLock { state in
            if case .ended = state { return true }
            state = .asleep(continuation)
            return false
        }
        if over { continuation.resume() }
    }

    func end() {
        let continuation: CheckedContinuation<Void, Never>? = state.withLock { state in
            defer { state = .ended }
            if case .asleep(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume()
    }
}

/// A value that one thread makes and another, which may block, waits for.
final class Handoff<Value: Sendable>: @unchecked Sendable {
    private var mutex = pthread_mutex_t()
    private var condition = pthread_cond_t()
    private var value: Value?

    init() {
        pthread_mutex_init(&mutex, nil)
        pthread_cond_init(&condition, nil)
    }

    deinit {
        pthread_cond_destroy(&condition)
        pthread_mutex_destroy(&mutex)
    }

    func signal(_ value: Value) {
        pthread_mutex_lock(&mutex)
        self.value = value
        pthread_cond_signal(&condition)
        pthread_mutex_unlock(&mutex)
    }

    func wait() -> Value {
        pthread_mutex_lock(&mutex)
        defer { pthread_mutex_unlock(&mutex) }
        while value == nil { pthread_cond_wait(&condition, &mutex) }
        return value!
    }
}
