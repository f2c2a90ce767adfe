import { eventsApp } from '@quickticket/testing/events-app'
import { gatewayApp } from '@quickticket/testing/gateway-app'
import { paymentsApp } from '@quickticket/testing/payments-app'
import { listen } from '@quickticket/testing/raw-http'
import { series } from '@quickticket/testing/series'
import { addEvent } from '@quickticket/testing/stores'
import { startTcpProxy, type TcpProxy } from '@quickticket/testing/tcp-proxy'

export interface ShopOptions {
  gateway?: Record<string, string>
  events?: Record<string, string>
  payments?: Record<string, string>
}

/** The gateway in front of the real events and payments services, each behind a door. */
export async function openShop(options: ShopOptions = {}) {
  const payments = await paymentsApp(options.payments)
  const paymentsDoor = await doorTo(payments.app)
  const events = await eventsApp({ env: { PAYMENTS_URL: paymentsDoor.url, ...options.events } })
  const eventsDoor = await doorTo(events.app)
  const gateway = await gatewayApp({
    EVENTS_URL: eventsDoor.url,
    PAYMENTS_URL: paymentsDoor.url,
    ...options.gateway,
  })
  const { pool } = events

  return {
    gateway,
    events,
    payments,
    doors: { events: eventsDoor, payments: paymentsDoor },
    addEvent: (seats: number, priceCents?: number) => addEvent(pool, seats, priceCents),
    reserve: (eventId: number, quantity = 1) =>
      gateway.app.inject({ method: 'POST', url: `/events/${eventId}/reserve`, payload: { quantity } }),
    pay: (id: string, headers: Record<string, string> = {}) =>
      gateway.app.inject({ method: 'POST', url: `/reserve/${id}/pay`, headers }),
    /** A reservation that is there for sure. */
    async reserved(eventId: number, quantity = 1): Promise<string> {
      const answer = await this.reserve(eventId, quantity)
      if (answer.statusCode !== 200) throw new Error(answer.payload)
      return answer.json().reservation_id
    },
    async orders(reservationId: string) {
      const { rows } = await pool.query('SELECT * FROM orders WHERE id = $1', [reservationId])
      return rows
    },
    async seatsSold(eventId: number): Promise<number> {
      const { rows } = await pool.query<{ sold: number }>('SELECT sold FROM events WHERE id = $1', [eventId])
      return rows[0]?.sold as number
    },
    /** What payments did, by result: success, failed, replayed, expired. */
    async charges(): Promise<Record<string, number>> {
      const counted = await series(payments.app, 'payments_charges_total')
      return Object.fromEntries(
        Object.entries(counted).map(([name, count]) => [/result="(\w+)"/.exec(name)?.[1], count]),
      )
    },
    async close() {
      await gateway.app.close()
      await Promise.all([eventsDoor.shut(), paymentsDoor.shut()])
      await events.close()
      await payments.app.close()
    },
  }
}

export type Shop = Awaited<ReturnType<typeof openShop>>

async function doorTo(app: Parameters<typeof listen>[0]): Promise<TcpProxy> {
  const { port } = await listen(app)
  return startTcpProxy({ host: '127.0.0.1', port })
}
