import Contracts
import EventStore
import FoundationEssentials
import HTTP
import Kernel
import Server

/// The routes of the admin page: everything staff do over HTTP, a line each.
extension Router {
    mutating func addStaffRoutes(_ edge: Edge, currency: String) {
        post("/admin/api/session", edge.logIn(currency: currency))
        get("/admin/api/session", edge.route(.everyStaff) { call in try edge.profile(of: call.principal, currency) })
        delete("/admin/api/session", edge.logOut())

        let administrator = Access.administrator
        post("/admin/api/stores", edge.command(CreateStore.self, by: administrator, status: .created))
        put("/admin/api/stores/{id}/participating", edge.command(EnableParticipation.self, by: administrator))
        delete("/admin/api/stores/{id}/participating", edge.command(DisableParticipation.self, by: administrator))
        put("/admin/api/stores/{id}/rebrand", edge.command(RebrandStore.self, by: administrator))
        post("/admin/api/stores/{id}/participation-request", edge.command(RequestParticipation.self, by: administrator))
        delete("/admin/api/stores/{id}/participation-request", edge.command(DenyParticipation.self, by: administrator))
        post("/admin/api/stores/{id}/products", edge.command(AddProduct.self, by: administrator, status: .created))
        put("/admin/api/stores/products/{id}/rebrand", edge.command(RebrandProduct.self, by: administrator))
        put("/admin/api/stores/products/{id}/increasePrice", edge.command(IncreaseProductPrice.self, by: administrator))
        put("/admin/api/stores/products/{id}/decreasePrice", edge.command(DecreaseProductPrice.self, by: administrator))
        delete("/admin/api/stores/products/{id}", edge.command(RemoveProduct.self, by: administrator))
        get(
            "/admin/api/mall",
            edge.list(
                "mall", as: "stores", ["participating": .bool, "requested": .bool, "store": .text, "text": .text]))
        get(
            "/admin/api/stores/{id}/products",
            edge.list("catalog", as: "products", ["text": .text], path: "store") { call in
                _ = try await edge.dispatcher.questions.ask(GetStore(id: call.id()))
            })

        get(
            "/admin/api/orders",
            edge.list(
                "orders", as: "orders",
                [
                    "status": .texts, "store": .text, "product": .text, "customer": .text, "from": .text, "to": .text,
                    "minTotalMinor": .number, "maxTotalMinor": .number, "text": .text,
                ]))
        get(
            "/admin/api/orders/{id}",
            edge.route(.everyStaff) { call in
                try edge.mayRead("order", call)
                return try .json(Coding.encode(await edge.dispatcher.questions.ask(GetOrder(id: call.id()))))
            })
        post(
            "/admin/api/orders/{id}/cancel",
            edge.command(CancelOrder.self, by: .staff([.administrator, .depotSupervisor])))

        get("/admin/api/customers", edge.list("customers", as: "customers", ["text": .text, "enabled": .bool]))
        put("/admin/api/customers/{id}/enable", edge.command(EnableCustomer.self, by: administrator))
        put("/admin/api/customers/{id}/disable", edge.command(DisableCustomer.self, by: administrator))
    }
}

/// What a session's owner is told about it.
private struct Profile: Encodable {
    let user: String
    let name: String
    let roles: [String]
    let currency: String
}

private struct Credentials: Decodable {
    let user: String
    let password: String
}

extension Edge {
    fileprivate func logIn(currency: String) -> Router.Handler {
        route(.anyone) { call in
            try checkOrigin(call.request)
            let credentials: Credentials
            do { credentials = try Coding.decode(from: Self.fields(of: call.request)) } catch {
                throw (error as? Refusal) ?? Refusal(decoding: error)
            }
            let member = try await passwords.check(credentials.user, from: call.request.peer, now: accounts.clock.now) {
                try await accounts.member(user: credentials.user, password: credentials.password)
            }
            guard let member else {
                logger.notice(
                    "a login failed",
                    metadata: ["user": "\(credentials.user.prefix(64))", "peer": "\(call.request.peer)"])
                throw Refusal(.unauthenticated, "user or password is wrong")
            }
            var response = try profile(of: .staff(member), currency)
            response.headers.add("set-cookie", cookie(try await accounts.open(member), age: Accounts.sessionLength))
            return response
        }
    }

    fileprivate func logOut() -> Router.Handler {
        route(.everyStaff) { call in
            if let token = call.request.cookies[Self.sessionCookie] {
                try await accounts.close(session: token)
                await live.recheckSessions()
            }
            var response = Response.noContent
            response.headers.add("set-cookie", cookie("", age: .zero))
            return response
        }
    }

    fileprivate func profile(of principal: Principal, _ currency: String) throws -> Response {
        guard case .staff(let member) = principal else { throw Refusal(.unauthenticated, "log in first") }
        return try .json(
            Coding.encode(
                Profile(
                    user: member.user, name: member.name, roles: member.roles.map(\.rawValue).sorted(),
                    currency: currency)))
    }

    private func cookie(_ token: String, age: Duration) -> String {
        "\(Self.sessionCookie)=\(token); Path=/; Max-Age=\(age.components.seconds); HttpOnly; SameSite=Strict"
            + (secureCookies ? "; Secure" : "")
    }
}
