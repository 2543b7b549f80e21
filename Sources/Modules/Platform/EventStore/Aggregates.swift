import EventLoop
import FoundationEssentials
import Kernel

/// The aggregates this process has in memory, and the lock each is decided under.
///
/// One command at a time decides on a stream, so that commands of one process never conflict with one another. What another
/// process wrote meanwhile shows as a conflict when the lane writes, and the aggregate is read again.
actor Aggregates {
    private struct Entry {
        let version: Version
        let state: any Sendable
    }

    private let loop: EventLoop
    private let streams: Streams
    private var entries: [StreamName: Entry] = [:]
    private var locks: [StreamName: [CheckedContinuation<Void, Never>]] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(on loop: EventLoop, streams: Streams) {
        self.loop = loop
        self.streams = streams
    }

    /// The state and version of a stream; version 0 if it has not begun.
    func load<D: Decider>(_: D.Type, _ name: StreamName) async throws -> (state: D, version: Version) {
        if let entry = entries[name], let state = entry.state as? D { return (state, entry.version) }
        let loaded = try await read(D.self, name)
        keep(loaded.state, loaded.version, name)
        return loaded
    }

    /// What memory has of a stream.
    func held<D: Decider>(_: D.Type, _ name: StreamName) -> (state: D, version: Version)? {
        guard let entry = entries[name], let state = entry.state as? D else { return nil }
        return (state, entry.version)
    }

    /// As `load`, but certain to be what the log holds now, also when other processes write.
    func current<D: Decider>(_: D.Type, _ name: StreamName) async throws -> (state: D, version: Version)? {
        guard let version = try await streams.version(name), version > 0 else { return nil }
        if let entry = entries[name], entry.version == version, let state = entry.state as? D {
            return (state, version)
        }
        let loaded = try await read(D.self, name)
        return loaded.version == 0 ? nil : loaded
    }

    private func read<D: Decider>(_: D.Type, _ name: StreamName) async throws -> (state: D, version: Version) {
        guard let (snapshot, events) = try await streams.stream(name) else { return (D(), 0) }
        var state = D()
        var version = 0
        var tail = events
        if let snapshot {
            if snapshot.schema == D.snapshotVersion, let kept = try? Coding.decode(D.self, from: snapshot.state) {
                state = kept
                version = snapshot.version
            } else {
                // It cannot be read any more: everything is folded again, and the next snapshot replaces it.
                tail = try await streams.history(name)
            }
        }
        for stored in tail {
            guard stored.version == version + 1 else {
                throw UnreadableEvent(
                    stream: name, version: stored.version, type: stored.type,
                    reason: "it stands behind event \(version)")
            }
            do { state.apply(try Coding.event(of: D.self, type: stored.type, body: stored.body)) } catch {
                throw UnreadableEvent(stream: name, version: stored.version, type: stored.type, reason: "\(error)")
            }
            version = stored.version
        }
        return (state, version)
    }

    /// Takes a state that the lane has written, or that was read; what is newer already stays.
    func keep<D: Decider>(_ state: D, _ version: Version, _ name: StreamName) {
        if let entry = entries[name], entry.version > version { return }
        if entries.count >= Limits.aggregatesInMemory {
            // Half of it goes, whichever: what is in use is read back within a fraction of a millisecond.
            for name in entries.keys.prefix(entries.count / 2) { entries[name] = nil }
        }
        entries[name] = Entry(version: version, state: state)
    }

    func drop(_ name: StreamName) { entries[name] = nil }

    func forget() { entries.removeAll() }

    /// Keeps a snapshot, in the background: nobody waits for it, and a lost one is only slower.
    func keepSnapshot<D: Decider>(_ state: D, _ version: Version, _ name: StreamName) {
        let streams = streams
        loop.spawn {
            guard let bytes = try? Coding.encode(state) else { return }
            try? await streams.keep(Snapshot(version: version, schema: D.snapshotVersion, state: bytes), of: name)
        }
    }

    /// Waits until nobody else decides on the stream.
    func lock(_ name: StreamName) async {
        if locks[name] == nil {
            locks[name] = []
            return
        }
        await withCheckedContinuation { locks[name]?.append($0) }
    }

    /// Takes the lock if it is free.
    func tryLock(_ name: StreamName) -> Bool {
        guard locks[name] == nil else { return false }
        locks[name] = []
        return true
    }

    func unlock(_ name: StreamName) {
        guard var waiting = locks[name] else { preconditionFailure("\(name) was unlocked and not locked") }
        if waiting.isEmpty {
            locks[name] = nil
        } else {
            let next = waiting.removeFirst()
            locks[name] = waiting
            next.resume()
        }
    }
}

/// A stored event that this program cannot read: it was written by a newer one, or its body is damaged.
struct UnreadableEvent: Error, CustomStringConvertible {
    let stream: StreamName
    let version: Version
    let type: String
    let reason: String

    var description: String { "stream \(stream): event \(version), \(type), cannot be read: \(reason)" }
}
