/// Which end of a connection this is.
public enum Role: Sendable {
    /// Expects masked frames and sends unmasked ones.
    case server
    /// Expects unmasked frames and sends masked ones.
    case client
}

/// One end of a WebSocket connection after its handshake (RFC 6455): takes what arrived, in pieces cut anywhere, and says
/// what it means. It has no socket and no clock; its owner sends what `Frame` writes, ends the transport once `isOver`,
/// and decides how long a peer may stay silent.
///
/// A message that lies whole in the input costs no allocation. Bytes are kept only of a frame or message that is not
/// complete, and only as many as arrived, whatever length a header announced. Compressed messages (RFC 7692) are read and
/// written if that was agreed; a message grows no further than its limit, whatever it would inflate to. A copy of a connection
/// that compresses shares its history: only one of the two may go on.
public struct WebSocketConnection: Sendable {
    public let role: Role
    private let limits: Limits
    private var closing = Closing.open
    private var stage = Stage.header(HeaderBytes())
    private var message: PartialMessage?
    private var compressor: Compressor?
    private var decompressor: Decompressor?

    /// How far the closing handshake has come (RFC 6455 §7.1).
    private enum Closing {
        case open
        /// The peer's answer is awaited; until then it may still send.
        case sent
        /// Our answer is due: to a close frame, or to a violation.
        case due
        case over
    }

    private enum Stage {
        case header(HeaderBytes)
        case payload(PartialFrame)
    }

    public init(role: Role, limits: Limits = Limits(), compression: Compression? = nil) {
        (self.role, self.limits) = (role, limits)
        compressor = compression.map { Compressor($0, role) }
        decompressor = compression.map { Decompressor($0, role) }
    }

    /// Whether messages may still be sent: no close frame was sent and none is due.
    public var maySend: Bool { closing == .open }

    /// Whether both close frames were exchanged, or none can be: a server ends the transport now, a client waits a little
    /// for the server to do it (§7.1.1).
    public var isOver: Bool { closing == .over }

    /// The next event in `input`, which is moved past what it consumed; nil when all of it was consumed. To be called
    /// until it gives nil: nothing in `input` needs to be kept. Payloads are unmasked in place.
    public mutating func next(in input: inout UnsafeMutableRawBufferPointer) -> Event? {
        while closing == .open || closing == .sent, !input.isEmpty {
            let event: Event?
            switch stage {
            case .header(let begun): event = readHeader(begun, &input)
            case .payload(let frame): event = readPayload(frame, &input)
            }
            switch event {
            case nil: continue
            case .violation, .close:
                closing = closing == .open ? .due : .over
                (stage, message) = (.header(HeaderBytes()), nil)
            default: break
            }
            return event
        }
        input = UnsafeMutableRawBufferPointer(rebasing: input[input.endIndex...])
        return nil
    }

    /// Appends a frame to `output`; a message is compressed where that was agreed and is of use. A client gives a `mask`.
    public mutating func append(
        _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, to output: inout [UInt8], mask: UInt32? = nil
    ) {
        if compressor == nil || opcode.isControl {
            Frame.append(opcode, payload, to: &output, mask: mask)
        } else {
            compressor?.append(opcode, payload, to: &output, mask: mask)
        }
    }

    /// The frame of a message that goes to many, in the form this connection can be sent. Only a server's.
    public mutating func frame(of shared: SharedBytes) -> [UInt8] {
        guard let compressor else { return shared.frame }
        let frame = shared.compressed(compressor)
        self.compressor?.sentAside()
        return frame
    }

    /// Begins the closing handshake, or answers the peer's close frame or violation: the frame to send, or nil if one was
    /// sent before. A client gives a `mask`.
    public mutating func close(_ code: CloseCode?, _ reason: String = "", mask: UInt32? = nil) -> [UInt8]? {
        precondition((mask != nil) == (role == .client), "a client masks its frames and a server does not")
        switch closing {
        case .open: closing = .sent
        case .due: closing = .over
        case .sent, .over: return nil
        }
        return Frame.close(code, reason, mask: mask)
    }

    /// The code and reason to report when the transport has ended before both close frames were exchanged (§7.1.5).
    public mutating func transportEnded() -> CloseCode? {
        defer { closing = .over }
        return closing == .over || closing == .due ? nil : .abnormal
    }

    // Headers

    private mutating func readHeader(_ begun: HeaderBytes, _ input: inout UnsafeMutableRawBufferPointer) -> Event? {
        if begun.count == 0 {
            switch FrameHeader.read(UnsafeRawBufferPointer(input), from: peer, mayBeCompressed: decompressor != nil) {
            case .header(let header, let size):
                input = UnsafeMutableRawBufferPointer(rebasing: input[size...])
                return begin(header, &input)
            case .violation(let violation): return .violation(violation)
            case .incomplete: break
            }
        }
        // The header is cut: gather it byte by byte, at most fourteen of them.
        var begun = begun
        while let byte = input.first {
            input = UnsafeMutableRawBufferPointer(rebasing: input[1...])
            begun.append(byte)
            let reading = begun.withUnsafeBytes {
                FrameHeader.read($0, from: peer, mayBeCompressed: decompressor != nil)
            }
            switch reading {
            case .header(let header, _): return begin(header, &input)
            case .violation(let violation): return .violation(violation)
            case .incomplete: continue
            }
        }
        stage = .header(begun)
        return nil
    }

    private var peer: Role { role == .server ? .client : .server }

    /// Judges a header by what came before it, and reads on in its payload.
    private mutating func begin(_ header: FrameHeader, _ input: inout UnsafeMutableRawBufferPointer) -> Event? {
        if let violation = judge(header) { return .violation(violation) }
        return readPayload(PartialFrame(header), &input)
    }

    private mutating func judge(_ header: FrameHeader) -> Violation? {
        if header.opcode.isControl { return nil }
        switch (header.opcode, message) {
        case (.continuation, nil):
            return Violation(.protocolError, "expected a message to continue, got a continuation of none")
        case (.text, .some), (.binary, .some):
            return Violation(.protocolError, "expected a continuation, got a new \(header.opcode) message")
        default: break
        }
        let size = (message?.received ?? 0).addingReportingOverflow(header.length)
        let isCompressed = message?.isCompressed ?? header.isCompressed
        guard !size.overflow, size.partialValue <= (isCompressed ? limits.compressedSize : limits.messageSize) else {
            return tooBig
        }
        if let begun = message, begun.fragments >= limits.fragments {
            return Violation(.messageTooBig, "expected a message of at most \(limits.fragments) fragments")
        }
        message?.fragments += 1
        return nil
    }

    private var tooBig: Violation {
        Violation(.messageTooBig, "expected a message of at most \(limits.messageSize) bytes")
    }

    // Payloads

    private mutating func readPayload(_ frame: PartialFrame, _ input: inout UnsafeMutableRawBufferPointer) -> Event? {
        var frame = frame
        let count = min(frame.left, input.count)
        let piece = UnsafeMutableRawBufferPointer(rebasing: input[..<count])
        input = UnsafeMutableRawBufferPointer(rebasing: input[count...])
        frame.mask.apply(to: piece)
        frame.left -= count
        stage = frame.left == 0 ? .header(HeaderBytes()) : .payload(frame)
        return frame.opcode.isControl
            ? readControl(&frame, UnsafeRawBufferPointer(piece)) : readData(frame, UnsafeRawBufferPointer(piece))
    }

    private mutating func readData(_ frame: PartialFrame, _ piece: UnsafeRawBufferPointer) -> Event? {
        let isLast = frame.left == 0 && frame.isFinal
        // A header at the end of a piece begins nothing that would have to be kept.
        if piece.isEmpty, frame.left > 0 { return nil }
        if message?.isCompressed ?? frame.isCompressed { return readCompressed(frame, piece, isLast) }
        // The usual case: the whole message is here, and stays where it is.
        if isLast, message == nil {
            guard frame.opcode == .text else { return .binary(.lent(piece)) }
            var utf8 = UTF8Check()
            guard utf8.accept(piece), utf8.isComplete else { return .violation(Self.notText) }
            return .text(.lent(piece))
        }
        // Taken out while it grows, or the append would copy it.
        var begun = message.take() ?? PartialMessage(frame)
        if begun.opcode == .text {
            guard begun.utf8.accept(piece), !isLast || begun.utf8.isComplete else { return .violation(Self.notText) }
        }
        begun.received += piece.count
        begun.bytes.append(contentsOf: piece)
        guard isLast else {
            message = begun
            return nil
        }
        return begun.opcode == .text ? .text(.owned(begun.bytes)) : .binary(.owned(begun.bytes))
    }

    private mutating func readCompressed(
        _ frame: PartialFrame, _ piece: UnsafeRawBufferPointer, _ isLast: Bool
    ) -> Event? {
        var begun = message.take() ?? PartialMessage(frame)
        begun.received += piece.count
        do throws(Violation) {
            let whole = try inflate(piece, isLast, into: &begun)
            guard isLast else {
                message = begun
                return nil
            }
            try decompressor!.finishMessage()
            guard begun.opcode != .text || begun.utf8.isComplete else { throw Self.notText }
            let payload = whole.map { Payload.lent($0) } ?? .owned(begun.bytes)
            return begun.opcode == .text ? .text(payload) : .binary(payload)
        } catch {
            return .violation(error)
        }
    }

    /// Inflates a piece and appends what comes out to its message, or gives it back where it is the whole message.
    private mutating func inflate(
        _ piece: UnsafeRawBufferPointer, _ isLast: Bool, into message: inout PartialMessage
    ) throws(Violation) -> UnsafeRawBufferPointer? {
        var input = piece
        while true {
            // One byte too many is enough to know, and the text before it is judged first: wherever the input is cut, the
            // first thing that is wrong is what is answered.
            let room = limits.messageSize - message.bytes.count
            let (inflated, isEnd) = decompressor!.next(&input, atMost: room == .max ? room : room + 1)
            if message.opcode == .text {
                guard message.utf8.accept(UnsafeRawBufferPointer(rebasing: inflated.prefix(room))) else {
                    throw Self.notText
                }
            }
            guard inflated.count <= room else { throw tooBig }
            guard !decompressor!.isInvalid else { throw Decompressor.notDeflated }
            if isEnd, isLast, message.bytes.isEmpty { return inflated }
            message.bytes.append(contentsOf: inflated)
            if isEnd { return nil }
        }
    }

    private static let notText = Violation(.invalidData, "expected UTF-8 in a text message")

    private mutating func readControl(_ frame: inout PartialFrame, _ piece: UnsafeRawBufferPointer) -> Event? {
        guard frame.left == 0 else {
            frame.control.append(contentsOf: piece)
            stage = .payload(frame)
            return nil
        }
        let payload: Payload = frame.control.isEmpty ? .lent(piece) : .owned(frame.control + piece)
        switch frame.opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        default: return payload.withUnsafeBytes(Self.readClose)
        }
    }

    /// RFC 6455 §5.5.1: nothing, or a code and a reason in UTF-8.
    private static func readClose(_ payload: UnsafeRawBufferPointer) -> Event {
        if payload.isEmpty { return .close(nil, reason: "") }
        guard payload.count >= 2 else {
            return .violation(Violation(.protocolError, "expected a close code of 2 bytes, got 1"))
        }
        let code = CloseCode(rawValue: UInt16(bigEndian: payload.loadUnaligned(as: UInt16.self)))
        guard code.mayBeSent else {
            return .violation(Violation(.protocolError, "expected a close code that may be sent, got \(code.rawValue)"))
        }
        let reason = UnsafeRawBufferPointer(rebasing: payload[2...])
        var utf8 = UTF8Check()
        guard utf8.accept(reason), utf8.isComplete else {
            return .violation(Violation(.invalidData, "expected UTF-8 in a close reason"))
        }
        return .close(code, reason: String(decoding: reason, as: UTF8.self))
    }
}

/// The bytes of a header that was cut.
private struct HeaderBytes {
    private var bytes = SIMD16<UInt8>()
    private(set) var count = 0

    mutating func append(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        Swift.withUnsafeBytes(of: bytes) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
}

/// A frame whose payload is not complete.
private struct PartialFrame {
    let opcode: Opcode
    let isFinal: Bool
    let isCompressed: Bool
    var mask: Mask
    var left: Int
    /// What has come of a control frame's payload; data goes to its message.
    var control: [UInt8] = []

    init(_ header: FrameHeader) {
        (opcode, isFinal, isCompressed) = (header.opcode, header.isFinal, header.isCompressed)
        (mask, left) = (header.mask, header.length)
    }
}

/// A message whose last byte is not here.
private struct PartialMessage {
    let opcode: Opcode
    let isCompressed: Bool
    /// What has come of it, on the wire.
    var received = 0
    /// What it says so far.
    var bytes: [UInt8] = []
    var fragments = 1
    var utf8 = UTF8Check()

    init(_ first: PartialFrame) { (opcode, isCompressed) = (first.opcode, first.isCompressed) }
}
