import EventLoop
import Glibc

/// A socket that was accepted: what waits to be sent, when to read, and how it ends. What the bytes mean is its
/// session's.
///
/// Whatever a turn has to say goes out in one send at the turn's end. While nothing is pending it owns no buffer.
final class Connection: Pollable, TurnEnd {
    let descriptor: Int32
    let server: ServerLoop
    let peer: String
    /// Its place among the server's connections.
    var index = 0
    var session: (any Session)?
    private var output = Output()
    private var registration: Registration?
    private var life = Life.open
    private var isDueAtTurnEnd = false
    /// Whether something waits that a turn's end could not send.
    private var isStalled = false
    /// Whether the session waits for room.
    private var isHeldBack = false
    /// Bytes the kernel was handed, ever.
    private var handed = 0
    private var stall = Stall()
    /// Whether the peer has finished sending.
    private(set) var inputHasEnded = false

    /// How a peer takes what waits for it, since it has had to wait: what the peer has acknowledged counts, for the
    /// kernel's own buffer may be megabytes and tells of no progress before a third of it is free.
    private struct Stall {
        var began = LoopInstant(nanoseconds: 0)
        var takenBefore = 0
        var lastProgress = LoopInstant(nanoseconds: 0)
        var taken = 0
    }

    private enum Life: Equatable {
        case open
        /// Nothing more will be said: closed once everything is sent.
        case ending(lingers: Bool)
        /// Everything is said and our half is shut; what still comes is thrown away.
        case lingering(until: LoopInstant)
        case closed
    }

    init(_ descriptor: Int32, peer: String, server: ServerLoop) {
        (self.descriptor, self.peer, self.server) = (descriptor, peer, server)
        registration = server.loop.register(descriptor, for: .readable, self)
    }

    var unsentBytes: Int { output.count }
    var isOpen: Bool { life == .open }

    /// Whether more may be said now. If not, the session is told when it may.
    var hasRoom: Bool {
        if output.count < server.limits.output { return true }
        isHeldBack = true
        return false
    }

    // Output

    /// Lets `write` append bytes to what is sent at the turn's end.
    func send<Result>(_ write: (inout [UInt8]) -> Result) -> Result {
        needsTurnEnd()
        return output.append(spare: server.takeSpareBuffer, write)
    }

    /// Queues a piece by reference.
    func send(piece: [UInt8]) { send(piece: .bytes(piece)) }

    func send(piece: Output.Piece) {
        needsTurnEnd()
        output.append(piece: piece)
    }

    /// Closes once everything is sent. With `lingers` what the peer still sends is thrown away first, so that no reset
    /// overtakes our last words; without, the protocol has made sure that nothing comes.
    func end(lingers: Bool = true) {
        guard life == .open else { return }
        life = .ending(lingers: lingers)
        needsTurnEnd()
    }

    /// Asks to be called when this turn is over, after a session's wants have changed.
    func needsTurnEnd() {
        guard !isDueAtTurnEnd, life != .closed else { return }
        isDueAtTurnEnd = true
        server.loop.atEndOfTurn(self)
    }

    func turnEnded() {
        isDueAtTurnEnd = false
        guard life != .closed else { return }
        flush()
    }

    private func flush() {
        var left = ServerLimits.sendPerTurn
        while !output.isEmpty, left > 0 {
            let sent = output.send(to: descriptor)
            if sent < 0 {
                if errno == EINTR { continue }
                guard errno == EAGAIN else { return drop() }
                break
            }
            handed += sent
            left -= sent
            // A send that took less than it was given has filled the kernel's buffer.
            if sent < output.offered { break }
        }
        if output.isEmpty {
            server.giveBack(output.takeBuffer())
            if isStalled {
                isStalled = false
                session?.outputDrained()
            }
        } else if !isStalled {
            isStalled = true
            let taken = handed - Socket.unacknowledged(descriptor)
            stall = Stall(began: server.loop.now, takenBefore: taken, lastProgress: server.loop.now, taken: taken)
        }
        if isHeldBack, output.count < server.limits.output {
            isHeldBack = false
            session?.hasRoomAgain()
        }
        if case .ending(let lingers) = life, output.isEmpty { beginToClose(lingers) }
        updateInterest()
    }

    // Input

    func ready(_ readiness: Readiness) {
        if readiness.contains(.failed) { return drop() }
        if readiness.contains(.writable) { flush() }
        guard life != .closed else { return }
        if readiness.contains(.readable), wantsInput {
            read()
        } else if readiness.contains(.hungUp) {
            // Both halves are gone: whatever is still to be said, nobody will read it.
            drop()
        }
    }

    private var wantsInput: Bool {
        guard !inputHasEnded else { return false }
        switch life {
        case .open: return output.count < server.limits.output && session?.takesInput ?? false
        case .lingering: return true
        case .ending, .closed: return false
        }
    }

    private func read() {
        let buffer = server.readBuffer
        let count = recv(descriptor, buffer.baseAddress, session?.longestRead ?? buffer.count, 0)
        guard count >= 0 else {
            if errno != EAGAIN, errno != EINTR { drop() }
            return
        }
        if case .lingering = life {
            if count == 0 { drop() }
            return
        }
        if count == 0 {
            inputHasEnded = true
            session?.inputEnded()
        } else {
            session?.received(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        }
        // The turn's end looks at it again.
        if !isDueAtTurnEnd { updateInterest() }
    }

    private func updateInterest() {
        guard let registration else { return }
        var interest: Readiness = []
        if wantsInput { interest.insert(.readable) }
        if isStalled { interest.insert(.writable) }
        server.loop.change(registration, to: interest)
    }

    // The end

    func tick(_ now: LoopInstant) {
        if case .lingering(let until) = life {
            if now >= until { drop() }
        } else if isStalled, isTooSlow(now) {
            drop()
        } else if life == .open {
            session?.tick(now)
        }
    }

    private func isTooSlow(_ now: LoopInstant) -> Bool {
        let taken = handed - Socket.unacknowledged(descriptor)
        if taken > stall.taken { (stall.taken, stall.lastProgress) = (taken, now) }
        let limits = server.limits
        if now >= stall.lastProgress + limits.stallTime { return true }
        let earned = Duration.milliseconds((taken - stall.takenBefore) * 1000 / limits.outputRate)
        return session?.demandsPace ?? true && now >= stall.began + limits.stallTime + earned
    }

    private func beginToClose(_ lingers: Bool) {
        guard lingers, !inputHasEnded, shutdown(descriptor, Int32(SHUT_WR)) == 0 else { return drop() }
        life = .lingering(until: server.loop.now + server.limits.lingerTime)
    }

    /// Closes at once, whatever waits.
    func drop() {
        guard life != .closed else { return }
        life = .closed
        server.loop.close(descriptor, registration)
        registration = nil
        output = Output()
        let session = self.session
        self.session = nil
        session?.closed()
        server.remove(self)
    }
}
