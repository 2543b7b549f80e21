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

    /// How the log names whoever did something.
    var actor: String {
        switch self {
        case .staff(let member): member.user
        case .kiosk(let name): "kiosk:\(name)"
        }
    }
}

/// Somebody with an account.
struct StaffMember: Sendable, Equatable {
    let user: String
    let name: String
    let roles: Set<Role>

    /// What of the live topics they may see.
    var rights: Rights { Rights(roles: Set(roles.map(\.rawValue))) }
}

/// Who may take a route.
enum Access: Sendable {
    case anyone
    case kiosk
    /// Any of these roles; none named means every member of staff.
    case staff(Set<Role>)

    static let administrator = Access.staff([.administrator])
    static let everyStaff = Access.staff([])
}
