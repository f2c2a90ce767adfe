import type pg from 'pg'
import type { FaultKind } from '../effect.ts'

/** What a leak needs of a pool. */
export type LeakyPool = Pick<pg.Pool, 'connect' | 'options'>

/** Each struck request takes a connection to PostgreSQL and keeps it until the rule ends; then the handler runs. */
export const dbPoolLeak = {
  name: 'db-pool-leak',
  needsPool: true,
  read() {
    const leak = createPoolLeak()
    return {
      stage: 'request',
      strike({ pool, report, proceed }) {
        if (pool && leak.take(pool)) report()
        proceed()
      },
      end: leak.end,
    }
  },
} as const satisfies FaultKind

/** Takes connections and keeps them until it ends. */
export function createPoolLeak() {
  const taken = new Set<pg.PoolClient>()
  let pending = 0
  let ended = false

  async function connect(pool: LeakyPool): Promise<void> {
    const client = await pool.connect()
    // without a listener, the loss of this connection would end the process
    client.on('error', () => undefined)
    if (ended) return client.release(true)
    taken.add(client)
  }

  return {
    /** Takes one more; false when none is left. */
    take(pool: LeakyPool): boolean {
      if (ended || taken.size + pending >= (pool.options.max ?? 0)) return false
      pending++
      connect(pool)
        // the next struck request tries again
        .catch(() => undefined)
        .finally(() => {
          pending--
        })
      return true
    },
    end(): void {
      ended = true
      for (const client of taken) client.release(true)
      taken.clear()
    },
  }
}
