import CLinux
import Glibc

/// What waits to be sent on a connection: bytes of its own, and pieces it shares with others, in the order they go out.
///
/// An empty one owns no memory. Pieces are referred to, never copied.
struct Output: ~Copyable {
    private var pieces: [[UInt8]] = []
    /// Pieces before this one are sent.
    private var first = 0
    /// What comes after all pieces.
    private var tail: [UInt8] = []
    /// Bytes of the first piece, or of the tail when there is none, that are sent.
    private var offset = 0
    private(set) var count = 0

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
    mutating func append(piece: [UInt8]) {
        guard !piece.isEmpty else { return }
        if !tail.isEmpty {
            pieces.append(tail)
            tail = []
        }
        pieces.append(piece)
        count += piece.count
    }

    /// Hands as much as the kernel takes to it: one call. Returns the number of bytes, or −1 with `errno` set.
    mutating func send(to descriptor: Int32) -> Int {
        let sent: Int
        if first == pieces.count {
            sent = tail.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + offset, $0.count - offset, Int32(MSG_NOSIGNAL))
            }
        } else {
            sent = gather(to: descriptor)
        }
        if sent > 0 { drop(sent) }
        return sent
    }

    /// The buffer to write to next time, when everything is sent.
    mutating func takeBuffer() -> [UInt8] {
        precondition(isEmpty, "a write buffer was taken while bytes wait in it")
        let buffer = tail
        tail = []
        offset = 0
        return buffer
    }

    private func gather(to descriptor: Int32) -> Int {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: ServerLimits.piecesPerSend) { vectors in
            var used = 0
            var skipped = offset
            func add(_ piece: [UInt8]) {
                // The address outlives the closure: the piece is held here, and nobody writes to it until the call is
                // over.
                let base = piece.withUnsafeBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress!) }
                vectors.initializeElement(at: used, to: iovec(iov_base: base + skipped, iov_len: piece.count - skipped))
                skipped = 0
                used += 1
            }
            var index = first
            while index < pieces.count, used < vectors.count {
                add(pieces[index])
                index += 1
            }
            if used < vectors.count, !tail.isEmpty { add(tail) }
            var message = msghdr()
            message.msg_iov = vectors.baseAddress
            message.msg_iovlen = used
            return sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
        }
    }

    private mutating func drop(_ sent: Int) {
        count -= sent
        var left = sent + offset
        while first < pieces.count, left >= pieces[first].count {
            left -= pieces[first].count
            pieces[first] = []
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
