/// How much the depot holds and bears.
enum DepotLimits {
    /// Robots that may fail at a list before it waits for a clerk.
    static let attempts = 3
    /// A bay is named by its row and its place in the row: A-01 to Z-99.
    static let bayRows = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    static let baysInRow = 99
    /// Free bays that completions at the same time are spread over, so that two seldom want the same one.
    static let baySpread = 8
}
