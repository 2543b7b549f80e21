import Glibc

/// Nanoseconds of `CLOCK_MONOTONIC`.
func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// How long things took, in buckets that are at most 3 % wide.
struct Latencies {
    private var counts = [Int](repeating: 0, count: 64 * 32)
    private(set) var total = 0

    mutating func note(_ nanoseconds: UInt64) {
        counts[Self.bucket(nanoseconds)] += 1
        total += 1
    }

    mutating func reset() { self = Latencies() }

    /// The time, in milliseconds, that `share` of all did not exceed.
    func milliseconds(_ share: Double) -> Double {
        var left = Int((Double(total) * share).rounded(.up))
        for (bucket, count) in counts.enumerated() {
            left -= count
            if left <= 0, count > 0 { return Double(Self.upperBound(bucket)) / 1e6 }
        }
        return 0
    }

    /// Five bits after the highest one.
    private static func bucket(_ value: UInt64) -> Int {
        guard value >= 32 else { return Int(value) }
        let shift = 58 - value.leadingZeroBitCount
        return (shift + 1) * 32 + Int(value >> UInt64(shift) & 31)
    }

    private static func upperBound(_ bucket: Int) -> UInt64 {
        guard bucket >= 64 else { return UInt64(bucket) }
        return (UInt64(32 + bucket % 32) + 1) << UInt64(bucket / 32 - 1)
    }
}

/// What the server's process has used, as proc(5) tells it.
struct ServerProcess {
    let pid: Int32

    /// User and system time of it and its children in seconds, by their clocks, which count nanoseconds where proc(5)
    /// counts ticks of 10 ms: a short stretch is enough. clock_getcpuclockid(3).
    var cpu: Double {
        get throws {
            try family.reduce(0) { sum, pid in
                var clock = clockid_t()
                var time = timespec()
                guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
                    throw Failure(description: "there is no process \(pid)")
                }
                return sum + Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
            }
        }
    }

    /// It and its children: some servers work in processes that one keeps.
    private var family: [Int32] {
        get throws { try [pid] + read("task/\(pid)/children").split(separator: " ").compactMap { Int32($0) } }
    }

    /// The fields of /proc/PID/stat behind the program's name, which may hold anything. With its ")" counted as 0, the
    /// fields that follow are 1 (the third) and so on: utime, the fourteenth, is 12. What is no number is 0.
    fileprivate var times: [Double] {
        get throws {
            let stat = try read("stat")
            let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
            guard fields.count > 15 else {
                throw Failure(description: "expected times in /proc/\(pid)/stat, got \(stat)")
            }
            return fields.map { Double($0) ?? 0 }
        }
    }

    /// Resident memory of it and its children in bytes.
    var resident: Int {
        get throws { try family.reduce(0) { try $0 + ServerProcess(pid: $1).ownResident } }
    }

    private var ownResident: Int {
        get throws {
            let status = try read("status")
            guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
                let kibibytes = Int(line.split(whereSeparator: { $0 == " " || $0 == "\t" })[1])
            else { throw Failure(description: "expected VmRSS in /proc/\(pid)/status") }
            return kibibytes * 1_024
        }
    }

    fileprivate func read(_ name: String) throws -> String {
        guard let file = fopen("/proc/\(pid)/\(name)", "r") else {
            throw Failure(description: "there is no process \(pid)")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

/// What a process and its children have used: PostgreSQL is one process for each connection, and some more.
///
/// Children that have ended count with their parent (cutime and cstime in proc(5)), so the sum never falls.
struct ProcessFamily {
    let pid: Int32

    /// User and system time in seconds.
    var cpu: Double {
        get throws {
            let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
            var sum = try ServerProcess(pid: pid).times[12...15].reduce(0, +)
            for child in try ServerProcess(pid: pid).read("task/\(pid)/children").split(separator: " ") {
                guard let child = Int32(child) else { continue }
                // One that has ended by now is in its parent's sum the next time.
                sum += (try? ServerProcess(pid: child).times[12...13].reduce(0, +)) ?? 0
            }
            return sum / ticks
        }
    }
}

/// A stretch of a run: how long, what the server, its database and this process used in it.
struct Stretch {
    private let server: ServerProcess?
    private let database: ProcessFamily?
    private let start = nanoseconds()
    private let ownCPU = Self.ownCPU()
    private let serverCPU: Double?
    private let databaseCPU: Double?

    init(_ server: ServerProcess?, _ database: ProcessFamily? = nil) throws {
        self.server = server
        self.database = database
        serverCPU = try server?.cpu
        databaseCPU = try database?.cpu
    }

    /// One line: the rate of `count` things (`noun`, in the plural `nouns`), what one cost the server, and how long it took.
    func report(_ count: Int, _ noun: String, _ nouns: String, _ latencies: Latencies) throws -> String {
        let seconds = Double(nanoseconds() - start) / 1e9
        var parts = ["\(Int(Double(count) / seconds)) \(nouns)/s"]
        if let used = try server?.cpu, let serverCPU, count > 0 {
            parts.append("server \(((used - serverCPU) * 1e6 / Double(count)).text(2)) µs CPU/\(noun)")
            parts.append("server \(((used - serverCPU) / seconds * 100).text(0)) % of a core")
        }
        if let used = try database?.cpu, let databaseCPU, count > 0 {
            parts.append("PostgreSQL \(((used - databaseCPU) * 1e6 / Double(count)).text(2)) µs CPU/\(noun)")
        }
        parts.append("p50 \(latencies.milliseconds(0.5).text(3)) ms, p99 \(latencies.milliseconds(0.99).text(3)) ms")
        parts.append("load \(((Self.ownCPU() - ownCPU) / seconds * 100).text(0)) % of a core")
        return parts.joined(separator: " · ")
    }

    /// What `count` things took, for a program to read.
    func figures(_ count: Int, _ latencies: Latencies) throws -> Figures {
        guard let server, let serverCPU else {
            throw Failure(description: "expected --pid, whose time is to be measured")
        }
        return Figures(
            count: count, seconds: Double(nanoseconds() - start) / 1e9, serverCPU: try server.cpu - serverCPU,
            loadCPU: Self.ownCPU() - ownCPU, p50: latencies.milliseconds(0.5), p99: latencies.milliseconds(0.99))
    }

    private static func ownCPU() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// One measurement as a line of JSON.
struct Figures {
    let count: Int
    let seconds: Double
    let serverCPU: Double
    let loadCPU: Double
    let p50: Double
    let p99: Double

    func json(_ name: String) -> String {
        #"{"name":"\#(name)","count":\#(count),"seconds":\#(seconds),"serverCPU":\#(serverCPU),"#
            + #""loadCPU":\#(loadCPU),"p50":\#(p50),"p99":\#(p99)}"#
    }
}

extension Double {
    /// With a fixed number of decimals; String(format:) is Foundation's.
    func text(_ decimals: Int) -> String {
        let scale = pow(10, Double(decimals))
        let scaled = Int((self * scale).rounded())
        guard decimals > 0 else { return "\(scaled)" }
        let fraction = "\(abs(scaled) % Int(scale))"
        let zeros = String(repeating: "0", count: decimals - fraction.count)
        return "\(scaled < 0 ? "-" : "")\(abs(scaled) / Int(scale)).\(zeros)\(fraction)"
    }
}
