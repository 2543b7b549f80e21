import HTTP
import Testing

@testable import Server

@Suite struct RouterTests {
    private var router: Router {
        var router = Router()
        func route(_ method: Method, _ pattern: String) { router.direct(method, pattern) { _ in .text(pattern) } }
        route(.get, "/")
        route(.get, "/orders")
        route(.post, "/orders")
        route(.get, "/orders/new")
        route(.get, "/orders/{id}")
        route(.get, "/orders/{number:int}")
        route(.put, "/orders/{id}/cancel")
        route(.get, "/invoices/{id:uuid}")
        route(.get, "/{shop}/shelves/{shelf}")
        return router
    }

    /// The pattern and parameters a request meets, or the status it is refused with.
    private func met(_ method: Method, _ path: String) -> String {
        switch router.match(Request(method, path).head) {
        case .endpoint(let endpoint, let parameters):
            let names = ["id", "number", "shop", "shelf"]
            return ([endpoint.pattern] + names.compactMap { name in parameters[name].map { "\(name)=\($0)" } })
                .joined(separator: " ")
        case .refusal(let response): return "\(response.status.code) \(response.headers["allow"] ?? "")"
        }
    }

    @Test(arguments: [
        ("/", "/"), ("/orders", "/orders"), ("/orders?x=/y", "/orders"), ("/orders/new", "/orders/new"),
        ("/orders/a", "/orders/{id} id=a"), ("/orders/17", "/orders/{number:int} number=17"),
        ("/orders/a%2Fb", "/orders/{id} id=a/b"), ("/orders/%6eew", "/orders/new"),
        ("/orders/shelves/3", "/{shop}/shelves/{shelf} shop=orders shelf=3"),
        (
            "/invoices/0b6f8d2e-1111-4222-8333-abcdefABCDEF",
            "/invoices/{id:uuid} id=0b6f8d2e-1111-4222-8333-abcdefABCDEF"
        ),
        ("/invoices/17", "404 "), ("/orders/", "404 "), ("/orders//", "404 "), ("/Orders", "404 "),
        ("/orders/a/b", "404 "),
        ("/orders/%ff", "404 "), ("/orders/%00", "404 "), ("//orders", "404 "), ("/orders/+5", "/orders/{id} id=+5"),
    ])
    func `a path meets the narrowest pattern`(path: String, expected: String) {
        #expect(met(.get, path) == expected)
    }

    @Test func `another method is refused with those there are`() {
        #expect(met(.delete, "/orders") == "405 GET, HEAD, POST, OPTIONS")
        #expect(met(.get, "/orders/a/cancel") == "405 PUT, OPTIONS")
    }

    @Test func `what is reserved is answered by no folder, and refused in the form that was given`() throws {
        var router = Router()
        router.get("/api/orders") { _ in .noContent }
        router.files("/", try #require(StaticFiles("/")))
        router.reserve("/api")
        router.refusal = { head, status in .json(Array("\"\(head.path)\"".utf8), status) }
        func met(_ method: Method, _ path: String) -> String {
            switch router.match(Request(method, path).head) {
            case .endpoint(let endpoint, _): endpoint.pattern
            case .refusal(let response): "\(response.status.code) \(String(decoding: response.body, as: UTF8.self))"
            }
        }
        #expect(met(.get, "/api/orders") == "/api/orders")
        #expect(met(.get, "/api") == "404 \"/api\"")
        #expect(met(.get, "/api/nothing") == "404 \"/api/nothing\"")
        #expect(met(.put, "/api/orders") == "405 \"/api/orders\"")
        #expect(met(.get, "/apiary") == "/*")
    }

    @Test func `OPTIONS is answered for every path there is, and for the server`() {
        #expect(met(.options, "/orders/a/cancel") == "204 PUT, OPTIONS")
        #expect(met(.options, "*") == "204 GET, HEAD, POST, PUT, OPTIONS")
        #expect(met(.options, "/nowhere") == "404 ")
    }

    @Test func `HEAD is answered by the handler of GET`() {
        #expect(met(.head, "/orders") == "/orders")
        #expect(met(.head, "/orders/a/cancel") == "405 PUT, OPTIONS")
    }
}
