import HTTP
import Server
import Synchronization

/// Counts what the server does, and tells it in the text format of Prometheus.
final class Metrics: Sendable {
    private struct Route: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private struct Counts {
        var requests = 0
        var buckets = [Int](repeating: 0, count: Metrics.bounds.count)
        var seconds = 0.0
    }

    /// Upper bounds of the latency histogram, in seconds.
    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

    private let routes = Mutex<[Route: Counts]>([:])

    var observer: Observer {
        Observer(finished: { [self] exchange in
            let seconds = exchange.duration / .seconds(1)
            let key = Route(method: exchange.method.rawValue, route: exchange.route, status: exchange.status.code)
            routes.withLock { routes in
                var counts = routes[key] ?? Counts()
                counts.requests += 1
                counts.seconds += seconds
                if let bucket = Self.bounds.firstIndex(where: { seconds <= $0 }) { counts.buckets[bucket] += 1 }
                routes[key] = counts
            }
        })
    }

    /// Everything counted, and gauges of the moment: name, what it is, value.
    func exposition(_ gauges: [(String, String, Int)]) -> String {
        var text = ""
        var described = Set<Substring>()
        for (name, help, value) in gauges {
            let family = name.prefix { $0 != "{" }
            if described.insert(family).inserted { text += "# HELP \(family) \(help)\n# TYPE \(family) gauge\n" }
            text += "\(name) \(value)\n"
        }
        text += "# HELP mallbots_http_request_seconds time from a request's head to its answer\n"
        text += "# TYPE mallbots_http_request_seconds histogram\n"
        let routes = routes.withLock { $0 }
        for (route, counts) in routes.sorted(by: {
            ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
        }) {
            let labels = "method=\"\(route.method)\",route=\"\(route.route)\",status=\"\(route.status)\""
            var sum = 0
            for (bound, count) in zip(Self.bounds, counts.buckets) {
                sum += count
                text += "mallbots_http_request_seconds_bucket{\(labels),le=\"\(bound)\"} \(sum)\n"
            }
            text += "mallbots_http_request_seconds_bucket{\(labels),le=\"+Inf\"} \(counts.requests)\n"
            text += "mallbots_http_request_seconds_sum{\(labels)} \(counts.seconds)\n"
            text += "mallbots_http_request_seconds_count{\(labels)} \(counts.requests)\n"
        }
        return text
    }
}
