import { SYSTEMS, type System } from '../context.ts'
import { durationAt, listAt, objectAt, oneOfAt, textAt } from '../fields.ts'
import { UsageError } from '../verb.ts'

/** What Chaos Toolkit's format has no place for: the extension called `sre`. */
export interface Settings {
  /** where the experiment can run */
  systems: System[]
  /** from the last injection to the rollback */
  durationMs: number
  /** after the last injection: measured, and not judged */
  settleMs: number
  /** of the probes */
  intervalMs: number
  /** after the planned end: an injection ends by itself this much later, unless it is rolled back */
  graceMs: number
  /** from the rollback until everything must be steady again */
  recoveryMs: number
  /** whether the hypothesis must hold during the injection too */
  strategy: 'continuously' | 'default'
  detection: Detection | undefined
  /** probes, not read yet: rolled back at once when one leaves its tolerance */
  abort: unknown[]
  /** services whose error budget must allow it, before and during */
  gate: string[]
}

/** An alert that must fire. */
export interface Detection {
  alert: string
  /** from the first injection */
  withinMs: number
}

const MAX_DURATION_MS = 600_000
const MAX_RECOVERY_MS = 900_000
const KEYS = [
  'name',
  'systems',
  'duration',
  'settle',
  'interval',
  'recovery',
  'grace',
  'strategy',
  'detection',
  'abort',
  'gate',
]

/** @throws {UsageError} */
export function readSettings(extensions: unknown): Settings {
  const list = extensions === undefined ? [] : listAt(extensions, 'extensions')
  if (list.length > 1) throw new UsageError('extensions has more than one; allowed: one with the name sre')
  const path = 'extensions[0]'
  const given = objectAt(list[0] ?? { name: 'sre' }, path, KEYS)
  oneOfAt(given.name, `${path}.name`, ['sre'])
  const { systems = [...SYSTEMS], duration = 30, settle = 0, interval = 2, recovery = 60 } = given
  const durationMs = durationAt(duration, `${path}.duration`, { maxMs: MAX_DURATION_MS })
  const intervalMs = durationAt(interval, `${path}.interval`, { maxMs: 60_000 })
  if (intervalMs < 100) throw new UsageError(`${path}.interval is too short; allowed: at least 100ms`)
  const settleMs = durationAt(settle, `${path}.settle`)
  if (settleMs + intervalMs > durationMs) {
    throw new UsageError(
      `${path}.duration leaves no time to judge; allowed: at least settle and one interval, ${(settleMs + intervalMs) / 1000}s`,
    )
  }
  return {
    systems: listAt(systems, `${path}.systems`).map((system, index) =>
      oneOfAt(system, `${path}.systems[${index}]`, SYSTEMS),
    ),
    durationMs,
    settleMs,
    intervalMs,
    graceMs: durationAt(given.grace ?? 15, `${path}.grace`, { maxMs: 60_000 }),
    recoveryMs: durationAt(recovery, `${path}.recovery`, { maxMs: MAX_RECOVERY_MS }),
    strategy: oneOfAt(given.strategy ?? 'continuously', `${path}.strategy`, ['continuously', 'default']),
    detection: readDetection(given.detection, `${path}.detection`),
    abort: given.abort === undefined ? [] : listAt(given.abort, `${path}.abort`),
    gate: (given.gate === undefined ? [] : listAt(given.gate, `${path}.gate`)).map((service, index) =>
      textAt(service, `${path}.gate[${index}]`),
    ),
  }
}

function readDetection(value: unknown, path: string): Detection | undefined {
  if (value === undefined) return undefined
  const given = objectAt(value, path, ['alert', 'within'])
  const alert = textAt(given.alert, `${path}.alert`)
  if (!/^[\w:-]+$/.test(alert)) throw new UsageError(`${path}.alert is no name of an alert`)
  return { alert, withinMs: durationAt(given.within, `${path}.within`) }
}
