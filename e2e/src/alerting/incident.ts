import { setTimeout as delay } from 'node:timers/promises'
import { type MonitoredSystem, until } from './monitored-system.ts'

export interface Incident {
  name: string
  /** alerts that have to reach the webhook */
  expected: string[]
  /** alerts that may reach it too, because they look back on what was */
  allowed?: string[]
  /** before Prometheus has seen anything */
  prepare?(system: MonitoredSystem): Promise<void>
  begin(system: MonitoredSystem): Promise<void>
  end(system: MonitoredSystem): Promise<void>
  /** what it takes for all to be as before the incident */
  tidyUp?(system: MonitoredSystem): Promise<void>
  /** seconds of good weather before it */
  calmS?: number
  /** tickets look back for hours: only one incident waits for the end of its own */
  awaitTickets?: boolean
}

export interface Report {
  name: string
  alerts: Map<string, AlertReport>
  /** what the words of the lab say just before the end; undefined: nothing */
  lab: Record<string, number | undefined>
}

export interface AlertReport {
  /** seconds from the beginning of the incident to the webhook; undefined: it fired, but others silenced it */
  firedS: number | undefined
  /** seconds from the end of the incident to the webhook; undefined: not awaited */
  resolvedS: number | undefined
}

const CALM_S = 4
/** how long it lasts at least, so that what must not fire has had its time */
const LASTS_MS = 8000
const FIRES_WITHIN_MS = 60_000
const RESOLVES_WITHIN_MS = 150_000

/** Lets one thing go wrong under load, and watches the webhook until all is told and over. */
export async function runIncident(
  system: MonitoredSystem,
  { name, expected, prepare, begin, end, tidyUp, calmS = CALM_S, awaitTickets = false }: Incident,
  labExpressions: Record<string, string>,
): Promise<Report> {
  const { webhook } = system
  await prepare?.(system)
  await system.forget()
  await untilCalm(system, calmS)
  webhook.notices.length = 0

  const firing = new Set<string>()
  const told = (status: string) =>
    new Set(webhook.notices.filter((notice) => notice.status === status).map(({ alert }) => alert))
  const watch = async () => {
    for (const alert of await system.firing()) firing.add(alert)
  }

  const begunAt = performance.now()
  await begin(system)
  await until(async () => {
    await watch()
    const allTold = expected.every((alert) => told('firing').has(alert))
    return allTold && performance.now() - begunAt > LASTS_MS
  }, FIRES_WITHIN_MS).catch((error) => {
    console.log(`${name}: after ${FIRES_WITHIN_MS} ms told ${[...told('firing')]}, firing ${[...firing]}`)
    console.log(error.message)
  })
  const lab: Report['lab'] = {}
  for (const [what, expr] of Object.entries(labExpressions)) lab[what] = await system.value(expr)

  const endedAt = performance.now()
  await end(system)
  const isAwaited = (alert: string) => awaitTickets || !alert.startsWith('SLOBurnRateTicket')
  await until(async () => {
    await watch()
    const left = (await system.firing()).filter(isAwaited)
    const unresolved = [...told('firing')].filter((alert) => isAwaited(alert) && !resolvedLast(alert))
    return left.length === 0 && unresolved.length === 0
  }, RESOLVES_WITHIN_MS)

  function resolvedLast(alert: string): boolean {
    return webhook.notices.findLast((notice) => notice.alert === alert)?.status === 'resolved'
  }
  const seconds = (from: number, at?: number) => (at === undefined ? undefined : Math.round(at - from) / 1000)
  const alerts = [...new Set([...firing, ...told('firing')])].sort().map((alert): [string, AlertReport] => {
    const own = webhook.notices.filter((notice) => notice.alert === alert)
    const fired = own.find(({ status }) => status === 'firing')
    const resolved = own.findLast(({ status }) => status === 'resolved')
    return [alert, { firedS: seconds(begunAt, fired?.at), resolvedS: seconds(endedAt, resolved?.at) }]
  })
  await tidyUp?.(system)
  return { name, alerts: new Map(alerts), lab }
}

/** A Prometheus that has just started has no targets for a moment, which in this time is long. */
async function untilCalm(system: MonitoredSystem, seconds: number): Promise<void> {
  let calmSince = performance.now()
  await until(async () => {
    const quiet = (await system.firing()).length === 0
    const busy = ((await system.value('gateway:user_requests:rate5m')) ?? 0) > 1
    if (!quiet || !busy) calmSince = performance.now()
    return performance.now() - calmSince > seconds * 1000
  })
  // what Alertmanager still has to tell
  await delay(1000)
}
