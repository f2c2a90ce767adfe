import type { Metrics } from '@quickticket/testing/prometheus-text'

/** How many there are of each: the keys are `METHOD path status`. */
export type Tally = Record<string, number>

export function count(tally: Tally, key: string, by = 1): void {
  tally[key] = (tally[key] ?? 0) + by
}

/** The requests that a service counted between two scrapes, as `METHOD path status`. */
export function countedRequests(service: string, before: Metrics, after: Metrics): Tally {
  return difference(`${service}_requests_total`, ['method', 'path', 'status'], before, after)
}

/** The same from the histogram of durations, as `METHOD path`. */
export function timedRequests(service: string, before: Metrics, after: Metrics): Tally {
  return difference(`${service}_request_duration_seconds_count`, ['method', 'path'], before, after)
}

/** The part of a tally that has no status: `METHOD path`. */
export function withoutStatus(tally: Tally): Tally {
  const short: Tally = {}
  for (const [key, times] of Object.entries(tally)) count(short, key.slice(0, key.lastIndexOf(' ')), times)
  return short
}

function difference(name: string, labels: string[], before: Metrics, after: Metrics): Tally {
  const tally: Tally = {}
  for (const [metrics, sign] of [
    [before, -1],
    [after, 1],
  ] as const) {
    for (const sample of metrics.samples) {
      if (sample.name === name)
        count(tally, labels.map((label) => sample.labels[label]).join(' '), sign * sample.value)
    }
  }
  return Object.fromEntries(Object.entries(tally).filter(([, times]) => times !== 0))
}
