import CLinux
import DequeModule
import Glibc
import Synchronization

/// One thread that waits for descriptors, timers and jobs, and runs everything that belongs to it.
///
/// The loop is a `SerialExecutor` (actors take it as their executor) and a `TaskExecutor` (tasks started with `spawn`
/// stay on it across every `await`), so a request, its queries and its answer run on one thread without a hop.
/// A turn is: due timers, ready descriptors, jobs, then what asked to run at the turn's end, then closing descriptors.
/// A descriptor is closed last because accept(2) may give its number out again within the same turn.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    public let clock: LoopClock

    // Touched on the loop's thread only.
    private var poller = Poller()
    private var timers = Timers()
    private var jobs = Deque<UnownedJob>()
    private var turnEnds: [any TurnEnd] = []
    private var closing: [Int32] = []
    private var wakeup: Wakeup?
    private var turnStart: LoopInstant
    private var running = true

    /// What other threads hand in.
    private struct Inbox: ~Copyable {
        var jobs: [UnownedJob] = []
        var calls: [@Sendable () -> Void] = []
        var woken = false
    }
    private let inbox = Mutex(Inbox())
    private let wakeDescriptor: Int32
    private let thread = Atomic<UInt>(0)

    /// Starts a loop on a thread of its own. It runs until `stop()`.
    public convenience init(name: String = "loop", clock: LoopClock = .monotonic) {
        self.init(unstarted: clock)
        let context = Unmanaged.passRetained(ThreadStart(loop: self, name: name))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { raw in
                let start = Unmanaged<ThreadStart>.fromOpaque(raw!).takeRetainedValue()
                pthread_setname_np(pthread_self(), String(start.name.prefix(15)))
                start.loop.run()
                return nil
            }, context.toOpaque())
        precondition(result == 0, "no thread could be started for an event loop: \(systemError(result))")
        pthread_detach(thread)
    }

    private final class ThreadStart {
        let loop: EventLoop
        let name: String
        init(loop: EventLoop, name: String) { (self.loop, self.name) = (loop, name) }
    }

    private init(unstarted clock: LoopClock) {
        self.clock = clock
        turnStart = clock.now
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(wakeDescriptor >= 0, "eventfd failed: \(systemError(errno))")
        if case .manual(let clock) = clock { clock.onAdvance { [weak self] in self?.call {} } }
    }

    deinit { Glibc.close(wakeDescriptor) }

    // Work

    /// Starts a task that stays on this loop. `Task {}` would resume on the global pool after its first `await`.
    @discardableResult
    public func spawn<Success: Sendable>(
        _ operation: sending @escaping @isolated(any) () async -> Success
    ) -> Task<Success, Never> {
        Task(executorPreference: self, operation: operation)
    }

    /// As `spawn`, for work that can fail.
    @discardableResult
    public func spawnThrowing<Success: Sendable>(
        _ operation: sending @escaping @isolated(any) () async throws -> Success
    ) -> Task<Success, any Error> {
        Task(executorPreference: self, operation: operation)
    }

    /// Runs `body` on the loop's thread: in the next turn, whoever asks.
    public func call(_ body: @escaping @Sendable () -> Void) {
        handIn { $0.calls.append(body) }
    }

    /// Runs `body` on the loop's thread and waits for what it returns. Only for threads that are not a loop's: tests, `main`.
    public func wait<Value: Sendable>(for body: @escaping @Sendable () -> Value) -> Value {
        precondition(!isCurrent, "a loop cannot wait for itself")
        let done = Handoff<Value>()
        call { done.signal(body()) }
        return done.wait()
    }

    /// Ends the loop after its current turn. What is registered stays open; its owners close it before.
    public func stop() { call { [unowned self] in running = false } }

    /// The time at the start of this turn. Read on the loop.
    public var now: LoopInstant {
        preconditionIsCurrent()
        return turnStart
    }

    // Descriptors

    /// Watches a descriptor, which must be non-blocking, until `remove` or `close`.
    public func register(_ descriptor: Int32, for interest: Readiness, _ handler: any Pollable) -> Registration {
        preconditionIsCurrent()
        return poller.add(descriptor, interest, handler)
    }

    public func change(_ registration: Registration, to interest: Readiness) {
        preconditionIsCurrent()
        poller.change(registration, to: interest)
    }

    public func remove(_ registration: Registration) {
        preconditionIsCurrent()
        poller.remove(registration)
    }

    /// Closes a descriptor at the end of the turn; its registration, if it has one, is removed first.
    public func close(_ descriptor: Int32, _ registration: Registration? = nil) {
        preconditionIsCurrent()
        if let registration { poller.remove(registration) }
        closing.append(descriptor)
    }

    // Time

    /// Calls `body` on the loop once `duration` has passed.
    @discardableResult
    public func schedule(after duration: Duration, _ body: @escaping () -> Void) -> TimerID {
        preconditionIsCurrent()
        return timers.add(at: clock.now + duration, body)
    }

    /// Forgets a timer. One that has fired, or was cancelled before, is ignored.
    public func cancel(_ timer: TimerID) {
        preconditionIsCurrent()
        timers.cancel(timer)
    }

    /// Suspends the calling task until `duration` of this loop's clock has passed, or the task is cancelled.
    public func sleep(for duration: Duration) async {
        let sleeper = Sleeper()
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                sleeper.wait(continuation)
                call { [self] in timers.add(at: clock.now + duration) { sleeper.end() } }
            }
        } onCancel: {
            sleeper.end()
        }
    }

    /// Calls `end.turnEnded()` once when this turn's events and jobs are done: the place to send what was collected.
    public func atEndOfTurn(_ end: any TurnEnd) {
        preconditionIsCurrent()
        turnEnds.append(end)
    }

    // Executor

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent { jobs.append(job) } else { handIn { $0.jobs.append(job) } }
    }

    /// Whether the calling thread is this loop's.
    public var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    public func checkIsolated() { preconditionIsCurrent() }

    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    public func preconditionIsCurrent() {
        precondition(isCurrent, "something that belongs to an event loop was touched from another thread")
    }

    private func handIn(_ put: (inout sending Inbox) -> Void) {
        let wakes = inbox.withLock { inbox in
            put(&inbox)
            defer { inbox.woken = true }
            return !inbox.woken
        }
        if wakes { eventfd_write(wakeDescriptor, 1) }
    }

    // The turn

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        let wakeup = Wakeup(wakeDescriptor)
        self.wakeup = wakeup
        _ = poller.add(wakeDescriptor, .readable, wakeup)
        while running { turn() }
        // Jobs that were handed in before the stop still end; the loop is gone only when nothing is left to resume.
        while takeInbox() || !jobs.isEmpty { runJobs() }
    }

    private func turn() {
        let ready = poller.wait(milliseconds: patience())
        turnStart = clock.now
        for body in timers.due(at: turnStart) { body() }
        for event in 0..<ready {
            if let (handler, readiness) = poller.handler(of: event) { handler.ready(readiness) }
        }
        _ = takeInbox()
        runJobs()
        endTurn()
    }

    /// How long epoll may wait: not at all while jobs are left, else until the next timer.
    private func patience() -> Int32 {
        if !jobs.isEmpty || !turnEnds.isEmpty { return 0 }
        guard let next = timers.next else { return -1 }
        // A manual clock wakes the loop itself when it is moved.
        if case .manual = clock { return next <= clock.now ? 0 : -1 }
        let nanoseconds = (next - clock.now).wholeNanoseconds
        return Int32(clamping: (nanoseconds + 999_999) / 1_000_000)
    }

    private func takeInbox() -> Bool {
        let (handedIn, calls) = inbox.withLock { inbox in
            defer {
                inbox.jobs.removeAll(keepingCapacity: true)
                inbox.calls.removeAll(keepingCapacity: true)
                inbox.woken = false
            }
            return (inbox.jobs, inbox.calls)
        }
        jobs.append(contentsOf: handedIn)
        for body in calls { body() }
        return !handedIn.isEmpty || !calls.isEmpty
    }

    private func runJobs() {
        var left = Limits.jobsPerTurn
        while left > 0, let job = jobs.popFirst() {
            job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            left -= 1
        }
    }

    private func endTurn() {
        if !turnEnds.isEmpty {
            let ends = turnEnds
            turnEnds.removeAll(keepingCapacity: true)
            for end in ends { end.turnEnded() }
        }
        for descriptor in closing { Glibc.close(descriptor) }
        closing.removeAll(keepingCapacity: true)
    }
}

/// Something that collects during a turn and acts once at its end.
public protocol TurnEnd: AnyObject {
    func turnEnded()
}

/// Empties the eventfd that other threads wake the loop with.
private final class Wakeup: Pollable {
    let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    func ready(_: Readiness) {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
    }
}

/// The names of errno values, for messages.
public func systemError(_ code: Int32) -> String { String(cString: strerror(code)) }
