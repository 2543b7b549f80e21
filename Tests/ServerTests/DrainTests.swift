import EventLoop
import HTTP
import Server
import TestSupport
import Testing

@Suite struct DrainTests {
    @Test func `a drain ends idle connections, waits for requests and takes no new ones`() async throws {
        let door = Door()
        let server = try TestServer { router in
            router.get("/slow") { _ in
                await door.pass()
                return .text("slow")
            }
        }
        let idle = server.client()
        let busy = server.client()
        #expect(await idle.ask("GET", "/nowhere")?.status == 404)
        await busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { door.isAwaited })
        async let drained: Void = server.server.drain(within: .seconds(30))
        #expect(await idle.receive() == [])
        door.open()
        let answer = await busy.receiveResponse()
        #expect(answer?.text == "slow")
        #expect(answer?["connection"] == "close")
        #expect(await busy.receive() == [])
        await idle.finishSending()
        await busy.finishSending()
        await drained
        server.loop.stop()
    }

    @Test func `what has not ended at the deadline is dropped`() async throws {
        let door = Door()
        let server = try TestServer { router in
            router.get("/slow") { _ in
                await door.pass()
                return .text("slow")
            }
        }
        let client = server.client()
        await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { door.isAwaited })
        async let drained: Void = server.server.drain(within: .seconds(30))
        #expect(
            await eventually {
                server.clock.advance(by: .seconds(10))
                return await server.server.connections == 0
            })
        await drained
        #expect(await client.receive() == [])
        door.open()
        server.loop.stop()
    }
}
