import { randomUUID } from 'node:crypto'
import type pg from 'pg'

/** Rows as nothing in the shop would ever write them: the triggers and checks that keep it from doing so are off. */
export function planter(pool: pg.Pool) {
  return {
    async pastTheTriggers(work: () => Promise<unknown>): Promise<void> {
      await pool.query('ALTER TABLE orders DISABLE TRIGGER USER')
      await work()
      await pool.query('ALTER TABLE orders ENABLE TRIGGER USER')
    },

    async pastTheCheck(work: () => Promise<unknown>): Promise<void> {
      await pool.query('ALTER TABLE events DROP CONSTRAINT events_not_oversold')
      await work()
      await pool.query(
        'ALTER TABLE events ADD CONSTRAINT events_not_oversold CHECK (sold BETWEEN 0 AND total_tickets) NOT VALID',
      )
    },

    async order(event: number, more: { id?: string; quantity?: number; cents?: number; ref?: string } = {}) {
      const { id = randomUUID(), quantity = 1, cents = 1000, ref = 'PAY-AAAAAAAA' } = more
      await pool.query(
        `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ($1, $2, $3, $4, $5)`,
        [id, event, quantity, cents, ref],
      )
      return id
    },

    async checkout(
      event: number,
      more: { id?: string; state?: string; ref?: string; cents?: number; secondsAgo?: number } = {},
    ) {
      const { id = randomUUID(), state = 'open', ref = null, cents = 1000, secondsAgo = 0 } = more
      await pool.query(
        `INSERT INTO checkouts (reservation_id, event_id, quantity, total_cents, state, payment_ref, charge_before,
           expires_at, void_at)
         SELECT $1, $2, 1, $3, $4, $5, moment, moment, moment
         FROM (SELECT now() - $6 * interval '1 second' AS moment)`,
        [id, event, cents, state, ref, secondsAgo],
      )
      return id
    },

    /** An order as it should be. */
    async sale(event: number, ref = 'PAY-AAAAAAAA') {
      const id = await this.checkout(event, { state: 'confirmed', ref })
      return this.order(event, { id, ref })
    },
  }
}
