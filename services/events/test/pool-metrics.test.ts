import { freshPostgres } from '@quickticket/testing/stores'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { createMemoryHoldStore } from '../src/memory-hold-store.ts'
import { createEventsMetrics } from '../src/metrics.ts'

/** A pool, its size, and what a scraper reads of it. */
async function scraped() {
  const { pool, drop } = await freshPostgres(async () => undefined)
  onTestFinished(drop)
  const registry = new Registry()
  createEventsMetrics(registry, pool, createMemoryHoldStore())
  const read = async (name: string) => {
    const line = (await registry.metrics())
      .split('\n')
      .find((each) => each.startsWith(`events_db_pool_${name} `))
    return Number(line?.split(' ')[1])
  }
  return { pool, read, size: pool.options.max ?? 0 }
}

test('a burst between two scrapes is seen, by every scraper; a gauge of this moment misses it', async () => {
  const { pool, read, size } = await scraped()
  await Promise.all(Array.from({ length: size + 5 }, () => pool.query('SELECT pg_sleep(0.02)')))
  expect([await read('size'), await read('waiting')]).toEqual([0, 0])
  for (const _scraper of [1, 2]) {
    expect(await read('in_use_max')).toBe(size)
    expect(await read('waiting_max')).toBeGreaterThanOrEqual(5)
  }
})

test('a connection that stays in use is seen while nothing else happens', async () => {
  const { pool, read } = await scraped()
  const client = await pool.connect()
  onTestFinished(() => client.release())
  expect([await read('size'), await read('in_use_max')]).toEqual([1, 1])
})
