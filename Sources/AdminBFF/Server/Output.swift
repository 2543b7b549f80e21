import CLinux
import Glibc

/// What waits to be sent on a connection: bytes of its own, pieces it shares with others, and parts of files, in the order
/// they go out.
///
/// An empty one owns no memory. Pieces are referred to, never copied.
struct Output: ~Copyable {
    enum Piece {
        case bytes([UInt8])
        case file(FileSlice)

        var count: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .file(let slice): slice.range.count
            }
        }
    }

    private var pieces: [Piece] = []
    /// Pieces before this one are sent.
    private var first = 0
    /// What comes after all pieces.
    private var tail: [UInt8] = []
    /// Bytes of the first piece, or of the tail when there is none, that are sent.
    private var offset = 0
    private(set) var count = 0
    /// What the last call offered to the kernel: it is full when it took less.
    private(set) var offered = 0

    var isEmpty: Bool { count == 0 }

    /// Lets `write` append bytes. `spare` is an empty buffer to write to when there is none yet.
    @inline(__always)
    mutating func append<Result>(
        spare: () -> [UInt8], _ write: (inout [UInt8]) -> Result
    ) -> Result {
        if tail.isEmpty { tail = spare() }
        let before = tail.count
        let result = write(&tail)
        count += tail.count - before
        return result
    }

    /// Appends a piece by reference.
    mutating func append(piece: Piece) {
        guard piece.count > 0 else { return }
        if !tail.isEmpty {
            pieces.append(.bytes(tail))
            tail = []
        }
        pieces.append(piece)
        count += piece.count
    }

    /// Hands as much as the kernel takes to it: one call. Returns the number of bytes, or −1 with `errno` set.
    mutating func send(to descriptor: Int32) -> Int {
        let sent: Int
        if first == pieces.count {
            offered = tail.count - offset
            sent = tail.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + offset, $0.count - offset, Int32(MSG_NOSIGNAL))
            }
        } else if case .file(let slice) = pieces[first] {
            sent = send(slice, to: descriptor)
        } else {
            sent = gather(to: descriptor)
        }
        if sent > 0 { drop(sent) }
        return sent
    }

    private mutating func send(_ slice: FileSlice, to descriptor: Int32) -> Int {
        offered = min(slice.range.count - offset, ServerLimits.sendPerTurn)
        var position = off_t(slice.range.lowerBound + offset)
        let sent = sendfile(descriptor, slice.file.descriptor, &position, offered)
        guard sent == 0 else { return sent }
        // The file has become shorter than its head said: the peer can only be told by the connection's end.
        errno = EIO
        return -1
    }

    /// The buffer to write to next time, when everything is sent.
    mutating func takeBuffer() -> [UInt8] {
        precondition(isEmpty, "a write buffer was taken while bytes wait in it")
        let buffer = tail
        tail = []
        offset = 0
        return buffer
    }

    private mutating func gather(to descriptor: Int32) -> Int {
        var total = 0
        defer { offered = total }
        return withUnsafeTemporaryAllocation(of: iovec.self, capacity: ServerLimits.piecesPerSend) { vectors in
            var used = 0
            var skipped = offset
            func add(_ piece: [UInt8]) {
                // The address outlives the closure: the piece is held here, and nobody writes to it until the call is
                // over.
                let base = piece.withUnsafeBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress!) }
                vectors.initializeElement(at: used, to: iovec(iov_base: base + skipped, iov_len: piece.count - skipped))
                total += piece.count - skipped
                skipped = 0
                used += 1
            }
            var index = first
            while index < pieces.count, used < vectors.count, case .bytes(let piece) = pieces[index] {
                add(piece)
                index += 1
            }
            if index == pieces.count, used < vectors.count, !tail.isEmpty { add(tail) }
            // With more to come at once, a head does not leave in a packet of its own.
            let more = index < pieces.count ? Int32(MSG_MORE) : 0
            var message = msghdr()
            message.msg_iov = vectors.baseAddress
            message.msg_iovlen = used
            return sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL) | more)
        }
    }

    private mutating func drop(_ sent: Int) {
        count -= sent
        var left = sent + offset
        while first < pieces.count, left >= pieces[first].count {
            left -= pieces[first].count
            pieces[first] = .bytes([])
            first += 1
        }
        offset = left
        guard first == pieces.count else { return }
        if first > 0 { (pieces, first) = ([], 0) }
        if offset == tail.count {
            tail.removeAll(keepingCapacity: true)
            offset = 0
        }
    }
}
