import EventLoop
import Testing

/// An actor that lives on a loop.
actor Counter {
    let loop: EventLoop
    var count = 0
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    init(on loop: EventLoop) { self.loop = loop }
    func add() -> Bool {
        count += 1
        return loop.isCurrent
    }
}

@Suite struct EventLoopTests {
    @Test func `a task stays on its loop across suspensions`() async {
        let loop = EventLoop()
        let counter = Counter(on: loop)
        let places = await loop.spawn {
            var places = [loop.isCurrent]
            places.append(await counter.add())
            await Task.yield()
            places.append(loop.isCurrent)
            await loop.sleep(for: .milliseconds(1))
            places.append(loop.isCurrent)
            return places
        }.value
        #expect(places == [true, true, true, true])
        loop.stop()
    }

    @Test func `timers fire in the order they are due, and a canceled one never`() async {
        let clock = ManualClock()
        let loop = EventLoop(clock: .manual(clock))
        let fired = Fired()
        loop.wait {
            loop.schedule(after: .seconds(3)) { fired.note("third") }
            loop.schedule(after: .seconds(1)) { fired.note("first") }
            loop.schedule(after: .seconds(2)) { fired.note("second") }
            let canceled = loop.schedule(after: .seconds(2)) { fired.note("canceled") }
            loop.cancel(canceled)
        }
        #expect(loop.wait { fired.names } == [])
        clock.advance(by: .milliseconds(2_500))
        #expect(loop.wait { fired.names } == ["first", "second"])
        clock.advance(by: .seconds(1))
        #expect(loop.wait { fired.names } == ["first", "second", "third"])
        loop.stop()
    }

    @Test func `a canceled task wakes from its sleep`() async {
        let loop = EventLoop(clock: .manual(ManualClock()))
        let task = loop.spawn { await loop.sleep(for: .seconds(3600)) }
        task.cancel()
        await task.value
        loop.stop()
    }
}

/// Noted and read on one loop only.
final class Fired: @unchecked Sendable {
    var names: [String] = []
    func note(_ name: String) { names.append(name) }
}
