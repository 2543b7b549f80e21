public import Kernel

/// All views of one event loop and the pages that show them, standing at one position of the log.
///
/// It has no socket, clock, database, task or lock, and belongs to one loop. What must be read it asks for
/// (`takeReads`); what must be sent goes to the pages' sinks; the time comes with every call.
///
/// Change sets must come from one log, each with every projection that a topic shows. They may repeat and overlap; if one
/// is missing, what it held is read. How the edge must run a read: `ReadRequest`.
public final class Views {
    public private(set) var epoch: String
    /// Everything up to here is applied.
    public private(set) var head: Position
    public private(set) var asOf: Instant
    /// Tombstones at or before it are purged: what was deleted behind an older cursor cannot be told any more. It is
    /// raised before they are purged, so that no read under way can miss one unnoticed.
    public var horizon: Position

    let topics: [String: Topic]
    let volatiles: [String: Volatile]
    private let projections: [any Folding]
    var views: [ViewKey: View] = [:]
    var tables: [RowTable] = []
    var pages: [Page] = []
    /// Those that came with a cursor ahead of the head.
    var pagesAhead: [Page] = []
    /// Those that want to hear of a position they have not been told of yet.
    var pagesAwaiting: [Page] = []
    private var viewsMade: Int
    private var marks = 0

    private struct Read {
        let question: Question
        var waiting: [View]
        let since: Position
    }

    private enum Question: Hashable {
        case window(String, RowQuery)
        case count(String, RowQuery)
        case changes
    }

    private var reads: [Int: Read] = [:]
    private var readNumbers: [Question: Int] = [:]
    private var readsMade = 0
    private var asked: [ReadRequest] = []
    /// Answers that looked at a position that no change set has reached yet.
    private var early: [ReadResult] = []
    /// What was applied since the oldest read under way was asked for: leads from `recentFrom` to `head`.
    private var recent: [ChangeSet] = []
    private var recentFrom: Position
    private var recentRows = 0
    /// Sets behind a gap that is being read.
    private var ahead: [ChangeSet] = []
    private var hasGap = false
    /// The last commit as pages of unequal rights are told it.
    private var commitFrames: (asOf: Instant, now: Instant, head: Position, byTag: [String: Frame])?

    /// `volatiles` names the topics that are fed and have no position.
    public init(
        topics: [Topic], volatiles: [String] = [], epoch: String, position: Position, asOf: Instant,
        horizon: Position = .start
    ) {
        // Numbers below those of views: a page may not take one for the other.
        self.volatiles = Dictionary(
            uniqueKeysWithValues: volatiles.enumerated().map { ($1, Volatile($1, number: $0 + 1)) })
        viewsMade = volatiles.count
        self.topics = Dictionary(uniqueKeysWithValues: topics.map { ($0.name, $0) })
        var projections: [any Folding] = []
        for topic in topics where !projections.contains(where: { $0.name == topic.projection.name }) {
            projections.append(topic.projection)
        }
        self.projections = projections
        self.epoch = epoch
        self.asOf = asOf
        self.horizon = horizon
        head = position
        recentFrom = position
    }

    public var pageCount: Int { pages.count }
    public var viewCount: Int { views.count }

    /// What must be read, each once. To be run in any order, several in one transaction if that suits.
    public func takeReads() -> [ReadRequest] {
        defer { asked.removeAll() }
        return asked
    }

    /// Takes what the projector committed.
    public func apply(_ set: ChangeSet, now: Instant) {
        guard set.to >= head else { return }
        if set.from > head {
            close(gapBefore: set, now: now)
            return
        }
        guard set.to > head else {
            // Nothing new but that nothing is new.
            asOf = max(asOf, set.asOf)
            return
        }
        advance(by: set, now: now)
        arrive(now: now)
    }

    /// Takes a read's answer. One that was not asked for, or no longer matters, is ignored.
    public func answer(_ result: ReadResult, now: Instant) {
        guard reads[result.id] != nil else { return }
        if case .failed = result.answer {
            end(result.id)
            return
        }
        guard result.epoch == epoch else {
            renew(epoch: result.epoch, position: result.checkpoint, asOf: result.asOf, now: now)
            return
        }
        take(result, now: now)
        arrive(now: now)
    }

    /// The log began another life: nothing held or sent says anything about it.
    public func renew(epoch: String, position: Position, asOf: Instant, now: Instant) {
        self.epoch = epoch
        head = position
        self.asOf = asOf
        commitFrames = nil
        forgetReads()
        for view in views.values { view.unload(forgetting: true) }
        for page in pages {
            page.startOver(at: head)
            for attachment in page.attachments { startOver(attachment, "epoch") }
        }
        for view in views.values { ask(view) }
        // Pages without views have nothing to wait for.
        for page in pages { deliver(page, now: now) }
    }

    /// To be called a few times a second: heartbeats, checksums, and whatever waited for another try.
    public func tick(now: Instant) {
        if hasGap { askForChanges() }
        for view in views.values {
            ask(view)
            if view.isReady, view.nextCheck <= now {
                view.nextCheck = now + LiveLimits.check
                sendCheck(of: view, now: now)
            }
        }
        for page in pages {
            if !page.isLevel {
                deliver(page, now: now)
            } else if now - page.toldAt >= LiveLimits.heartbeat, !page.isSlow {
                commit(page, now: now)
            }
        }
    }

    func commit(_ page: Page, now: Instant) {
        page.told = head
        page.toldAt = now
        if commitFrames?.head != head || commitFrames?.asOf != asOf || commitFrames?.now != now {
            commitFrames = (asOf, now, head, [:])
        }
        let tag = page.rights.tag
        if let frame = commitFrames?.byTag[tag] {
            page.sink.send(frame)
            return
        }
        let frame = Frame(ServerMessage.commit(Cursor(epoch: epoch + tag, position: head), asOf: asOf, now: now))
        commitFrames?.byTag[tag] = frame
        page.sink.send(frame)
    }

    /// The view with this key, made and read if there is none.
    func view(_ key: ViewKey, of topic: Topic, now: Instant) -> View {
        if let view = views[key] { return view }
        let name = topic.projection.name
        let table = tables.first { $0.projection.name == name } ?? RowTable(topic.projection)
        if !tables.contains(where: { $0 === table }) { tables.append(table) }
        viewsMade += 1
        let view = View(number: viewsMade, key: key, topic: topic, table: table)
        // Spread, or views opened together would all be summed up together.
        view.nextCheck = now + LiveLimits.check + .milliseconds(viewsMade % 64 * 100)
        views[key] = view
        table.index.insert(view)
        ask(view)
        return view
    }

    func closeUnused(_ view: View) {
        guard view.shown.isEmpty, view.wanted.isEmpty, !view.isClosed else { return }
        view.isClosed = true
        views[view.key] = nil
        view.table.index.remove(view)
        view.drop()
    }

    /// Asks for whatever a view lacks and is not being read yet.
    func ask(_ view: View) {
        let name = view.table.projection.name
        if !view.isReadingRows, let query = view.missingRows {
            view.isReadingRows = true
            ask(.window(name, query), .window(view.table.projection, query), for: view)
        }
        if !view.isCounting, let query = view.missingCount {
            view.isCounting = true
            ask(.count(name, query), .count(view.table.projection, query), for: view)
        }
    }

    /// Moves everything to `set.to`: each view the set can match is evaluated once, each page it changes gets that and
    /// one commit, and nothing is done for the others.
    private func advance(by given: ChangeSet, now: Instant) {
        let from = head
        let set = given.from == from ? given : given.behind(from)
        var touched: [View] = []
        var unready: Set<ObjectIdentifier> = []
        var outcomes: [(View, View.Outcome)] = []
        for table in tables {
            guard let changes = set.changes[table.projection.name], !changes.isEmpty else { continue }
            let olds = changes.map { table.take($0.row) }
            touched.removeAll(keepingCapacity: true)
            func touch(_ view: View) {
                touched.append(view)
                if !view.isReady { unready.insert(ObjectIdentifier(view)) }
            }
            for (index, change) in changes.enumerated() {
                table.index.candidates(change.row.columns, change.before, olds[index]) { view in
                    guard view.isLoaded, view.inbox.last != index else { return }
                    if view.inbox.isEmpty { touch(view) }
                    view.inbox.append(index)
                }
            }
            if !set.isExact {
                // Which rows matched outside the windows nobody can say: every total is counted again.
                for view in views.values where view.table === table && view.total != nil && view.inbox.isEmpty {
                    touch(view)
                }
            }
            for view in touched { outcomes.append((view, view.apply(changes, olds: olds, of: set))) }
        }
        head = set.to
        asOf = max(asOf, set.asOf)
        remember(set)

        for (view, _) in outcomes where !view.isReady {
            for attachment in view.shown { attachment.page.fallBehind(at: from) }
        }
        marks += 1
        var told: [Page] = []
        for case (let view, .changed(let frame)) in outcomes {
            for attachment in view.shown where attachment.page.isLevel {
                let page = attachment.page
                if page.mark != marks {
                    (page.mark, page.due) = (marks, 0)
                    told.append(page)
                }
                page.due += frame.bytes.count
            }
        }
        // What would take a page over its limit goes to it as a catch-up: in turns, and conflated with what follows.
        let full = told.filter { $0.sink.unsent + $0.due > LiveLimits.unsent }
        for page in full { page.fallBehind(at: from) }
        for case (let view, .changed(let frame)) in outcomes {
            for attachment in view.shown where attachment.page.isLevel {
                // A page may have one view under two numbers; it hears of a change once.
                if attachment.page.lastFrame !== frame { attachment.page.sink.send(frame) }
                attachment.page.lastFrame = frame
            }
        }
        for page in told {
            page.lastFrame = nil
            if page.isLevel { commit(page, now: now) }
        }
        for page in full { deliver(page, now: now) }
        for (view, _) in outcomes {
            ask(view)
            if view.isReady, unready.contains(ObjectIdentifier(view)) { deliverHolders(of: view, now: now) }
        }
    }

    /// After the head has moved: answers that waited for it, sets behind a closed gap, pages that were ahead.
    private func arrive(now: Instant) {
        var moved = true
        while moved {
            moved = false
            let ready = early.filter { $0.checkpoint <= head }
            early.removeAll { $0.checkpoint <= head }
            for result in ready where reads[result.id] != nil {
                take(result, now: now)
                moved = true
            }
            if !hasGap, let at = ahead.firstIndex(where: { $0.from <= head }) {
                let set = ahead.remove(at: at)
                if set.to > head { advance(by: set, now: now) }
                moved = true
            }
        }
        if !hasGap, let next = ahead.first { close(gapBefore: next, now: now, kept: true) }
        if !pagesAhead.isEmpty {
            let reached = pagesAhead.filter { $0.floor <= head }
            pagesAhead.removeAll { $0.floor <= head }
            for page in reached { deliver(page, now: now) }
        }
        if !pagesAwaiting.isEmpty { tellAwaiting(now: now) }
    }

    /// A page that is behind is told when it is level again, and one that is slow with the next heartbeat it can take.
    func tellAwaiting(now: Instant) {
        for page in pagesAwaiting where page.isLevel && page.told < min(page.awaited, head) && !page.isSlow {
            commit(page, now: now)
        }
        pagesAwaiting.removeAll { $0.told >= $0.awaited }
    }

    /// A change set is missing. What changed since is read once for all views, or, behind the horizon, every view is.
    private func close(gapBefore set: ChangeSet, now: Instant, kept: Bool = false) {
        guard head >= horizon else {
            readAgain(at: set.to, asOf: set.asOf, now: now)
            return
        }
        if !kept, ahead.reduce(set.rowCount, { $0 + $1.rowCount }) <= LiveLimits.recentRows { ahead.append(set) }
        askForChanges()
    }

    /// What was deleted since cannot be told any more: every view is read, and pages get the difference.
    private func readAgain(at position: Position, asOf: Instant, now: Instant) {
        for page in pages { page.fallBehind(at: head) }
        head = position
        self.asOf = asOf
        forgetReads()
        for view in views.values {
            view.unload(forgetting: false)
            ask(view)
        }
        for page in pages { deliver(page, now: now) }
    }

    private func askForChanges() {
        hasGap = true
        guard readNumbers[.changes] == nil else { return }
        readsMade += 1
        reads[readsMade] = Read(question: .changes, waiting: [], since: head)
        readNumbers[.changes] = readsMade
        asked.append(ReadRequest(id: readsMade, question: .changes(projections, since: head)))
    }

    private func ask(_ question: Question, _ read: ReadRequest.Question, for view: View) {
        if let id = readNumbers[question] {
            reads[id]?.waiting.append(view)
            return
        }
        readsMade += 1
        reads[readsMade] = Read(question: question, waiting: [view], since: head)
        readNumbers[question] = readsMade
        asked.append(ReadRequest(id: readsMade, question: read))
    }

    private func take(_ result: ReadResult, now: Instant) {
        guard let read = reads[result.id] else { return }
        if case .changes(let rows) = result.answer {
            end(result.id)
            // The projector went back and has not caught up; or a set came after all.
            guard result.checkpoint > head || ahead.isEmpty else { return }
            hasGap = false
            guard result.checkpoint > head else { return }
            guard read.since >= horizon else {
                readAgain(at: result.checkpoint, asOf: result.asOf, now: now)
                return
            }
            let changes = rows.mapValues { $0.map { RowChange(row: $0, before: nil) } }
            advance(
                by: ChangeSet(
                    from: read.since, to: result.checkpoint, asOf: result.asOf, changes: changes, isExact: false),
                now: now)
            return
        }
        guard result.checkpoint <= head else {
            early.append(result)
            return
        }
        let views = end(result.id)
        // It looked at a state from before the sets that are still known; it is asked again at the next tick.
        guard result.checkpoint >= recentFrom else { return }
        let since = recent
        for view in views where !view.isClosed {
            let wasReady = view.isReady
            switch (read.question, result.answer) {
            case (.window(_, let query), .rows(let rows)):
                view.install(rows, asked: query, checkpoint: result.checkpoint, since: since, now: head)
            case (.count, .count(let count)):
                guard view.install(count: count, checkpoint: result.checkpoint, since: since) else { break }
                if wasReady { tell(totalOf: view, now: now) }
            default: preconditionFailure("a read was answered with something else than it asked for")
            }
            ask(view)
            if view.isReady, !wasReady { deliverHolders(of: view, now: now) }
        }
    }

    @discardableResult
    private func end(_ id: Int) -> [View] {
        guard let read = reads.removeValue(forKey: id) else { return [] }
        readNumbers[read.question] = nil
        for view in read.waiting {
            if case .count = read.question { view.isCounting = false } else { view.isReadingRows = false }
        }
        return read.waiting
    }

    private func forgetReads() {
        reads.removeAll()
        readNumbers.removeAll()
        asked.removeAll()
        early.removeAll()
        ahead.removeAll()
        hasGap = false
        recent.removeAll()
        recentRows = 0
        recentFrom = head
        for view in views.values {
            view.isReadingRows = false
            view.isCounting = false
        }
    }

    /// Keeps a set while a read under way may have looked before it.
    private func remember(_ set: ChangeSet) {
        let oldest = reads.values.lazy.map(\.since).min() ?? set.to
        if oldest < set.to {
            if recent.isEmpty { recentFrom = set.from }
            recent.append(set)
            recentRows += set.rowCount
        }
        while let first = recent.first, first.to <= oldest || recentRows > LiveLimits.recentRows {
            recent.removeFirst()
            recentRows -= first.rowCount
            recentFrom = first.to
        }
        if recent.isEmpty { recentFrom = head }
    }

    private func tell(totalOf view: View, now: Instant) {
        guard let total = view.total else { return }
        let frame = Frame(ServerMessage.total(shared: view.number, total))
        for attachment in view.shown where attachment.page.isLevel {
            guard !attachment.page.isSlow else {
                attachment.page.fallBehind(at: head)
                continue
            }
            attachment.toldTotal = total
            attachment.page.sink.send(frame)
            commit(attachment.page, now: now)
        }
    }

    private func sendCheck(of view: View, now: Instant) {
        let pages = view.shown.lazy.map(\.page).filter { $0.isLevel && !$0.isSlow }
        guard !pages.isEmpty else { return }
        let frame = Frame(ServerMessage.check(shared: view.number, position: head, view.checksum()))
        for page in pages { send(check: frame, to: page, now: now) }
    }

    /// A checksum holds for one position, so the commit of that position goes before it.
    func send(check frame: Frame, to page: Page, now: Instant) {
        if page.told != head { commit(page, now: now) }
        page.sink.send(frame)
    }
}
