import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import { createPoolLeak, type LeakyPool } from '../src/kinds/db-pool-leak.ts'
import { createMemoryLeak } from '../src/kinds/memory.ts'
import { faultyApp, TOKEN } from './faulty-app.ts'

/** A pool whose connections are fakes: those that are taken, and how each was released. */
function fakePool(max: number) {
  const out = new Set<object>()
  const released: unknown[] = []
  const pool = {
    options: { max },
    async connect() {
      const client = Object.assign(new EventEmitter(), {
        release(broken: unknown) {
          out.delete(client)
          released.push(broken)
        },
      })
      out.add(client)
      return client
    },
  }
  return { pool: pool as unknown as LeakyPool, out, released }
}

test('a pool leak takes one connection at a time, up to the size of the pool, and releases all when it ends', async () => {
  const { pool, out } = fakePool(3)
  const leak = createPoolLeak()
  expect(Array.from({ length: 5 }, () => leak.take(pool))).toEqual([true, true, true, false, false])
  await vi.waitFor(() => expect(out.size).toBe(3))
  expect(leak.take(pool)).toBe(false)
  leak.end()
  expect(out.size).toBe(0)
  expect(leak.take(pool)).toBe(false)
})

test('a connection that arrives after the end is released at once, and the loss of one is handled', async () => {
  const { pool, out, released } = fakePool(3)
  const leak = createPoolLeak()
  leak.take(pool)
  leak.end()
  await vi.waitFor(() => expect(released).toEqual([true]))
  const other = createPoolLeak()
  other.take(pool)
  await vi.waitFor(() => expect(out.size).toBe(1))
  for (const client of out) (client as EventEmitter).emit('error', new Error('terminated'))
})

test('a connection that fails is tried again', async () => {
  const connect = vi.fn(async () => {
    throw new Error('no server')
  })
  const leak = createPoolLeak()
  const pool = { options: { max: 1 }, connect } as unknown as LeakyPool
  expect(leak.take(pool)).toBe(true)
  await vi.waitFor(() => expect(leak.take(pool)).toBe(true))
  expect(connect).toHaveBeenCalledTimes(2)
})

test('db-pool-leak: each struck request takes one, until the rule ends', async () => {
  const { pool, out } = fakePool(2)
  const { app, admin, injected } = await faultyApp(
    { FAULTS: 'GET /things 100% db-pool-leak', FAULT_ADMIN_TOKEN: TOKEN },
    { pool },
  )
  for (let i = 0; i < 4; i++) expect((await app.inject('/things')).statusCode).toBe(200)
  expect(out.size).toBe(2)
  expect(injected().map(({ fault }) => fault)).toEqual(['db-pool-leak', 'db-pool-leak'])
  await admin('DELETE')
  expect(out.size).toBe(0)

  await admin('PUT', '100% db-pool-leak for=2s')
  await app.inject('/things')
  expect(out.size).toBe(1)
  await vi.waitFor(() => expect(out.size).toBe(0), 10_000)
  await app.inject('/things')
  expect(out.size).toBe(0)
})

test('connections are released before the service closes', async () => {
  const { pool, out } = fakePool(2)
  const { app } = await faultyApp({ FAULTS: '100% db-pool-leak' }, { pool })
  let left = -1
  app.addHook('onClose', async () => {
    left = out.size
  })
  await app.inject('/things')
  expect(out.size).toBe(1)
  await app.close()
  expect(left).toBe(0)
})

test('without a pool, db-pool-leak in FAULTS is ignored', async () => {
  const { app, admin } = await faultyApp({
    FAULTS: '100% db-pool-leak; 100% status=500',
    FAULT_ADMIN_TOKEN: TOKEN,
  })
  expect((await admin('GET')).json().faults).toBe('100% status=500')
  expect((await app.inject('/things')).statusCode).toBe(500)
})

test('a memory leak grows at its rate up to its cap, and its end frees all', async () => {
  const leak = createMemoryLeak(3e6)
  const before = process.memoryUsage().arrayBuffers
  leak.begin(20e6)
  await vi.waitFor(() => expect(leak.leakedBytes()).toBe(3e6), 10_000)
  expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThanOrEqual(3e6 - 1e6)
  leak.end()
  expect(leak.leakedBytes()).toBe(0)
})

test('memory: it counts once, and needs no request', async () => {
  const { app, injected, logs } = await faultyApp({ FAULTS: '50% memory=1MB/s' })
  await logs.until(({ msg }) => msg === 'injected fault')
  expect(injected()).toEqual([expect.objectContaining({ fault: 'memory', path: '*' })])
  expect((await app.inject('/metrics')).payload).toContain(
    'example_faults_injected_total{fault="memory",path="*"} 1',
  )
})
