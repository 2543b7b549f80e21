import CLinux
public import EventLoop
import Glibc
public import HTTP
public import Logging
import Synchronization

/// An HTTP/1.1 and WebSocket server on a set of loops. A connection lives and dies on the loop that accepted it.
public final class Server: Sendable {
    public struct Configuration: Sendable {
        public var address: SocketAddress
        public var limits = HTTP.Limits()
        public var serverLimits = ServerLimits()
        /// Every response carries these.
        public var securityHeaders = SecurityHeaders.strict
        public var observer: Observer?
        /// Sockets that listen already, instead of one at `address`: other processes may accept from them too, so that
        /// one server can follow another without a connection being refused. They become the server's.
        public var inherited: [Int32] = []
        /// Proxies whose word on a client's address is believed.
        public var trustedProxies: [AddressRange] = []

        var isInherited: Bool { !inherited.isEmpty }

        public init(_ address: SocketAddress) { self.address = address }
    }

    /// The port that was given out, where the address left it to the kernel.
    public let port: UInt16
    private let loops: [ServerLoop]

    /// Listens from now on. With several loops each has a socket of its own, and the kernel spreads connections over
    /// them.
    public init(
        _ configuration: Configuration, _ router: Router, on loops: [EventLoop], logger: Logger
    ) throws(SystemError) {
        precondition(!loops.isEmpty, "a server needs a loop")
        // sendfile(2) has no flag against it: writing to a peer that has gone is an error of that write.
        signal(SIGPIPE, SIG_IGN)
        // What a turn answers is built and freed again. glibc would give those pages back to the kernel each time, and have
        // them cleared and mapped anew for the next turn (docs/benchmarks.md).
        mallopt(Int32(MALLOC_TRIM_THRESHOLD), ServerLimits.keptMemory)
        mallopt(Int32(MALLOC_MMAP_THRESHOLD), ServerLimits.keptMemory)
        var descriptors: [Int32] = []
        var address = configuration.address
        do throws(SystemError) {
            if let first = configuration.inherited.first {
                guard configuration.inherited.count == 1 else {
                    throw SystemError("expected one socket, was handed \(configuration.inherited.count)", code: EINVAL)
                }
                descriptors = [first]
                for _ in loops.dropFirst() { descriptors.append(try Socket.duplicate(first)) }
                address = .ip(host: "handed over", port: Socket.port(of: first))
            }
            for _ in loops where !configuration.isInherited {
                descriptors.append(try Socket.listen(on: address, shared: loops.count > 1))
                // The other sockets must have the port that the kernel chose for the first.
                if case .ip(let host, 0) = address { address = .ip(host: host, port: Socket.port(of: descriptors[0])) }
            }
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
        if case .ip(_, let port) = address { self.port = port } else { port = 0 }
        let capacity = min(configuration.serverLimits.connections, max(1, Descriptors.limit * 9 / 10 / loops.count))
        self.loops = loops.map { ServerLoop($0, configuration, router, capacity: capacity, logger) }
        for (server, descriptor) in zip(self.loops, descriptors) {
            server.loop.call { server.listen(on: descriptor) }
        }
        logger.info("listening", metadata: ["address": "\(address)", "loops": "\(loops.count)"])
    }

    /// Stops accepting, finishes the requests under way, closes WebSockets with 4410 spread over the time, and drops
    /// what is left when the time is over. Returns when no connection is left.
    public func drain(within time: Duration) async {
        await withTaskGroup { group in
            for server in loops {
                group.addTask {
                    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                        server.loop.call { server.drain(within: time) { continuation.resume() } }
                    }
                }
            }
        }
    }

    /// The connections that are open now, on all loops.
    public var connections: Int {
        get async {
            var sum = 0
            for server in loops { sum += await server.loop.spawn { server.count }.value }
            return sum
        }
    }
}
