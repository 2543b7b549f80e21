// A shared worker lives as long as any tab does, also over a deploy. Its address carries the state of its files, so
// that a page loaded after the deploy starts a worker of its own and never speaks with one of another version.

import { fnv1a32 } from "./rows.js"

/** The worker and everything it imports. */
export const WORKER_FILES = ["live-worker.js", "hub.js", "link.js", "protocol.js", "rows.js", "backoff.js"]
const TIMEOUT_MS = 5_000

/** Changes when one of the files does: the server names their content in a tag. Empty if it can not be asked. */
export async function workerVersion() {
  try {
    const tags = await Promise.all(WORKER_FILES.map(async (file) => {
      const url = new URL(file, import.meta.url)
      const answer = await fetch(url, { method: "HEAD", cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) })
      return answer.headers.get("etag")
    }))
    return fnv1a32(tags.join(" ")).toString(36)
  } catch {
    return ""
  }
}
