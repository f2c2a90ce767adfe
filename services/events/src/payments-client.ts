import { createUpstream } from '@quickticket/kit/http-client'
import { accept, read } from '@quickticket/kit/upstream-answer'

const TIMEOUT_MS = 5000

export interface PaymentsClient {
  /** Makes sure that the reservation's charge does not stand, and says whether there was one. Rejects unless payments says so. */
  void(reservationId: string): Promise<{ charged: boolean }>
  close(): Promise<void>
}

interface Voided {
  status: string
  charged?: boolean
}

export function createPaymentsClient(baseUrl: string, token?: string): PaymentsClient {
  const upstream = createUpstream('payments', baseUrl, { token })
  return {
    async void(reservationId) {
      const answer = await upstream.request({
        method: 'POST',
        path: '/void',
        headers: { 'idempotency-key': reservationId },
        body: { reservation_id: reservationId },
        timeoutMs: TIMEOUT_MS,
      })
      const { status } = accept('payments', answer)
      if (status !== 200) throw new Error(`payments answered ${status} to a void`)
      // money is back only when it is payments that says so
      const said = read<Voided>('payments', answer, (told) => told.status === 'voided')
      // a processor that does not say may have charged it
      return { charged: said.charged ?? true }
    },
    close: upstream.close,
  }
}
