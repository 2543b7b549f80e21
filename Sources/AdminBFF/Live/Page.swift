import FoundationEssentials
import Kernel

/// One connection's side of the live layer: which views it shows and how far it is.
///
/// Invariant, on which P1 rests: **a page that has been sent a commit of position p holds, in every view it has been
/// shown, exactly the query's rows at p; and no commit is sent at which that would not be so.** It is kept by having only
/// two states. A *level* page has been sent everything up to where `Views` stand; a change set reaches all its views and
/// is followed by one commit, in one step. A page that is *behind* is sent nothing at all but rows no commit has made
/// visible, until every view it shows can be brought from `reached` to one and the same position, and then one commit
/// ends it. A page falls behind for being slow, for a view that has to read rows, for a cursor ahead of the projector,
/// and to take in a newly opened view; there is one way back for all of them, and for one that reconnects.
///
/// A view being loaded holds nobody back: its rows join in the commit that finds them ready. One that is resumed does,
/// for its old rows are on the screen. Because views are resumed one message at a time, the page has a duty too: until
/// each of them has been answered it neither shows a commit nor keeps its cursor.
public final class Page {
    public let user: String
    let sink: any PageSink
    var rights: Rights
    var attachments: [Attachment] = []
    /// What it shows that has no position, by the page's own numbers.
    var watches: [(id: Int, topic: Volatile)] = []

    private(set) var isLevel = true
    /// While behind: the position its views are at.
    private(set) var reached: Position
    /// A cursor it came with that may be ahead of the projector: it is never sent back before it.
    var floor = Position.start
    /// The last commit it was sent.
    var told = Position.start
    var toldAt: Instant
    /// Up to here it hears of every commit, whether or not one concerns what it shows.
    var awaited = Position.start
    /// Views whose checksum it asked for while it was behind.
    var owedChecks: [Int] = []
    var isGone = false
    /// Set by `Views` while a change set goes out.
    var mark = 0
    var due = 0
    var lastFrame: Frame?

    init(_ sink: any PageSink, user: String, rights: Rights, at position: Position, now: Instant) {
        self.sink = sink
        self.user = user
        self.rights = rights
        reached = position
        toldAt = now
    }

    func fallBehind(at position: Position) {
        guard isLevel else { return }
        isLevel = false
        reached = position
    }

    func becomeLevel() { isLevel = true }

    /// It holds nothing any more: positions begin anew.
    func startOver(at position: Position) {
        isLevel = false
        reached = position
        floor = .start
        told = .start
        awaited = .start
    }

    var isSlow: Bool { sink.unsent > LiveLimits.unsent }
}

/// A view as one page has it, under the page's own number for it.
final class Attachment {
    /// What the page holds of it since the last commit.
    enum Basis {
        case nothing
        /// Rows of an earlier connection: these keys, at their newest as of a position.
        case resumed(Set<UUID>, Position)
        /// The window of a view: now if the page is level, at `Page.reached` if it is behind.
        case shown(View)
    }

    /// How far a catch-up in several turns has come: rows are sent in the order in which they changed or entered, so
    /// one mark says which are done, whatever changes between the turns.
    struct Progress {
        let view: View
        var stamp: Position
        var key: UUID
    }

    unowned let page: Page
    let id: Int
    let topic: Topic
    var filter: [UInt8]
    var order: RowOrder
    var limit: Int
    var basis: Basis
    /// What it shall show; nil once it does.
    var target: View?
    var progress: Progress?
    /// Rows of this catch-up may already be with the page, so that the end of it must list the window.
    var mustListKeys = false
    var toldTotal: Int?

    init(page: Page, id: Int, topic: Topic, filter: [UInt8], order: RowOrder, limit: Int, basis: Basis) {
        self.page = page
        self.id = id
        self.topic = topic
        self.filter = filter
        self.order = order
        self.limit = limit
        self.basis = basis
    }

    var shownView: View? { if case .shown(let view) = basis { view } else { nil } }

    /// Whether the page holds a row of `view` at its newest.
    func holds(_ row: StoredRow, entered: Position, in view: View) -> Bool {
        switch basis {
        case .nothing: false
        case .resumed(let keys, let position): row.position <= position && keys.contains(row.key)
        case .shown(let shown) where shown === view: row.position <= page.reached && entered <= page.reached
        // Ordered by another column, a row looks different though it did not change.
        case .shown(let shown): shown.column == view.column && shown.had(row, at: page.reached)
        }
    }
}
