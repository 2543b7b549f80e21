import Glibc
public import HTTP
import Synchronization

/// Files of one folder, kept in memory and looked at again on every request, so that an edit shows at the next reload.
///
/// Only regular files below the folder are served: no name that starts with a dot, no symbolic link on the way, no
/// device or pipe, and nothing that an escape would lead elsewhere.
public final class StaticFiles: Sendable {
    /// A file larger than this is not served, and all files kept are not more than that together.
    public static let fileLimit = 16 << 20
    public static let cacheLimit = 64 << 20
    private static let depthLimit = 16

    /// What tells one state of a file from another.
    private struct Stamp: Equatable {
        let device: UInt
        let inode: UInt
        let size: Int
        let seconds: Int
        let nanoseconds: Int

        init(_ status: stat) {
            device = status.st_dev
            inode = status.st_ino
            size = status.st_size
            (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        }
    }

    private struct File {
        let stamp: Stamp
        let tag: String
        let headers: Headers
        let body: [UInt8]
    }

    private struct Cache {
        var files: [String: File] = [:]
        var bytes = 0
    }

    private enum Entry {
        case file(File)
        case folder
    }

    private let root: String
    private let folder: Int32
    private let cache = Mutex(Cache())

    /// Serves the folder at `path`; nil if there is none.
    public init?(_ path: String) {
        folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        root = path
        if folder < 0 { return nil }
    }

    deinit { if folder >= 0 { close(folder) } }

    /// Answers GET or HEAD for the part of the path that begins at byte `start`.
    func answer(_ head: RequestHead, below start: Int) -> Response {
        let segments = head.withPath { path in
            PercentEncoding.segments(of: UnsafeRawBufferPointer(rebasing: path[(start - 1)...]))
        }
        guard var segments, segments.count <= Self.depthLimit else { return .plain(.notFound) }
        if segments.last == "" { segments[segments.count - 1] = "index.html" }
        return answer(head, segments)
    }

    /// Answers GET or HEAD of any path with the folder's `index.html`: a page that shows screens at paths of its own.
    public func answerIndex(_ request: Request) -> Response { answer(request.head, ["index.html"]) }

    private func answer(_ head: RequestHead, _ segments: [String]) -> Response {
        guard segments.allSatisfy(Self.isPlain) else { return .plain(.notFound) }
        switch find(segments) {
        case nil: return .plain(.notFound)
        case .folder:
            // The path has no empty segment, so this cannot lead to another host.
            return Response(.permanentRedirect, headers: ["location": head.path + "/"])
        case .file(let file):
            switch Preconditions(head, tag: file.tag, modified: file.stamp.seconds) {
            case .proceed: return Response(.ok, headers: file.headers, body: file.body)
            case .notModified: return Response(.notModified, headers: file.headers)
            case .failed: return .plain(.preconditionFailed)
            }
        }
    }

    /// Whether a segment can only be the name of something in its folder.
    private static func isPlain(_ segment: String) -> Bool {
        !segment.isEmpty && segment.utf8.first != UInt8(ascii: ".")
            && segment.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") && $0 >= 32 && $0 != 127 }
    }

    private func find(_ segments: [String]) -> Entry? {
        let path = segments.joined(separator: "/")
        let kept = cache.withLock { $0.files[path] }
        if let kept {
            var status = stat()
            // Another file, or the same one changed, has another stamp; then it is sought anew, link by link.
            if fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0, Stamp(status) == kept.stamp {
                return .file(kept)
            }
        }
        let entry = read(segments)
        cache.withLock { cache in
            if let kept { cache.bytes -= cache.files.removeValue(forKey: path) == nil ? 0 : kept.body.count }
            guard case .file(let file) = entry else { return }
            if cache.bytes + file.body.count > Self.cacheLimit { cache = Cache() }
            cache.files[path] = file
            cache.bytes += file.body.count
        }
        return entry
    }

    /// Opens one segment after the other without following a link, and reads what is there.
    private func read(_ segments: [String]) -> Entry? {
        var at = folder
        defer { if at != folder { close(at) } }
        for segment in segments.dropLast() {
            let next = openat(at, segment, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { return nil }
            if at != folder { close(at) }
            at = next
        }
        // Non-blocking, so that a pipe with no writer is opened, seen for what it is and refused.
        let descriptor = openat(at, segments.last!, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .folder
        case S_IFREG where status.st_size <= Self.fileLimit: break
        default: return nil
        }
        guard let body = Self.content(of: descriptor, size: status.st_size) else { return nil }
        let tag = Self.tag(body)
        let headers: Headers = [
            "content-type": ContentType.of(segments.last!),
            "etag": tag,
            "last-modified": HTTPDate.text(status.st_mtim.tv_sec),
            // Kept by the browser, but asked for every time: an unchanged file costs a 304.
            "cache-control": "no-cache",
        ]
        return .file(File(stamp: Stamp(status), tag: tag, headers: headers, body: body))
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

    /// A strong entity tag: the length and a hash (FNV-1a, 64 bits) of the content.
    private static func tag(_ body: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in body { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return "\"\(String(body.count, radix: 36))-\(String(hash, radix: 36))\""
    }
}
