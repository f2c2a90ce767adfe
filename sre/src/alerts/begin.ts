import { findIncident, type Incident } from '../incident/incident.ts'
import type { IncidentRules } from '../incident/rules.ts'
import { addUpdate, PROGRAM } from '../incident/updates.ts'
import type { Prometheus } from '../prometheus.ts'
import type { Store } from '../store/store.ts'
import { timeText } from '../text.ts'
import { readFaultBegins } from './fault-begins.ts'

export interface BeginDeps {
  store: Store
  rules: IncidentRules
  prometheus: Prometheus
  now(): number
}

interface Begin {
  at: number
  by: 'fault' | 'experiment'
  what: string
}

/** A fault is seen by the next scrape of its service, which may be after the alert of another one. */
const SEEN_WITHIN_MS = 30_000

/**
 * Finds out when an incident began: with the newest experiment or fault that began before its first alert, within the window of the
 * rules and at a related service. Without one the first alert's begin stays.
 *
 * @returns whether it is certain: a fault may not have been scraped yet
 * @throws {CannotTell} when Prometheus does not answer
 */
export async function observeBegin(
  number: number,
  { store, rules, prometheus, now }: BeginDeps,
): Promise<boolean> {
  const incident = findIncident(store, number)
  if (incident?.begunBy !== 'alert') return true
  const begin = findExperiment(store, incident, rules) ?? (await findFault(prometheus, incident, rules))
  if (!begin) return now() > incident.detectedAt + SEEN_WITHIN_MS
  store.transaction(() => {
    const { changes } = store.run(
      `UPDATE incidents SET begun_at = ?, begun_by = ? WHERE number = ? AND begun_by = 'alert' AND detected_at >= ?`,
      begin.at,
      begin.by,
      number,
      begin.at,
    )
    const text = `began at ${timeText(begin.at)} with ${begin.what}`
    if (changes > 0) addUpdate(store, number, { at: now(), kind: 'note', author: PROGRAM, text })
  })
  return true
}

/** What this program injected itself: the time is exact. */
function findExperiment(
  store: Store,
  { detectedAt, services }: Incident,
  rules: IncidentRules,
): Begin | undefined {
  const injections = store.all<{ at: number; kind: string; data: string; name: string }>(
    `SELECT i.injected_at AS at, i.kind, i.data, e.name FROM injections i JOIN experiments e ON e.id = i.experiment
     WHERE i.injected_at BETWEEN ? AND ? ORDER BY i.injected_at DESC`,
    detectedAt - rules.beginWindowMs,
    detectedAt,
  )
  const found = injections.find(({ data }) => {
    const named = new Set(data.split(/[^a-z]+/))
    const targets = rules.services.filter((service) => named.has(service))
    return targets.length === 0 || targets.some((target) => isRelated(target, services, rules))
  })
  return found && { at: found.at, by: 'experiment', what: `the experiment ${found.name} (${found.kind})` }
}

async function findFault(
  prometheus: Prometheus,
  { detectedAt, services }: Incident,
  rules: IncidentRules,
): Promise<Begin | undefined> {
  const period = { fromMs: detectedAt - rules.beginWindowMs, toMs: detectedAt + SEEN_WITHIN_MS }
  const faults = (await readFaultBegins(prometheus, period)).filter(
    ({ at, service }) => at <= detectedAt && isRelated(service, services, rules),
  )
  const [last] = faults
  if (!last) return undefined
  // of several replicas the first one
  const first = faults.findLast(
    ({ name, service, at }) =>
      name === last.name && service === last.service && last.at - at < SEEN_WITHIN_MS,
  )
  return { at: first?.at ?? last.at, by: 'fault', what: `the fault ${last.name} of ${last.service}` }
}

function isRelated(target: string, services: string[], rules: IncidentRules): boolean {
  return services.length === 0 || services.some((service) => rules.areRelated(service, target))
}
