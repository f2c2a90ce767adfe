import { createApp } from '@quickticket/kit/app'
import { loadConfig } from '@quickticket/kit/config'
import { metrics } from '@quickticket/kit/metrics'
import { captureLog } from '@quickticket/testing/captured-log'
import { series } from '@quickticket/testing/series'
import { expect, test, vi } from 'vitest'
import { faults } from '../src/faults.ts'
import { faultVariables } from '../src/variables.ts'
import { faultyApp } from './faulty-app.ts'

const ACTIVE = 'example_fault_active'

test('without faults and without a token nothing is added to the application', () => {
  const app = createApp({ log: captureLog().log, maxConcurrentRequests: 0 })
  const registry = metrics(app, { service: 'example', version: '1' })
  const added = [vi.spyOn(app, 'addHook'), vi.spyOn(app, 'route'), vi.spyOn(app, 'register')]
  const routes = app.printRoutes()
  faults(app, loadConfig(faultVariables, {}), { service: 'example', registry })
  for (const spy of added) expect(spy).not.toHaveBeenCalled()
  expect(app.printRoutes()).toBe(routes)
  faults(app, loadConfig(faultVariables, { FAULTS: '1% hang' }), { service: 'other', registry })
  expect(added[0]).toHaveBeenCalled()
})

test('a kind is active while one of its rules is in its window', async () => {
  const { app } = await faultyApp({
    FAULTS:
      '0% reset; 1% hang after=1m; 0% status=500 after=1m; 0% status=503; 1% truncate for=1ms; 0% cpu=1s',
  })
  await vi.waitFor(async () =>
    expect(await series(app, ACTIVE)).toEqual({
      [`${ACTIVE}{fault="reset"}`]: 1,
      [`${ACTIVE}{fault="hang"}`]: 0,
      [`${ACTIVE}{fault="status"}`]: 1,
      [`${ACTIVE}{fault="truncate"}`]: 0,
      [`${ACTIVE}{fault="cpu"}`]: 1,
    }),
  )
})

test('the log at the start has the rules and the seed that repeats them', async () => {
  const { logs } = await faultyApp({ FAULTS: 'GET /things* 1.5% hang; memory=1KB/s', FAULT_SEED: '77' })
  expect(await logs.until(({ msg }) => msg === 'faults set')).toMatchObject({
    level: 'WARNING',
    seed: 77,
    faults: [
      { fault: 'hang', method: 'GET', path: '/things*', share: 0.015 },
      { fault: 'memory', method: '*', path: '*', share: 1 },
    ],
  })
})

test('the same seed and the same requests have the same results', async () => {
  const env = { FAULTS: '30% status=503; 30% latency=1ms..3ms; 30% status=500', FAULT_SEED: '5' }
  async function ends(more: Record<string, string> = {}): Promise<unknown[]> {
    const { app, injected } = await faultyApp({ ...env, ...more })
    const statuses: unknown[] = []
    for (let i = 0; i < 100; i++) statuses.push((await app.inject('/things')).statusCode)
    return [...statuses, ...injected().map(({ fault, latency_ms }) => `${fault} ${latency_ms}`)]
  }
  const first = await ends()
  expect(await ends()).toEqual(first)
  expect(await ends({ FAULT_SEED: '6' })).not.toEqual(first)
})

test('sealed: metrics, log and /faults do not show the kind', async () => {
  const { app, logs, injected, admin } = await faultyApp({
    FAULTS: 'GET /things 50% status=503; GET /things 100% latency=2ms; memory=1KB/s after=1m',
    FAULTS_SEALED: 'true',
    FAULT_ADMIN_TOKEN: 'let me in',
  })
  const answers = []
  for (let i = 0; i < 20; i++) answers.push(await app.inject('/things'))
  const failed = answers.filter(({ statusCode }) => statusCode === 503)
  expect(failed.length).toBeGreaterThan(0)
  for (const answer of failed) expect(answer.json()).toMatchObject({ error: 'service_unavailable' })

  const { payload } = await app.inject('/metrics')
  expect(payload).toMatch(/example_faults_injected_total\{fault="sealed",path="sealed"\} \d+/)
  expect(payload.match(/^example_fault.*$/gm)).toEqual([
    expect.stringContaining('example_faults_injected_total{fault="sealed"'),
    'example_fault_active{fault="sealed"} 1',
  ])
  for (const line of injected()) {
    expect(Object.keys(line).toSorted()).toEqual(
      ['fault', 'level', 'msg', 'request_id', 'service', 'time', 'trace_id'].toSorted(),
    )
    expect(line.fault).toBe('sealed')
  }
  expect((await admin('GET')).json()).toEqual({ faults: 'sealed', rules: [] })
  expect((await admin('PUT', '100% status=500')).json()).toEqual({ faults: 'sealed', rules: [] })
  const said = logs.lines().filter(({ msg }) => !/^(GET|PUT) /.test(msg) && msg !== 'Service Unavailable')
  expect(JSON.stringify(said)).not.toMatch(/"status"|latency|memory|injected_fault/)
})
