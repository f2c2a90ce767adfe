import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { createLog } from '@quickticket/kit/log'
import type { Config } from '../src/config.ts'
import { connect } from '../src/connect.ts'

const PAUSE_MS = 5

export interface Seen {
  requests: number
  errors: number
  longestWriteMs: number
  longestReadMs: number
}

export interface Buyers {
  /** Waits, returns what the clients have seen in that time, and starts a new count. */
  settle(durationMs: number): Promise<Seen>
  /** Ends it, and says what the clients have seen since. */
  stop(): Promise<Seen>
}

/** Clients that look at an event and buy a seat of it, again and again, and measure how long they wait. */
export async function buyers(config: Config, clients: number, events: number): Promise<Buyers> {
  const nothing = { requests: 0, errors: 0, longestWriteMs: 0, longestReadMs: 0 }
  let seen: Seen = { ...nothing }
  let stopped = false
  const log = createLog('bench', 'silent')
  const connections = await Promise.all(
    Array.from({ length: clients }, () => connect(config, log, 'quickticket-buyer')),
  )

  const buying = connections.map(async (client) => {
    const timed = async (what: 'longestWriteMs' | 'longestReadMs', sql: string, values: unknown[]) => {
      const startedAt = performance.now()
      seen.requests += 1
      await client.query(sql, values).catch((error: Error) => {
        seen.errors += 1
        console.error(error.message)
      })
      seen[what] = Math.max(seen[what], performance.now() - startedAt)
    }
    while (!stopped) {
      const event = 1 + Math.floor(Math.random() * events)
      await timed('longestReadMs', 'SELECT id, name, event_date, total_tickets FROM events WHERE id = $1', [
        event,
      ])
      await timed(
        'longestWriteMs',
        `INSERT INTO orders (id, event_id, quantity, total_cents, payment_ref) VALUES ($1, $2, 1, 100, 'PAY-2')`,
        [randomUUID(), event],
      )
      // what they wait for is the database, not each other
      await delay(PAUSE_MS)
    }
    await client.end()
  })

  return {
    async settle(durationMs) {
      await new Promise((resolve) => setTimeout(resolve, durationMs))
      const before = seen
      seen = { ...nothing }
      return before
    },
    async stop() {
      stopped = true
      await Promise.all(buying)
      return seen
    },
  }
}
