import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Step } from './plans.ts'

/** What PostgreSQL is asked for a list, for one event and for a checkout: the ceiling of each. */
export type Transaction = 'list' | 'one' | 'checkout'

const COLUMNS = 'id, name, venue, event_date, total_tickets, price_cents, sold'

export const SQL = {
  list: `SELECT ${COLUMNS} FROM events WHERE NOT EXISTS (SELECT FROM orders LIMIT 0) ORDER BY event_date, id`,
  one: `SELECT ${COLUMNS} FROM events WHERE id = $1 AND NOT EXISTS (SELECT FROM orders LIMIT 0)`,
  open: `INSERT INTO checkouts (reservation_id, event_id, quantity, total_cents, charge_before, expires_at)
         VALUES ($1, $2, 1, 5000, now() + interval '5 s', now() + interval '300 s') RETURNING charge_before`,
  confirm: `SELECT * FROM confirm_order($1, 'PAY-00000000', false)`,
  // the services deliver what stays in it, which would be a load beside that of the next case
  deliver: 'DELETE FROM outbox WHERE order_id = $1',
}

const EVENTS = 5

export function prepareTransaction(transaction: Transaction, client: pg.Client, number: number): Step {
  let turn = number
  const eventId = () => 1 + (turn++ % EVENTS)
  switch (transaction) {
    case 'list':
      return async () => void (await client.query({ name: 'list', text: SQL.list }))
    case 'one':
      return async () => void (await client.query({ name: 'one', text: SQL.one, values: [eventId()] }))
    case 'checkout':
      return async () => {
        const id = randomUUID()
        const event = eventId()
        await client.query({ name: 'one', text: SQL.one, values: [event] })
        await client.query({ name: 'open', text: SQL.open, values: [id, event] })
        await client.query({ name: 'confirm', text: SQL.confirm, values: [id] })
        await client.query({ name: 'deliver', text: SQL.deliver, values: [id] })
      }
  }
}
