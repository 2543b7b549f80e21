import EventLoop
import Kernel

/// Statements on their way, and who waits for them. A reference, because it moves from queue to queue; it belongs to the
/// loop of its connection.
final class Request {
    enum Interruption: Equatable {
        case canceled, timedOut(Duration), impatient

        func error(for request: Request, reason: String) -> any Error {
            switch self {
            case .canceled: CancellationError()
            case .timedOut(let limit):
                PostgresError.timedOut(after: limit, statement: request.statements.map(\.text).joined(separator: "; "))
            case .impatient: PostgresError.unavailable(reason)
            }
        }
    }

    private enum Waiter {
        case task(CheckedContinuation<[Answer], any Error>)
        case call((Result<[Answer], any Error>) -> Void)
    }

    let id: UInt64
    let statements: [SQL]
    /// How many of the statements, at the start, open a transaction for the others.
    let leading: Int
    /// The lease of the connection this belongs to, if it was asked within one.
    let lease: UInt64?
    /// Whether it takes effect by itself: outside a transaction, or as its commit.
    let settles: Bool
    let isScript: Bool
    let timeout: Duration?
    var interruption: Interruption?
    var attempts = 0
    var timers: [TimerID] = []
    private let waiter: Waiter

    init(
        id: UInt64, statements: [SQL], leading: Int, lease: UInt64?, settles: Bool, isScript: Bool, timeout: Duration?,
        continuation: CheckedContinuation<[Answer], any Error>
    ) {
        (self.id, self.statements, self.leading, self.lease) = (id, statements, leading, lease)
        (self.settles, self.isScript, self.timeout) = (settles, isScript, timeout)
        waiter = .task(continuation)
    }

    private init(_ statements: [SQL], _ done: @escaping (Result<[Answer], any Error>) -> Void) {
        (id, self.statements, leading, lease) = (0, statements, 0, nil)
        (settles, isScript, timeout) = (false, false, nil)
        waiter = .call(done)
    }

    /// What a session begins with. It is nobody's request.
    static func setup(_ statements: [SQL], done: @escaping (Result<[Answer], any Error>) -> Void) -> Request {
        Request(statements, done)
    }

    func succeed(_ answers: [Answer], _ loop: EventLoop) { end(.success(answers), loop) }
    func fail(_ error: any Error, _ loop: EventLoop) { end(.failure(error), loop) }
    func fail(_ error: PostgresError, _ loop: EventLoop) { end(.failure(error), loop) }

    private func end(_ result: Result<[Answer], any Error>, _ loop: EventLoop) {
        for timer in timers { loop.cancel(timer) }
        timers = []
        switch waiter {
        case .task(let continuation): continuation.resume(with: result)
        case .call(let done): done(result)
        }
    }
}
