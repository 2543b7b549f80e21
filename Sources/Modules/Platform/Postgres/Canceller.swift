import CPostgres
import Glibc

/// A thread that sends cancel requests: `PQcancel` connects anew and blocks, so it has no place in a loop.
final class Canceller: @unchecked Sendable {
    static let shared = Canceller()

    private struct Job {
        let cancel: OpaquePointer
        let done: @Sendable () -> Void
    }

    private var mutex = pthread_mutex_t()
    private var condition = pthread_cond_t()
    private var jobs: [Job] = []

    private init() {
        pthread_mutex_init(&mutex, nil)
        pthread_cond_init(&condition, nil)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let result = pthread_create(&thread, nil, runCanceller, context.toOpaque())
        precondition(result == 0, "no thread could be started for cancel requests")
        pthread_detach(thread)
    }

    /// Sends the request and calls `done`, on this thread, once the server has acted on it. Frees `cancel`.
    func send(_ cancel: OpaquePointer, done: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(&mutex)
        let isFull = jobs.count >= Limits.waitingCancels
        if !isFull { jobs.append(Job(cancel: cancel, done: done)) }
        pthread_cond_signal(&condition)
        pthread_mutex_unlock(&mutex)
        if isFull {
            PQfreeCancel(cancel)
            done()
        }
    }

    fileprivate func run() {
        var message = [CChar](repeating: 0, count: 256)
        while true {
            pthread_mutex_lock(&mutex)
            while jobs.isEmpty { pthread_cond_wait(&condition, &mutex) }
            let job = jobs.removeFirst()
            pthread_mutex_unlock(&mutex)
            // If it fails, the statement runs on and its own answer ends the wait.
            _ = PQcancel(job.cancel, &message, Int32(message.count))
            PQfreeCancel(job.cancel)
            job.done()
        }
    }
}

private func runCanceller(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    Unmanaged<Canceller>.fromOpaque(context!).takeUnretainedValue().run()
    return nil
}
