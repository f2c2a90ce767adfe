import type { Checkout, CheckoutRequest, ConfirmRequest } from '@quickticket/contract/checkout'
import { RESERVATION_ID_HEADER } from '@quickticket/contract/headers'
import type { OrderIds } from '@quickticket/contract/order'
import { createUpstream, type UpstreamAnswer, UpstreamError } from '@quickticket/kit/http-client'
import { Problem } from '@quickticket/kit/problem'
import { NO_TOKEN } from '@quickticket/kit/service-token'
import type { Trace } from '@quickticket/kit/trace'
import { checkAnswer, parseAnswer } from '@quickticket/kit/upstream-answer'
import { type Bulkhead, BulkheadFullError } from './policies/bulkhead.ts'
import { eventsBusy, eventsTimeout, eventsUnavailable } from './problems.ts'

/** For 70,000 events in one list. */
const MAX_LIST_BYTES = 16 * 1024 * 1024

/**
 * The events service. Its answers are passed on as they are; what it cannot answer is a {@link Problem}. Ids are encoded: none changes
 * the path of a call.
 */
export interface EventsClient {
  list(page: URLSearchParams, trace: Trace): Promise<UpstreamAnswer>
  event(eventId: string, trace: Trace): Promise<UpstreamAnswer>
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
  /** @param notify whether a notification will be sent, which {@link notified} reports */
  confirm(reservationId: string, paymentRef: string, notify: boolean, trace: Trace): Promise<UpstreamAnswer>
  /** Reports that the notifications of these orders were sent. */
  notified(orderIds: string[]): Promise<void>
  /** Takes up to `limit` orders whose notification is due. */
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
    { path, template }: Target,
    trace: Trace,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<UpstreamAnswer> {
    try {
      const limits = { timeoutMs, ...(method === 'GET' && { maxAnswerBytes: MAX_LIST_BYTES }) }
      const request = { method, path, template, trace, body, ...(headers && { headers }), ...limits }
      return checkAnswer('events', await bulkhead.run(() => upstream.request(request)))
    } catch (error) {
      throw asProblem(error)
    }
  }

  /** For background work, which takes no place in the bulkhead. */
  async function askDirectly(path: string, body: unknown): Promise<UpstreamAnswer> {
    const answer = checkAnswer('events', await upstream.request({ method: 'POST', path, body, timeoutMs }))
    if (answer.status !== 200) throw new Error(`events answered ${answer.status} to ${path}`)
    return answer
  }

  async function post(path: string, body: unknown): Promise<void> {
    await askDirectly(path, body)
  }

  return {
    list: (page, trace) =>
      ask('GET', { path: page.size > 0 ? `/events?${page}` : '/events', template: '/events' }, trace),
    event: (eventId, trace) => ask('GET', target('/events/{id}', eventId), trace),
    reserve: (eventId, body, reservationId, trace) =>
      ask('POST', target('/events/{id}/reserve', eventId), trace, body, {
        [RESERVATION_ID_HEADER]: reservationId,
      }),
    takeBack: (ids) => post('/reservations/take-back', { reservation_ids: ids }),
    checkout: (reservationId, chargeWithinMs, trace) =>
      ask('POST', target('/reservations/{id}/checkout', reservationId), trace, {
        charge_within_ms: chargeWithinMs,
      } satisfies CheckoutRequest),
    confirm: (reservationId, paymentRef, notify, trace) =>
      ask('POST', target('/reservations/{id}/confirm', reservationId), trace, {
        payment_ref: paymentRef,
        notify,
      } satisfies ConfirmRequest),
    notified: (ids) => post('/orders/notified', { order_ids: ids }),
    async takeUnnotified(limit) {
      const { body } = await askDirectly('/orders/unnotified', { limit })
      return (JSON.parse(body.toString()) as OrderIds).order_ids
    },
    reservation: (reservationId, trace) => ask('GET', target('/reservations/{id}', reservationId), trace),
    release: (reservationId, trace) =>
      ask('POST', target('/reservations/{id}/release', reservationId), trace),
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
    return parseAnswer<Checkout>(
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

interface Target {
  path: string
  template: string
}

function target(template: string, id: string): Target {
  return { path: template.replace('{id}', () => encodeURIComponent(id)), template }
}

function asProblem(error: unknown): unknown {
  if (error instanceof BulkheadFullError) return eventsBusy(error)
  if (!(error instanceof UpstreamError)) return error
  if (error.failure === 'timeout') return eventsTimeout(error)
  return eventsUnavailable(error)
}
