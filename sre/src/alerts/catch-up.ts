import type { IncidentRules } from '../incident/rules.ts'
import { addUpdate, PROGRAM } from '../incident/updates.ts'
import { type Episode, observeAlerts } from '../observed/episodes.ts'
import type { Prometheus } from '../prometheus.ts'
import type { Store } from '../store/store.ts'
import { lengthText } from '../text.ts'
import { type Alert, firingAlerts, type KnownAlert, nameOf } from './alert.ts'
import { type ActiveAlert, readActiveAlerts } from './alertmanager.ts'
import { fingerprintOf } from './fingerprint.ts'
import { proposeResolution } from './propose.ts'
import { type Received, receiveAlerts } from './receive.ts'

export interface CatchUpDeps {
  store: Store
  rules: IncidentRules
  prometheus: Prometheus
  alertmanagerUrl: string
  now(): number
}

/** Prometheus is asked for at most this time, so that no begin of an alert makes each look take long. */
const LONGEST_GAP_MS = 24 * 3_600_000

/**
 * Takes what did not arrive: alerts that Alertmanager has, those that fired and ended while this program was down, and the ends of
 * those that are known. Silenced and inhibited alerts are left alone, as they are never sent.
 *
 * @throws {CannotTell} when Alertmanager, Prometheus or the database do not answer
 */
export async function catchUp(deps: CatchUpDeps): Promise<Received> {
  const { store, rules, prometheus, now } = deps
  const lookedAt = now()
  const overdue = lookedAt - rules.arrivesWithinMs
  const longAgo = lookedAt - LONGEST_GAP_MS
  const { active, all } = await readActiveAlerts(deps.alertmanagerUrl)
  const before = store.get<{ until_at: number }>('SELECT until_at FROM watched')?.until_at
  const gapFrom = Math.max(before ?? lookedAt, longAgo)
  const vanished = firingAlerts(store).filter(({ fingerprint }) => !all.has(fingerprint))

  const first = vanished.reduce((least, alert) => Math.min(least, beginOf(alert)), gapFrom)
  const oldest = Math.max(first, longAgo) - rules.arrivesWithinMs
  const isGap = lookedAt - gapFrom > rules.arrivesWithinMs
  const seen =
    vanished.length > 0 || isGap ? await observeAlerts(prometheus, { fromMs: oldest, toMs: lookedAt }) : []

  return store.transaction(() => {
    // a begin in the future comes from a clock that is wrong
    const late = active.filter(({ startsAt }) => startsAt <= overdue || startsAt > lookedAt)
    const missed = isGap ? seen.filter(endedIn(gapFrom, overdue)).map(toAlert) : []
    const results = [
      receiveAlerts(late, { source: 'alertmanager' }, { store, rules, now: lookedAt }),
      receiveAlerts(missed, { source: 'prometheus' }, { store, rules, now: lookedAt }),
    ]
    const ended = endVanished(store, vanished, { seen, longAgo, now: lookedAt })
    const revived = reviveActive(store, active, lookedAt)
    store.run('INSERT OR REPLACE INTO watched (id, until_at) VALUES (1, ?)', lookedAt)
    return {
      opened: results.flatMap(({ opened }) => opened),
      changed: [...new Set([...results.flatMap(({ changed }) => changed), ...ended, ...revived])],
    }
  })
}

const endedIn =
  (fromMs: number, toMs: number) =>
  ({ end }: Episode): boolean =>
    end !== undefined && end >= fromMs && end <= toMs

function toAlert({ begin, end, labels: seen }: Episode): Alert {
  const { __name__: _name, alertstate: _state, ...labels } = seen
  return { fingerprint: fingerprintOf(labels), startsAt: begin, endsAt: end, labels, annotations: {} }
}

/**
 * Ends the alerts that Alertmanager no longer has: when Prometheus saw them end, or now when they began long ago and Prometheus has
 * not seen them since.
 *
 * @returns their incidents
 */
function endVanished(
  store: Store,
  vanished: KnownAlert[],
  { seen, longAgo, now }: { seen: Episode[]; longAgo: number; now: number },
): number[] {
  const episodes = Map.groupBy(seen.map(toAlert), ({ fingerprint }) => fingerprint)
  const ended = vanished.filter((alert) => {
    const own = episodes.get(alert.fingerprint)
    if (own === undefined && beginOf(alert) < longAgo) {
      setEnd(store, alert, now)
      noteUnknown(store, alert, now)
      return true
    }
    const last = own?.toSorted((a, b) => a.startsAt - b.startsAt).at(-1)
    if (last?.endsAt === undefined || last.endsAt <= beginOf(alert)) return false
    setEnd(store, alert, last.endsAt)
    return true
  })
  return propose(store, ended, now)
}

function noteUnknown(store: Store, { labels, incident }: KnownAlert, at: number): void {
  const text = `${nameOf(labels)} is taken as over: Alertmanager does not have it, and Prometheus has not seen it for ${lengthText(LONGEST_GAP_MS)}; when it ended is not known`
  addUpdate(store, incident, { at, kind: 'alert', author: PROGRAM, text })
}

/** Milliseconds since 1970. An alert cannot have begun after it was received. */
function beginOf({ startsAt, receivedAt }: KnownAlert): number {
  return Math.min(startsAt, receivedAt)
}

/** An alert that Alertmanager still has was not over, whatever came before. @returns the incidents */
function reviveActive(store: Store, active: ActiveAlert[], now: number): number[] {
  const revived = active.flatMap((alert) => {
    const row = store.get<{ incident: number }>(
      'SELECT incident FROM alerts WHERE fingerprint = ? AND starts_at = ? AND ends_at < ?',
      alert.fingerprint,
      alert.startsAt,
      alert.updatedAt,
    )
    return row ? [{ ...alert, ...row }] : []
  })
  for (const alert of revived) setEnd(store, alert, null)
  return propose(store, revived, now)
}

function setEnd(store: Store, { fingerprint, startsAt }: Alert, endsAt: number | null): void {
  const sql = 'UPDATE alerts SET ends_at = ? WHERE fingerprint = ? AND starts_at = ?'
  store.run(sql, endsAt, fingerprint, startsAt)
}

function propose(store: Store, alerts: { incident: number }[], now: number): number[] {
  const incidents = [...new Set(alerts.map(({ incident }) => incident))]
  for (const incident of incidents) proposeResolution(store, incident, now)
  return incidents
}
