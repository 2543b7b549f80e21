import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { afterEach, mock, test } from "node:test"
import { WORKER_FILES, workerVersion } from "../../Public/js/worker-version.js"

afterEach(() => mock.restoreAll())

/** A server whose files have these tags; the others have one that never changes. */
function serving(tags) {
  mock.method(globalThis, "fetch", async (url) => {
    const name = String(url).split("/").at(-1)
    return { headers: new Headers({ etag: tags[name] ?? '"same"' }) }
  })
}

test("the version is taken from the worker and from everything it imports, directly or not", async () => {
  const found = new Set()
  const wanted = ["live-worker.js"]
  while (wanted.length > 0) {
    const file = wanted.pop()
    if (found.has(file)) continue
    found.add(file)
    const source = await readFile(new URL(`../../Public/js/${file}`, import.meta.url), "utf8")
    for (const [, imported] of source.matchAll(/from "\.\/([^"]+)"/g)) wanted.push(imported)
  }
  assert.deepEqual([...found].sort(), [...WORKER_FILES].sort())
})

test("a file that changed is another version, and files that did not are the same one", async () => {
  serving({})
  const before = await workerVersion()
  assert.equal(await workerVersion(), before)
  for (const file of WORKER_FILES) {
    serving({ [file]: '"new"' })
    assert.notEqual(await workerVersion(), before, file)
  }
})

test("a server that can not be asked keeps nobody from connecting", async () => {
  mock.method(globalThis, "fetch", async () => { throw new TypeError("no network") })
  assert.equal(await workerVersion(), "")
})
