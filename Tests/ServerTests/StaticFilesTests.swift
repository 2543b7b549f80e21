import Glibc
import HTTP
import Server
import TestSupport
import Testing

/// A folder that is gone when the test is.
final class Folder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/mallbots-files-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
    }

    deinit {
        // Ours alone, by the name that mkdtemp chose.
        for name in ["css/base.css", ".git/config"] { unlink("\(path)/\(name)") }
        guard let entries = opendir(path) else { return }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { remove("\(path)/\(name)") }
        }
        rmdir(path)
    }

    func write(_ name: String, _ text: String, modified: Int? = nil) {
        let file = fopen("\(path)/\(name)", "w")!
        fputs(text, file)
        fclose(file)
        if let modified {
            var times = [timespec(tv_sec: modified, tv_nsec: 0), timespec(tv_sec: modified, tv_nsec: 0)]
            utimensat(AT_FDCWD, "\(path)/\(name)", &times, 0)
        }
    }

    func write(_ name: String, bytes: [UInt8]) {
        let file = fopen("\(path)/\(name)", "w")!
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    func makeFolder(_ name: String) { mkdir("\(path)/\(name)", 0o755) }
    func link(_ name: String, to target: String) { symlink(target, "\(path)/\(name)") }
}

@Suite struct StaticFilesTests {
    private let folder = Folder()

    private func server() throws -> TestServer {
        folder.write("index.html", "<p>home</p>", modified: 784_111_777)
        folder.write("page.js", "1", modified: 784_111_777)
        folder.write(".secret", "secret")
        folder.makeFolder("css")
        folder.write("css/base.css", "a{}")
        folder.makeFolder(".git")
        folder.write(".git/config", "secret")
        folder.link("passwd", to: "/etc/passwd")
        folder.link("up", to: "..")
        folder.link("inside.js", to: "page.js")
        mkfifo("\(folder.path)/pipe", 0o644)
        mknod("\(folder.path)/socket", S_IFSOCK | 0o644, 0)
        let files = try #require(StaticFiles(folder.path))
        return try TestServer { router in
            router.get("/api/time") { _ in .text("now") }
            router.files("/", files)
            router.files("/assets/", files)
        }
    }

    @Test func `a file has a type, a strong tag and a date`() async throws {
        let server = try server()
        let answer = try #require(await server.client().ask("GET", "/page.js"))
        #expect(answer.status == 200)
        #expect(answer.text == "1")
        #expect(answer["content-type"] == "text/javascript; charset=utf-8")
        #expect(answer["etag"]?.hasPrefix("\"") == true)
        #expect(answer["last-modified"] == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(answer["cache-control"] == "no-cache")
        await server.stop()
    }

    @Test func `a folder is its index, and without its slash it is elsewhere`() async throws {
        let server = try server()
        let client = server.client()
        #expect(await client.ask("GET", "/")?.text == "<p>home</p>")
        #expect(await client.ask("GET", "/assets/css/base.css")?.text == "a{}")
        #expect(await client.ask("GET", "/api/time")?.text == "now")
        let answer = await client.ask("GET", "/css")
        #expect(answer?.status == 308)
        #expect(answer?["location"] == "/css/")
        #expect(await client.ask("GET", "/css/")?.status == 404)
        await server.stop()
    }

    @Test func `HEAD has GET's fields and no body, other methods are refused`() async throws {
        let server = try server()
        let client = server.client()
        let answer = await client.ask("HEAD", "/page.js")
        #expect(answer?.status == 200)
        #expect(answer?["content-length"] == "1")
        let refused = await client.ask("POST", "/page.js")
        #expect(refused?.status == 405)
        #expect(refused?["allow"] == "GET, HEAD, OPTIONS")
        #expect(await client.ask("OPTIONS", "/page.js")?.status == 204)
        await server.stop()
    }

    @Test func `a file the client has is not sent again`() async throws {
        let server = try server()
        let client = server.client()
        let tag = try #require(await client.ask("GET", "/page.js")?["etag"])
        let known = await client.ask("GET", "/page.js", "If-None-Match: \(tag)")
        #expect(known?.status == 304)
        #expect(known?["etag"] == tag)
        #expect(known?["content-length"] == nil)
        #expect(await client.ask("GET", "/page.js", "If-None-Match: \"other\"")?.status == 200)
        #expect(await client.ask("GET", "/page.js", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT")?.status == 304)
        #expect(await client.ask("GET", "/page.js", "If-Match: \"other\"")?.status == 412)
        await server.stop()
    }

    @Test func `an edited file is sent as it is now, and a removed one not at all`() async throws {
        let server = try server()
        let client = server.client()
        let tag = try #require(await client.ask("GET", "/page.js")?["etag"])
        folder.write("page.js", "2", modified: 784_111_778)
        let answer = await client.ask("GET", "/page.js", "If-None-Match: \(tag)")
        #expect(answer?.status == 200)
        #expect(answer?.text == "2")
        unlink("\(folder.path)/page.js")
        #expect(await client.ask("GET", "/page.js")?.status == 404)
        await server.stop()
    }

    @Test func `a part of a file is sent by itself`() async throws {
        folder.write("digits.txt", "0123456789", modified: 784_111_777)
        let server = try server()
        let client = server.client()
        let tag = try #require(await client.ask("GET", "/digits.txt")?["etag"])
        let part = await client.ask("GET", "/digits.txt", "Range: bytes=2-4")
        #expect(part?.status == 206)
        #expect(part?.text == "234")
        #expect(part?["content-range"] == "bytes 2-4/10")
        #expect(part?["content-length"] == "3")
        #expect(part?["etag"] == tag)
        #expect(await client.ask("GET", "/digits.txt", "Range: bytes=-1", "If-Range: \(tag)")?.text == "9")
        #expect(await client.ask("GET", "/digits.txt", "Range: bytes=-1", "If-Range: \"old\"")?.text == "0123456789")
        let beyond = await client.ask("GET", "/digits.txt", "Range: bytes=10-")
        #expect(beyond?.status == 416)
        #expect(beyond?["content-range"] == "bytes */10")
        let head = await client.ask("HEAD", "/digits.txt", "Range: bytes=2-4")
        #expect(head?.status == 200)
        #expect(head?["content-length"] == "10")
        #expect(await client.ask("GET", "/digits.txt", "Range: bytes=2-4", "If-None-Match: \(tag)")?.status == 304)
        await server.stop()
    }

    @Test func `several parts come in one body`() async throws {
        folder.write("digits.txt", "0123456789", modified: 784_111_777)
        let server = try server()
        let answer = try #require(await server.client().ask("GET", "/digits.txt", "Range: bytes=0-1,-2"))
        #expect(answer.status == 206)
        let type = try #require(answer["content-type"])
        let boundary = try #require(type.split(separator: "boundary=").last)
        #expect(type == "multipart/byteranges; boundary=\(boundary)")
        func part(_ range: String, _ text: String) -> String {
            "\r\n--\(boundary)\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-range: bytes \(range)/10\r\n\r\n\(text)"
        }
        #expect(answer.text == part("0-1", "01") + part("8-9", "89") + "\r\n--\(boundary)--\r\n")
        await server.stop()
    }

    @Test func `text is sent compressed to who wants it so, under another tag`() async throws {
        let text = String(repeating: "a rose is ", count: 1000)
        folder.write("rose.txt", text)
        folder.write("rose.png", text)
        let server = try server()
        let client = server.client()
        let plain = try #require(await client.ask("GET", "/rose.txt"))
        let packed = try #require(await client.ask("GET", "/rose.txt", "Accept-Encoding: br, gzip"))
        #expect(plain.text == text)
        #expect(plain["content-encoding"] == nil)
        #expect(packed["content-encoding"] == "gzip")
        #expect(packed.body.starts(with: [0x1f, 0x8b, 8]))
        #expect(packed.body.count < 200)
        #expect([plain["vary"], packed["vary"]] == ["accept-encoding", "accept-encoding"])
        let tag = try #require(packed["etag"])
        #expect(tag != plain["etag"])
        #expect(await client.ask("GET", "/rose.txt", "Accept-Encoding: gzip", "If-None-Match: \(tag)")?.status == 304)
        #expect(await client.ask("GET", "/rose.txt", "If-None-Match: \(tag)")?.status == 200)
        let part = await client.ask("GET", "/rose.txt", "Accept-Encoding: gzip", "Range: bytes=0-1", "If-Range: \(tag)")
        #expect(part?.body == [0x1f, 0x8b])
        #expect(part?["content-encoding"] == "gzip")
        #expect(await client.ask("GET", "/rose.png", "Accept-Encoding: gzip")?["content-encoding"] == nil)
        await server.stop()
    }

    @Test func `a name that carries its content's hash is never asked for again`() async throws {
        // The SHA-256 of "1" begins so.
        folder.write("app.6b86b273ff34fce1.js", "1")
        folder.write("app.0000000000000000.js", "1")
        let server = try server()
        let client = server.client()
        #expect(
            await client.ask("GET", "/app.6b86b273ff34fce1.js")?["cache-control"]
                == "public, max-age=31536000, immutable")
        #expect(await client.ask("GET", "/app.0000000000000000.js")?["cache-control"] == "no-cache")
        await server.stop()
    }

    @Test func `a large file is sent from where it lies, whole and in parts`() async throws {
        let size = 9 << 20
        folder.write("large.bin", bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
        func byte(_ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: place &* 31 >> 3) }
        let server = try server()
        let client = server.client()
        let whole = try #require(await client.ask("GET", "/large.bin"))
        #expect(whole.body == (0..<size).map(byte))
        let tag = try #require(whole["etag"])
        let part = await client.ask("GET", "/large.bin", "Range: bytes=5000000-7999999", "If-Range: \(tag)")
        #expect(part?.status == 206)
        #expect(part?.body == (5_000_000..<8_000_000).map(byte))
        let parts = await client.ask("GET", "/large.bin", "Range: bytes=0-99,8000000-8000099")
        #expect(parts?.body.count == parts?["content-length"].flatMap { Int($0) })
        #expect(await client.ask("HEAD", "/large.bin")?["content-length"] == "\(size)")
        #expect(await client.ask("GET", "/large.bin", "If-None-Match: \(tag)")?.status == 304)
        #expect(await client.ask("GET", "/page.js")?.text == "1")
        await server.stop()
    }

    @Test func `a file that becomes shorter while it is sent ends its connection, and no other`() async throws {
        folder.write("large.bin", bytes: [UInt8](repeating: 7, count: 64 << 20))
        let server = try server()
        let slow = server.client(receiveBuffer: 4096)
        await slow.send("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await slow.receive(exactly: 100_000) != nil)
        truncate("\(folder.path)/large.bin", 1 << 20)
        _ = await slow.receiveToEnd()
        #expect(await server.holds(0))
        #expect(await server.client().ask("GET", "/page.js")?.status == 200)
        await server.stop()
    }

    @Test(arguments: [
        "/.secret", "/%2esecret", "/.git/config", "/css/../.secret", "/../etc/passwd", "/..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd", "/css/..%5c..%5csecret", "/passwd", "/up/etc/passwd", "/up/", "/inside.js",
        "/pipe",
        "//etc/passwd", "/css//base.css", "/page.js/", "/page.js%00.css", "/css/%2e/base.css", "/./page.js",
        "/assets/../page.js", "/%c0%ae%c0%ae/etc/passwd", "/page.js%0a", "/%252e%252e/etc/passwd", "/..%252fetc/passwd",
        "/%2e%2e%5cetc%5cpasswd", "/%2fetc/passwd", "/%5cetc/passwd", "/css%2fbase.css", "/css%5cbase.css",
        "/page.js%2f", "/page.js%00", "/%00/page.js", "/...//page.js", "/;/../etc/passwd", "/up%2fetc%2fpasswd",
        "/css/%2e%2e/page.js", "/css/.%2e/page.js", "/%2e/page.js", "/PAGE.JS", "/page.js.", "/page.js%20",
        "/~root", "/%ff", "/css;/base.css", "/socket",
    ])
    func `no spelling leads to a hidden, special, linked or foreign file`(path: String) async throws {
        let server = try server()
        #expect(await server.client().ask("GET", path)?.status == 404)
        await server.stop()
    }
}
