import Crypto
import Deflate
import Glibc
import HTTP

/// One state of a file, in each form it is sent in.
struct StaticFile {
    /// What tells one state of a file from another. The time of the last change to the inode is in it because no program
    /// can set it.
    struct Stamp: Equatable {
        let device: UInt
        let inode: UInt
        let size: Int
        let seconds: Int
        let nanoseconds: Int
        let changed: [Int]

        init(_ status: stat) {
            device = status.st_dev
            inode = status.st_ino
            size = status.st_size
            (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
            changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
        }
    }

    enum Content {
        case bytes([UInt8])
        case file(OpenFile, length: Int)

        var length: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .file(_, let length): length
            }
        }

        func piece(_ range: Range<Int>) -> Output.Piece {
            switch self {
            case .bytes(let bytes): .bytes(range.count == bytes.count ? bytes : Array(bytes[range]))
            case .file(let file, _): .file(FileSlice(file, range))
            }
        }
    }

    /// A representation: the content in one coding. RFC 9110 §8.8.3.3 has each coding's tag differ.
    struct Form {
        let tag: String
        let type: String
        /// What an answer without content carries as well.
        let headers: Headers
        let coding: String?
        let content: Content
    }

    let stamp: Stamp
    let plain: Form
    let gzip: Form?

    /// Bytes it takes in memory.
    var size: Int {
        func size(_ form: Form?) -> Int { if case .bytes(let bytes) = form?.content { bytes.count } else { 0 } }
        return size(plain) + size(gzip) + Self.overhead
    }

    /// What a file costs beside its content.
    private static let overhead = 1024
    /// A file up to this size is compressed, once: 30 ms of work.
    private static let gzipLimit = 1 << 20
    /// Below this a packet is not saved.
    private static let gzipLeast = 1024

    /// A file whose content is kept.
    init(_ status: stat, name: String, content: [UInt8]) {
        let stamp = Stamp(status)
        let hash = Self.hexadecimal(Digest.sha256(content))
        let cache = Self.names(hash, in: name) ? "public, max-age=31536000, immutable" : Self.revalidated
        let type = ContentType.of(name)
        let packed =
            ContentType.compresses(type) && Self.gzipLeast...Self.gzipLimit ~= content.count
            ? Gzip.compress(content) : content
        let isPacked = packed.count < content.count
        func form(_ coding: String?, _ content: [UInt8]) -> Form {
            let tag = "\"\(hash.prefix(32))\(coding.map { "-" + $0 } ?? "")\""
            return Form(
                tag: tag, type: type, headers: Self.headers(tag, cache, stamp, varies: isPacked), coding: coding,
                content: .bytes(content))
        }
        self.stamp = stamp
        plain = form(nil, content)
        gzip = isPacked ? form("gzip", packed) : nil
    }

    /// A file that is sent from where it lies. To hash it would take as long as to send it, so its tag is its state's.
    init(_ status: stat, name: String, open descriptor: Int32) {
        stamp = Stamp(status)
        let state = [Int(stamp.inode), stamp.size, stamp.seconds, stamp.nanoseconds] + stamp.changed
        let tag = "\"\(state.map { String($0, radix: 36) }.joined(separator: "-"))\""
        plain = Form(
            tag: tag, type: ContentType.of(name), headers: Self.headers(tag, Self.revalidated, stamp, varies: false),
            coding: nil, content: .file(OpenFile(descriptor), length: status.st_size))
        gzip = nil
    }

    /// Kept by the browser, but asked for every time: an unchanged file costs a 304.
    private static let revalidated = "no-cache"

    private static func headers(_ tag: String, _ cache: String, _ stamp: Stamp, varies: Bool) -> Headers {
        var headers: Headers = [
            "etag": tag, "last-modified": HTTPDate.text(stamp.seconds), "cache-control": cache,
        ]
        if varies { headers.add("vary", "accept-encoding") }
        return headers
    }

    /// Whether the name carries the hash of the content, as `app.3f786850e387550f.js`: then it never means anything else.
    /// That is looked at, not believed.
    private static func names(_ hash: String, in name: String) -> Bool {
        name.split { $0 == "." || $0 == "-" }.contains { 16...64 ~= $0.count && hash.hasPrefix($0.lowercased()) }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
