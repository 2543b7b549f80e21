import Contracts
import FoundationEssentials
import Kernel
import Live

/// What a member of staff may be.
enum Role: String, Codable, Sendable, CaseIterable {
    case storeManager = "store_manager"
    case depotClerk = "depot_clerk"
    case depotSupervisor = "depot_supervisor"
    case cashier
    case administrator
    case auditor
}

/// Who is calling, as proven by a session cookie or a device token.
enum Principal: Sendable, Equatable {
    case staff(StaffMember)
    case kiosk(name: String)
    case robot(BotID, name: String)
    case nobody

    /// How the log names whoever did something.
    var actor: String {
        switch self {
        case .staff(let member): member.user
        case .kiosk(let name): "kiosk:\(name)"
        case .robot(_, let name): "robot:\(name)"
        case .nobody: "nobody"
        }
    }

    /// What tells callers apart whose commands may have the same key.
    var identity: String {
        switch self {
        case .robot(let id, _): "robot:\(id)"
        case .staff, .kiosk, .nobody: actor
        }
    }
}

/// Somebody with an account.
struct StaffMember: Sendable, Equatable {
    let user: String
    let name: String
    let roles: Set<Role>
    /// The stores a manager has.
    var stores: Set<StoreID> = []

    /// What of the live topics they may see.
    var rights: Rights { Rights(roles: Set(roles.map(\.rawValue)), stores: Set(stores.map(\.rawValue))) }

    func isOne(of roles: Set<Role>) -> Bool { !roles.isDisjoint(with: self.roles) }
}

/// Who may take a route.
enum Access: Sendable {
    case anyone
    case kiosk
    case robot
    /// Any of these roles; none named means every member of staff.
    case staff(Set<Role>)

    static let everyStaff = Access.staff([])
    static let administrator = Access.staff([.administrator])
    /// Of a manager's own stores; `Edge.ownStore` says which they are.
    static let managers = Access.staff([.storeManager, .administrator])
    static let depot = Access.staff([.depotClerk, .depotSupervisor, .administrator])
    static let supervisors = Access.staff([.depotSupervisor, .administrator])
    static let cashiers = Access.staff([.cashier, .administrator])
    static let refunders = Access.staff([.cashier, .depotSupervisor, .administrator])
    static let auditors = Access.staff([.auditor, .administrator])
}
