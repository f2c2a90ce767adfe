import { createHash } from 'node:crypto'
import type { Alert } from './alert.ts'
import { fingerprintOf } from './fingerprint.ts'

export interface Message {
  groupKey: string
  alerts: Alert[]
}

/** What is no message of Alertmanager: one line that says which field is wrong. */
export class NotAMessage extends Error {}

/** A fingerprint is made only of labels that are not longer than this together, because that takes time. */
const MAX_HASHED_CHARACTERS = 64 * 1024
const MAX_KEY_CHARACTERS = 500

/**
 * Reads the body of Alertmanager's webhook, version 4. Labels and annotations stay as they are: they are text and nothing else.
 *
 * @throws {NotAMessage}
 * @see https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export function readMessage(body: unknown): Message {
  const message = object(body, 'the body')
  check(message.version === '4', 'version must be "4", the format of Alertmanager since 0.16')
  check(Array.isArray(message.alerts), 'alerts must be a list')
  return {
    groupKey: typeof message.groupKey === 'string' ? shortened(message.groupKey) : '',
    alerts: message.alerts.map((alert, index) => readAlert(alert, `alerts[${index}]`)),
  }
}

/** The key has the values of labels, and is kept with every alert. */
function shortened(groupKey: string): string {
  if (groupKey.length <= MAX_KEY_CHARACTERS) return groupKey
  return createHash('sha256').update(groupKey).digest('hex')
}

function readAlert(value: unknown, path: string): Alert {
  const { status, labels, annotations, startsAt, endsAt, fingerprint } = object(value, path)
  check(status === 'firing' || status === 'resolved', `${path}.status must be firing or resolved`)
  const ownLabels = texts(labels, `${path}.labels`)
  const begin = time(startsAt, `${path}.startsAt`)
  return {
    fingerprint: readFingerprint(fingerprint, ownLabels, path),
    startsAt: begin,
    endsAt: status === 'resolved' ? Math.max(begin, time(endsAt, `${path}.endsAt`)) : undefined,
    labels: ownLabels,
    annotations: texts(annotations ?? {}, `${path}.annotations`),
  }
}

/** Alertmanager's own, or the same computed from the labels. */
export function readFingerprint(given: unknown, labels: Record<string, string>, path: string): string {
  if (typeof given === 'string' && /^[0-9a-f]{1,64}$/.test(given)) return given
  check(given === undefined, `${path}.fingerprint must be hexadecimal`)
  const characters = JSON.stringify(labels).length
  check(characters <= MAX_HASHED_CHARACTERS, `${path}.fingerprint is missing`)
  return fingerprintOf(labels)
}

/** With a prototype of null: a label may be called __proto__. */
export function texts(value: unknown, path: string): Record<string, string> {
  const kept: Record<string, string> = Object.create(null)
  for (const [name, text] of Object.entries(object(value, path))) {
    check(typeof text === 'string', `${path} must have texts only`)
    kept[name] = text
  }
  return kept
}

/** Without its zone a text would be taken as the local time of this machine. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** Milliseconds since 1970, from RFC 3339. */
export function time(value: unknown, path: string): number {
  const at = typeof value === 'string' && RFC_3339.test(value) ? Date.parse(value) : Number.NaN
  check(at > 0, `${path} must be a time such as 2026-01-31T12:00:00Z`)
  return at
}

function object(value: unknown, path: string): Record<string, unknown> {
  check(typeof value === 'object' && value !== null && !Array.isArray(value), `${path} must be an object`)
  return value as Record<string, unknown>
}

function check(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new NotAMessage(rule)
}
