const WEEK_MS = 7 * 24 * 3600_000
const WEEKS = 4

/** How many of the last four weeks have none of these times. */
export function weeksWithout(times: number[], now: number): number {
  const weeks = new Set(times.map((at) => Math.floor((now - at) / WEEK_MS)))
  return Array.from({ length: WEEKS }, (_, week) => week).filter((week) => !weeks.has(week)).length
}
