import assert from "node:assert/strict"
import { afterEach, test } from "node:test"
import { Attempt, Refusal, uuid } from "../../Public/js/send.js"

const real = globalThis.fetch
afterEach(() => { globalThis.fetch = real })

/** Answers requests from a list, the last one for ever; an Error is a network that failed. */
function server(...answers) {
  const keys = []
  globalThis.fetch = async (_, { headers }) => {
    keys.push(headers["Idempotency-Key"])
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    if (answer instanceof Error) throw answer
    return new Response(JSON.stringify(answer.body), { status: answer.status })
  }
  return keys
}

const down = new TypeError("failed to fetch")
const done = { status: 200, body: { id: "1", version: 2, position: 3, correlationId: "c" } }

test("a command that may have arrived is repeated with the same key", async () => {
  const keys = server(down, { status: 503, body: {} }, done)
  const answer = await new Attempt().send("POST", "/x", { a: 1 })
  assert.equal(answer.position, 3)
  assert.equal(keys.length, 3)
  assert.equal(new Set(keys).size, 1)
})

test("pressing again after the network failed repeats the same attempt", async () => {
  const attempt = new Attempt()
  const failed = server(down)
  await assert.rejects(attempt.send("POST", "/x", { a: 1 }), { code: "offline" })
  const again = server(done)
  await attempt.send("POST", "/x", { a: 1 })
  assert.equal(again[0], failed[0])
})

test("a changed form, or one the server has answered, is a new attempt", async () => {
  const attempt = new Attempt()
  const keys = server({ status: 409, body: { code: "conflict", message: "no" } })
  await assert.rejects(attempt.send("POST", "/x", { a: 1 }))
  await assert.rejects(attempt.send("POST", "/x", { a: 1 }))
  await assert.rejects(attempt.send("POST", "/x", { a: 2 }))
  assert.equal(new Set(keys).size, 3)
})

test("a refusal carries kind, words, field and reference", async () => {
  server({ status: 400, body: { code: "invalid", message: "name is required", field: "name", correlationId: "c1" } })
  await assert.rejects(new Attempt().send("POST", "/x", {}), (error) => {
    assert.ok(error instanceof Refusal)
    assert.deepEqual({ ...error, name: undefined },
      { name: undefined, code: "invalid", field: "name", correlationId: "c1", status: 400 })
    assert.equal(error.message, "name is required")
    return true
  })
})

test("an answer that is no JSON is still a refusal and not a crash", async () => {
  globalThis.fetch = async () => new Response("<html>", { status: 500 })
  await assert.rejects(new Attempt().send("POST", "/x"), { code: "internal", status: 500 })
})

test("keys are version 4 UUIDs", () => {
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
