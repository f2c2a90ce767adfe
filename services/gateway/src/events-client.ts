import { createUpstream, type UpstreamAnswer, UpstreamError } from '@quickticket/kit/http-client'
import { Problem, unavailable } from '@quickticket/kit/problem'
import type { Trace } from '@quickticket/kit/trace'
import { type Bulkhead, BulkheadFullError } from './bulkhead.ts'

export interface Checkout {
  event_id: number
  quantity: number
  total_cents: number
  /** Unix ms; a later charge must not take effect */
  charge_before?: number
  /** there when the reservation is paid already */
  order?: Record<string, unknown>
}

/** The events service. Its answers are passed on as they are; what it can not answer is a {@link Problem}. */
export interface EventsClient {
  get(path: string, trace: Trace): Promise<UpstreamAnswer>
  reserve(eventId: string, body: Buffer | undefined, trace: Trace): Promise<UpstreamAnswer>
  checkout(reservationId: string, chargeWithinMs: number, trace: Trace): Promise<UpstreamAnswer>
  confirm(reservationId: string, paymentRef: string, trace: Trace): Promise<UpstreamAnswer>
  reservation(reservationId: string, trace: Trace): Promise<UpstreamAnswer>
  release(reservationId: string, trace: Trace): Promise<UpstreamAnswer>
  /** the status of its /health; rejects when it does not answer */
  health(timeoutMs: number, trace: Trace): Promise<number>
  close(): Promise<void>
}

export function createEventsClient(baseUrl: string, timeoutMs: number, bulkhead: Bulkhead): EventsClient {
  const upstream = createUpstream('events', baseUrl)

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    trace: Trace,
    body?: unknown,
  ): Promise<UpstreamAnswer> {
    try {
      return await bulkhead.run(() => upstream.request({ method, path, trace, body, timeoutMs }))
    } catch (error) {
      throw asProblem(error)
    }
  }

  return {
    get: (path, trace) => ask('GET', path, trace),
    reserve: (eventId, body, trace) =>
      ask('POST', `/events/${encodeURIComponent(eventId)}/reserve`, trace, body),
    checkout: (reservationId, chargeWithinMs, trace) =>
      ask('POST', `${reservation(reservationId)}/checkout`, trace, { charge_within_ms: chargeWithinMs }),
    confirm: (reservationId, paymentRef, trace) =>
      ask('POST', `${reservation(reservationId)}/confirm`, trace, { payment_ref: paymentRef }),
    reservation: (reservationId, trace) => ask('GET', reservation(reservationId), trace),
    release: (reservationId, trace) => ask('POST', `${reservation(reservationId)}/release`, trace),
    async health(checkTimeoutMs, trace) {
      const answer = await upstream.request({
        method: 'GET',
        path: '/health',
        trace,
        timeoutMs: checkTimeoutMs,
      })
      return answer.status
    },
    close: upstream.close,
  }
}

function reservation(id: string): string {
  return `/reservations/${encodeURIComponent(id)}`
}

function asProblem(error: unknown): unknown {
  if (error instanceof BulkheadFullError)
    return unavailable('events_busy', 'Events service is busy, try again', error)
  if (!(error instanceof UpstreamError)) return error
  if (error.failure === 'timeout')
    return new Problem(504, 'events_timeout', 'Events service timeout', { cause: error })
  return eventsUnavailable(error)
}

export function eventsUnavailable(cause?: unknown): Problem {
  return new Problem(502, 'events_unavailable', 'Events service unavailable', { cause })
}
