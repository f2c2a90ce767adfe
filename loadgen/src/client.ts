import { Agent } from 'undici'
import type { Outcome } from './report.ts'

/** What a buyer can do; undefined when the signal ended it before there was an outcome. */
export interface Client {
  list(signal: AbortSignal): Promise<Outcome | undefined>
  reserve(signal: AbortSignal): Promise<Outcome | undefined>
  /** Reserves and pays: one buyer, one outcome. */
  purchase(signal: AbortSignal): Promise<Outcome | undefined>
  close(): Promise<void>
}

interface Answer {
  status: number
  text: string
}

const EVENTS = 5
/** A pay makes three upstream calls of 5 s each; who waits longer than that has left. */
const PATIENCE_MS = 20_000

export function createClient(gatewayUrl: string): Client {
  const agent = new Agent({ connections: null, pipelining: 1 })

  return {
    list: (signal) => outcomeOf(() => send('GET', '/events', signal), signal),
    reserve: (signal) => outcomeOf(() => reserveSeat(signal), signal, isSoldOut),
    async purchase(signal) {
      let reservationId: string | undefined
      const reserved = await outcomeOf(
        async () => {
          const answer = await reserveSeat(signal)
          if (answer.status === 200) reservationId = JSON.parse(answer.text).reservation_id
          return answer
        },
        signal,
        isSoldOut,
      )
      if (reserved !== 'success') return reserved
      // a 409 is no excuse here: this buyer holds a seat
      return outcomeOf(() => send('POST', `/reserve/${reservationId}/pay`, signal), signal)
    },
    close: () => agent.destroy(),
  }

  function reserveSeat(signal: AbortSignal): Promise<Answer> {
    const eventId = 1 + Math.floor(Math.random() * EVENTS)
    return send('POST', `/events/${eventId}/reserve`, signal, { quantity: 1 })
  }

  async function send(
    method: 'GET' | 'POST',
    path: string,
    interrupted: AbortSignal,
    body?: object,
  ): Promise<Answer> {
    const url = new URL(gatewayUrl + path)
    const { statusCode, body: answer } = await agent.request({
      origin: url.origin,
      path: url.pathname,
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.any([interrupted, AbortSignal.timeout(PATIENCE_MS)]),
    })
    return { status: statusCode, text: await answer.text() }
  }
}

/** No answer and a broken one are failures like any status that is not 2xx or 3xx. */
async function outcomeOf(
  ask: () => Promise<Answer>,
  interrupted: AbortSignal,
  isSoldOut: (answer: Answer) => boolean = () => false,
): Promise<Outcome | undefined> {
  try {
    const answer = await ask()
    if (isSoldOut(answer)) return 'sold_out'
    return answer.status < 400 ? 'success' : 'fail'
  } catch {
    return interrupted.aborted ? undefined : 'fail'
  }
}

function isSoldOut({ status }: Answer): boolean {
  return status === 409
}
