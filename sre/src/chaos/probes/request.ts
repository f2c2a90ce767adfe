import { UsageError } from '../../verb.ts'
import type { Measurement } from '../probe.ts'

/** What is taken from an answer: `status`, `seconds`, `answer`, or `body.` and the path of a field. */
export type Take = 'status' | 'seconds' | 'answer' | `body.${string}`

export interface Answered {
  /** 0: no answer */
  status: number
  seconds: number
  body: unknown
}

/** @throws {UsageError} */
export function takeAt(value: unknown, path: string): Take {
  if (value === undefined) return 'status'
  const text = String(value)
  if (['status', 'seconds', 'answer'].includes(text) || /^body\.[\w.]+$/.test(text)) return text as Take
  throw new UsageError(`${path} is ${JSON.stringify(value)}; allowed: status, seconds, answer, body.FIELD`)
}

/** Never throws: that there is no answer is status 0. */
export async function ask(
  url: string,
  { method = 'GET', body, timeoutMs }: { method?: string; body?: unknown; timeoutMs: number },
): Promise<Answered> {
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  try {
    const response = await fetch(url, {
      method,
      headers: { connection: 'close', ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await response.text()
    return { status: response.status, seconds: seconds(), body: parsed(text) }
  } catch {
    return { status: 0, seconds: seconds(), body: undefined }
  }
}

/** `answer` is the status with the name of the error, as in the table of failures: `503 payments_unavailable`. */
export function take({ status, seconds, body }: Answered, what: Take): Measurement {
  if (what === 'status') return status
  if (what === 'seconds') return Math.round(seconds * 1000) / 1000
  if (what === 'answer') return answerText(status, fieldOf(body, ['error']))
  const found = fieldOf(body, what.slice('body.'.length).split('.'))
  return ['string', 'number', 'boolean'].includes(typeof found) ? (found as Measurement) : 'missing'
}

function answerText(status: number, error: unknown): string {
  if (status === 0) return 'no answer'
  return typeof error === 'string' ? `${status} ${error}` : String(status)
}

function fieldOf(body: unknown, keys: string[]): unknown {
  let found = body
  for (const key of keys) found = (found as Record<string, unknown> | null | undefined)?.[key]
  return found
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
