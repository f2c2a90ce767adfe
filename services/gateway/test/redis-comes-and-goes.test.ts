import { createRedis } from '@quickticket/kit/redis'
import { captureLog } from '@quickticket/testing/captured-log'
import { freePort } from '@quickticket/testing/free-port'
import { noOwnRedis, ownRedis } from '@quickticket/testing/own-redis'
import { startTcpProxy } from '@quickticket/testing/tcp-proxy'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createRedisRateStore } from '../src/policies/redis-rate-store.ts'
import { createSharedCircuit } from '../src/policies/shared-circuit.ts'

const TIMEOUT_MS = 300
const WAIT = { timeout: 10_000, interval: 10 }

function connect(port: number) {
  const captured = captureLog()
  const redis = createRedis({ host: '127.0.0.1', port, timeoutMs: TIMEOUT_MS }, captured.log)
  onTestFinished(() => redis.disconnect())
  return { redis, captured }
}

function circuitOn(port: number) {
  const { redis, captured } = connect(port)
  const circuit = createSharedCircuit(redis, captured.log)
  onTestFinished(() => circuit.close())
  const heard: string[] = []
  circuit.onAnnounced((to) => void heard.push(to))
  return { redis, circuit, heard, captured }
}

function rateStoreOn(port: number, limitRps: number) {
  const { redis, captured } = connect(port)
  return { redis, captured, store: createRedisRateStore(redis, limitRps, captured.log) }
}

describe.skipIf(noOwnRedis)('a gateway whose Redis comes and goes', () => {
  test('receives the transitions of other replicas when it started before Redis', async () => {
    const port = await freePort()
    const early = circuitOn(port)
    await early.captured.until(({ msg }) => msg === 'Redis connection lost')
    await ownRedis(port)
    await early.circuit.ready
    const other = circuitOn(port)
    await other.circuit.ready
    other.circuit.announce('OPEN')
    await vi.waitFor(() => expect(early.heard).toEqual(['OPEN']), WAIT)
  })

  test('receives them again after Redis was down', async () => {
    const { port } = await ownRedis()
    const door = await startTcpProxy({ host: '127.0.0.1', port })
    onTestFinished(() => door.shut())
    const [away, other] = [circuitOn(door.port), circuitOn(port)]
    await Promise.all([away.circuit.ready, other.circuit.ready])
    await door.shut()
    await away.captured.until(({ msg }) => msg === 'Redis connection lost')
    await door.open()
    await vi.waitFor(() => {
      other.circuit.announce('CLOSED')
      expect(away.heard).toContain('CLOSED')
    }, WAIT)
  })

  test('waits once for a Redis that hangs, and shares the count again when it answers', async () => {
    const { port, hang, resume } = await ownRedis()
    const [first, second] = [rateStoreOn(port, 1000), rateStoreOn(port, 1000)]
    const together = async () => {
      await first.store.admit('/events')
      expect((await second.store.admit('/events'))?.remaining).toBeLessThan(998)
    }
    for (const { redis } of [first, second]) await vi.waitFor(() => expect(redis.status).toBe('ready'), WAIT)
    await first.store.admit('/events')
    expect(await second.store.admit('/events')).toEqual({ admitted: true, remaining: 998 })

    hang()
    // each would take TIMEOUT_MS, a minute in all
    for (let i = 0; i < 200; i++) expect(await first.store.admit('/events')).toMatchObject({ admitted: true })
    expect(first.captured.text().match(/rate limit is not shared/g)).toHaveLength(1)

    resume()
    await vi.waitFor(async () => {
      await first.store.admit('/events')
      expect(first.captured.text()).toContain('rate limit is shared again')
    }, WAIT)
    await vi.waitFor(together, WAIT)
  }, 20_000)

  test('disconnects from a Redis that has become a replica', async () => {
    const [old, next] = [await ownRedis(), await ownRedis()]
    const target = { host: '127.0.0.1', port: old.port }
    const door = await startTcpProxy(target)
    onTestFinished(() => door.shut())
    const { redis, store, captured } = rateStoreOn(door.port, 1000)
    await vi.waitFor(() => expect(redis.status).toBe('ready'), WAIT)
    expect(await store.admit('/events')).toEqual({ admitted: true, remaining: 999 })
    target.port = next.port
    await old.admin.replicaof('127.0.0.1', String(next.port))
    await vi.waitFor(async () => {
      await store.admit('/events')
      expect(captured.text()).toContain('rate limit is shared again')
    }, WAIT)
    await vi.waitFor(async () => {
      await store.admit('/events')
      expect(await next.admin.zcard('rate:/events')).toBeGreaterThan(0)
    }, WAIT)
  })
})
