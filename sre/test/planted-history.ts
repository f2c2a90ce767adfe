const SCRAPE_MS = 15_000

interface Plan {
  /** the first scrape, milliseconds since 1970 */
  fromMs: number
  toMs: number
  /** from here on the counter begins at 0 again */
  restartAt?: number
}

type Labels = Record<string, string>

/** A counter in the OpenMetrics text format. @param perScrape what it rises by until a scrape */
export function counterLines(
  name: string,
  labels: Labels,
  { fromMs, toMs, restartAt = Infinity }: Plan,
  perScrape: (at: number) => number,
): string {
  let value = 0
  let restarted = false
  return scrapes(fromMs, toMs)
    .map((at) => {
      if (!restarted && at >= restartAt) {
        value = 0
        restarted = true
      }
      value += perScrape(at)
      return lineOf(name, labels, value, at)
    })
    .join('\n')
}

/** A gauge in the OpenMetrics text format. */
export function gaugeLines(
  name: string,
  labels: Labels,
  { fromMs, toMs }: Plan,
  valueAt: (at: number) => number,
): string {
  return scrapes(fromMs, toMs)
    .map((at) => lineOf(name, labels, valueAt(at), at))
    .join('\n')
}

function scrapes(fromMs: number, toMs: number): number[] {
  return Array.from(
    { length: Math.floor((toMs - fromMs) / SCRAPE_MS) + 1 },
    (_, index) => fromMs + index * SCRAPE_MS,
  )
}

function lineOf(name: string, labels: Labels, value: number, at: number): string {
  const inside = Object.entries(labels).map(([label, text]) => `${label}="${text}"`)
  return `${name}{${inside.join(',')}} ${value} ${at / 1000}`
}
