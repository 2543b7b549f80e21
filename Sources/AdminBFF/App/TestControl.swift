import EventLoop
import EventStore
import Glibc
import HTTP
import Kernel
import Logging
import Server

/// What a test may do to a running system and nobody else may: move the mall's time, script the simulated services, pause
/// listeners and disturb them. It listens on a socket in the file system, and only when it was named at start.
struct TestControl: Sendable {
    let clock: MallClock
    let card: CardService
    let sms: SmsService
    let worker: Worker
    let disturbance: Disturbance

    private struct Advance: Decodable {
        let seconds: Int
    }

    private struct Texting: Decodable {
        let sms: SmsService.Mood?
    }

    private struct Pause: Decodable {
        let listener: String
        let paused: Bool
    }

    func serve(at path: String, on loop: EventLoop) throws -> Server {
        var router = Router()
        router.post("/clock/advance") { request in
            guard let step = try? Coding.decode(Advance.self, from: request.body), step.seconds >= 0 else {
                return .text("expected {\"seconds\": 0 or more}\n", .badRequest)
            }
            clock.advance(by: .seconds(step.seconds))
            return .text("\(clock.now)\n")
        }
        router.post("/services") { request in
            guard let moods = try? Coding.decode(CardService.Moods.self, from: request.body),
                let texting = try? Coding.decode(Texting.self, from: request.body),
                moods.isSomething || texting.sms != nil
            else {
                return .text(
                    "expected {\"card\": approving, refusing, unreachable or slow}, or one of \"authorize\", \"capture\", "
                        + "\"refund\" and \"release\" alone; or {\"sms\": accepting, refusing or unreachable}\n",
                    .badRequest)
            }
            card.set(moods)
            if let mood = texting.sms { sms.set(mood) }
            return .noContent
        }
        router.get("/sms") { _ in
            guard let texts = try? Coding.encode(sms.delivered) else { return Response(.internalServerError) }
            return .json(texts)
        }
        router.post("/listeners") { request in
            guard let pause = try? Coding.decode(Pause.self, from: request.body),
                await worker.pause(pause.listener, pause.paused)
            else {
                return .text(
                    "expected {\"listener\", \"paused\"}; listeners: \(worker.listenerNames.joined(separator: ", "))\n",
                    .badRequest)
            }
            return .noContent
        }
        router.post("/disturbances") { request in
            guard let rule = try? Coding.decode(Disturbance.Rule.self, from: request.body), rule.struck == nil else {
                return .text(
                    "expected {\"listener\"?, \"message\"?, \"fault\": failsBefore, failsWithin, failsAfter, refuses, "
                        + "stalls, comesLate, comesTwice or comesAgain, \"times\"?}\n", .badRequest)
            }
            disturbance.add(rule)
            return .noContent
        }
        router.get("/disturbances") { _ in
            guard let rules = try? Coding.encode(disturbance.rules) else { return Response(.internalServerError) }
            return .json(rules)
        }
        router.delete("/disturbances") { _ in
            do { try await worker.calm() } catch { return .text("\(error)\n", .serviceUnavailable) }
            return .noContent
        }
        Self.takeOver(path)
        let server = try Server(
            Server.Configuration(.unix(path: path)), router, on: [loop], logger: Logger(label: "mallbots.control"))
        // Whoever may write to a socket may connect: nobody but the owner moves the clock.
        chmod(path, 0o600)
        return server
    }

    /// A server that was killed has left its socket behind, and nobody can listen where a file is. One that answers is
    /// another's, and stays; what is no socket stays too, and listening says why.
    static func takeOver(_ path: String) {
        var found = stat()
        guard lstat(path, &found) == 0, found.st_mode & S_IFMT == S_IFSOCK else { return }
        let probe: Int32
        do { probe = try Socket.connect(to: .unix(path: path)) } catch {
            if error.code == ECONNREFUSED { unlink(path) }
            return
        }
        close(probe)
    }
}
