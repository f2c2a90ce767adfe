import type { Prometheus } from '../prometheus.ts'
import { type Labels, type Period, type Run, readRuns } from './runs.ts'

export type { Period } from './runs.ts'

/** Something that Prometheus saw begin, and perhaps end. */
export interface Episode {
  kind: 'alert' | 'deploy' | 'fault'
  /** the alert, the fault, or the version */
  name: string
  service: string
  /** milliseconds since 1970; what was there before the period begins with it */
  begin: number
  /** undefined: it goes on */
  end: number | undefined
  labels: Labels
}

/** Services whose faults and versions count: other programs have a `build_info` as well. */
const SERVICES = 'gateway|events|payments|notifications'

export const ALERTS_QUERY = 'ALERTS{alertstate="firing"}'
export const FAULTS_QUERY = `max by (job, fault) ({__name__=~"(${SERVICES})_fault_active"}) == 1`
export const DEPLOYS_QUERY = `sum by (job, version) ({__name__=~"(${SERVICES})_build_info"})`

const FIRST_SCRAPES_MS = 30_000

/** Alerts that fired in a period, those of Prometheus itself, silenced or not. */
export async function observeAlerts(prometheus: Prometheus, period: Period): Promise<Episode[]> {
  const runs = await readRuns(prometheus, ALERTS_QUERY, period)
  return runs.map(({ labels, begin, end }) => ({
    kind: 'alert',
    name: labels.alertname ?? '',
    service: labels.service ?? labels.slo ?? '',
    begin,
    end,
    labels,
  }))
}

/** Faults that the services say they injected. A sealed fault is called `sealed`. */
export async function observeFaults(prometheus: Prometheus, period: Period): Promise<Episode[]> {
  const runs = await readRuns(prometheus, FAULTS_QUERY, period)
  return runs.map(({ labels, begin, end }) => ({
    kind: 'fault',
    name: labels.fault ?? '',
    service: labels.job ?? '',
    begin,
    end,
    labels,
  }))
}

/**
 * Versions that began to run in a period. The version that runs first of all is no deploy, and the same version again is a restart.
 * A deploy ends when the versions before it have gone, so that a canary has a length. It is `aborted` when it has gone before them.
 */
export async function observeDeploys(prometheus: Prometheus, period: Period): Promise<Episode[]> {
  const runs = await readRuns(prometheus, DEPLOYS_QUERY, period)
  const byService = Map.groupBy(runs, ({ labels }) => labels.job ?? '')
  return [...byService].flatMap(([service, versions]) => deploysOf(service, versions))
}

function deploysOf(service: string, runs: Run[]): Episode[] {
  const versions = runs.toSorted((a, b) => a.begin - b.begin)
  const firstSeen = versions[0]?.begin ?? 0
  return versions.flatMap((run, index) => {
    const { labels, begin, end } = run
    const earlier = versions.slice(0, index)
    const before = runningAt(earlier, begin)
    // what is there when the period, or Prometheus, begins has been deployed before
    if (begin - firstSeen <= FIRST_SCRAPES_MS) return []
    if (before === undefined || before.labels.version === labels.version) return []
    const others = earlier.filter((other) => endOf(other) >= begin && other.labels.version !== labels.version)
    const oldEnd = Math.max(begin, ...others.map(endOf))
    const aborted = endOf(run) < oldEnd
    const deploy: Episode = {
      kind: 'deploy',
      name: labels.version ?? '',
      service,
      begin,
      end: aborted ? end : finite(oldEnd),
      labels: { ...labels, from: before.labels.version ?? '', aborted: String(aborted) },
    }
    return [deploy]
  })
}

/** The version that a new one replaces: the one that runs longest from here, or else the last one that ran. */
function runningAt(earlier: Run[], at: number): Run | undefined {
  const running = earlier.filter((run) => endOf(run) >= at)
  return (running.length > 0 ? running : earlier).toSorted((a, b) => endOf(a) - endOf(b)).at(-1)
}

function endOf({ end }: Run): number {
  return end ?? Infinity
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
