import { createUpstream, UpstreamError } from '@quickticket/kit/http-client'
import type { Trace } from '@quickticket/kit/trace'

export interface Charge {
  reservationId: string
  amountCents: number
  /** Unix ms */
  chargeBefore: number | undefined
}

/** payments answered, but not with a charge. */
export class ChargeRefused extends Error {
  override name = 'ChargeRefused'
  readonly status: number
  readonly retryAfter: string | undefined

  constructor(status: number, retryAfter: string | undefined) {
    super(`payments answered ${status}`)
    this.status = status
    this.retryAfter = retryAfter
  }
}

/** Whether a charge that failed like this may succeed when tried again: no answer, 5xx, 408 or 429. */
export function mayPass(error: unknown): boolean {
  if (error instanceof ChargeRefused)
    return error.status >= 500 || error.status === 408 || error.status === 429
  return error instanceof UpstreamError
}

/** How long payments asks to wait, in milliseconds; only the number of seconds is understood, not a date. */
export function askedDelayMs(error: unknown): number | undefined {
  if (!(error instanceof ChargeRefused) || error.retryAfter === undefined) return undefined
  const seconds = Number(error.retryAfter)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

export interface PaymentsClient {
  /**
   * Charges once, however often it is called for the same reservation.
   *
   * @returns the payment's reference
   * @throws {ChargeRefused | UpstreamError}
   */
  charge(charge: Charge, trace: Trace, timeoutMs: number): Promise<string>
  /** the status of its /health; rejects when it does not answer */
  health(timeoutMs: number, trace: Trace): Promise<number>
  close(): Promise<void>
}

export function createPaymentsClient(baseUrl: string): PaymentsClient {
  const upstream = createUpstream('payments', baseUrl)
  return {
    async charge({ reservationId, amountCents, chargeBefore }, trace, timeoutMs) {
      const answer = await upstream.request({
        method: 'POST',
        path: '/charge',
        trace,
        headers: { 'idempotency-key': reservationId },
        body: { reservation_id: reservationId, amount: amountCents, charge_before: chargeBefore },
        timeoutMs,
      })
      if (answer.status !== 200) throw new ChargeRefused(answer.status, answer.retryAfter)
      return (JSON.parse(answer.body.toString()) as { payment_ref: string }).payment_ref
    },
    async health(timeoutMs, trace) {
      const answer = await upstream.request({ method: 'GET', path: '/health', trace, timeoutMs })
      return answer.status
    },
    close: upstream.close,
  }
}
