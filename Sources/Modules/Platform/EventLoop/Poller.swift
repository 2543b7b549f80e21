import CLinux
import Glibc

/// What a descriptor is watched for, and what was seen on it.
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Bytes or a connection wait to be read, or the peer has finished writing.
    public static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    public static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The peer has shut down its writing half. Watched for explicitly: it arrives even when nothing is read.
    public static let peerClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
    /// Both halves are gone. Always watched.
    public static let hungUp = Readiness(rawValue: EPOLLHUP.rawValue)
    /// The descriptor has a pending error (`SO_ERROR`). Always watched.
    public static let failed = Readiness(rawValue: EPOLLERR.rawValue)
}

/// Something with a descriptor that wants to know when it is ready.
///
/// Called on the loop's thread, once a turn at the most. Level-triggered: what is not read is reported again.
public protocol Pollable: AnyObject {
    func ready(_ readiness: Readiness)
}

/// A descriptor's place at a poller. It stays valid until it is removed; using it later stops the program.
public struct Registration: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32

    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// The kernel's epoll facility: a table of descriptors and the handlers that wait for them. epoll(7).
///
/// A slot carries a generation, so that an event for a removed descriptor, already fetched in the same batch, reaches
/// nobody, even if its slot was taken again.
struct Poller: ~Copyable {
    private struct Slot {
        var descriptor: Int32
        var generation: UInt32
        var interest: Readiness
        var handler: (any Pollable)?
    }

    private let epoll: Int32
    private var slots: [Slot] = []
    private var free: [UInt32] = []
    private let events: UnsafeMutableBufferPointer<epoll_event>

    init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(epoll >= 0, "epoll_create1 failed: \(systemError(errno))")
        events = .allocate(capacity: Limits.eventsPerTurn)
        events.initialize(repeating: epoll_event())
    }

    deinit {
        Glibc.close(epoll)
        events.deallocate()
    }

    var isEmpty: Bool { slots.count == free.count }

    mutating func add(_ descriptor: Int32, _ interest: Readiness, _ handler: any Pollable) -> Registration {
        let slot: UInt32
        if let reused = free.popLast() {
            slot = reused
            slots[Int(slot)].descriptor = descriptor
            slots[Int(slot)].interest = interest
            slots[Int(slot)].handler = handler
        } else {
            slot = UInt32(slots.count)
            slots.append(Slot(descriptor: descriptor, generation: 0, interest: interest, handler: handler))
        }
        let registration = Registration(slot: slot, generation: slots[Int(slot)].generation)
        control(EPOLL_CTL_ADD, descriptor, interest, registration)
        return registration
    }

    mutating func change(_ registration: Registration, to interest: Readiness) {
        let index = checked(registration)
        guard slots[index].interest != interest else { return }
        slots[index].interest = interest
        control(EPOLL_CTL_MOD, slots[index].descriptor, interest, registration)
    }

    mutating func remove(_ registration: Registration) {
        let index = checked(registration)
        control(EPOLL_CTL_DEL, slots[index].descriptor, [], registration)
        slots[index].handler = nil
        slots[index].generation &+= 1
        free.append(registration.slot)
    }

    /// Waits up to `milliseconds` (−1: for ever) and returns how many events `handler(of:)` can be asked for.
    func wait(milliseconds: Int32) -> Int {
        let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), milliseconds)
        guard count >= 0 else {
            precondition(errno == EINTR, "epoll_wait failed: \(systemError(errno))")
            return 0
        }
        return Int(count)
    }

    /// The handler of a fetched event, unless its descriptor was removed meanwhile.
    func handler(of event: Int) -> (any Pollable, Readiness)? {
        let token = events[event].data.u64
        let slot = slots[Int(truncatingIfNeeded: token & 0xffff_ffff)]
        guard slot.generation == UInt32(truncatingIfNeeded: token >> 32), let handler = slot.handler else { return nil }
        return (handler, Readiness(rawValue: events[event].events))
    }

    private func checked(_ registration: Registration) -> Int {
        let index = Int(registration.slot)
        precondition(
            index < slots.count && slots[index].generation == registration.generation && slots[index].handler != nil,
            "a registration was used after it was removed")
        return index
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ interest: Readiness, _ registration: Registration) {
        var event = epoll_event(events: interest.rawValue, data: epoll_data_t(u64: registration.token))
        let result = epoll_ctl(epoll, operation, descriptor, &event)
        precondition(result == 0, "epoll_ctl on descriptor \(descriptor) failed: \(systemError(errno))")
    }
}
