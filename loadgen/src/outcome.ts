/** What became of a buyer. */
export type Outcome = 'success' | 'fail' | 'sold_out'

/** No complete answer: no listener, the connection broke, no answer in time, or anything else. */
export type Failure = 'refused' | 'reset' | 'timeout' | 'other'
export const FAILURES: readonly Failure[] = ['refused', 'reset', 'timeout', 'other']

/** One request and what came of it. */
export interface Exchange {
  /** such as `GET /events` */
  route: string
  /** its status, or why there is none */
  result: number | Failure
  /** from the moment it was to be sent to the last byte */
  ms: number
}

/** A sold-out event (409) is an answer like any other; the rest of 4xx is not what a buyer of this mix can get. */
export type Kind = 'ok' | 'conflict' | 'rejected' | 'broken'

export function kindOf(result: Exchange['result']): Kind {
  if (typeof result !== 'number' || result >= 500) return 'broken'
  if (result === 409) return 'conflict'
  return result < 400 ? 'ok' : 'rejected'
}

export function failureOf(error: unknown): Failure {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  if (code === 'ECONNREFUSED') return 'refused'
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') return 'reset'
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return 'timeout'
  return /terminated|other side closed/.test(message) ? 'reset' : 'other'
}
