import { UsageError } from '../verb.ts'
import type { GateSource } from './conditions.ts'
import type { GateAnswer } from './decide.ts'
import type { Policies } from './policies.ts'

/** The decision of a person who may take it: a halted release goes out. */
export interface Override {
  service: string
  by: string
  reason: string
  /** milliseconds since 1970 */
  at: number
  expiresAt: number
}

interface OverrideRequest {
  by: string
  reason: string
  forMs: number | undefined
}

interface Row {
  service: string
  by: string
  reason: string
  at: number
  expires_at: number
}

/** The override of a service, or of all of them, that holds longest. None when the database cannot be read. */
export function activeOverride(source: GateSource, service: string): Override | undefined {
  try {
    const row = source.store.get<Row>(
      `SELECT service, by, reason, at, expires_at FROM overrides
       WHERE service IN (?, 'all') AND at <= ? AND expires_at > ? ORDER BY expires_at DESC LIMIT 1`,
      service,
      source.now(),
      source.now(),
    )
    return (
      row && { service: row.service, by: row.by, reason: row.reason, at: row.at, expiresAt: row.expires_at }
    )
  } catch {
    return undefined
  }
}

/**
 * Records an override of what the gate has answered, with that answer.
 *
 * @returns why it is refused; undefined when it is recorded
 * @throws {UsageError} when it has no reason, or is too long
 */
export function recordOverride(
  source: GateSource,
  answer: GateAnswer,
  { by, reason, forMs }: OverrideRequest,
  { overrideForMs, overrideAtMostMs }: Policies,
): string | undefined {
  if (reason.trim() === '') throw new UsageError('--reason must say why, in a few words')
  const lengthMs = forMs ?? overrideForMs
  if (!(lengthMs > 0 && lengthMs <= overrideAtMostMs)) {
    throw new UsageError(
      `--for must be more than 0 and at most ${overrideAtMostMs / 3_600_000}h (override_at_most)`,
    )
  }
  if (!answer.mayOverride.includes(by)) {
    return `"${by}" may not override the gate of ${answer.service}; these may: ${answer.mayOverride.join(', ')}`
  }
  if (answer.decision === 'allowed') return `there is nothing to override: ${answer.service} may be released`
  source.store.run(
    'INSERT INTO overrides (service, at, by, reason, expires_at, data) VALUES (?, ?, ?, ?, ?, ?)',
    answer.service,
    source.now(),
    by,
    reason,
    source.now() + lengthMs,
    JSON.stringify(answer),
  )
  return undefined
}
