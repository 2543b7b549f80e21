import CLinux
import Glibc

/// Waits for the signals that end a program.
public enum Signals {
    /// Written by the handler, which may do little else; read by whoever waits.
    nonisolated(unsafe) private static var descriptor: Int32 = -1

    /// Catches these signals from now on, wherever they arrive; `next` tells of them. SIGPIPE is ignored: a write to a peer
    /// that has gone is an error of that write.
    public static func catchAll(_ signals: [Int32]) {
        if descriptor < 0 { descriptor = eventfd(0, Int32(EFD_CLOEXEC)) }
        signal(SIGPIPE, SIG_IGN)
        for number in signals {
            signal(number) { _ in
                var one: UInt64 = 1
                _ = write(Signals.descriptor, &one, 8)
            }
        }
    }

    /// Returns when one of the signals has arrived. Blocks a thread of its own.
    public static func next() async {
        precondition(descriptor >= 0, "no signals are caught")
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var thread = pthread_t()
            let waiter = Unmanaged.passRetained(Waiter(continuation))
            let result = pthread_create(
                &thread, nil,
                { raw in
                    let waiter = Unmanaged<Waiter>.fromOpaque(raw!).takeRetainedValue()
                    var count: eventfd_t = 0
                    while eventfd_read(Signals.descriptor, &count) != 0 && errno == EINTR {}
                    waiter.continuation.resume()
                    return nil
                }, waiter.toOpaque())
            precondition(result == 0, "no thread could be started to wait for signals: \(systemError(result))")
            pthread_detach(thread)
        }
    }

    /// Lets whoever waits go on, as if a signal had come.
    public static func stopWaiting() { eventfd_write(descriptor, 1) }

    private final class Waiter {
        let continuation: CheckedContinuation<Void, Never>
        init(_ continuation: CheckedContinuation<Void, Never>) { self.continuation = continuation }
    }
}
