import { createUpstream } from '@quickticket/kit/http-client'

const TIMEOUT_MS = 5000

export interface PaymentsClient {
  /** Makes sure that the reservation's charge does not stand. Rejects unless payments says so. */
  void(reservationId: string): Promise<void>
  close(): Promise<void>
}

export function createPaymentsClient(baseUrl: string): PaymentsClient {
  const upstream = createUpstream('payments', baseUrl)
  return {
    async void(reservationId) {
      const { status } = await upstream.request({
        method: 'POST',
        path: '/void',
        headers: { 'idempotency-key': reservationId },
        body: { reservation_id: reservationId },
        timeoutMs: TIMEOUT_MS,
      })
      if (status !== 200) throw new Error(`payments answered ${status} to a void`)
    },
    close: upstream.close,
  }
}
