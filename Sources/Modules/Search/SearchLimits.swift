enum SearchLimits {
    /// Words of one search.
    static let words = 8
    /// A name in the text that is searched: at four bytes each, and the identifier beside it, it stays below the 2,704
    /// bytes of an index entry.
    static let nameScalars = 400
    /// Statuses of one search: naming one twice does not make it two.
    static let statuses = 16
    /// Moments of one order's timeline: an order that goes its way has about fifteen, each robot that gives up adds three.
    static let moments = 100
    /// Terms of a word that are looked up in the postings of each order, instead of reading its text.
    static let probes = 8
    /// Log positions that share one row of `search.eras`: 2^14, about 600 orders.
    static let eraBits = 14
    /// From this many rows on, a batch is worth a plan of its own.
    static let plannedBatch = 100
}
