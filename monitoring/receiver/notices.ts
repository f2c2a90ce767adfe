/** One alert of one message, with texts cut to a length that a page can show. */
export interface Notice {
  /** ISO 8601 */
  receivedAt: string
  status: 'firing' | 'resolved'
  labels: Record<string, string>
  annotations: Record<string, string>
  /** ISO 8601, as the sender says */
  startsAt: string
}

export interface Notices {
  add(notices: Notice[]): void
  /** newest first */
  newest(): Notice[]
  /** the newest of each alert whose last word was "firing", newest first */
  firing(): Notice[]
}

export class NotAMessage extends Error {
  override name = 'NotAMessage'
}

/** Together with the limits of a message these bound the memory: about 8 MB in the worst case. */
const KEPT = 200
const MOST_ENTRIES = 24
const LONGEST_NAME = 100
const LONGEST_VALUE = 500

/** Keeps the newest of what came. */
export function createNotices(): Notices {
  let kept: Notice[] = []
  return {
    add(notices) {
      kept = [...notices.toReversed(), ...kept].slice(0, KEPT)
    },
    newest: () => kept,
    firing() {
      const last = new Map<string, Notice>()
      for (const notice of kept) {
        const alert = identity(notice)
        if (!last.has(alert)) last.set(alert, notice)
      }
      return [...last.values()].filter(({ status }) => status === 'firing')
    },
  }
}

/**
 * Reads the message of a webhook. Alertmanager and Grafana send the same fields here.
 *
 * @throws {NotAMessage} says what is missing
 * @see https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export function readMessage(body: string, receivedAt: Date): Notice[] {
  const message = parseObject(body)
  if (!Array.isArray(message.alerts)) throw new NotAMessage('the message has no list "alerts"')
  return message.alerts.slice(-KEPT).map((alert) => {
    const { status, labels, annotations, startsAt } = isObject(alert) ? alert : {}
    if (status !== 'firing' && status !== 'resolved')
      throw new NotAMessage('the status of each alert must be firing or resolved')
    return {
      receivedAt: receivedAt.toISOString(),
      status,
      labels: texts(labels),
      annotations: texts(annotations),
      startsAt: typeof startsAt === 'string' ? cut(startsAt, LONGEST_NAME) : '',
    }
  })
}

function parseObject(body: string): Record<string, unknown> {
  let message: unknown
  try {
    message = JSON.parse(body)
  } catch {
    throw new NotAMessage('the body is not JSON')
  }
  if (!isObject(message)) throw new NotAMessage('the body is not a JSON object')
  return message
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Without a prototype: labels may be called __proto__. */
function texts(entries: unknown): Record<string, string> {
  const kept: Record<string, string> = Object.create(null)
  if (!isObject(entries)) return kept
  for (const [name, value] of Object.entries(entries).slice(0, MOST_ENTRIES)) {
    if (typeof value === 'string') kept[cut(name, LONGEST_NAME)] = cut(value, LONGEST_VALUE)
  }
  return kept
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}

function identity({ labels }: Notice): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)))
}
