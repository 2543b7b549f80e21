import EventLoop

/// The protocol a connection speaks: HTTP, or WebSocket after an upgrade. Everything is called on the loop.
protocol Session: AnyObject {
    /// Bytes have come. They are lent until the call returns, and may be written to.
    func received(_ bytes: UnsafeMutableRawBufferPointer)
    /// The peer will send nothing more; it may still read.
    func inputEnded()
    /// Whether more bytes are wanted now.
    var takesInput: Bool { get }
    /// The bytes it is given in one turn at most.
    var longestRead: Int { get }
    /// Everything that waited beyond a turn's end has been sent.
    func outputDrained()
    /// `Connection.hasRoom` was false and is true again.
    func hasRoomAgain()
    /// Whether a peer that takes what waits for it too slowly is dropped.
    var demandsPace: Bool { get }
    /// A moment at which deadlines are looked at.
    func tick(_ now: LoopInstant)
    /// The connection is gone.
    func closed()
}

extension Session {
    var longestRead: Int { ServerLimits.readBuffer }
    var demandsPace: Bool { false }
}
