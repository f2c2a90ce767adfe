import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import { createMemoryLeak } from '../src/memory-leak.ts'
import { createPoolLeak, type LeakyPool } from '../src/pool-leak.ts'
import { faultyApp, TOKEN } from './faulty-app.ts'

/** Connections of a pool: those that are out, and who waits for one. */
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

test('a pool leak takes one connection at a time, as many as there are, and gives all back when it ends', async () => {
  const { pool, out } = fakePool(3)
  const leak = createPoolLeak(pool)
  expect(Array.from({ length: 5 }, leak.leak)).toEqual([true, true, true, false, false])
  await vi.waitFor(() => expect(out.size).toBe(3))
  expect(leak.leak()).toBe(false)
  leak.end()
  expect(out.size).toBe(0)
  expect(leak.leak()).toBe(false)
})

test('a connection that comes after the end goes back at once, and one that is lost harms nobody', async () => {
  const { pool, out, released } = fakePool(3)
  const leak = createPoolLeak(pool)
  leak.leak()
  leak.end()
  await vi.waitFor(() => expect(released).toEqual([true]))
  const other = createPoolLeak(pool)
  other.leak()
  await vi.waitFor(() => expect(out.size).toBe(1))
  for (const client of out) (client as EventEmitter).emit('error', new Error('terminated'))
})

test('a connection that can not be had can be tried again', async () => {
  const connect = vi.fn(async () => {
    throw new Error('no server')
  })
  const leak = createPoolLeak({ options: { max: 1 }, connect } as unknown as LeakyPool)
  expect(leak.leak()).toBe(true)
  await vi.waitFor(() => expect(leak.leak()).toBe(true))
  expect(connect).toHaveBeenCalledTimes(2)
})

test('db-pool-leak: each request that is struck takes one, until the rule ends', async () => {
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

test('connections are back before the service ends', async () => {
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

test('where there is no pool, db-pool-leak is left out', async () => {
  const { app, admin } = await faultyApp({
    FAULTS: '100% db-pool-leak; 100% status=500',
    FAULT_ADMIN_TOKEN: TOKEN,
  })
  expect((await admin('GET')).json().faults).toBe('100% status=500')
  expect((await app.inject('/things')).statusCode).toBe(500)
})

test('a memory leak grows at its rate up to its cap, and its end gives all back', async () => {
  const leak = createMemoryLeak(20e6, 3e6)
  const before = process.memoryUsage().arrayBuffers
  leak.begin()
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
