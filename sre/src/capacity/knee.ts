import { readFileSync } from 'node:fs'
import type { Store } from '../store/store.ts'
import { timeText } from '../text.ts'
import { CannotTell } from '../verb.ts'

/** The highest load that held when it was raised until the system broke. */
export interface Knee {
  /** answered requests of all routes, as the load generator counted them */
  requestsPerSecond: number
  level: number
  unit: 'rps' | 'users'
  p99Ms: number
  /** why the next level broke; undefined when none did, and then the knee is higher */
  brokenBy: string | undefined
  /** milliseconds since 1970 */
  measuredAt: number
}

/**
 * Reads what `npm run load -- --until-breaks --json FILE` wrote.
 *
 * @throws {CannotTell} when there is no such file, or no knee in it
 */
export function readKnee(file: string): Knee {
  const report = readReport(file)
  const { search, startedAt } = report
  const { knee, beyond, unit = 'rps' } = search ?? {}
  const requestsPerSecond = knee?.summary?.all?.perSecond
  if (!knee || typeof requestsPerSecond !== 'number') {
    throw new CannotTell('The file has no knee: npm run load -- --until-breaks --refill --json FILE', file)
  }
  return {
    requestsPerSecond,
    level: knee.level ?? 0,
    unit,
    p99Ms: knee.summary?.all?.p99Ms ?? 0,
    brokenBy: beyond?.broken,
    measuredAt: Date.parse(startedAt ?? ''),
  }
}

/** Remembers a knee; the same measurement once. */
export function keepKnee(store: Store, knee: Knee): void {
  store.transaction(() => {
    store.run("DELETE FROM evidence WHERE kind = 'knee' AND at = ?", knee.measuredAt)
    store.run(
      "INSERT INTO evidence (kind, at, data) VALUES ('knee', ?, ?)",
      knee.measuredAt,
      JSON.stringify(knee),
    )
  })
}

/** The knee that was measured last, of those that were read once. */
export function latestKnee(store: Store): Knee | undefined {
  const row = store.get<{ data: string }>(
    "SELECT data FROM evidence WHERE kind = 'knee' ORDER BY at DESC LIMIT 1",
  )
  return row && (JSON.parse(row.data) as Knee)
}

export function kneeText({ requestsPerSecond, p99Ms, brokenBy, measuredAt }: Knee): string {
  const bound = brokenBy === undefined ? 'at least ' : ''
  const why = brokenBy === undefined ? 'no level broke' : `beyond it: ${brokenBy}`
  return `${bound}${requestsPerSecond.toFixed(0)} requests/s, p99 ${p99Ms.toFixed(0)} ms, ${timeText(measuredAt)}; ${why}`
}

function readReport(file: string): LoadReport {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as LoadReport
    if (Number.isNaN(Date.parse(report.startedAt ?? ''))) throw new Error('it has no startedAt')
    return report
  } catch (error) {
    throw new CannotTell(`The measured knee cannot be read: ${(error as Error).message}`, file)
  }
}

interface LoadReport {
  startedAt?: string
  search?: {
    unit?: 'rps' | 'users'
    knee?: { level?: number; summary?: { all?: { perSecond?: number; p99Ms?: number } } }
    beyond?: { broken?: string }
  }
}
