// When to try again, and what may be said about how fresh the page is. Pure: time and chance are arguments.

export const BASE_MS = 500
export const CAP_MS = 20_000
/** The server commits at least every 5 s. */
export const LATE_AFTER_MS = 7_000
export const DEAD_AFTER_MS = 16_000
export const LAG_LIMIT_MS = 2_000

/** Full jitter: anywhere between nothing and a ceiling that doubles, so that a thousand pages do not return at once. */
export function delay(attempt, random) {
  return Math.round(random * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 16)))
}

/** The server says in the reason of a 4410 how long this page is to stay away. */
export function farewellDelay(reason) {
  const asked = /^\d{1,7}$/.test(reason) ? Number(reason) : NaN
  return Number.isNaN(asked) ? undefined : Math.min(asked, 60_000)
}

/**
 * What the badge may claim. Live needs an open connection, a recent commit and a small lag, all three.
 * `status` is what the link says, `commit` the last one received ({asOf, lagMs, at}),
 * `held` whether it is being withheld.
 */
export function freshness({ status, commit, held, now }) {
  const asOf = commit?.asOf
  if (status.state !== "open") {
    const wait = status.retryAt ? Math.max(0, Math.ceil((status.retryAt - now) / 1000)) : undefined
    return { level: commit || status.attempt > 0 ? "down" : "starting", asOf, wait, offline: status.offline === true }
  }
  if (!commit) return { level: "starting", asOf }
  const silent = now - commit.at
  // A commit of an earlier connection says nothing about this one: the page has yet to catch up.
  if (silent > LATE_AFTER_MS || commit.at < status.since) return { level: "late", asOf, lagMs: commit.lagMs + silent }
  if (commit.lagMs > LAG_LIMIT_MS) return { level: "late", asOf, lagMs: commit.lagMs }
  if (held) return { level: "held", asOf: held.asOf }
  return { level: "live", asOf }
}
