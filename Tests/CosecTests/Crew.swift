import Contracts
import Kernel
import Synchronization

/// Customers, Depot and Payments as a saga sees them: they do what they are told, or refuse it as a test says, and keep what
/// they did.
final class Crew: Sendable {
    typealias Meanwhile = @Sendable (borrowing any Transaction & ~Copyable) async throws -> Void

    private struct State {
        var done: [String] = []
        var refusals: [String: [Refusal]] = [:]
        var meanwhile: [String: Meanwhile] = [:]
    }

    private let state = Mutex(State())
    let list = ListID(2)

    /// The names of the commands carried out, in order, without their modules.
    var done: [String] { state.withLock(\.done) }

    /// Has a command refused so many times before it is carried out.
    func refuse<C: PublicCommand>(_: C.Type, _ refusal: Refusal, times: Int = 1) {
        state.withLock { $0.refusals[C.name] = Array(repeating: refusal, count: times) }
    }

    /// What else happens while a command is carried out.
    func during<C: PublicCommand>(_: C.Type, _ meanwhile: @escaping Meanwhile) {
        state.withLock { $0.meanwhile[C.name] = meanwhile }
    }

    var modules: [Module] {
        [
            Module("customers") { obeys(AuthorizeCustomer.self) },
            Module("depot") {
                accepts(CreateShoppingList.self) { command, tx in
                    try await self.carryOut(command, tx)
                    return CreatedShoppingList(id: self.list)
                }
                obeys(CancelShoppingList.self)
                obeys(InitiateShopping.self)
            },
            Module("payments") {
                obeys(ConfirmPayment.self)
                obeys(ReleasePayment.self)
            },
        ]
    }

    private func obeys<C: PublicCommand>(_: C.Type) -> Part where C.Reply == Done {
        accepts(C.self) { command, tx in
            try await self.carryOut(command, tx)
            return Done()
        }
    }

    private func carryOut<C: PublicCommand>(_: C, _ tx: borrowing any Transaction & ~Copyable) async throws {
        try state.withLock { state in
            if let refusal = state.refusals[C.name]?.popLast() { throw refusal }
            state.done.append(String(C.name.drop { $0 != "." }.dropFirst()))
        }
        if let meanwhile = state.withLock({ $0.meanwhile[C.name] }) { try await meanwhile(tx) }
    }
}

extension ID {
    /// An identifier that every run knows.
    init(_ number: UInt8) {
        self.init(rawValue: UUIDOf(uuid: (0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number)))
    }
}
