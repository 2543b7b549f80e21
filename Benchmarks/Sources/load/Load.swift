import ArgumentParser
import EventLoop
import Glibc
import WebSocket

/// Loads a server and says what each message or request cost it: one thread, one epoll loop, all on loopback.
///
/// Every run is bounded: in connections, in time to open them, in time to measure. It reports the share of a core it used
/// itself; near 100 % it has measured itself and not the server.
@main struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Loads a server on this machine and reports its CPU time per message.",
        subcommands: [
            EchoLoad.self, BroadcastLoad.self, HTTPLoad.self, ConnectLoad.self, IdleLoad.self, FrameLoad.self,
            CommandsLoad.self, LiveLoad.self, WholeOrdersLoad.self,
        ])
}

/// Which server, how many connections, for how long.
struct Target: ParsableArguments, Sendable {
    @Option(help: "Where the server listens; an address of loopback.") var host = "127.0.0.1"
    @Option(help: "The port the server listens on.") var port: UInt16 = 8080
    @Option(help: "The path that is asked for.") var path = "/"
    @Option(help: "How many connections to open.") var connections = 100
    @Option(help: "How long to measure, in seconds.") var seconds = 5.0
    @Option(help: "How long to run before measuring, in seconds.") var warmUp = 1.0
    @Option(help: "The server's process; without it no CPU time and no memory is reported.") var pid: Int32?
    @Option(help: "How many loopback addresses to connect from; one has 28,232 ports.") var sources = 4
    @Flag(help: "Offer permessage-deflate without context takeover, and take nothing less.") var compressed = false
    @Flag(help: "Print each measurement as a line of JSON.") var json = false

    /// The address connection `number` comes from.
    func source(_ number: Int) -> String { "127.0.0.\(2 + number % sources)" }

    func validate() throws {
        guard host.hasPrefix("127.") else {
            throw ValidationError("expected an address of loopback (127.x.x.x), got \(host)")
        }
        guard 1...Limits.connections ~= connections else {
            throw ValidationError("expected 1 to \(Limits.connections) connections, got \(connections)")
        }
        guard 1...Limits.sources ~= sources else {
            throw ValidationError("expected 1 to \(Limits.sources) sources, got \(sources)")
        }
        guard 0.1...Limits.seconds ~= seconds, 0...Limits.seconds ~= warmUp else {
            throw ValidationError("expected at most \(Limits.seconds) seconds, got \(warmUp) and \(seconds)")
        }
    }
}

enum Limits {
    static let connections = 60_000
    static let seconds = 600.0
    static let sources = 200
    static let warming = 4.0
    /// The largest message sent, and the deepest pipeline.
    static let messageSize = 1 << 20
    static let pipeline = 1_000
    /// How many connections are being opened at a time; a listener's backlog is longer.
    static let opening = 256
    static let opensWithin = Duration.seconds(60)
    /// How long a message sent to every connection may take to reach the last.
    static let arrivesWithin = Duration.seconds(60)
    static let readSize = 256 * 1_024
    static let responseHead = 64 * 1_024
    static let bodySize = 16 << 20
    static let callers = 1_024
    /// Kiosks that are robots and desks as well.
    static let hands = 256
    /// Orders that a hand buys before it fetches the first.
    static let boughtAhead = 2
    /// The pause between two looks at what listeners bring about.
    static let look = Duration.milliseconds(10)
    /// Connections on which a mall is prepared.
    static let preparing = 16
    static let listenersFollow = Duration.seconds(20)
    static let pages = 10_000
    static let rate = 10_000
    /// How long the pages may take to show the last command.
    static let pagesFollow = Duration.seconds(10)
}

/// A run that cannot go on.
struct Failure: Error, CustomStringConvertible {
    let description: String

    /// The server answered, and not what it had to: a figure of such a server would mean nothing.
    static func wrong(_ what: String) -> Failure { Failure(description: "wrong answer: \(what)") }
}

/// Text of `size` bytes that compresses about as messages do: names from a small set, numbers that vary.
func sampleText(_ size: Int) -> [UInt8] {
    let names = ["order", "status", "store", "customer", "total", "robot", "bay", "updated"]
    var state: UInt32 = 1
    var text: [UInt8] = []
    while text.count < size {
        state = state &* 1_664_525 &+ 1_013_904_223
        text += "\"\(names[Int(state >> 29)])\":\(state >> 8),".utf8
    }
    return Array(text.prefix(size))
}

extension Payload {
    func equals(_ bytes: [UInt8]) -> Bool {
        count == bytes.count && withUnsafeBytes { memcmp($0.baseAddress!, bytes, bytes.count) == 0 }
    }
}

/// Raises the soft limit of descriptors to the hard one, and refuses what would not fit.
func makeRoom(forDescriptors count: Int) throws {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let spare: rlim_t = 32
    guard rlim_t(count) + spare <= limit.rlim_cur else {
        throw Failure(
            description: "expected at most \(limit.rlim_cur - spare) connections (RLIMIT_NOFILE), got \(count)")
    }
}
