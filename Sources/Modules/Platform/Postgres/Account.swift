import Glibc

/// The user of the operating system that a private cluster runs as. PostgreSQL refuses to run as root.
struct Account {
    let name: String
    let user: uid_t
    let group: gid_t
    /// Root changes to the account; anyone else is it already.
    let isChangedTo: Bool

    static func forCluster() throws(ClusterError) -> Account {
        if geteuid() == 0 {
            guard let entry = getpwnam("postgres") else {
                throw ClusterError("root cannot run PostgreSQL, and there is no user postgres to run it as")
            }
            return Account(
                name: "postgres", user: entry.pointee.pw_uid, group: entry.pointee.pw_gid, isChangedTo: true)
        }
        guard let entry = getpwuid(geteuid()) else { throw ClusterError("user \(geteuid()) has no name") }
        return Account(
            name: String(cString: entry.pointee.pw_name), user: geteuid(), group: getegid(), isChangedTo: false)
    }

    /// The command that runs `arguments` as this account. setpriv replaces itself, so the child stays a direct one.
    func command(_ arguments: [String]) -> [String] {
        guard isChangedTo else { return arguments }
        return ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(group)", "--init-groups", "--"] + arguments
    }

    func owns(_ path: String) throws(ClusterError) {
        guard chown(path, user, group) == 0 else { throw ClusterError(system: "cannot give \(path) to \(name)") }
    }
}

/// A private cluster that cannot be made, started or stopped: what was tried and what came.
public struct ClusterError: Error, CustomStringConvertible, Sendable, Equatable {
    public let description: String
    init(_ description: String) { self.description = description }
    init(system doing: String, code: Int32 = errno) { description = "\(doing): \(String(cString: strerror(code)))" }
}
