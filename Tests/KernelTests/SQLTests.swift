import Kernel
import Testing

@Suite struct SQLTests {
    @Test func `a statement is moved to another schema by its names, and keeps what it binds`() {
        let sql: SQL = "select live.a, alive.b, x.live.c from live.t where live.d = \("live.e") and e = \(7) or live.f"
        let moved = sql.moved(from: "live", to: "shadow_t")
        #expect(
            moved.text
                == "select shadow_t.a, alive.b, x.live.c from shadow_t.t where shadow_t.d = $1 and e = $2 or shadow_t.f"
        )
        #expect(moved.bytes == sql.bytes)
        #expect(moved.parameters.map(\.length) == sql.parameters.map(\.length))
        // The places of its parameters are right: it can be part of another.
        let joined: SQL = "select \(1) union (\(moved))"
        #expect(
            joined.text
                == "select $1 union (select shadow_t.a, alive.b, x.live.c from shadow_t.t where shadow_t.d = $2 and e = $3 or shadow_t.f)"
        )
    }
}
