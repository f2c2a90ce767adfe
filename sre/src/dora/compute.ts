import { firstScrape } from '../capacity/history.ts'
import type { Context } from '../context.ts'
import { observeDeploys } from '../observed/episodes.ts'
import type { Store } from '../store/store.ts'
import { type Band, failureRateBand, frequencyBand, leadTimeBand, median, restoreBand } from './bands.ts'
import { readClusterDeploys } from './cluster.ts'
import { blameIncidents, type Deployment, groupDeploys, type Incident } from './deployments.ts'
import { commitsBetween, findCommit, isRepository } from './git.ts'
import { medianInterval, shareInterval } from './uncertainty.ts'

/** A figure with how many it was made from. */
export interface Figure {
  /** undefined: there is nothing to make it from */
  value: number | undefined
  /** where it lies with 95 % probability; undefined: too few to say */
  interval: { low: number; high: number } | undefined
  n: number
  band: Band | undefined
}

export interface Dora {
  fromMs: number
  toMs: number
  windowMs: number
  deployments: Deployment[]
  /** successful ones per week; `n` counts them */
  frequency: Figure & { daysInMedianWeek: number | undefined }
  /** milliseconds from commit to production; `n` counts commits */
  leadTime: Figure
  /** a share; `n` counts changes */
  failureRate: Figure & { failed: number }
  /** milliseconds from the begin of a failure to its end; `n` counts failed changes that ended */
  restore: Figure
  /** the same for every incident, whatever its cause */
  anyIncident: Figure
  missing: string[]
}

const WEEK_MS = 7 * 86_400_000

/** @throws {CannotTell} when Prometheus has not seen the gateway in the window */
export async function computeDora(
  context: Context,
  { windowMs, repository }: { windowMs: number; repository: string },
): Promise<Dora> {
  const { prometheus, store, system } = context
  const toMs = context.now()
  const fromMs = await firstScrape(prometheus, toMs - windowMs, toMs)
  const cluster = system === 'cluster' ? await readClusterDeploys() : { aborted: [], synced: [], missing: [] }
  const episodes = await observeDeploys(prometheus, { fromMs, toMs })
  const deployments = groupDeploys(episodes, {
    ...cluster,
    aborted: cluster.aborted.filter(({ at }) => at >= fromMs),
  })
  const incidents = readIncidents(store, fromMs, toMs)
  blameIncidents(deployments, incidents)

  const changes = deployments.filter(({ rollback }) => !rollback)
  const { leadTimes, missing } = await readLeadTimes(changes, repository)
  return {
    fromMs,
    toMs,
    windowMs,
    deployments,
    frequency: frequencyOf(changes, { fromMs, toMs }),
    leadTime: figureOf(leadTimes, leadTimeBand),
    failureRate: failureRateOf(changes),
    restore: figureOf(restoreTimes(changes, incidents), restoreBand),
    anyIncident: figureOf(incidents.flatMap(lengthOf), restoreBand),
    missing: [...cluster.missing, ...missing],
  }
}

function frequencyOf(changes: Deployment[], period: { fromMs: number; toMs: number }): Dora['frequency'] {
  const times = changes.filter(({ failed }) => failed !== 'aborted').map(({ at }) => at)
  const counted = frequencyBand(times, period)
  const weeks = (period.toMs - period.fromMs) / WEEK_MS
  return {
    value: weeks >= 1 ? times.length / weeks : undefined,
    interval: undefined,
    n: times.length,
    band: counted?.band,
    daysInMedianWeek: counted?.daysInMedianWeek,
  }
}

function failureRateOf(changes: Deployment[]): Dora['failureRate'] {
  const n = changes.length
  const failed = changes.filter((one) => one.failed !== undefined).length
  const value = n === 0 ? undefined : failed / n
  const band = value === undefined ? undefined : failureRateBand(value)
  return { value, interval: shareInterval(failed, n), n, failed, band }
}

function figureOf(values: number[], bandOf: (value: number) => Band): Figure {
  const value = median(values)
  const band = value === undefined ? undefined : bandOf(value)
  return { value, interval: medianInterval(values), n: values.length, band }
}

/** The incident says how long it hurt; without one, a deployment hurt until it was undone. */
function restoreTimes(changes: Deployment[], incidents: Incident[]): number[] {
  return changes
    .filter(({ failed }) => failed !== undefined)
    .flatMap(({ at, undoneAt, incident }) => {
      const found = incidents.find(({ number }) => number === incident)
      if (found) return lengthOf(found)
      return undoneAt === undefined ? [] : [undoneAt - at]
    })
}

function lengthOf({ begunAt, restoredAt }: Incident): number[] {
  return restoredAt === undefined ? [] : [Math.max(restoredAt - begunAt, 0)]
}

async function readLeadTimes(
  changes: Deployment[],
  repository: string,
): Promise<{ leadTimes: number[]; missing: string[] }> {
  const delivered = changes.filter(({ failed }) => failed !== 'aborted')
  if (!(await isRepository(repository))) {
    return {
      leadTimes: [],
      missing: [`${repository} is no Git repository that git can read: there are no lead times`],
    }
  }
  const leadTimes: number[] = []
  // a change that was rolled back comes again with the next one
  const counted = new Set<string>()
  const missing: string[] = []
  const unknown = new Set<string>()
  let early = 0
  for (const { version, from, at, revision } of delivered) {
    const to =
      (await findCommit(repository, version)) ?? (revision && (await findCommit(repository, revision)))
    if (!to) {
      unknown.add(version)
      continue
    }
    const before = await findCommit(repository, from)
    const commits = await commitsBetween(repository, { from: before === to ? undefined : before, to })
    const times = commits.filter(({ hash }) => !counted.has(hash)).map((commit) => at - commit.at)
    for (const { hash } of commits) counted.add(hash)
    leadTimes.push(...times.filter((ms) => ms >= 0))
    early += times.filter((ms) => ms < 0).length
  }
  if (unknown.size > 0) {
    missing.push(`no tag or commit of ${repository} for the versions ${[...unknown].join(', ')}`)
  }
  if (early > 0) missing.push(`${early} commits are younger than their deployment, and are left out`)
  return { leadTimes, missing }
}

function readIncidents(store: Store, fromMs: number, toMs: number): Incident[] {
  return store
    .all<{
      number: number
      services: string
      begun_at: number
      mitigated_at: number | null
      resolved_at: number | null
    }>(
      `SELECT number, services, begun_at, mitigated_at, resolved_at FROM incidents
       WHERE begun_at BETWEEN ? AND ? ORDER BY begun_at`,
      fromMs,
      toMs,
    )
    .map((row) => ({
      number: row.number,
      services: JSON.parse(row.services) as string[],
      begunAt: row.begun_at,
      restoredAt: row.mitigated_at ?? row.resolved_at ?? undefined,
    }))
}
