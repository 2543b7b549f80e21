import Contracts
import EventStore
import FoundationEssentials
import HTTP
import Kernel
import Server

/// An account as an administrator wishes it.
private struct Wish: Decodable {
    let name: String
    let password: String?
    let roles: Set<Role>
    let stores: Set<StoreID>?
}

private struct AccountList: Encodable {
    let staff: [Account]
}

private struct AccountReceipt: Encodable {
    let user: String
    /// If it was made here; it is told once.
    var password: String?
    let position: Position
    let correlationId: String
}

/// Who may do what, for administrators to decide.
extension Edge {
    func accountList() -> Router.Handler {
        route(.auditors) { _ in try .json(Coding.encode(AccountList(staff: await accounts.staff()))) }
    }

    func putAccount() -> Router.Handler {
        route(.administrator, as: StaffPut.name) { call in
            let wish: Wish
            do { wish = try Coding.decode(from: Self.fields(of: call.request)) } catch {
                throw (error as? Refusal) ?? Refusal(decoding: error)
            }
            let user = call.request.parameters["user"] ?? ""
            let stores = wish.stores ?? []
            let put = try await accounts.put(
                user: user, name: wish.name, password: wish.password, roles: wish.roles, stores: stores,
                by: call.author)
            await live.recheckSessions()
            return try .json(
                Coding.encode(
                    AccountReceipt(
                        user: user, password: put.password, position: put.position,
                        correlationId: call.correlation.lowercase)))
        }
    }

    func removeAccount() -> Router.Handler {
        route(.administrator, as: StaffRemoved.name) { call in
            _ = try Self.fields(of: call.request)
            let user = call.request.parameters["user"] ?? ""
            let position = try await accounts.remove(user: user, by: call.author)
            await live.recheckSessions()
            return try .json(
                Coding.encode(
                    AccountReceipt(
                        user: user, position: position, correlationId: call.correlation.lowercase)))
        }
    }
}

extension Edge.Call {
    /// Who changes an account by this call.
    var author: Accounts.Author { Accounts.Author(actor: principal.actor, correlation: correlation) }
}
