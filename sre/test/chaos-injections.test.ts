import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noOwnRedis, ownRedis } from '@quickticket/testing/own-redis'
import { startService } from '@quickticket/testing/service-process'
import { describe, expect, onTestFinished, test } from 'vitest'
import { INJECTIONS } from '../src/chaos/injections/all.ts'
import { faults } from '../src/chaos/injections/faults.ts'
import { chooseShare } from '../src/chaos/injections/pods.ts'
import { redisFlush } from '../src/chaos/injections/redis-flush.ts'
import { type Context, createContext } from '../src/context.ts'

const TOKEN = 'game master'
const CHARGE = {
  amount_cents: 1000,
  reservation_id: '6f1f9d2e-7a52-4a43-9f5d-0f4c7d3b7a11',
}

function contextOf(variables: Record<string, string>): Context {
  const dataDir = mkdtempSync(join(tmpdir(), 'sre-injections-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  return createContext({ SRE_DATA_DIR: dataDir, ...variables })
}

async function startPayments(variables: Record<string, string> = {}) {
  const { url } = await startService('payments', { FAULT_ADMIN_TOKEN: TOKEN, ...variables })
  const context = contextOf({ PAYMENTS_URL: url, FAULT_ADMIN_TOKEN: TOKEN })
  const rules = async () => {
    const response = await fetch(`${url}/faults`, { headers: { authorization: `Bearer ${TOKEN}` } })
    return ((await response.json()) as { faults: string }).faults
  }
  const charge = async () => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': CHARGE.reservation_id }
    const response = await fetch(`${url}/charge`, { method: 'POST', headers, body: JSON.stringify(CHARGE) })
    await response.text()
    return response.status
  }
  return { url, context, rules, charge }
}

const failing = { service: 'payments', rules: 'POST /charge 100% status=503' } as const
const inAMinute = () => ({ expiresAt: Date.now() + 60_000 })

describe('faults', () => {
  test('strike, end by themselves, and are rolled back', async () => {
    const { context, rules, charge } = await startPayments()
    expect(await charge()).not.toBe(503)
    const data = await faults.prepare(context, failing)
    await faults.inject(context, data, inAMinute())
    expect(await charge()).toBe(503)
    expect(await rules()).toMatch(/^POST \/charge 100% status=503 for=\d+s$/)
    await faults.rollback(context, data)
    expect(await rules()).toBe('')
    expect(await charge()).not.toBe(503)
  })

  test('that were there before stay, and are put back by another process', async () => {
    const { url, context, rules } = await startPayments({ FAULTS: 'POST /charge 1% latency=1ms' })
    const data = await faults.prepare(context, failing)
    await faults.inject(context, data, inAMinute())
    expect(await rules()).toMatch(/^POST \/charge 1% latency=1ms; POST \/charge 100% status=503 for=/)
    const another = contextOf({ PAYMENTS_URL: url, FAULT_ADMIN_TOKEN: TOKEN })
    const journal = JSON.parse(JSON.stringify(data)) as typeof data
    await faults.rollback(another, journal)
    await faults.rollback(another, journal)
    expect(await rules()).toBe('POST /charge 1% latency=1ms')
  })

  test('of two actions are in force together, and both end', async () => {
    const { context, rules } = await startPayments()
    const slow = { service: 'payments', rules: 'POST /charge 100% latency=5ms' } as const
    const prepared = [await faults.prepare(context, failing), await faults.prepare(context, slow)]
    for (const data of prepared) await faults.inject(context, data, inAMinute())
    expect(await rules()).toMatch(/status=503.*latency=5ms/)
    for (const data of prepared.reverse()) await faults.rollback(context, data)
    expect(await rules()).toBe('')
  })

  test('need the token of the service', async () => {
    const { url } = await startPayments()
    const stranger = contextOf({ PAYMENTS_URL: url, FAULT_ADMIN_TOKEN: 'another' })
    await expect(faults.prepare(stranger, failing)).rejects.toThrow(
      `payments does not take this FAULT_ADMIN_TOKEN (looked at ${url}/faults)`,
    )
  })

  test('need a service that takes faults while it runs', async () => {
    const { context } = await startPayments({ FAULT_ADMIN_TOKEN: '' })
    await expect(faults.prepare(context, failing)).rejects.toThrow(
      'payments takes no faults while it runs: set FAULT_ADMIN_TOKEN',
    )
  })

  test('are not injected where sealed ones are, which could not be put back', async () => {
    const { context } = await startPayments({ FAULTS: 'POST /charge 1% reset', FAULTS_SEALED: 'true' })
    await expect(faults.prepare(context, failing)).rejects.toThrow('payments has sealed faults')
  })
})

describe.skipIf(noOwnRedis)('redis-flush, with a Redis of its own', () => {
  test('deletes all keys, and its rollback brings nothing back', async () => {
    const { port, admin } = await ownRedis()
    await admin.mset('a', 1, 'b', 2)
    const context = contextOf({ SRE_SYSTEM: 'local', REDIS_PORT: String(port) })
    const data = await redisFlush.prepare(context, undefined)
    expect(data).toEqual({ keys: 2 })
    await redisFlush.inject(context, data, inAMinute())
    expect(await admin.dbsize()).toBe(0)
    await redisFlush.rollback(context, data)
    expect(await admin.dbsize()).toBe(0)
  })

  test('says where it looked for a Redis that does not answer', async () => {
    const { port, hang } = await ownRedis()
    hang()
    const context = contextOf({ SRE_SYSTEM: 'local', REDIS_PORT: String(port) })
    await expect(redisFlush.prepare(context, undefined)).rejects.toThrow(`(looked at 127.0.0.1:${port})`)
  })
})

test('redis-flush asks which Redis it is, and takes none by default', async () => {
  await expect(redisFlush.prepare(contextOf({ SRE_SYSTEM: 'local' }), undefined)).rejects.toThrow(
    'set REDIS_PORT',
  )
})

test.each([
  [1, 20, 1],
  [5, 20, 1],
  [5, 60, 3],
  [4, 0, 1],
  [3, 100, 3],
])('of %i pods %i percent are %i', (count, percent, expected) => {
  const names = Array.from({ length: count }, (_, index) => `gateway-${index}`)
  const chosen = chooseShare(names, percent)
  expect(new Set(chosen).size).toBe(expected)
  expect(names).toEqual(expect.arrayContaining(chosen))
})

test.each([
  [
    'faults',
    { service: 'payments', rules: 'POST /charge 5% explode' },
    'rules at column 17: "explode" is no fault',
  ],
  ['faults', { service: 'payments', rules: '5% reset for=9s' }, 'rules has a window; allowed: none'],
  [
    'faults',
    { service: 'payments', rules: '5% db-pool-leak' },
    'db-pool-leak is for services with a database',
  ],
  [
    'faults',
    { service: 'redis', rules: '5% reset' },
    'service is "redis"; allowed: one of gateway, events, payments',
  ],
  ['stop', { component: 'prometheus' }, 'component is "prometheus"; allowed: one of gateway'],
  ['stop', { component: 'redis', when: 1 }, 'when is not known; allowed: component'],
  [
    'pods',
    { component: 'gateway', percent: 120 },
    'percent is 120; allowed: a number, at least 0, at most 100',
  ],
  ['scale', { component: 'gateway' }, 'replicas is missing; allowed: a number'],
  ['variable', { service: 'events', set: {} }, 'set is empty; allowed: names of variables'],
  ['variable', { service: 'events', set: { 'a b': 1 } }, 'set.a b is no name of a variable'],
  [
    'network',
    { from: 'payments', to: 'redis', latency: '1s' },
    'from is "payments"; allowed: one of gateway, events',
  ],
  ['network', { from: 'events', to: 'redis' }, 'changes nothing; allowed: latency such as 200ms, or loss'],
  ['network', { from: 'events', to: 'redis', loss: 101 }, 'loss is 101; allowed: a number'],
  ['pressure', { service: 'events' }, 'changes nothing; allowed: cpus, or memory_mib'],
  ['redis-flush', { database: 1 }, 'database is not known'],
  ['table', { table: 'users' }, 'table is "users"; allowed: one of orders'],
])('%s refuses %j in one line', (kind, provider, message) => {
  const read = () => INJECTIONS.find((each) => each.kind === kind)?.read(provider, 'method[0].provider')
  expect(read).toThrow(/^method\[0\]\.provider[^\n]*$/)
  expect(read).toThrow(message)
})

test.each(['pods', 'scale'])('%s says that it needs a cluster', async (kind) => {
  const injection = INJECTIONS.find((each) => each.kind === kind)
  const args = injection?.read({ component: 'gateway', ...(kind === 'scale' && { replicas: 2 }) }, 'provider')
  await expect(injection?.prepare(contextOf({ SRE_SYSTEM: 'compose' }), args)).rejects.toThrow(
    `"${kind}" works in a cluster only (looked at SRE_SYSTEM=compose)`,
  )
})
