/// Where a connection goes and how its session is set up.
public struct Configuration: Sendable {
    /// libpq's connection string or URI. A host name is resolved blocking: give a socket's folder or `hostaddr`.
    public var conninfo: String
    /// What `pg_stat_activity` shows.
    public var name: String
    /// Server settings of the session, as in `statement_timeout`.
    public var settings: [String: String]
    public var preparedStatements = Limits.preparedStatements
    /// How long a request waits for a connection that is down before it fails as unavailable.
    public var patience = Limits.patience

    public init(_ conninfo: String, name: String = "mallbots", settings: [String: String] = [:]) {
        (self.conninfo, self.name, self.settings) = (conninfo, name, settings)
    }

    /// What libpq is given, keyword by keyword. The connection string stands first, so that what follows wins.
    var keywords: [(String, String)] {
        var keywords = [("dbname", conninfo), ("application_name", name), ("client_encoding", "UTF8")]
        if !settings.isEmpty {
            let options = settings.sorted { $0.key < $1.key }.map { key, value in
                "-c \(key)=\(value.flatMap { $0 == " " || $0 == "\\" ? "\\\($0)" : "\($0)" }.map(String.init).joined())"
            }
            keywords.append(("options", options.joined(separator: " ")))
        }
        return keywords
    }
}
