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

    @Test(arguments: [
        "/.secret", "/%2esecret", "/.git/config", "/css/../.secret", "/../etc/passwd", "/..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd", "/css/..%5c..%5csecret", "/passwd", "/up/etc/passwd", "/up/", "/inside.js",
        "/pipe",
        "//etc/passwd", "/css//base.css", "/page.js/", "/page.js%00.css", "/css/%2e/base.css", "/./page.js",
        "/assets/../page.js", "/%c0%ae%c0%ae/etc/passwd", "/page.js%0a",
    ])
    func `no spelling leads to a hidden, special, linked or foreign file`(path: String) async throws {
        let server = try server()
        #expect(await server.client().ask("GET", path)?.status == 404)
        await server.stop()
    }
}
