import { Pool } from 'undici'
import { type Exchange, failureOf, type Outcome } from './outcome.ts'
import type { Random } from './random.ts'

/** What a buyer can do; `dueMs` is when (`performance.now()`). Undefined when the end came before an outcome. */
export interface Client {
  list(dueMs: number): Promise<Outcome | undefined>
  reserve(dueMs: number): Promise<Outcome | undefined>
  /** Reserves and pays: one buyer, one outcome. */
  checkout(dueMs: number): Promise<Outcome | undefined>
  /** Requests under way end without an outcome. */
  close(): Promise<void>
}

export interface ClientOptions {
  gatewayUrl: string
  eventIds: number[]
  random: Random
  /** buyers who only reserve give their seat back, in a request of its own */
  release: boolean
  record(exchange: Exchange): void
}

type Result = Exchange['result']
interface Request {
  route: string
  path: string
  method: 'GET' | 'POST' | 'DELETE'
  body?: string
  /** called with every piece of the answer's body */
  onData?: (piece: Buffer) => void
}

/** A pay makes three upstream calls of 5 s each; who waits longer than that has left. */
const PATIENCE_MS = 20_000
const ONE_SEAT = JSON.stringify({ quantity: 1 })
const JSON_BODY = { 'content-type': 'application/json' }

export function createClient({ gatewayUrl, eventIds, random, release, record }: ClientOptions): Client {
  const { origin, pathname } = new URL(gatewayUrl)
  const prefix = pathname === '/' ? '' : pathname
  // as many connections as there are buyers who wait: none of them waits for another
  const pool = new Pool(origin, {
    connections: null,
    pipelining: 1,
    connectTimeout: PATIENCE_MS,
    headersTimeout: PATIENCE_MS,
    bodyTimeout: PATIENCE_MS,
  })
  let closed = false

  return {
    list: async (dueMs) =>
      outcomeOf(await send({ route: 'GET /events', method: 'GET', path: '/events' }, dueMs)),
    async reserve(dueMs) {
      if (!release) return orSoldOut(await send(reserveSeat(), dueMs))
      const { result, id } = await reserve(dueMs)
      if (id !== undefined)
        await send(
          { route: 'DELETE /reserve/{id}', method: 'DELETE', path: `/reserve/${id}` },
          performance.now(),
        )
      return orSoldOut(result)
    },
    async checkout(dueMs) {
      const { result, id } = await reserve(dueMs)
      if (result !== 200) return orSoldOut(result)
      if (id === undefined) return 'fail'
      const pay = { route: 'POST /reserve/{id}/pay', method: 'POST', path: `/reserve/${id}/pay` } as const
      // a 409 is no excuse here: this buyer holds a seat
      return outcomeOf(await send(pay, performance.now()))
    },
    async close() {
      closed = true
      await pool.destroy()
    },
  }

  /** With the reservation's id, where there is one. */
  async function reserve(dueMs: number): Promise<{ result: Result | undefined; id: string | undefined }> {
    const pieces: Buffer[] = []
    const result = await send({ ...reserveSeat(), onData: (piece) => pieces.push(piece) }, dueMs)
    return { result, id: result === 200 ? reservationId(Buffer.concat(pieces).toString()) : undefined }
  }

  function reserveSeat(): Request {
    const eventId = eventIds[Math.floor(random() * eventIds.length)]
    const path = `/events/${eventId}/reserve`
    return { route: 'POST /events/{id}/reserve', method: 'POST', path, body: ONE_SEAT }
  }

  /** @returns undefined when the end came first */
  function send({ route, method, path, body, onData }: Request, dueMs: number): Promise<Result | undefined> {
    return new Promise((resolve) => {
      let status = 0
      const end = (result: Result) => {
        // what was under way at the end did not fail by itself
        if (closed && typeof result !== 'number') return resolve(undefined)
        record({ route, result, ms: performance.now() - dueMs })
        resolve(result)
      }
      pool.dispatch(
        { method, path: prefix + path, ...(body !== undefined && { body, headers: JSON_BODY }) },
        {
          onRequestStart() {},
          onResponseStart(_controller, statusCode) {
            status = statusCode
          },
          onResponseData(_controller, piece) {
            onData?.(piece)
          },
          onResponseEnd: () => end(status),
          onResponseError: (_controller, error) => end(failureOf(error)),
        },
      )
    })
  }
}

function outcomeOf(result: Result | undefined): Outcome | undefined {
  if (result === undefined) return undefined
  return typeof result === 'number' && result < 400 ? 'success' : 'fail'
}

function orSoldOut(result: Result | undefined): Outcome | undefined {
  return result === 409 ? 'sold_out' : outcomeOf(result)
}

function reservationId(body: string): string | undefined {
  try {
    const { reservation_id } = JSON.parse(body) as { reservation_id?: unknown }
    return typeof reservation_id === 'string' ? encodeURIComponent(reservation_id) : undefined
  } catch {
    return undefined
  }
}
