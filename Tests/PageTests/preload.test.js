import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { test } from "node:test"

const read = (path) => readFile(new URL(`../../Public${path}`, import.meta.url), "utf8")

test("the page names every module it needs at once, so that no import waits for another's arrival", async () => {
  const needed = new Set()
  const wanted = ["/js/main.js"]
  while (wanted.length > 0) {
    const path = wanted.pop()
    if (needed.has(path)) continue
    needed.add(path)
    for (const [, from] of (await read(path)).matchAll(/(?:^import|from) "(\.[^"]+)"/gm)) {
      wanted.push(new URL(from, `file://${path}`).pathname)
    }
  }
  const page = await read("/index.html")
  const named = [...page.matchAll(/<link rel="modulepreload" href="([^"]+)">/g)].map(([, path]) => path)
  needed.delete("/js/main.js")
  assert.deepEqual([...named].sort(), [...needed].sort())
})
