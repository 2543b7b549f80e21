import Glibc
import HTTP
import Synchronization

/// Which file a path means.
enum FilePlace: Sendable {
    /// What the path says below its first bytes, of which there are so many.
    case below(Int)
    /// The folder's index, whatever the path.
    case index
}

/// Files of one folder, looked at again on every request, so that an edit shows at the next reload.
///
/// Only regular files below the folder are served: no name that starts with a dot, no symbolic link on the way, no
/// device or pipe, and nothing that an escape would lead elsewhere. Small files are read and compressed when the folder is
/// opened, or when they have changed, and kept; large ones are sent by the kernel.
public final class StaticFiles: Sendable {
    /// A file up to this size is kept in memory, and all that are kept together take no more than `cacheLimit`.
    static let keptFile = 4 << 20
    static let cacheLimit = 64 << 20
    /// What is read and compressed before the first request, at the most: entries that are looked at, and bytes.
    static let startEntries = 2_000
    static let startBytes = 16 << 20
    private static let depthLimit = 16

    private struct Cache {
        var files: [String: (file: StaticFile, used: Int)] = [:]
        var bytes = 0
        /// Counts requests: the file whose last one is the longest ago goes first.
        var uses = 0

        mutating func remove(_ path: String) {
            if let old = files.removeValue(forKey: path) { bytes -= old.file.size }
        }

        mutating func keep(_ file: StaticFile, at path: String) {
            remove(path)
            while bytes + file.size > StaticFiles.cacheLimit,
                let oldest = files.min(by: { $0.value.used < $1.value.used })
            {
                remove(oldest.key)
            }
            uses += 1
            files[path] = (file, uses)
            bytes += file.size
        }

        mutating func use(_ path: String) -> StaticFile? {
            uses += 1
            files[path]?.used = uses
            return files[path]?.file
        }
    }

    private enum Entry {
        case file(StaticFile)
        case folder
    }

    private let folder: Int32
    private let cache = Mutex(Cache())

    /// Serves the folder at `path`; nil if there is none.
    public init?(_ path: String) {
        folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return nil }
        var entries = Self.startEntries
        readAhead([], &entries)
    }

    deinit { if folder >= 0 { close(folder) } }

    /// Answers GET and HEAD.
    func answer(_ head: RequestHead, _ place: FilePlace) -> FileAnswer {
        guard let segments = Self.segments(of: head, place), segments.count <= Self.depthLimit else {
            return FileAnswer(.plain(.notFound))
        }
        guard segments.allSatisfy(Self.isPlain) else { return FileAnswer(.plain(.notFound)) }
        switch find(segments) {
        case nil: return FileAnswer(.plain(.notFound))
        case .folder:
            // The path has no empty segment, so this cannot lead to another host.
            return FileAnswer(Response(.permanentRedirect, headers: ["location": head.path + "/"]))
        case .file(let file): return FileAnswer(head, file)
        }
    }

    private static func segments(of head: RequestHead, _ place: FilePlace) -> [String]? {
        guard case .below(let length) = place else { return ["index.html"] }
        var segments = head.withPath {
            PercentEncoding.segments(of: UnsafeRawBufferPointer(rebasing: $0[(length - 1)...]))
        }
        if let last = segments?.indices.last, segments?[last] == "" { segments?[last] = "index.html" }
        return segments
    }

    /// Whether a segment can only be the name of something in its folder.
    private static func isPlain(_ segment: String) -> Bool {
        !segment.isEmpty && segment.utf8.first != UInt8(ascii: ".")
            && segment.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") && $0 >= 32 && $0 != 127 }
    }

    private func find(_ segments: [String]) -> Entry? {
        let path = segments.joined(separator: "/")
        if let kept = cache.withLock({ $0.use(path) }) {
            var status = stat()
            // Another file, or the same one changed, has another stamp; then it is sought anew, link by link.
            if fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0, StaticFile.Stamp(status) == kept.stamp {
                return .file(kept)
            }
        }
        let entry = read(segments)
        cache.withLock { cache in
            guard case .file(let file) = entry, case .bytes = file.plain.content else { return cache.remove(path) }
            cache.keep(file, at: path)
        }
        return entry
    }

    private func read(_ segments: [String]) -> Entry? {
        guard let descriptor = descend(segments) else { return nil }
        var status = stat()
        var isTaken = false
        defer { if !isTaken { close(descriptor) } }
        guard fstat(descriptor, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .folder
        case S_IFREG: break
        default: return nil
        }
        let name = segments.last!
        guard status.st_size <= Self.keptFile else {
            isTaken = true
            return .file(StaticFile(status, name: name, open: descriptor))
        }
        return Self.content(of: descriptor, size: status.st_size).map {
            .file(StaticFile(status, name: name, content: $0))
        }
    }

    /// Opens one segment after the other without following a link.
    private func descend(_ segments: [String]) -> Int32? {
        var at = folder
        defer { if at != folder { close(at) } }
        for segment in segments.dropLast() {
            let next = openat(at, segment, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { return nil }
            if at != folder { close(at) }
            at = next
        }
        // Non-blocking, so that a pipe with no writer is opened, seen for what it is and refused.
        let descriptor = openat(at, segments.last ?? ".", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        return descriptor < 0 ? nil : descriptor
    }

    /// Exactly `size` bytes; nil if the file shrinks while it is read.
    private static func content(of descriptor: Int32, size: Int) -> [UInt8]? {
        let body = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
                if got > 0 { count += got } else if got == 0 || errno != EINTR { break }
            }
        }
        return body.count == size ? body : nil
    }

    /// Reads what there is below a folder, as far as there is room: the first visitor is not to wait for a compressor.
    private func readAhead(_ segments: [String], _ left: inout Int) {
        guard segments.count < Self.depthLimit, let descriptor = descend(segments) else { return }
        guard let entries = fdopendir(descriptor) else {
            close(descriptor)
            return
        }
        defer { closedir(entries) }
        while let entry = readdir(entries), left > 0, cache.withLock({ $0.bytes }) < Self.startBytes {
            left -= 1
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(validating: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name, Self.isPlain(name) else { continue }
            switch Int32(entry.pointee.d_type) {
            case Int32(DT_REG): _ = find(segments + [name])
            case Int32(DT_DIR): readAhead(segments + [name], &left)
            default: break
            }
        }
    }
}
