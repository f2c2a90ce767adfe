import { createUpstream, type UpstreamAnswer, UpstreamError } from '@quickticket/kit/http-client'
import { Problem } from '@quickticket/kit/problem'
import { NO_TOKEN } from '@quickticket/kit/service-token'
import type { Trace } from '@quickticket/kit/trace'
import { accept, read } from '@quickticket/kit/upstream-answer'
import { type Bulkhead, BulkheadFullError } from './bulkhead.ts'
import { eventsBusy, eventsTimeout, eventsUnavailable } from './problems.ts'

export interface Checkout {
  event_id: number
  quantity: number
  total_cents: number
  /** Unix ms; a later charge must not take effect */
  charge_before?: number
  /** there when the reservation is paid already */
  order?: Record<string, unknown>
}

/** For 70,000 events in one list. */
const MAX_LIST_BYTES = 16 * 1024 * 1024

/** The events service. Its answers are passed on as they are; what it can not answer is a {@link Problem}. */
export interface EventsClient {
  get(path: string, trace: Trace): Promise<UpstreamAnswer>
  /** @param reservationId chosen here, so that the reservation can be taken back without an answer */
  reserve(
    eventId: string,
    body: Buffer | undefined,
    reservationId: string,
    trace: Trace,
  ): Promise<UpstreamAnswer>
  /** Ends reservations whose answer was lost, or makes sure that they do not begin later. */
  takeBack(reservationIds: string[]): Promise<void>
  checkout(reservationId: string, chargeWithinMs: number, trace: Trace): Promise<UpstreamAnswer>
  /** @param notify whether word of the order will be sent, and {@link notified} says so */
  confirm(reservationId: string, paymentRef: string, notify: boolean, trace: Trace): Promise<UpstreamAnswer>
  /** Says that word of these orders was sent. */
  notified(orderIds: string[]): Promise<void>
  /** Takes up to `limit` orders of which word should have been sent by now. */
  takeUnnotified(limit: number): Promise<string[]>
  reservation(reservationId: string, trace: Trace): Promise<UpstreamAnswer>
  release(reservationId: string, trace: Trace): Promise<UpstreamAnswer>
  /** the status of its /health; rejects when it does not answer */
  health(timeoutMs: number, trace: Trace): Promise<number>
  /** seconds that its clock is ahead of ours, at least; undefined: unknown */
  clockDifferenceS(): number | undefined
  close(): Promise<void>
}

export function createEventsClient(
  baseUrl: string,
  timeoutMs: number,
  bulkhead: Bulkhead,
  token?: string,
): EventsClient {
  const upstream = createUpstream('events', baseUrl, { token })

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    trace: Trace,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<UpstreamAnswer> {
    try {
      const limits = { timeoutMs, ...(method === 'GET' && { maxAnswerBytes: MAX_LIST_BYTES }) }
      const request = { method, path, trace, body, ...(headers && { headers }), ...limits }
      return accept('events', await bulkhead.run(() => upstream.request(request)))
    } catch (error) {
      throw asProblem(error)
    }
  }

  /** For work in the background: it takes no place of a client's request. */
  async function askDirectly(path: string, body: unknown): Promise<UpstreamAnswer> {
    const answer = accept('events', await upstream.request({ method: 'POST', path, body, timeoutMs }))
    if (answer.status !== 200) throw new Error(`events answered ${answer.status} to ${path}`)
    return answer
  }

  async function tell(path: string, body: unknown): Promise<void> {
    await askDirectly(path, body)
  }

  return {
    get: (path, trace) => ask('GET', path, trace),
    reserve: (eventId, body, reservationId, trace) =>
      ask('POST', `/events/${encodeURIComponent(eventId)}/reserve`, trace, body, {
        'x-reservation-id': reservationId,
      }),
    takeBack: (ids) => tell('/reservations/take-back', { reservation_ids: ids }),
    checkout: (reservationId, chargeWithinMs, trace) =>
      ask('POST', `${reservation(reservationId)}/checkout`, trace, { charge_within_ms: chargeWithinMs }),
    confirm: (reservationId, paymentRef, notify, trace) =>
      ask('POST', `${reservation(reservationId)}/confirm`, trace, { payment_ref: paymentRef, notify }),
    notified: (ids) => tell('/orders/notified', { order_ids: ids }),
    async takeUnnotified(limit) {
      const { body } = await askDirectly('/orders/unnotified', { limit })
      return (JSON.parse(body.toString()) as { order_ids: string[] }).order_ids
    },
    reservation: (reservationId, trace) => ask('GET', reservation(reservationId), trace),
    release: (reservationId, trace) => ask('POST', `${reservation(reservationId)}/release`, trace),
    async health(checkTimeoutMs, trace) {
      const answer = await upstream.request({
        method: 'GET',
        path: '/health',
        trace,
        headers: token === undefined ? NO_TOKEN : {},
        timeoutMs: checkTimeoutMs,
      })
      return answer.status
    },
    clockDifferenceS: upstream.clockDifferenceS,
    close: upstream.close,
  }
}

/** @throws {Problem} 502 when it cannot be charged by this */
export function readCheckout(answer: UpstreamAnswer): Checkout {
  try {
    return read<Checkout>(
      'events',
      answer,
      ({ total_cents }) => Number.isInteger(total_cents) && total_cents >= 0,
    )
  } catch (error) {
    throw asProblem(error)
  }
}

/** Whether events may have got the request that failed like this, or may still get it. */
export function mayHaveArrived(error: unknown): boolean {
  const failure = error instanceof Problem ? error.cause : error
  if (!(failure instanceof UpstreamError)) return false
  return !NOT_SENT.has((failure.cause as NodeJS.ErrnoException | undefined)?.code ?? '')
}

/** There was no connection. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

function reservation(id: string): string {
  return `/reservations/${encodeURIComponent(id)}`
}

function asProblem(error: unknown): unknown {
  if (error instanceof BulkheadFullError) return eventsBusy(error)
  if (!(error instanceof UpstreamError)) return error
  if (error.failure === 'timeout') return eventsTimeout(error)
  return eventsUnavailable(error)
}
