import { IDEMPOTENCY_KEY_HEADER } from '@quickticket/contract/headers'
import { CHARGE_EXPIRED, type Charged, type ChargeRequest } from '@quickticket/contract/payment'
import { createUpstream, UpstreamError } from '@quickticket/kit/http-client'
import { NO_TOKEN } from '@quickticket/kit/service-token'
import type { Trace } from '@quickticket/kit/trace'
import { checkAnswer, parseAnswer } from '@quickticket/kit/upstream-answer'

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
  /** its clock says that the checkout was over */
  readonly isExpired: boolean

  constructor(status: number, retryAfter: string | undefined, body = '') {
    super(`payments answered ${status}`)
    this.status = status
    this.retryAfter = retryAfter
    this.isExpired = status === 409 && body.includes(`"${CHARGE_EXPIRED}"`)
  }
}

/** Whether a charge that failed like this may succeed when tried again: no answer of payments, 5xx, 408 or 429. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ChargeRefused)
    return error.status >= 500 || error.status === 408 || error.status === 429
  return error instanceof UpstreamError && error.failure !== 'refused'
}

/** How long payments asks to wait, in milliseconds; only the number of seconds is understood, not a date. */
export function retryAfterMs(error: unknown): number | undefined {
  if (!(error instanceof ChargeRefused) || error.retryAfter === undefined) return undefined
  const seconds = Number(error.retryAfter)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

export interface PaymentsClient {
  /**
   * Charges once, however often it is called for the same reservation.
   *
   * @param resendCount how often it was called before
   * @returns the payment's reference
   * @throws {ChargeRefused | UpstreamError}
   */
  charge(charge: Charge, trace: Trace, timeoutMs: number, resendCount?: number): Promise<string>
  /** the status of its /health; rejects when it does not answer */
  health(timeoutMs: number, trace: Trace): Promise<number>
  /** seconds that its clock is ahead of ours, at least; undefined: unknown */
  clockDifferenceS(): number | undefined
  close(): Promise<void>
}

export function createPaymentsClient(baseUrl: string, token?: string): PaymentsClient {
  const upstream = createUpstream('payments', baseUrl, { token })
  return {
    async charge({ reservationId, amountCents, chargeBefore }, trace, timeoutMs, resendCount = 0) {
      const answer = await upstream.request({
        method: 'POST',
        path: '/charge',
        trace,
        resendCount,
        headers: { [IDEMPOTENCY_KEY_HEADER]: reservationId },
        body: {
          reservation_id: reservationId,
          amount: amountCents,
          ...(chargeBefore !== undefined && { charge_before: chargeBefore }),
        } satisfies ChargeRequest,
        timeoutMs,
      })
      // a 5xx of a proxy counts as one of payments; clients see only its status
      const isServerError = answer.status >= 500 && answer.status < 600
      if (!isServerError) checkAnswer('payments', answer)
      if (answer.status !== 200)
        throw new ChargeRefused(answer.status, answer.retryAfter, answer.body.toString())
      return parseAnswer<Charged>('payments', answer, isPayment).payment_ref
    },
    async health(timeoutMs, trace) {
      const headers = token === undefined ? NO_TOKEN : {}
      const answer = await upstream.request({ method: 'GET', path: '/health', trace, headers, timeoutMs })
      return answer.status
    },
    clockDifferenceS: upstream.clockDifferenceS,
    close: upstream.close,
  }
}

function isPayment({ payment_ref }: Charged): boolean {
  return typeof payment_ref === 'string' && payment_ref !== ''
}
