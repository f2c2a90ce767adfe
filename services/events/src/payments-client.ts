import { IDEMPOTENCY_KEY_HEADER } from '@quickticket/contract/headers'
import type { Voided, VoidRequest } from '@quickticket/contract/payment'
import { createUpstream } from '@quickticket/kit/http-client'
import type { Trace } from '@quickticket/kit/trace'
import { checkAnswer, parseAnswer } from '@quickticket/kit/upstream-answer'

const TIMEOUT_MS = 5000

export interface PaymentsClient {
  /** Makes sure that the reservation's charge does not stand, and says whether there was one. Rejects unless payments says so. */
  void(reservationId: string, trace: Trace): Promise<{ charged: boolean }>
  close(): Promise<void>
}

export function createPaymentsClient(baseUrl: string, token?: string): PaymentsClient {
  const upstream = createUpstream('payments', baseUrl, { token })
  return {
    async void(reservationId, trace) {
      const answer = await upstream.request({
        method: 'POST',
        path: '/void',
        trace,
        headers: { [IDEMPOTENCY_KEY_HEADER]: reservationId },
        body: { reservation_id: reservationId } satisfies VoidRequest,
        timeoutMs: TIMEOUT_MS,
      })
      const { status } = checkAnswer('payments', answer)
      if (status !== 200) throw new Error(`payments answered ${status} to a void`)
      // the money is back only when payments itself answers so
      const voided = parseAnswer<Partial<Voided>>('payments', answer, ({ status }) => status === 'voided')
      // without the field, it may have been charged
      return { charged: voided.charged ?? true }
    },
    close: upstream.close,
  }
}
