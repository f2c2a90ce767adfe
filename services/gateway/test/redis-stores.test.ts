import { captureLog } from '@quickticket/testing/captured-log'
import { Redis } from 'ioredis'
import { Registry } from 'prom-client'
import { afterAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { gatewayMetrics } from '../src/metrics.ts'
import { createBreaker } from '../src/policies/breaker.ts'
import { createRedisRateStore } from '../src/policies/redis-rate-store.ts'
import { createSharedCircuit } from '../src/policies/shared-circuit.ts'

const url = inject('redisUrl')

describe.skipIf(!url)('state that replicas share in Redis', () => {
  const clients: Redis[] = []
  const connect = (options = {}) => {
    const client = new Redis(url, { db: Number(process.env.VITEST_POOL_ID ?? 1) % 16, ...options })
    client.on('error', () => undefined)
    clients.push(client)
    return client
  }
  beforeEach(async () => void (await connect().flushdb()))
  afterAll(() => {
    for (const client of clients) client.disconnect()
  })

  test('two replicas together admit up to the limit of each path', async () => {
    const { log } = captureLog()
    const replicas = [createRedisRateStore(connect(), 10, log), createRedisRateStore(connect(), 10, log)]
    const admissions = await Promise.all(
      Array.from({ length: 100 }, (_, index) => replicas[index % 2]?.admit('/events')),
    )
    expect(admissions.filter((admission) => admission?.admitted)).toHaveLength(10)
    expect(admissions.map((admission) => admission?.remaining).toSorted()[0]).toBe(0)
    expect(await replicas[0]?.admit('/other')).toEqual({ admitted: true, remaining: 9 })
  })

  test('without Redis each replica counts for itself, and logs it once', async () => {
    const captured = captureLog()
    const gone = connect({ port: 1, host: '127.0.0.1', enableOfflineQueue: false, maxRetriesPerRequest: 0 })
    const store = createRedisRateStore(gone, 3, captured.log)
    const admitted = []
    for (let i = 0; i < 5; i++) admitted.push((await store.admit('/events')).admitted)
    expect(admitted).toEqual([true, true, true, false, false])
    expect(captured.text().match(/rate limit is not shared/g)).toHaveLength(1)
  })

  test('consecutive failures are those of all replicas; when one opens or closes the circuit, all do', async () => {
    const replicas = [breakerOn(connect()), breakerOn(connect()), breakerOn(connect())]
    await Promise.all(replicas.map(({ subscribed }) => subscribed))

    for (const { breaker } of replicas) await breaker.run(() => Promise.reject(DOWN)).catch(() => undefined)
    for (const { breaker } of replicas) await vi.waitFor(() => expect(breaker.state()).toBe('OPEN'), WAIT)

    for (const { breaker } of replicas)
      await vi.waitFor(() => expect(breaker.state()).toBe('HALF_OPEN'), WAIT)
    await replicas[0]?.breaker.run(async () => 'well')
    for (const { breaker } of replicas) await vi.waitFor(() => expect(breaker.state()).toBe('CLOSED'), WAIT)
    for (const { breaker } of replicas) breaker.close()
  })

  test('a success on any replica resets the count', async () => {
    const [first, second] = [breakerOn(connect()), breakerOn(connect())]
    await Promise.all([first.subscribed, second.subscribed])
    await first.breaker.run(() => Promise.reject(DOWN)).catch(() => undefined)
    await first.breaker.run(async () => 'well')
    await vi.waitFor(async () => expect(await connect().exists('circuit:payments:failures')).toBe(0), WAIT)
    await second.breaker.run(() => Promise.reject(DOWN)).catch(() => undefined)
    await second.breaker.run(() => Promise.reject(DOWN)).catch(() => undefined)
    expect([first.breaker.state(), second.breaker.state()]).toEqual(['CLOSED', 'CLOSED'])
    for (const { breaker } of [first, second]) breaker.close()
  })
})

const DOWN = new Error('down')
const WAIT = { timeout: 5000, interval: 5 }

function breakerOn(redis: Redis) {
  const { log } = captureLog()
  const shared = createSharedCircuit(redis, log)
  const breaker = createBreaker({
    failureThreshold: 3,
    cooldownMs: 300,
    isFailure: () => true,
    transitions: gatewayMetrics(new Registry()).circuitTransitions,
    log,
    shared,
  })
  return { breaker, subscribed: shared.ready }
}
