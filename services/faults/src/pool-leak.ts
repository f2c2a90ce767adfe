import type pg from 'pg'

/** What of a pool a leak needs. */
export type LeakyPool = Pick<pg.Pool, 'connect' | 'options'>

/** Takes connections and does not give them back, until it ends. */
export function createPoolLeak(pool: LeakyPool) {
  const taken = new Set<pg.PoolClient>()
  let asked = 0
  let ended = false

  async function take(): Promise<void> {
    const client = await pool.connect()
    // without a listener, the loss of this connection would end the process
    client.on('error', () => undefined)
    if (ended) return client.release(true)
    taken.add(client)
  }

  return {
    /** Takes one more; false when there is none left to take. */
    leak(): boolean {
      if (ended || taken.size + asked >= (pool.options.max ?? 0)) return false
      asked++
      take()
        .catch(() => undefined)
        .finally(() => {
          asked--
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

export type PoolLeak = ReturnType<typeof createPoolLeak>
