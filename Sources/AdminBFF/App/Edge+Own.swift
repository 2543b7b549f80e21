import Contracts
import FoundationEssentials
import HTTP
import Kernel
import Server

/// What a role alone does not decide: whose store it is, how much money.
extension Edge {
    /// Managers have the stores of their scope; administrators have all.
    var ownStore: Check {
        { call in try Self.check(call, owns: call.id(StoreID.self)) }
    }

    /// As above, by a product of the store. Whoever has all stores need not be told which it is.
    var ownProduct: Check {
        { call in
            guard let member = call.manager else { return }
            let product = try await dispatcher.questions.ask(GetProduct(id: call.id()))
            guard member.stores.contains(product.storeId) else { throw Self.foreign }
        }
    }

    /// A cashier may give back small amounts; more is for those who answer for it.
    var refundWithinLimit: Check {
        { call in
            guard case .staff(let member) = call.principal, !member.isOne(of: [.depotSupervisor, .administrator]) else {
                return
            }
            let refund: RefundInvoice
            do { refund = try Coding.decode(from: Self.fields(of: call.request)) } catch {
                throw (error as? Refusal) ?? Refusal(decoding: error)
            }
            guard refund.amountMinor <= EdgeLimits.cashierRefund else {
                throw Refusal.forbidden(
                    "a cashier may refund up to \(EdgeLimits.cashierRefund); ask a supervisor")
            }
        }
    }

    /// A store that a manager opens is theirs.
    func openStore() -> Router.Handler {
        route(.managers, as: CreateStore.name) { call in
            let outcome = try await perform(CreateStore.self, call)
            if let member = call.manager, let id = outcome.subject?.id {
                try await accounts.add(StoreID(rawValue: id), to: member.user, by: call.author)
                await live.recheckSessions()
            }
            return try .json(Coding.encode(Receipt(outcome, call)), .created)
        }
    }

    /// An order; of one with goods of other stores a manager gets their own lines, and of one without theirs nothing.
    func order() -> Router.Handler {
        route(.everyStaff) { call in
            let rights = try mayRead("order", call)
            let order = try await dispatcher.questions.ask(GetOrder(id: call.id()))
            let body = try Coding.encode(order)
            guard let mask = rights.mask(of: "order") else { return .json(body) }
            guard order.items.contains(where: { rights.stores.contains($0.storeId.rawValue) }) else {
                throw Refusal.notFound("there is no such order")
            }
            return .json(mask.masked(body))
        }
    }

    private static func check(_ call: Call, owns store: StoreID) throws(Refusal) {
        guard let member = call.manager, !member.stores.contains(store) else { return }
        throw foreign
    }

    private static let foreign = Refusal.forbidden("this store is not one of yours")
}

extension Edge.Call {
    /// The caller, if what they may do ends at their own stores.
    fileprivate var manager: StaffMember? {
        guard case .staff(let member) = principal, !member.roles.contains(.administrator) else { return nil }
        return member
    }
}

extension EdgeLimits {
    /// What a cashier may give back at a time: 50.00.
    static let cashierRefund = Money(minor: 50_00)
}
