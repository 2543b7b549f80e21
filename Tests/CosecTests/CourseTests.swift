import Contracts
import DomainTestSupport
import Kernel
import Testing

@testable import Cosec

@Suite struct CourseTests {
    /// When every deadline has passed.
    static let later = Instant.morning + .seconds(3600)

    @Test func `every state answers every command as the table says`() {
        let states: KeyValuePairs<String, Run> = [
            "absent": Run(), "forward, at the list": Run(.start, .done),
            "forward, at the end": Run(.start, .done, .done, .done, .done),
            "backward": Run(.start, .done, .done, .refused),
            "backward, at the end": Run(.start, .refused),
            "resting": Run(.start, .done, .done, .refused, .refused),
            "stuck": Run(.start, .refused, .timer, .timer, .timer, .timer, .timer),
            "stuck, refused to the end": Run(
                [.start, .refused] + (1..<SagaLimits.undos).flatMap { _ in [.refused, .timer] } + [.refused]),
            "completed": Run(.start, .done, .done, .done, .done, .done),
            "compensated": Run(.start, .refused, .done),
        ]
        let lines = states.map { name, run in
            DomainTestSupport.table(
                of: Making.self, at: Self.later, states: [name: run.events],
                commands: [
                    "start": run.command(.start), "done": run.command(.done), "refused": run.command(.refused),
                    "late reply": .hear(run.reply(refused: true, key: "9 forward 1")), "chase": .chase,
                    "tryAgain": .tryAgain, "retry": .retry, "abort": .abort(reason: "rain"),
                ])
        }
        #expect(
            lines.joined(separator: "\n") == """
                absent
                    start → sagaStarted, stepAsked
                    done → -
                    refused → -
                    late reply → -
                    chase → -
                    tryAgain → -
                    retry → not_found: there is no such saga
                    abort → not_found: there is no such saga
                forward, at the list
                    start → -
                    done → stepDone, stepAsked
                    refused → sagaTurned, stepAsked
                    late reply → -
                    chase → stepAsked
                    tryAgain → -
                    retry → conflict: the saga is not stuck
                    abort → sagaTurned, stepAsked
                forward, at the end
                    start → -
                    done → stepDone, sagaCompleted
                    refused → sagaTurned, stepAsked
                    late reply → -
                    chase → stepAsked
                    tryAgain → -
                    retry → conflict: the saga is not stuck
                    abort → sagaTurned, stepAsked
                backward
                    start → -
                    done → stepDone, stepAsked
                    refused → undoRefused
                    late reply → -
                    chase → stepAsked
                    tryAgain → -
                    retry → conflict: the saga is not stuck
                    abort → -
                backward, at the end
                    start → -
                    done → stepDone, sagaCompensated
                    refused → undoRefused
                    late reply → -
                    chase → stepAsked
                    tryAgain → -
                    retry → conflict: the saga is not stuck
                    abort → -
                resting
                    start → -
                    done → -
                    refused → -
                    late reply → -
                    chase → -
                    tryAgain → stepAsked
                    retry → conflict: the saga is not stuck
                    abort → -
                stuck
                    start → -
                    done → stepDone, sagaCompensated
                    refused → stepAsked
                    late reply → -
                    chase → -
                    tryAgain → -
                    retry → stepAsked
                    abort → stepAsked
                stuck, refused to the end
                    start → -
                    done → stepDone, sagaCompensated
                    refused → -
                    late reply → -
                    chase → -
                    tryAgain → -
                    retry → stepAsked
                    abort → stepAsked
                completed
                    start → -
                    done → -
                    refused → -
                    late reply → -
                    chase → -
                    tryAgain → -
                    retry → conflict: the saga is not stuck
                    abort → conflict: the saga has come to its end already
                compensated
                    start → -
                    done → -
                    refused → -
                    late reply → -
                    chase → -
                    tryAgain → -
                    retry → conflict: the saga is not stuck
                    abort → -
                """)
    }

    @Test func `row 33, F-K2: a reply under another key, of another command or after the end is ignored`() throws {
        for run in [Run(.start, .done), Run(.start, .done, .done, .refused), Run(.start, .refused, .done)] {
            let other = try SagaReply(to: ApproveOrder.name, key: run.key, payload: [])
            for reply in [run.reply(refused: false, key: "1 forward 1"), run.reply(refused: true, key: "x"), other] {
                #expect(given(Making.self, run.events).when(.hear(reply)) == .success([]))
            }
        }
    }

    @Test func `F-K1: a step is asked for five times under one key, thirty seconds apart, and then undone itself`() {
        var run = Run(.start, .done, .done)
        for send in 1...SagaLimits.sends {
            #expect(run.course.asked?.send == send)
            #expect(run.course.asked?.attempt == send)
            #expect(run.key == "3 forward 1")
            #expect(run.course.timers == ["deadline": .morning + .seconds(Int64(30 * send))])
            #expect(given(Making.self, run.events).at(run.now + .seconds(29)).when(.chase) == .success([]))
            run.tell(.timer)
        }
        // Perhaps the payment was confirmed, and only the answer is missing.
        #expect(run.key == "3 backward 1")
        #expect(run.course.undoing?.cause.kind == .unavailable)
    }

    @Test func `a list that nobody is known to have made is not canceled`() {
        var run = Run(.start, .done)
        for _ in 1...SagaLimits.sends { run.tell(.timer) }
        #expect(run.key == "0 backward 1")
    }

    @Test func `row 32: a refused undo is asked for anew after 1, 2, 4 … 60 seconds, and is stuck after ten refusals`()
    {
        var run = Run(.start, .refused)
        var pauses: [Duration] = []
        for round in 1..<SagaLimits.undos {
            #expect(run.key == "0 backward \(round)")
            run.tell(.refused)
            pauses.append((run.course.timers["rest"] ?? run.now) - run.now)
            run.tell(.timer)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
        run.tell(.refused)
        #expect(run.events.last == .sagaStuck(step: 0, error: Run.why.message))
        #expect(run.course.timers.isEmpty)

        run.tell(.retry)
        #expect(run.key == "0 backward 11")
        #expect(run.course.undoing?.refusals == 0)
        run.tell(.done)
        #expect(run.events.last == .sagaCompensated)
    }

    @Test func `an undo that is never answered is stuck after the fifth asking`() {
        var run = Run(.start, .refused)
        for _ in 1...SagaLimits.sends { run.tell(.timer) }
        #expect(run.events.last == .sagaStuck(step: 0, error: "no answer came in time"))
    }

    @Test func `a stuck saga goes on with the answer that it waited for, whenever that comes`() throws {
        var run = Run([.start, .done, .done, .refused] + Array(repeating: .timer, count: SagaLimits.sends))
        #expect(run.events.last == .sagaStuck(step: 2, error: "no answer came in time"))
        let answer = run.reply(refused: false)
        run.tell(.done)
        #expect(run.key == "0 backward 1")
        // The same answer once more is an old one.
        #expect(given(Making.self, run.events).when(.hear(answer)) == .success([]))
        run.tell(.done)
        #expect(run.events.last == .sagaCompensated)
    }

    @Test func `a stuck saga that hears a late refusal asks anew, and counts its refusals from there`() {
        var run = Run([.start, .refused] + Array(repeating: .timer, count: SagaLimits.sends))
        run.tell(.refused)
        #expect(run.key == "0 backward 2")
        #expect(run.course.undoing?.refusals == 0)
        run.tell(.done)
        #expect(run.events.last == .sagaCompensated)
    }

    @Test func `what one undo was refused for is not counted against the next`() {
        let run = Run(.start, .done, .done, .refused, .refused, .timer, .refused, .timer, .done)
        #expect(run.key == "0 backward 1")
        #expect(run.course.undoing?.refusals == 0)
    }

    @Test func `an abort undoes from the current step on, for the reason given`() {
        let run = Run(.start, .done, .done, .abort)
        #expect(run.key == "3 backward 1")
        #expect(run.course.undoing?.cause == .conflict("rain"))
    }

    @Test func `random histories reach no illegal state, and always an end or somebody who waits`() {
        Seeded.check { random in
            var run = Run(.start)
            for _ in 0..<60 {
                switch Int.random(in: 0..<12, using: &random) {
                case 0...4: run.tell(.done)
                case 5...7: run.tell(.refused)
                case 8, 9: run.tell(.timer)
                case 10: run.tell(.retry)
                default: run.tell(.abort)
                }
                let isOver =
                    switch run.course {
                    case .completed, .compensated, .stuck: true
                    case .absent, .forward, .backward, .resting: false
                    }
                #expect(isOver == run.course.timers.isEmpty)
                #expect(run.events.reduce(into: Making()) { $0.apply($1) } == run.course)
            }
        }
    }
}
