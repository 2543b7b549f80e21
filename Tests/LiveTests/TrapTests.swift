import FoundationEssentials
import Kernel
import Testing

@testable import Live

/// What the live layer promises and the traps on the way there, each by itself.
struct TrapTests {
    private let log = TestLog()

    /// Orders 1 to `count`, one command each, projected.
    private func filled(_ count: Int, status: String = "pending") -> TestServer {
        for number in 1...count { log.write([("orders", key(number), .make(number, status))]) }
        _ = log.project()
        return TestServer(log)
    }

    private func connected(_ server: TestServer) -> TestPage {
        let page = TestPage()
        page.connect(to: server)
        return page
    }

    @Test func `a page shows a row that was committed while its snapshot was read`() {
        let server = filled(3)
        let page = connected(server)
        page.open(1)
        let early = server.views.takeReads().map(log.run)
        log.write([("orders", key(4), .make(4))])
        server.views.apply(log.project(), now: server.now)
        for result in early { server.views.answer(result, now: server.now) }
        page.read()
        #expect(page.numbers(1) == [4, 3, 2, 1])
        #expect(page.position == 4)
    }

    @Test func `a read that saw further than the last change set waits for it`() {
        let server = filled(3)
        let page = connected(server)
        page.open(1)
        server.read()
        page.read()
        log.write([("orders", key(1), .make(1, "ready")), ("invoices", key(9), .make(9))])
        let set = log.project()
        page.open(2, "invoices")
        server.read()
        page.read()
        #expect(page.views[2]?.isComplete == false, "the invoice would be there and the order not yet")
        server.views.apply(set, now: server.now)
        page.read()
        #expect(page.numbers(2) == [9])
        #expect(page.rows(1).last?.value.status == "ready")
    }

    @Test func `all rows of one command appear in one commit`() {
        let server = filled(2)
        let page = connected(server)
        page.open(1)
        page.open(2, "invoices")
        server.read()
        page.read()
        var seen: [[Int]] = []
        page.atCommit = { seen.append([$0.rows(1).count, $0.rows(2).count]) }
        log.write([("orders", key(3), .make(3)), ("invoices", key(8), .make(8))])
        server.show()
        page.read()
        #expect(seen == [[3, 1]])
    }

    @Test func `trap 1: a page ahead of a projector that went back waits and is not sent back`() {
        let server = filled(5)
        let page = connected(server)
        page.open(1)
        server.read()
        page.read()
        #expect(page.position == 5)
        page.disconnect()

        log.crash(losing: 3)
        let other = TestServer(log)
        page.connect(to: other)
        other.read()
        other.now = other.now + .seconds(6)
        other.views.tick(now: other.now)
        page.read()
        #expect(!page.messages.contains { $0.type == "commit" })
        #expect(page.numbers(1) == [5, 4, 3, 2, 1])

        log.write([("orders", key(6), .make(6))])
        other.show()
        page.read()
        #expect(page.numbers(1) == [6, 5, 4, 3, 2, 1])
        #expect(page.rowsReceived == 1)
    }

    @Test func `trap 1: what a projector folds again changes nothing`() {
        let server = filled(5)
        let page = connected(server)
        page.open(1, count: true)
        server.read()
        page.read()
        let received = page.messages.count
        log.crash(losing: 4)
        server.views.apply(log.project(2), now: server.now)
        log.write([("orders", key(6), .make(6))])
        server.views.apply(log.project(), now: server.now)
        server.read()
        page.read()
        #expect(page.numbers(1) == [6, 5, 4, 3, 2, 1])
        #expect(page.views[1]?.total == 6)
        #expect(page.messages.count > received)
    }

    @Test func `trap 2: a foreign epoch is answered with a reset and all rows`() {
        let server = filled(2)
        let page = connected(server)
        page.open(1)
        server.read()
        page.read()
        page.disconnect()
        let restored = TestLog(epoch: "e2")
        restored.write([("orders", key(1), .make(1, "ready"))])
        _ = restored.project()
        let other = TestServer(restored)
        page.connect(to: other)
        other.read()
        page.read()
        #expect(page.messages.first { $0.type == "reset" }?.reason == "epoch")
        #expect(page.rows(1).map(\.value.status) == ["ready"])
    }

    @Test func `trap 3: a cursor before the horizon is answered with a reset and all rows`() {
        let server = filled(4)
        let page = connected(server)
        page.open(1)
        server.read()
        page.read()
        page.disconnect()
        log.write([("orders", key(2), nil)])
        server.show()
        log.horizon = log.checkpoint
        server.views.horizon = log.horizon
        page.connect(to: server)
        server.read()
        page.read()
        #expect(page.messages.first { $0.type == "reset" }?.reason == "too old")
        #expect(page.numbers(1) == [4, 3, 1])
    }

    @Test func `trap 3: a server that slept past the horizon reads its views again, and deleted rows stay deleted`() {
        let server = filled(4)
        let page = connected(server)
        page.open(1, count: true)
        server.read()
        page.read()
        log.write([("orders", key(2), nil)])
        _ = log.project()
        log.horizon = log.checkpoint
        server.views.horizon = log.horizon
        log.write([("orders", key(5), .make(5))])
        server.show()
        page.read()
        #expect(page.numbers(1) == [5, 4, 3, 1])
        #expect(page.views[1]?.total == 4)
        #expect(page.rowsReceived == 5, "the four of the beginning and the new one")
    }

    @Test func `trap 3: a page that must begin anew is not sent back behind its cursor either`() {
        let server = filled(4)
        let late = TestServer(log)
        log.write([("orders", key(5), .make(5))])
        server.show()
        let page = connected(server)
        page.open(1)
        server.read()
        page.read()
        page.disconnect()
        log.write([("orders", key(2), nil)])
        let rest = log.set(from: Position(4), to: Position(6))
        late.views.horizon = Position(6)
        page.connect(to: late)
        late.read()
        late.views.tick(now: late.now + .seconds(6))
        page.read()
        #expect(!page.messages.contains { $0.type == "commit" })
        _ = log.project()
        late.views.apply(rest, now: late.now)
        late.read()
        page.read()
        #expect(page.position == 6 && page.numbers(1) == [5, 4, 3, 1])
    }

    @Test func `trap 4: a row that left the filter while the page was away is gone when it is back`() {
        let server = filled(3)
        let page = connected(server)
        page.open(1, "orders", ThingFilter(status: ["pending"]))
        server.read()
        page.read()
        page.disconnect()
        log.write([("orders", key(2), .make(2, "ready"))])
        server.show()
        page.connect(to: server)
        server.read()
        page.read()
        #expect(page.numbers(1) == [3, 1])
        #expect(page.rowsReceived == 0)
    }

    @Test func `trap 6: a total follows rows that the window never held`() {
        let server = filled(100)
        let page = connected(server)
        page.open(1, "orders", ThingFilter(status: ["pending"]), limit: 5, count: true)
        server.read()
        page.read()
        #expect(page.views[1]?.total == 100)
        let statements = server.statements.count
        log.write([("orders", key(1), .make(1, "ready")), ("orders", key(2), nil)])
        server.show()
        page.read()
        #expect(page.views[1]?.total == 98)
        #expect(server.statements.count == statements, "deltas need no statement")
        #expect(page.numbers(1) == [100, 99, 98, 97, 96])
    }

    @Test func `trap 6: where the state before is not known the total is counted again before it is shown`() {
        let server = filled(100)
        let page = connected(server)
        page.open(1, "orders", ThingFilter(status: ["pending"]), limit: 5, count: true)
        server.read()
        page.read()
        let from = log.checkpoint
        log.write([("orders", key(1), .make(1, "ready"))])
        _ = log.project()
        server.views.apply(log.set(from: from, to: log.checkpoint, exactly: false), now: server.now)
        page.read()
        #expect(page.position == 100)
        server.read()
        page.read()
        #expect(page.position == 101)
        #expect(page.views[1]?.total == 99)
    }

    @Test func `a lost change set is made up for by one read for all views`() {
        let server = filled(10)
        let pages = (0..<3).map { _ in connected(server) }
        for (index, page) in pages.enumerated() { page.open(1, limit: 4 + index) }
        server.read()
        log.write([("orders", key(11), .make(11))])
        _ = log.project()
        log.write([("orders", key(10), nil)])
        let statements = server.statements.count
        server.show()
        #expect(server.statements.count == statements + 1)
        for page in pages {
            page.read()
            #expect(page.numbers(1).prefix(3) == [11, 9, 8])
            #expect(page.position == 12)
        }
    }

    @Test func `P2: a page that comes back elsewhere is sent only what changed, once, at its newest`() {
        let server = filled(50)
        let page = connected(server)
        page.open(1, limit: 100)
        server.read()
        page.read()
        page.disconnect()
        for round in 1...200 { log.write([("orders", key(round % 3 + 1), .make(round % 3 + 1, "s\(round)"))]) }
        _ = log.project()
        let other = TestServer(log)
        page.connect(to: other)
        other.read()
        page.read()
        #expect(page.rowsReceived == 3)
        #expect(page.numbers(1) == (1...50).reversed().map { $0 })
        #expect(page.rows(1).last?.value.status == "s198")
    }

    @Test func `P3: a slow page is sent nothing beyond the limit and catches up from where it was`() {
        let server = filled(5)
        let (slow, fast) = (connected(server), connected(server))
        for page in [slow, fast] { page.open(1) }
        server.read()
        for page in [slow, fast] { page.read() }
        slow.isStalled = true
        let long = String(repeating: "long ", count: 400)
        for round in 1...500 {
            log.write([("orders", key(round % 5 + 1), .make(round % 5 + 1, "s\(round)", name: long))])
            server.show()
            fast.read()
        }
        #expect(fast.position == 505)
        #expect(slow.unsent < LiveLimits.unsent + 8 * 1024)
        slow.isStalled = false
        let before = slow.rowsReceived
        slow.read()
        #expect(slow.rows(1) == fast.rows(1))
        #expect(slow.position == 505)
        #expect(slow.rowsReceived - before < 60, "conflated: five rows once more, beside what was already on its way")
    }

    @Test func `P3: a catch-up larger than the limit goes out in turns and is shown whole`() {
        let server = filled(5)
        let page = connected(server)
        page.open(1, limit: 2000)
        server.read()
        page.read()
        page.isStalled = true
        let long = String(repeating: "long ", count: 200)
        for number in 1...400 { log.write([("orders", key(number), .make(number, name: long))]) }
        server.show()
        page.isStalled = false
        var seen: [Int] = []
        page.atCommit = { seen.append($0.rows(1).count) }
        page.read(3)
        log.write([("orders", key(1), nil), ("orders", key(401), .make(401))])
        server.show()
        page.read()
        #expect(page.mostUnsent < LiveLimits.unsent + 40 * 1024)
        #expect(seen.last == 400)
        #expect(seen.allSatisfy { $0 == 400 })
        #expect(page.numbers(1).first == 401 && page.numbers(1).last == 2)
    }

    @Test func `P7: a thousand equal views cost one statement and share the bytes of a change`() {
        let server = filled(30)
        let pages = (0..<1000).map { _ in connected(server) }
        for page in pages { page.open(1, "orders", ThingFilter(status: ["pending", "ready"]), limit: 10) }
        server.read()
        #expect(server.statements.count == 1)
        for page in pages {
            page.read()
            page.isStalled = true
        }
        log.write([("orders", key(30), .make(30, "ready"))])
        server.show()
        #expect(server.statements.count == 1)
        #expect(Set(pages.flatMap { $0.queue.map(ObjectIdentifier.init) }).count == 2, "one change, one commit")
        #expect(pages.allSatisfy { $0.queue.count == 2 })
    }

    @Test func `filters that mean the same are one view`() {
        let server = filled(3)
        let (a, b) = (connected(server), connected(server))
        a.open(1, "orders", ThingFilter(status: ["ready", "pending"], atLeast: 0))
        b.open(1, "orders", ThingFilter(status: ["pending", "ready", "ready"], atLeast: 0))
        #expect(server.views.viewCount == 1)
        a.disconnect()
        #expect(server.views.viewCount == 1)
        b.disconnect()
        #expect(server.views.viewCount == 0)
        #expect(server.views.tables.allSatisfy { $0.count == 0 })
    }

    @Test func `rows that leave a window are replaced from the margin without a statement`() {
        let server = filled(100)
        let page = connected(server)
        page.open(1, limit: 10)
        server.read()
        page.read()
        let statements = server.statements.count
        log.write([("orders", key(100), nil), ("orders", key(95), nil)])
        server.views.apply(log.project(), now: server.now)
        page.read()
        #expect(page.numbers(1) == [99, 98, 97, 96, 94, 93, 92, 91, 90, 89])
        #expect(server.statements.count == statements)
        #expect(page.messages.filter { $0.type == "change" }.last?.put?.count == 2)
    }

    @Test func `a window whose margin ran out shows nothing torn while it is read again`() {
        let server = filled(100)
        let page = connected(server)
        page.open(1, limit: 10)
        server.read()
        page.read()
        log.write((70...100).map { ("orders", key($0), nil) })
        server.views.apply(log.project(), now: server.now)
        page.read()
        #expect(page.numbers(1).first == 100 && page.position == 100)
        server.read()
        page.read()
        #expect(page.numbers(1) == (60...69).reversed().map { $0 })
        #expect(page.position == 131)
    }

    @Test func `changing a view sends only the difference`() {
        let server = filled(60)
        let page = connected(server)
        page.open(1, limit: 40)
        server.read()
        page.read()
        let before = page.rowsReceived
        page.change(1, ThingFilter(), limit: 50)
        server.read()
        page.read()
        #expect(page.rowsReceived - before == 10)
        #expect(page.numbers(1) == (11...60).reversed().map { $0 })
        page.change(1, ThingFilter(atLeast: 0), limit: 5)
        server.read()
        page.read()
        #expect(page.rowsReceived - before == 10)
        #expect(page.numbers(1) == [60, 59, 58, 57, 56])
    }

    @Test func `asking for what is shown already is answered all the same`() {
        let server = filled(3)
        let page = connected(server)
        page.open(1)
        server.read()
        page.read()
        page.change(1, ThingFilter())
        page.read()
        #expect(page.messages.last { $0.type == "rows" }?.last == true)
        #expect(page.messages.filter { $0.type == "rows" }.count == 2)
        log.write([("orders", key(4), .make(4))])
        server.show()
        page.read()
        #expect(page.numbers(1) == [4, 3, 2, 1])
    }

    @Test func `a change that touches no view of a page sends it nothing before the next heartbeat`() {
        let server = filled(3)
        let page = connected(server)
        page.open(1, "orders", ThingFilter(status: ["ready"]))
        server.read()
        page.read()
        let count = page.messages.count
        log.write([("orders", key(4), .make(4))])
        server.show()
        page.read()
        #expect(page.messages.count == count)
        server.now = server.now + .seconds(5)
        server.views.tick(now: server.now)
        page.read()
        #expect(page.messages.count == count + 1)
        #expect(page.messages.last?.type == "commit" && page.position == 4)
    }

    @Test func `a page that waits for its own command hears of it at once, though nothing it shows has changed`() {
        let server = filled(3)
        let page = connected(server)
        page.open(1, "orders", ThingFilter(status: ["ready"]))
        server.read()
        page.read()
        let count = page.messages.count
        page.send("{\"type\":\"reach\",\"position\":5}")
        page.read()
        #expect(page.messages.count == count)
        // On the way there it hears of every commit, after it of none.
        for position in 4...6 {
            log.write([("orders", key(position), .make(position))])
            server.show()
        }
        page.read()
        #expect(page.messages.dropFirst(count).map(\.type) == ["commit", "commit"])
        #expect(page.position == 5)
        // What is reached already is told at once.
        page.send("{\"type\":\"reach\",\"position\":6}")
        page.read()
        #expect(page.position == 6)
    }

    @Test func `a withdrawn topic ends its views at once, even of a page that is stalled`() {
        let server = filled(3)
        let page = connected(server)
        page.open(1)
        page.open(2, "invoices")
        server.read()
        page.read()
        server.views.judge(page.page, by: Rights(roles: ["cashier"]), now: server.now)
        page.read()
        #expect(page.messages.last { $0.type == "reset" }?.reason == "withdrawn")
        #expect(page.numbers(1).isEmpty)
        log.write([("orders", key(4), .make(4)), ("invoices", key(5), .make(5))])
        server.show()
        page.read()
        #expect(page.numbers(1).isEmpty && page.numbers(2) == [5])
        page.open(3)
        #expect(page.messages.last?.code == "forbidden")
    }

    @Test func `a role sees its own topics only`() {
        #expect(Rights(roles: ["administrator"]).allows("mall"))
        #expect(Rights(roles: ["auditor"]).allows("orders"))
        #expect(Rights(roles: ["cashier"]).allows("invoices"))
        #expect(!Rights(roles: ["cashier"]).allows("orders"))
        #expect(!Rights(roles: []).allows("orders"))
        #expect(!Rights(roles: ["nobody"]).allows("orders"))
    }

    @Test func `a checksum is sent on request and every thirty seconds, after the commit it is about`() {
        let server = filled(3)
        let page = connected(server)
        page.open(1)
        server.read()
        page.read()
        page.send("{\"type\":\"check\",\"view\":1}")
        page.read()
        #expect(page.checks == 1)
        server.now = server.now + .seconds(40)
        server.views.tick(now: server.now)
        page.read()
        #expect(page.checks == 2)
    }

    @Test func `the checksum is that of FNV-1a over key and position`() {
        var sum = Checksum()
        #expect(sum == Checksum())
        sum.add(key(1), Position(7))
        // Computed apart: fnv1a32 of "00000000-0000-4000-8000-000000000001:7".
        #expect(sum.rows == 1 && sum.sum == 0xd494_09ed)
    }

    @Test func `an open beyond the thirty-second, an unknown order, a window too large are refused`() {
        let server = filled(1)
        let page = connected(server)
        for id in 1...32 { page.open(id, limit: id) }
        page.open(33)
        #expect(page.messages.last?.code == "invalid")
        page.close(1)
        page.open(40, order: "colour")
        #expect(page.messages.last?.code == "invalid")
        page.open(41, limit: 2001)
        #expect(page.messages.last?.code == "invalid")
        page.open(42, "secrets")
        #expect(page.messages.last?.code == "not_found")
        page.open(43, "orders", ThingFilter(status: []))
        #expect(page.messages.last?.code == "invalid")
    }

    @Test func `a read that fails is made again`() {
        let server = filled(2)
        let page = connected(server)
        page.open(1)
        for request in server.views.takeReads() {
            server.views.answer(
                ReadResult(id: request.id, epoch: "e1", checkpoint: .start, asOf: server.now, answer: .failed),
                now: server.now)
        }
        #expect(server.views.takeReads().isEmpty)
        server.views.tick(now: server.now)
        server.read()
        page.read()
        #expect(page.numbers(1) == [2, 1])
    }
}
