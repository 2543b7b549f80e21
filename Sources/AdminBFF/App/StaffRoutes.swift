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

        addMallRoutes(edge)
        addDepotRoutes(edge)
        addDeskRoutes(edge)
        addWatchRoutes(edge)
        addAccountRoutes(edge)
    }

    /// Stores, their goods, and the orders of them.
    private mutating func addMallRoutes(_ edge: Edge) {
        let (administrator, managers) = (Access.administrator, Access.managers)
        let (ownStore, ownProduct) = (edge.ownStore, edge.ownProduct)
        post("/admin/api/stores", edge.openStore())
        put("/admin/api/stores/{id}/participating", edge.command(EnableParticipation.self, by: administrator))
        delete(
            "/admin/api/stores/{id}/participating",
            edge.command(DisableParticipation.self, by: managers, where: ownStore))
        put("/admin/api/stores/{id}/rebrand", edge.command(RebrandStore.self, by: managers, where: ownStore))
        post(
            "/admin/api/stores/{id}/participation-request",
            edge.command(RequestParticipation.self, by: managers, where: ownStore))
        delete("/admin/api/stores/{id}/participation-request", edge.command(DenyParticipation.self, by: administrator))
        post(
            "/admin/api/stores/{id}/products",
            edge.command(AddProduct.self, by: managers, status: .created, where: ownStore))
        put(
            "/admin/api/stores/products/{id}/rebrand",
            edge.command(RebrandProduct.self, by: managers, where: ownProduct))
        put(
            "/admin/api/stores/products/{id}/increasePrice",
            edge.command(IncreaseProductPrice.self, by: managers, where: ownProduct))
        put(
            "/admin/api/stores/products/{id}/decreasePrice",
            edge.command(DecreaseProductPrice.self, by: managers, where: ownProduct))
        delete("/admin/api/stores/products/{id}", edge.command(RemoveProduct.self, by: managers, where: ownProduct))
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
        get("/admin/api/orders/{id}", edge.order())
        post("/admin/api/orders/{id}/cancel", edge.command(CancelOrder.self, by: .supervisors))
    }

    /// Shopping lists and robots.
    private mutating func addDepotRoutes(_ edge: Edge) {
        let depot = Access.depot
        get(
            "/admin/api/lists",
            edge.list(
                "lists", as: "lists",
                [
                    "status": .texts, "bot": .text, "order": .text, "needsClerk": .bool, "onShelf": .bool,
                    "text": .text,
                ]))
        get("/admin/api/lists/{id}", edge.one("lists") { try GetShoppingList(id: $0.id()) })
        post("/admin/api/lists/{id}/assign", edge.command(AssignShoppingList.self, by: depot))
        post("/admin/api/lists/{id}/release", edge.command(ReleaseShoppingList.self, by: depot))
        post("/admin/api/lists/{id}/complete", edge.command(CompleteShoppingList.self, by: depot))
        post("/admin/api/lists/{id}/bay", edge.command(PutToBay.self, by: depot))
        post("/admin/api/lists/{id}/returns-cleared", edge.command(ClearReturns.self, by: depot))

        get("/admin/api/bots", edge.list("fleet", as: "bots", ["status": .texts]))
        get("/admin/api/bots/{id}", edge.one("fleet") { try GetBot(id: $0.id()) })
        post("/admin/api/bots", edge.registerBot())
        post("/admin/api/bots/{id}/token", edge.renewToken())
        post("/admin/api/bots/{id}/retire", edge.retireBot())
        post("/admin/api/bots/{id}/recall", edge.command(RecallBot.self, by: depot))
        post("/admin/api/bots/{id}/returned", edge.command(ReturnBot.self, by: depot))
    }

    /// The pickup desk: money, goods and customers.
    private mutating func addDeskRoutes(_ edge: Edge) {
        let (administrator, cashiers) = (Access.administrator, Access.cashiers)
        get(
            "/admin/api/pickup",
            edge.list(
                "pickup", as: "orders",
                ["status": .texts, "customers": .texts, "order": .text, "text": .text, "overdue": .bool]))
        post("/admin/api/orders/{id}/complete", edge.command(CompleteOrder.self, by: cashiers))
        get(
            "/admin/api/invoices",
            edge.list(
                "invoices", as: "invoices", ["status": .texts, "order": .text, "customer": .text, "text": .text]))
        get("/admin/api/invoices/{id}", edge.one("invoices") { try GetInvoice(id: $0.id()) })
        put("/admin/api/invoices/{id}/pay", edge.command(PayInvoice.self, by: cashiers))
        post(
            "/admin/api/invoices/{id}/refund",
            edge.command(RefundInvoice.self, by: .refunders, where: edge.refundWithinLimit))
        get("/admin/api/shifts", edge.list("shifts", as: "shifts", ["open": .bool]))
        post("/admin/api/shifts", edge.command(OpenShift.self, by: cashiers, status: .created))
        post("/admin/api/shifts/{id}/close", edge.command(CloseShift.self, by: cashiers))

        get("/admin/api/customers", edge.list("customers", as: "customers", ["text": .text, "enabled": .bool]))
        put("/admin/api/customers/{id}/enable", edge.command(EnableCustomer.self, by: administrator))
        put("/admin/api/customers/{id}/disable", edge.command(DisableCustomer.self, by: administrator))
        put("/admin/api/customers/{id}/change-sms", edge.command(ChangeSmsNumber.self, by: cashiers))
    }

    /// What goes on behind the orders, and who did what.
    private mutating func addWatchRoutes(_ edge: Edge) {
        let administrator = Access.administrator
        get(
            "/admin/api/messages",
            edge.list(
                "messages", as: "messages", ["status": .texts, "kind": .texts, "order": .text, "customer": .text]))
        post("/admin/api/messages/{id}/resend", edge.command(ResendNotification.self, by: administrator))
        get("/admin/api/sagas", edge.list("sagas", as: "sagas", ["status": .texts, "order": .text]))
        get("/admin/api/sagas/{id}", edge.one("sagas") { try GetSaga(id: $0.id()) })
        post("/admin/api/sagas/{id}/retry", edge.command(RetrySagaStep.self, by: administrator))
        post("/admin/api/sagas/{id}/abort", edge.command(AbortSaga.self, by: administrator))
        get("/admin/api/audit", edge.auditList())
    }

    private mutating func addAccountRoutes(_ edge: Edge) {
        get("/admin/api/staff", edge.accountList())
        put("/admin/api/staff/{user}", edge.putAccount())
        delete("/admin/api/staff/{user}", edge.removeAccount())
    }
}

/// What a session's owner is told about it.
private struct Profile: Encodable {
    let user: String
    let name: String
    let roles: [String]
    let stores: [StoreID]
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
                let refusal = Refusal(.unauthenticated, "user or password is wrong")
                await note(refusal, of: nil, call.request, by: credentials.user, call.correlation)
                throw refusal
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
                    stores: member.stores.sorted { $0.description < $1.description }, currency: currency)))
    }

    private func cookie(_ token: String, age: Duration) -> String {
        "\(Self.sessionCookie)=\(token); Path=/; Max-Age=\(age.components.seconds); HttpOnly; SameSite=Strict"
            + (secureCookies ? "; Secure" : "")
    }
}
