import { findIncident } from '../incident/incident.ts'
import { addUpdate, PROGRAM } from '../incident/updates.ts'
import type { Store } from '../store/store.ts'
import { timeText } from '../text.ts'

/**
 * Proposes to resolve an incident whose alerts have all ended, and takes the proposal back when one fires again. It never resolves
 * one: that an alert is silent does not say that its cause is gone.
 *
 * @param now milliseconds since 1970
 */
export function proposeResolution(store: Store, number: number, now: number): void {
  const incident = findIncident(store, number)
  if (!incident || incident.status === 'resolved') return
  const { firing, count, last } = store.get<{ firing: number; count: number; last: number | null }>(
    'SELECT count(*) - count(ends_at) AS firing, count(*) AS count, max(ends_at) AS last FROM alerts WHERE incident = ?',
    number,
  ) ?? { firing: 0, count: 0, last: null }
  // an end that is later than now comes from a clock that is wrong
  const proposed = firing === 0 && last !== null ? Math.min(last, now) : null
  const before = incident.proposedResolutionAt
  if (proposed === (before ?? null)) return
  store.run('UPDATE incidents SET proposed_resolution_at = ? WHERE number = ?', proposed, number)
  const alerts = count === 1 ? 'its alert has' : `all of its ${count} alerts have`
  const text =
    proposed === null
      ? 'an alert fires again: no longer proposed to resolve'
      : `${alerts} resolved at ${timeText(proposed)}: to be resolved when it has been checked`
  if (proposed === null || before === undefined)
    addUpdate(store, number, { at: now, kind: 'proposal', author: PROGRAM, text })
}
