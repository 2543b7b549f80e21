import Contracts
import Crypto
import EventStore
import FoundationEssentials
import HTTP
import Kernel
import Logging
import Postgres
import Server

/// Where HTTP meets the mall: who is calling, what they ask, and what they are answered. Every refusal becomes an error
/// body here, and nothing else does.
struct Edge: Sendable {
    let dispatcher: Dispatcher
    let topics: [String: Topic]
    let accounts: Accounts
    let live: LiveGateway
    let fleet: FleetWatch
    let metrics: Metrics
    let secureCookies: Bool
    let passwords = PasswordGate()
    let logger = Logger(label: "mallbots.edge")

    static let sessionCookie = "session"

    /// A request that has been let in.
    struct Call: Sendable {
        let request: Request
        let principal: Principal
        let correlation: UUID

        /// The identifier in the path.
        func id<Noun>(_: ID<Noun>.Type = ID<Noun>.self) throws(Refusal) -> ID<Noun> {
            guard let id = ID<Noun>(request.parameters["id"] ?? "") else {
                throw .invalid("id: expected an identifier (a UUID)", field: "id")
            }
            return id
        }
    }

    /// A handler behind the check of who may take the route; whatever it throws is answered in one form. What is refused
    /// is noted under `action`, by default the route itself.
    func route(
        _ access: Access, as action: String? = nil, _ handler: @escaping @Sendable (Call) async throws -> Response
    ) -> Router.Handler {
        { request in
            let correlation = request.headers["x-correlation-id"].flatMap { ID<Never>($0)?.rawValue } ?? uuid4()
            var principal = Principal.nobody
            var response: Response
            do {
                principal = try await authenticate(request, access)
                try authorize(principal, request, access)
                response = try await handler(Call(request: request, principal: principal, correlation: correlation))
            } catch {
                response = answer(error, correlation, request)
                if let refusal = error as? Refusal, isNoted(refusal, request, principal) {
                    await note(refusal, of: action, request, by: principal.actor, correlation)
                }
            }
            response.headers.set("x-correlation-id", to: correlation.lowercase)
            if response.headers["cache-control"] == nil { response.headers.add("cache-control", "no-store") }
            return response
        }
    }

    /// A command whose fields are the body's, with `id` from the path, answered with what it changed. `check` refuses what
    /// the role alone does not.
    func command<C: PublicCommand>(
        _: C.Type, by access: Access, status: Status = .ok, where check: @escaping Check = { _ in }
    ) -> Router.Handler {
        mustBeAccepted(C.self)
        return route(access, as: C.name) { call in
            try await check(call)
            let outcome = try await perform(C.self, call)
            return try .json(Coding.encode(Receipt(outcome, call)), status)
        }
    }

    /// A route to a command that no module accepts stops the program at its start, and not whoever first takes it.
    func mustBeAccepted<C: PublicCommand>(_: C.Type) {
        precondition(dispatcher.accepts(C.name), "there is a route to \(C.name), and no module accepts it")
    }

    /// What a caller may do beyond what their role says; throws where they may not.
    typealias Check = @Sendable (Call) async throws -> Void

    /// Carries out a command and returns what came of it. Fields that are known here win over those of the same name.
    func perform<C: PublicCommand>(
        _: C.Type, _ call: Call, with known: [(name: String, value: String)] = []
    ) async throws -> Outcome {
        let body = try Self.fields(of: call.request, with: known)
        // Decoded here as well, so that a wrong field is told before anything is looked up.
        do { _ = try Coding.decode(C.self, from: body) } catch { throw Refusal(decoding: error) }
        return try await dispatcher.perform(C.name, body, request(for: C.name, call))
    }

    /// The command's identity: the same key from the same caller on the same route is the same command.
    func request(for command: String, _ call: Call) throws -> CommandRequest {
        let key = call.request.headers["idempotency-key"]
        if let key, key.isEmpty || key.utf8.count > EdgeLimits.idempotencyKey {
            throw Refusal.invalid(
                "the idempotency key must have 1 to \(EdgeLimits.idempotencyKey) characters", field: "Idempotency-Key")
        }
        let id = key.map {
            uuid5(namespace: Self.namespace, name: "\(call.principal.identity) \(command) \(call.request.path) \($0)")
        }
        return CommandRequest(
            id: id ?? uuid4(), mayRepeat: key != nil,
            cause: Cause(correlation: call.correlation, causation: call.correlation, actor: call.principal.actor))
    }

    private static let namespace = uuid5(namespace: UUIDNamespace.url, name: "mallbots/commands")

    /// The body as a JSON object with the path's parameters in it, which win over fields of the same name.
    static func fields(
        of request: Request, with known: [(name: String, value: String)] = []
    ) throws(Refusal) -> [UInt8] {
        let isSpace: (UInt8) -> Bool = { $0 == 32 || $0 == 10 || $0 == 13 || $0 == 9 }
        var body = request.body[...]
        body = body.drop(while: isSpace)
        while let last = body.last, isSpace(last) { body.removeLast() }
        if body.isEmpty { body = Array("{}".utf8)[...] }
        guard body.first == UInt8(ascii: "{"), body.last == UInt8(ascii: "}") else {
            throw .invalid("the body must be a JSON object")
        }
        guard String(validating: body, as: UTF8.self) != nil else { throw .invalid("the body is not valid UTF-8") }
        guard JSONGrammar.accepts(Array(body)) else { throw .invalid("the body is not valid JSON") }
        var fields = known
        if let id = request.parameters["id"] {
            guard let id = ID<Never>(id) else { throw .invalid("id: expected an identifier (a UUID)", field: "id") }
            fields.insert(("id", id.description), at: 0)
        }
        if fields.isEmpty { return Array(body) }
        let isEmpty = body.dropFirst().dropLast().allSatisfy(isSpace)
        // Of two fields of one name the decoder takes the first.
        let first = fields.map { "\"\($0.name)\":\"\($0.value)\"" }.joined(separator: ",")
        return Array("{\(first)\(isEmpty ? "" : ",")".utf8) + Array(body.dropFirst())
    }

    /// Waits until the read models show what the caller has seen done (`After-Position`).
    func catchUp(_ call: Call) async throws {
        guard let header = call.request.headers["after-position"] else { return }
        guard let position = Int64(header), position >= 0 else {
            throw Refusal.invalid("After-Position must be a position, a whole number", field: "After-Position")
        }
        guard await live.reaches(Position(position), within: EdgeLimits.catchUp) else {
            throw Refusal.unavailable("the list has not caught up with position \(position) yet")
        }
    }

    private func authenticate(_ request: Request, _ access: Access) async throws -> Principal {
        switch access {
        case .anyone: return .nobody
        case .kiosk:
            guard let token = bearer(of: request), let kiosk = try await accounts.kiosk(token: token) else {
                throw Refusal(.unauthenticated, "a kiosk's token is needed: Authorization: Bearer TOKEN")
            }
            return kiosk
        case .robot:
            guard let token = bearer(of: request), let robot = try await accounts.robot(token: token) else {
                throw Refusal(.unauthenticated, "a robot's token is needed: Authorization: Bearer TOKEN")
            }
            return robot
        case .staff:
            guard let member = try await member(of: request) else {
                throw Refusal(.unauthenticated, "log in first")
            }
            return .staff(member)
        }
    }

    private func authorize(_ principal: Principal, _ request: Request, _ access: Access) throws(Refusal) {
        guard case .staff(let roles) = access, case .staff(let member) = principal else { return }
        if request.method != .get { try checkOrigin(request) }
        guard roles.isEmpty || member.isOne(of: roles) else {
            throw Refusal.forbidden("this needs the role \(roles.map(\.rawValue).sorted().joined(separator: " or "))")
        }
    }

    private func bearer(of request: Request) -> String? {
        guard let header = request.headers["authorization"], header.lowercased().hasPrefix("bearer ") else {
            return nil
        }
        return String(header.dropFirst(7))
    }

    /// Every refusal of a staff command, and whatever else a right was missing for.
    private func isNoted(_ refusal: Refusal, _ request: Request, _ principal: Principal) -> Bool {
        switch principal {
        case .nobody: false
        case .kiosk, .robot: refusal.kind == .forbidden
        case .staff: refusal.kind == .forbidden || request.method != .get && request.method != .head
        }
    }

    /// Puts a refusal into the log. That it cannot be put there changes nothing for whoever was refused.
    func note(
        _ refusal: Refusal, of action: String?, _ request: Request, by actor: String, _ correlation: UUID
    ) async {
        // Texts of callers, which no table has judged yet.
        func plain(_ text: String, _ limit: Int) -> String {
            String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 }.prefix(limit)))
        }
        do {
            let action = action ?? "\(request.method.rawValue) \(plain(request.path, EdgeLimits.notedText))"
            try await note(
                .commandRefused(
                    action: action, subject: request.parameters["id"].flatMap { ID<Never>($0)?.description },
                    outcome: refusal.kind, message: plain(refusal.message, EdgeLimits.notedText)),
                by: plain(actor, EdgeLimits.notedActor), correlation)
        } catch {
            logger.error(
                "a refusal is not in the log",
                metadata: ["actor": "\(actor)", "path": "\(request.path)", "error": "\(error)"])
        }
    }

    /// Puts into the log that a page was refused a topic.
    func note(_ refusal: Refusal, ofTopic topic: String, by user: String) async {
        let topic = String(String.UnicodeScalarView(topic.unicodeScalars.filter { $0.value >= 0x20 }.prefix(64)))
        do {
            try await note(
                .commandRefused(
                    action: "live \(topic)", subject: nil, outcome: refusal.kind, message: refusal.message),
                by: user, uuid4())
        } catch {
            logger.error(
                "a refusal is not in the log", metadata: ["actor": "\(user)", "topic": "\(topic)", "error": "\(error)"])
        }
    }

    /// Puts a deed of staff into the log.
    @discardableResult
    func note(_ deed: Deed.Event, by actor: String, _ correlation: UUID) async throws -> Outcome {
        try await dispatcher.perform(
            NoteDeed(event: deed),
            CommandRequest(
                id: uuid4(), mayRepeat: false,
                cause: Cause(correlation: correlation, causation: correlation, actor: actor)))
    }

    /// The member whose session cookie a request carries.
    func member(of request: Request) async throws -> StaffMember? {
        guard let token = request.cookies[Self.sessionCookie], token.utf8.count <= 64 else { return nil }
        return try await accounts.member(session: token)
    }

    /// A page of another origin can send a form with our cookie; it cannot hide where it comes from.
    func checkOrigin(_ request: Request) throws(Refusal) {
        guard let origin = request.headers["origin"] else { return }
        let authority = request.head.authority.lowercased()
        guard origin.lowercased() == "http://\(authority)" || origin.lowercased() == "https://\(authority)" else {
            throw .forbidden("a page of another origin may not do this")
        }
    }

    private func answer(_ error: any Error, _ correlation: UUID, _ request: Request) -> Response {
        let refusal: Refusal
        switch error {
        case let error as Refusal: refusal = error
        case let error as PostgresError:
            switch error {
            case .unavailable, .connectionLost:
                refusal = .unavailable("the database cannot be reached; try again")
            case .server(let server) where server.state.isTransient:
                refusal = .unavailable("the database is busy; try again")
            case .server, .timedOut:
                refusal = Refusal(.internal, "something went wrong here; it has been noted")
            }
            logger.error("a request failed", metadata: ["path": "\(request.path)", "error": "\(error)"])
        default:
            refusal = Refusal(.internal, "something went wrong here; it has been noted")
            logger.error("a request failed", metadata: ["path": "\(request.path)", "error": "\(error)"])
        }
        return Self.response(refusal, correlation)
    }

    static func response(_ refusal: Refusal, _ correlation: UUID, _ status: Status? = nil) -> Response {
        let body = ErrorBody(
            code: refusal.kind.rawValue, message: refusal.message, field: refusal.field,
            correlationId: correlation.lowercase)
        var response = Response.json((try? Coding.encode(body)) ?? [], status ?? refusal.kind.status)
        if refusal.kind == .unavailable { response.headers.add("retry-after", "1") }
        return response
    }
}

enum EdgeLimits {
    static let idempotencyKey = 200
    /// What of a caller's texts is noted with a refusal, in characters.
    static let notedText = 500
    static let notedActor = 80
    static let catchUp = Duration.seconds(2)
    /// A command's body: text limits are far below, so that a long text gets a field's refusal and not a 413.
    static let body = 2 << 20
}

/// What a command is answered with: what it changed, and where to wait for it.
struct Receipt: Encodable {
    let id: String?
    let version: Version?
    let position: Position
    let correlationId: String

    init(_ outcome: Outcome, _ call: Edge.Call) {
        id = outcome.subject?.id.lowercase
        version = outcome.subject?.version
        position = outcome.position
        correlationId = call.correlation.lowercase
    }
}

/// The body of every error.
struct ErrorBody: Encodable {
    let code: String
    let message: String
    let field: String?
    let correlationId: String
}

extension Refusal.Kind {
    var status: Status {
        switch self {
        case .invalid: .badRequest
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .conflict, .stale: .conflict
        case .unavailable: .serviceUnavailable
        case .internal: .internalServerError
        }
    }
}
