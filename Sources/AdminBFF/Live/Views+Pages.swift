import FoundationEssentials
public import Kernel

/// What pages do, and how they are brought level.
extension Views {
    /// Takes a page in and greets it.
    public func connect(
        _ sink: any PageSink, user: String, name: String, rights: Rights, now: Instant
    ) -> Page {
        let page = Page(sink, user: user, rights: rights, at: head, now: now)
        pages.append(page)
        let cursor = Cursor(epoch: epoch + rights.tag, position: head)
        sink.send(Frame(ServerMessage.hello(cursor, user: user, name: name, roles: rights.roles.sorted(), at: now)))
        return page
    }

    /// Forgets a page; nothing is sent to it any more.
    public func disconnect(_ page: Page) {
        page.isGone = true
        pages.removeAll { $0 === page }
        pagesAhead.removeAll { $0 === page }
        pagesAwaiting.removeAll { $0 === page }
        for watch in page.watches { watch.topic.leave(page, watch.id) }
        page.watches = []
        for attachment in page.attachments { release(attachment) }
        page.attachments = []
    }

    /// To be called when a page's unsent bytes have fallen below the limit again, by whatever margin suits the edge.
    public func drained(_ page: Page, now: Instant) { deliver(page, now: now) }

    /// Takes a text frame from a page.
    public func receive(_ bytes: [UInt8], from page: Page, now: Instant) throws(ProtocolViolation) {
        receive(try ClientMessage(bytes), from: page, now: now)
    }

    public func receive(_ message: ClientMessage, from page: Page, now: Instant) {
        switch message {
        case .open(let id, let topic, let query, let resume):
            // A page that opens a number again means to begin anew.
            close(id, of: page)
            do throws(Refusal) {
                try open(id, topic, query, resume, page, now: now)
            } catch {
                page.sink.send(Frame(ServerMessage.refused(view: id, error)))
                page.sink.refused(topic, error)
            }
        case .changeView(let id, let query):
            guard let attachment = page.attachments.first(where: { $0.id == id }) else {
                // A volatile topic has no filter, no order and no window that could change.
                if page.watches.contains(where: { $0.id == id }) { return }
                page.sink.send(Frame(ServerMessage.refused(view: id, .notFound("view \(id) is not open"))))
                return
            }
            do throws(Refusal) {
                try change(attachment, query, now: now)
            } catch {
                // What was refused shows nothing: the page asks again for what it wants.
                let topic = attachment.topic.name
                close(id, of: page)
                page.sink.send(Frame(ServerMessage.refused(view: id, error)))
                page.sink.refused(topic, error)
            }
        case .close(let id): close(id, of: page)
        case .check(let id):
            if page.isLevel { sendCheck(id, page, now: now) } else { oweCheck(id, page) }
        case .reach(let position):
            page.awaited = max(page.awaited, position)
            if !pagesAwaiting.contains(where: { $0 === page }) { pagesAwaiting.append(page) }
            tellAwaiting(now: now)
        }
        deliver(page, now: now)
    }

    /// What the reader may see has changed. Views of topics they may see no more end at once, whatever else the page is
    /// waiting for; those with other rows or another mask than before begin anew.
    public func judge(_ page: Page, by rights: Rights, now: Instant) {
        let before = page.rights
        page.rights = rights
        for watch in page.watches where !rights.allows(watch.topic.name) {
            page.sink.send(Frame(ServerMessage.reset(view: watch.id, reason: "withdrawn")))
            close(watch.id, of: page)
        }
        for attachment in page.attachments {
            let topic = attachment.topic.name
            guard rights.allows(topic) else {
                page.sink.send(Frame(ServerMessage.reset(view: attachment.id, reason: "withdrawn")))
                close(attachment.id, of: page)
                continue
            }
            if before.scope(of: topic) == rights.scope(of: topic), before.mask(of: topic) == rights.mask(of: topic) {
                continue
            }
            do throws(Refusal) {
                let key = try key(of: attachment, page)
                startOver(attachment, "rights")
                aim(attachment, at: view(key, of: attachment.topic, now: now))
            } catch {
                // What it asks for is not for these rights.
                page.sink.send(Frame(ServerMessage.reset(view: attachment.id, reason: "withdrawn")))
                close(attachment.id, of: page)
            }
        }
        deliver(page, now: now)
    }

    private func aim(_ attachment: Attachment, at view: View) {
        guard attachment.target !== view else { return }
        if let target = attachment.target { leave(target, attachment) }
        attachment.target = view
        view.wanted.append(attachment)
    }

    private func open(
        _ id: Int, _ name: String, _ query: ClientMessage.Query, _ resume: ClientMessage.Resume?, _ page: Page,
        now: Instant
    ) throws(Refusal) {
        guard page.attachments.count + page.watches.count < LiveLimits.viewsPerPage else {
            throw .invalid("a page may open \(LiveLimits.viewsPerPage) views, no more")
        }
        guard page.rights.allows(name) else { throw .forbidden("\(name) is not for your roles") }
        if let topic = volatiles[name] {
            watch(topic, as: id, page, now: now)
            return
        }
        guard let topic = topics[name] else { throw .notFound("there is no topic \(name)") }
        let attachment = Attachment(
            page: page, id: id, topic: topic, filter: query.filter ?? Array("{}".utf8),
            order: try order(query.order ?? topic.orders[0], of: topic), limit: try limit(query.limit), basis: .nothing)
        let key = try key(of: attachment, page)
        if let resume {
            if resume.have.count > LiveLimits.window {
                throw .invalid("have may name \(LiveLimits.window) keys", field: "have")
            }
            resumed(attachment, resume, page)
        }
        let view = view(key, of: topic, now: now)
        attachment.target = view
        view.wanted.append(attachment)
        page.attachments.append(attachment)
        if query.count == true { count(view) }
    }

    /// From where a page goes on; a cursor that says nothing here makes it begin anew, and it is told so.
    private func resumed(_ attachment: Attachment, _ resume: ClientMessage.Resume, _ page: Page) {
        guard let cursor = Cursor(resume.cursor), cursor.epoch == epoch + page.rights.tag else {
            page.sink.send(Frame(ServerMessage.reset(view: attachment.id, reason: "epoch")))
            return
        }
        page.fallBehind(at: head)
        if cursor.position > head {
            page.floor = max(page.floor, cursor.position)
            if !pagesAhead.contains(where: { $0 === page }) { pagesAhead.append(page) }
        }
        guard cursor.position >= horizon else {
            page.sink.send(Frame(ServerMessage.reset(view: attachment.id, reason: "too old")))
            return
        }
        attachment.basis = .resumed(Set(resume.have), cursor.position)
    }

    private func change(_ attachment: Attachment, _ query: ClientMessage.Query, now: Instant) throws(Refusal) {
        let before = (attachment.filter, attachment.order, attachment.limit)
        if let filter = query.filter { attachment.filter = filter }
        if let text = query.order { attachment.order = try order(text, of: attachment.topic) }
        if query.limit != nil { attachment.limit = try limit(query.limit) }
        let key: ViewKey
        do throws(Refusal) { key = try self.key(of: attachment, attachment.page) } catch {
            (attachment.filter, attachment.order, attachment.limit) = before
            throw error
        }
        let view = view(key, of: attachment.topic, now: now)
        aim(attachment, at: view)
        if query.count == true { count(view) }
    }

    private func key(of attachment: Attachment, _ page: Page) throws(Refusal) -> ViewKey {
        let filter = try attachment.topic.filter(attachment.filter)
        try page.rights.judge(filter, of: attachment.topic.name)
        let scope = page.rights.scope(of: attachment.topic.name)
        return ViewKey(
            topic: attachment.topic.name, predicate: Predicate.all([filter, scope]).canonical, order: attachment.order,
            limit: attachment.limit, mask: page.rights.mask(of: attachment.topic.name))
    }

    private func order(_ text: String, of topic: Topic) throws(Refusal) -> RowOrder {
        let order = RowOrder(text)
        guard topic.orders.contains(where: { RowOrder($0).column == order.column }) else {
            throw .invalid("\(topic.name) has no order \(text)", field: "order")
        }
        return order
    }

    private func limit(_ wanted: Int?) throws(Refusal) -> Int {
        guard let wanted else { return LiveLimits.usualWindow }
        guard (1...LiveLimits.window).contains(wanted) else {
            throw .invalid("limit must be from 1 to \(LiveLimits.window)", field: "limit")
        }
        return wanted
    }

    private func count(_ view: View) {
        view.counts = true
        ask(view)
    }

    private func close(_ id: Int, of page: Page) {
        page.watches.removeAll { watch in
            if watch.id == id { watch.topic.leave(page, id) }
            return watch.id == id
        }
        guard let at = page.attachments.firstIndex(where: { $0.id == id }) else { return }
        release(page.attachments.remove(at: at))
    }

    private func release(_ attachment: Attachment) {
        if let target = attachment.target { leave(target, attachment) }
        if let shown = attachment.shownView {
            shown.shown.removeAll { $0 === attachment }
            closeUnused(shown)
        }
    }

    private func leave(_ view: View, _ attachment: Attachment) {
        view.wanted.removeAll { $0 === attachment }
        attachment.target = nil
        closeUnused(view)
    }

    /// What the page holds of a view counts for nothing any more.
    func startOver(_ attachment: Attachment, _ reason: StaticString) {
        attachment.page.sink.send(Frame(ServerMessage.reset(view: attachment.id, reason: reason)))
        if let shown = attachment.shownView {
            shown.shown.removeAll { $0 === attachment }
            if attachment.target == nil {
                attachment.target = shown
                shown.wanted.append(attachment)
            }
            closeUnused(shown)
        }
        attachment.basis = .nothing
        attachment.progress = nil
        attachment.mustListKeys = false
        attachment.toldTotal = nil
    }

    func deliverHolders(of view: View, now: Instant) {
        for attachment in view.shown + view.wanted { deliver(attachment.page, now: now) }
    }

    private func sendCheck(_ id: Int, _ page: Page, now: Instant) {
        guard let view = page.attachments.first(where: { $0.id == id })?.shownView else {
            oweCheck(id, page)
            return
        }
        send(
            check: Frame(ServerMessage.check(shared: view.number, position: head, view.checksum())), to: page, now: now)
    }

    private func oweCheck(_ id: Int, _ page: Page) {
        guard !page.owedChecks.contains(id), page.attachments.contains(where: { $0.id == id }) else { return }
        page.owedChecks.append(id)
    }

    /// Brings a page level if everything it needs is there; see the invariant at `Page`.
    ///
    /// First rows go out in chunks, as long as the page takes them; that may take several turns, and changes meanwhile
    /// only add to what is to be sent. When nothing but ends is left, these and the commit go in one step.
    func deliver(_ page: Page, now: Instant) {
        guard !page.isGone, page.floor <= head else { return }
        var parts: [Part] = []
        for attachment in page.attachments {
            if let target = attachment.target, target.isReady {
                parts.append(Part(attachment, target))
            } else if let shown = attachment.shownView {
                guard shown.isReady else { return }
                if page.isLevel { continue }
                let isSame = shown.changedAt <= page.reached && attachment.toldTotal == shown.total
                if !isSame || attachment.mustListKeys { parts.append(Part(attachment, shown)) }
            } else if case .resumed = attachment.basis {
                return
            }
        }
        if page.isLevel && parts.isEmpty { return }
        page.fallBehind(at: head)
        guard !page.isSlow else { return }

        for at in parts.indices {
            guard stream(&parts[at], to: page) else { return }
        }
        for part in parts { finish(part, page) }
        page.becomeLevel()
        commit(page, now: now)
        let checks = page.owedChecks
        page.owedChecks = []
        for id in checks { sendCheck(id, page, now: now) }
    }

    /// A view as one delivery brings it to the page.
    private struct Part {
        let attachment: Attachment
        let view: View
        /// Rows to be sent with the end.
        var rest: [View.Entry] = []
        var sharesSnapshot = false

        init(_ attachment: Attachment, _ view: View) {
            self.attachment = attachment
            self.view = view
        }
    }

    /// Sends the rows that the page lacks but for a last chunk. False if the page took no more.
    private func stream(_ part: inout Part, to page: Page) -> Bool {
        let (attachment, view) = (part.attachment, part.view)
        if let progress = attachment.progress, progress.view !== view {
            attachment.progress = nil
            attachment.mustListKeys = true
        }
        if case .nothing = attachment.basis, attachment.progress == nil, !attachment.mustListKeys, view.isShared {
            part.sharesSnapshot = true
            return true
        }
        var lacking: [(entry: View.Entry, stamp: Position)] = []
        var size = 0
        for entry in view.window {
            guard let row = view.table.row(entry.key) else { preconditionFailure("a view lost a row") }
            let stamp = max(row.position, entry.entered)
            if let done = attachment.progress, (stamp, entry.key) <= (done.stamp, done.key) { continue }
            if attachment.holds(row, entered: entry.entered, in: view) { continue }
            lacking.append((entry, stamp))
            size += row.value.count + 200
        }
        guard size > LiveLimits.chunk else {
            part.rest = lacking.map(\.entry)
            return true
        }
        lacking.sort { ($0.stamp, $0.entry.key) < ($1.stamp, $1.entry.key) }
        var next = lacking[...]
        while true {
            var writer = RowsWriter(attachment.id, view)
            var end = next.startIndex
            while end < next.endIndex, writer.bytes.count <= LiveLimits.chunk {
                writer.add(next[end].entry)
                end += 1
            }
            guard end < next.endIndex else { break }
            guard !page.isSlow else { return false }
            page.sink.send(Frame(writer.finished(keys: nil, total: nil, last: false)))
            attachment.progress = Attachment.Progress(
                view: view, stamp: next[end - 1].stamp, key: next[end - 1].entry.key)
            next = next[end...]
        }
        part.rest = next.map(\.entry)
        return true
    }

    /// Sends the end of a view's rows and notes that the page shows it.
    private func finish(_ part: Part, _ page: Page) {
        let (attachment, view) = (part.attachment, part.view)
        if part.sharesSnapshot {
            for frame in view.snapshot(for: attachment.id) { page.sink.send(frame) }
        } else {
            var writer = RowsWriter(attachment.id, view)
            for entry in part.rest { writer.add(entry) }
            let lists: Bool
            switch attachment.basis {
            case _ where attachment.progress != nil || attachment.mustListKeys: lists = true
            case .nothing: lists = false
            case .resumed: lists = true
            case .shown(let shown): lists = shown !== view || view.leftAt > page.reached
            }
            page.sink.send(
                Frame(writer.finished(keys: lists ? view.window.map(\.key) : nil, total: view.total, last: true)))
        }
        attachment.progress = nil
        attachment.mustListKeys = false
        attachment.toldTotal = view.total
        let old = attachment.shownView
        if attachment.target === view {
            view.wanted.removeAll { $0 === attachment }
            attachment.target = nil
        }
        if old !== view {
            view.shown.append(attachment)
            attachment.basis = .shown(view)
            if let old {
                old.shown.removeAll { $0 === attachment }
                closeUnused(old)
            }
        }
    }
}

/// Puts a `rows` message together.
private struct RowsWriter {
    private(set) var bytes: [UInt8]
    private var isEmpty = true
    private let view: View

    init(_ id: Int, _ view: View) {
        bytes = ServerMessage.openRows(view: id, shared: view.number)
        self.view = view
    }

    mutating func add(_ entry: View.Entry) {
        if !isEmpty { bytes.append(UInt8(ascii: ",")) }
        isEmpty = false
        view.encode(entry, into: &bytes)
    }

    consuming func finished(keys: [UUID]?, total: Int?, last: Bool) -> [UInt8] {
        ServerMessage.closeRows(&bytes, keys: keys, total: total, last: last)
        return bytes
    }
}
