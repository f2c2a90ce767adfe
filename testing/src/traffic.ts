import { randomUUID } from 'node:crypto'
import type { Database } from './stores.ts'

export interface Traffic {
  /** Waits until this many orders more are in the database, or a client has seen an error. */
  more(orders: number): Promise<void>
  /** Ends it, and says what the clients have seen. */
  stop(): Promise<{ errors: unknown[]; orders: number }>
}

/** Clients that list the events and buy, one after the other, in any version of the schema. */
export async function startTraffic(database: Database, clients: number): Promise<Traffic> {
  const errors: unknown[] = []
  let orders = 0
  let stopped = false
  let onOrder = () => {}

  const buyers = Array.from({ length: clients }, async (_, index) => {
    const client = await database.connect()
    // who has seen an error goes: on a connection that is gone he would see nothing else
    while (!stopped && errors.length === 0) {
      try {
        await client.query('SELECT id, name, event_date FROM events ORDER BY event_date, id LIMIT 20')
        await client.query(
          `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ($1, $2, 1, 100, 'PAY-2')`,
          [randomUUID(), 1 + ((index + orders) % 5)],
        )
        orders += 1
      } catch (error) {
        errors.push(error)
      }
      onOrder()
    }
  })

  return {
    more(count) {
      const wanted = orders + count
      return new Promise((resolve) => {
        onOrder = () => {
          if (orders >= wanted || errors.length > 0) resolve()
        }
      })
    },
    async stop() {
      stopped = true
      await Promise.all(buyers)
      return { errors, orders }
    },
  }
}
