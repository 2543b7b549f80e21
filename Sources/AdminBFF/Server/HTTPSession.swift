import EventLoop
import HTTP

/// HTTP on a connection: requests are read, handed to their handlers and answered one after the other, in order.
///
/// While a request is answered the next ones wait in `input`, and once some are there nothing more is read.
final class HTTPSession: Session, @unchecked Sendable {
    // Unchecked, because it never leaves its loop: a handler's task, which runs there, carries it along.
    private let connection: Connection
    private var parser: RequestParser
    /// What has come and is not yet used; empty when nothing waits.
    private var input: [UInt8] = []
    private var inputStart = 0
    private var phase = Phase.waiting
    /// There while `receiving`. Beside the phase and not in it: asking for the phase would copy the request.
    private var pending: Pending?
    private var deadline: LoopInstant
    private var headHasBegun = false
    /// When the connection began to wait for a request.
    private var idleSince: LoopInstant
    private var hasServed = false
    /// When the body that is coming began, and how much of it is held.
    private var bodyBegan = LoopInstant(nanoseconds: 0)
    private var heldBody = 0
    private var server: ServerLoop { connection.server }

    private enum Phase {
        case waiting
        case receiving
        case answering
        case over
    }

    /// A request whose body is on its way.
    private struct Pending {
        let head: RequestHead
        let match: Router.Match
        var body: [UInt8] = []
    }

    init(_ connection: Connection) {
        self.connection = connection
        parser = RequestParser(limits: connection.server.configuration.limits)
        idleSince = connection.server.loop.now
        deadline = connection.server.loop.now + connection.server.configuration.limits.headTime
    }

    // Input

    var takesInput: Bool {
        switch phase {
        case .waiting, .receiving: true
        // Watched while an answer is made, to notice the end of the connection; but not past the first bytes.
        case .answering: input.isEmpty
        case .over: false
        }
    }

    func received(_ bytes: UnsafeMutableRawBufferPointer) {
        let bytes = UnsafeRawBufferPointer(bytes)
        guard input.isEmpty else {
            input.removeFirst(inputStart)
            inputStart = 0
            input.append(contentsOf: bytes)
            return consumeInput()
        }
        // The usual case: all of it is used where it lies.
        var position = 0
        consume(bytes, &position)
        if position < bytes.count { keep(bytes, position) }
        settle()
    }

    private func keep(_ bytes: UnsafeRawBufferPointer, _ position: Int) {
        if case .over = phase { return }
        input.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[position...]))
    }

    private func consumeInput() {
        let held = input
        var position = inputStart
        held.withUnsafeBytes { consume($0, &position) }
        if position == held.count { (input, inputStart) = ([], 0) } else { inputStart = position }
        settle()
    }

    private func consume(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) {
        while true {
            switch phase {
            case .answering, .over: return
            case .waiting, .receiving: break
            }
            guard connection.hasRoom else { return }
            switch parser.next(bytes, at: &position) {
            case .needsMore: return
            case .head(let head): begin(head)
            case .body(let range):
                guard take(UnsafeRawBufferPointer(rebasing: bytes[range])) else {
                    refuse(.noMemoryForBody)
                    position = bytes.count
                    return
                }
            case .end: answer()
            case .violation(let violation):
                refuse(violation)
                position = bytes.count
            }
        }
    }

    /// What follows from how far the input has led.
    private func settle() {
        guard case .waiting = phase else { return }
        if parser.isBetweenRequests {
            headHasBegun = false
        } else if !headHasBegun {
            headHasBegun = true
            deadline = server.loop.now + server.configuration.limits.headTime
        }
        if connection.inputHasEnded, connection.hasRoom { finishInput() }
    }

    func inputEnded() {
        switch phase {
        case .waiting, .receiving: finishInput()
        // What was asked before the end is still answered: the peer has closed one half only. RFC 9112 §9.6.
        case .answering, .over: break
        }
    }

    private func finishInput() {
        if let violation = parser.endOfInput {
            refuse(violation)
        } else {
            phase = .over
            connection.end()
        }
    }

    // A request

    /// Who it comes from, as far as proxies can be believed.
    private func client(_ head: RequestHead) -> String {
        let trusted = server.configuration.trustedProxies
        return trusted.isEmpty
            ? connection.peer : ClientAddress.of(head.headers, peer: connection.peer, trusted: trusted)
    }

    private func begin(_ head: RequestHead) {
        let match = server.router.match(head)
        if case .endpoint(let endpoint, _) = match {
            if let limit = endpoint.bodyLimit { parser.bodyLimit = limit }
            server.configuration.observer?.started(head.method, endpoint.pattern)
        }
        phase = .receiving
        pending = Pending(head: head, match: match)
        guard head.framing != .none else { return }
        bodyBegan = server.loop.now
        deadline = bodyBegan + server.configuration.limits.bodyTime
        guard head.expectsContinue else { return }
        if case .refusal(let response) = match {
            pending = nil
            // Whether the body follows an answer that is not 100 cannot be known. RFC 9110 §10.1.1.
            return complete(response, Request(head: head, peer: client(head)), "", server.loop.clock.now, last: true)
        }
        if case .length(let length) = head.framing, length > parser.bodyLimit { return }
        connection.send { $0.append(contentsOf: Self.continueLine) }
    }

    private static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// False when the loop holds as many bodies as it may.
    private func take(_ piece: UnsafeRawBufferPointer) -> Bool {
        guard server.heldBodies + piece.count <= server.limits.bodies else { return false }
        heldBody += piece.count
        server.heldBodies += piece.count
        pending?.body.append(contentsOf: piece)
        let limits = server.configuration.limits
        let earned = Duration.milliseconds(heldBody * 1000 / limits.bodyRate)
        deadline = min(server.loop.now, bodyBegan + earned) + limits.bodyTime
        return true
    }

    private func letGoOfBody() {
        server.heldBodies -= heldBody
        heldBody = 0
    }

    private func answer() {
        guard let pending = pending.take() else { return }
        phase = .answering
        headHasBegun = false
        let began = server.configuration.observer == nil ? server.loop.now : server.loop.clock.now
        switch pending.match {
        case .refusal(let response):
            complete(response, Request(head: pending.head, body: pending.body, peer: client(pending.head)), "", began)
        case .endpoint(let endpoint, let parameters):
            let request = Request(
                head: pending.head, body: pending.body, parameters: parameters, peer: client(pending.head))
            switch endpoint.action {
            case .direct(let handler): complete(handler(request), request, endpoint.pattern, began)
            case .task(let handler):
                server.loop.spawn { [self] in
                    let response = await handler(request)
                    complete(response, request, endpoint.pattern, began)
                    resume()
                }
            case .files(let files, let place):
                let answer = files.answer(request.head, place)
                complete(answer.response, content: answer.content, request, endpoint.pattern, began)
            case .webSocket(let webSocket):
                server.loop.spawn { [self] in await upgrade(webSocket, request, endpoint.pattern, began) }
            }
        }
    }

    private func resume() {
        if case .waiting = phase { consumeInput() }
    }

    private func complete(
        _ response: Response, content: [Output.Piece] = [], _ request: Request, _ pattern: String,
        _ began: LoopInstant, last: Bool = false
    ) {
        if let observer = server.configuration.observer {
            observer.finished(
                Exchange(
                    method: request.method, path: request.path, route: pattern, status: response.status,
                    received: request.body.count, sent: content.reduce(response.body.count) { $0 + $1.count },
                    duration: server.loop.clock.now - began, peer: request.peer))
        }
        letGoOfBody()
        guard connection.isOpen else { return }
        let stays = request.head.keepsAlive && !last && !server.isLeaving
        write(
            response, content: content, to: request.method,
            !stays ? .closes : request.head.minorVersion == 0 ? .staysForOldVersion : .stays)
        if stays {
            phase = .waiting
            hasServed = true
            idleSince = server.loop.now
            deadline = idleSince + server.configuration.limits.idleTime
        } else {
            phase = .over
            connection.end()
        }
    }

    /// `content` is sent instead of the response's own body, where there is some.
    private func write(
        _ response: Response, content: [Output.Piece] = [], to method: Method, _ after: ResponseWriter.Connection
    ) {
        server.renewDate()
        let copies = response.body.count <= ServerLimits.copiedBody
        let length = content.isEmpty ? response.body.count : content.reduce(0) { $0 + $1.count }
        let hasBody = connection.send { output in
            let hasBody = server.writer.write(response, length: length, to: method, after, into: &output)
            if hasBody, content.isEmpty, copies { output.append(contentsOf: response.body) }
            return hasBody
        }
        guard hasBody else { return }
        if content.isEmpty, !copies { connection.send(piece: response.body) }
        for piece in content { connection.send(piece: piece) }
    }

    func refuse(_ violation: Violation) {
        server.configuration.observer?.refused(violation, connection.peer)
        phase = .over
        let method = pending?.head.method ?? .get
        pending = nil
        (input, inputStart) = ([], 0)
        letGoOfBody()
        var response = Response.text(violation.rawValue + "\n", violation.status)
        if violation.status == .serviceUnavailable { response.headers.add("retry-after", "1") }
        write(response, to: method, .closes)
        connection.end()
    }

    // WebSocket

    private func upgrade(
        _ endpoint: WebSocketEndpoint, _ request: Request, _ pattern: String, _ began: LoopInstant
    ) async {
        let acceptance: WebSocketEndpoint.Acceptance
        let context: any Sendable
        do throws(WebSocketEndpoint.Refusal) {
            acceptance = try endpoint.judge(request, isLeaving: server.isLeaving)
            switch await endpoint.authorize(request) {
            case .accept(let given): context = given
            case .reject(let response): throw WebSocketEndpoint.Refusal(response: response)
            }
        } catch {
            complete(error.response, request, pattern, began)
            return resume()
        }
        if let observer = server.configuration.observer {
            observer.finished(
                Exchange(
                    method: request.method, path: request.path, route: pattern, status: .switchingProtocols,
                    received: 0,
                    sent: 0, duration: server.loop.clock.now - began, peer: request.peer))
        }
        guard connection.isOpen else { return }
        phase = .over
        write(acceptance.response, to: .get, .upgrades)
        let early = input[inputStart...]
        (input, inputStart) = ([], 0)
        let peer = WebSocketPeer(connection, request, acceptance, endpoint)
        connection.session = peer
        peer.open(endpoint, context, early: Array(early))
    }

    // The end

    func outputDrained() {}

    func hasRoomAgain() { resume() }

    func tick(_ now: LoopInstant) {
        guard now >= deadline else { return }
        switch phase {
        case .waiting where parser.isBetweenRequests:
            // Nothing was asked, so nothing is answered: a client that is just sending must not take it for its answer.
            phase = .over
            connection.drop()
        case .waiting: refuse(.headTooSlow)
        case .receiving: refuse(.bodyTooSlow)
        case .answering, .over: break
        }
    }

    /// Ends now if nothing is under way; otherwise the answer under way is the last. Whoever has just connected may still
    /// ask: it was promised an answer when it was let in.
    func leave() {
        guard isWaiting else { return }
        guard hasServed else { return deadline = min(deadline, server.loop.now + server.limits.leaveGrace) }
        phase = .over
        connection.end()
    }

    private var isWaiting: Bool {
        if case .waiting = phase { parser.isBetweenRequests } else { false }
    }

    /// Whether it has waited for a request for so long that another may have its place.
    func mayMakeRoom(_ now: LoopInstant) -> Bool { isWaiting && now >= idleSince + server.limits.evictAfter }

    var demandsPace: Bool { true }

    func closed() {
        // While a handler works it holds the body, whoever waits for the answer.
        if case .answering = phase {} else { letGoOfBody() }
        phase = .over
        pending = nil
        (input, inputStart) = ([], 0)
    }
}
