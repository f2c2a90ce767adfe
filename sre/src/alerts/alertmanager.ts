import { CannotTell } from '../verb.ts'
import type { Alert } from './alert.ts'
import { NotAMessage, readFingerprint, texts, time } from './webhook.ts'

/** An alert that Alertmanager has, and when it last heard of it, in milliseconds since 1970. */
export type ActiveAlert = Alert & { updatedAt: number }

const TIMEOUT_MS = 10_000

/**
 * What Alertmanager has now: `active` are the alerts that it sends, and `all` has the fingerprints of silenced and inhibited ones
 * too.
 *
 * @throws {CannotTell} when it does not answer
 */
export async function readActiveAlerts(
  alertmanagerUrl: string,
): Promise<{ active: ActiveAlert[]; all: Set<string> }> {
  const url = `${alertmanagerUrl.replace(/\/+$/, '')}/api/v2/alerts`
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: Error) => {
    const { cause } = error as { cause?: { code?: string } }
    throw new CannotTell(`Alertmanager does not answer: ${cause?.code ?? error.message}`, url)
  })
  if (!answer.ok) throw new CannotTell(`Alertmanager answers ${answer.status}`, url)
  try {
    const alerts = ((await answer.json()) as ApiAlert[]).map(toAlert)
    return {
      active: alerts.filter(({ state }) => state === 'active').map(({ alert }) => alert),
      all: new Set(alerts.map(({ alert }) => alert.fingerprint)),
    }
  } catch (error) {
    if (error instanceof NotAMessage || error instanceof SyntaxError || error instanceof TypeError)
      throw new CannotTell(`Alertmanager's answer cannot be read: ${error.message}`, url)
    throw error
  }
}

interface ApiAlert {
  fingerprint: string
  startsAt: string
  updatedAt: string
  labels: unknown
  annotations: unknown
  status: { state: string }
}

function toAlert(given: ApiAlert): { state: string; alert: ActiveAlert } {
  const labels = texts(given.labels, 'labels')
  return {
    state: given.status.state,
    alert: {
      fingerprint: readFingerprint(given.fingerprint, labels, 'alert'),
      startsAt: time(given.startsAt, 'startsAt'),
      endsAt: undefined,
      updatedAt: time(given.updatedAt, 'updatedAt'),
      labels,
      annotations: texts(given.annotations, 'annotations'),
    },
  }
}
