import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@quickticket/testing/free-port'
import { prometheusFrom, startPrometheus } from '@quickticket/testing/prometheus'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { alertsOf } from '../src/alerts/alert.ts'
import { catchUp } from '../src/alerts/catch-up.ts'
import { fingerprintOf } from '../src/alerts/fingerprint.ts'
import { receiveAlerts } from '../src/alerts/receive.ts'
import { findIncident, listIncidents } from '../src/incident/incident.ts'
import { readIncidentRules } from '../src/incident/rules.ts'
import { timelineOf } from '../src/incident/updates.ts'
import { createPrometheus } from '../src/prometheus.ts'
import { openStore } from '../src/store/store.ts'

/** What Prometheus has seen: `TargetDown` fired from minute 10 to 20, `ErrorLogRate` from minute 10 on. */
const START = Math.floor(Date.now() / 1000) * 1000 - 60 * 60_000
const MINUTE = 60_000
const at = (minute: number) => START + minute * MINUTE
const DOWN = { alertname: 'TargetDown', severity: 'critical', service: 'payments' }
const ERRORS = { alertname: 'ErrorLogRate', severity: 'warning', service: 'backup' }

const HISTORY = [
  '# TYPE ALERTS gauge',
  ...line({ ...DOWN, alertstate: 'firing' }, 10, 20),
  ...line({ ...ERRORS, alertstate: 'firing' }, 10, 60),
  '# TYPE up gauge',
  ...line({ job: 'payments' }, 0, 60, 'up'),
].join('\n')

function line(labels: Record<string, string>, from: number, to: number, name = 'ALERTS'): string[] {
  const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  const samples = Array.from({ length: (to - from) * 4 }, (_, index) => from + index / 4)
  return samples.map((minute) => `${name}{${text.join(',')}} 1 ${at(minute) / 1000}`)
}

interface Had {
  labels: Record<string, string>
  startsAt: number
  state?: 'active' | 'suppressed'
  updatedAt?: number
}

/** Answers as Alertmanager's API does. */
async function startAlertmanager(alerts: Had[]): Promise<string> {
  const server = createServer((_request, response) => {
    const body = alerts.map(({ labels, startsAt, state = 'active', updatedAt = startsAt }) => ({
      fingerprint: fingerprintOf(labels),
      labels,
      annotations: {},
      startsAt: new Date(startsAt).toISOString(),
      updatedAt: new Date(updatedAt).toISOString(),
      endsAt: new Date(updatedAt + 4 * MINUTE).toISOString(),
      status: { state, silencedBy: [], inhibitedBy: [], mutedBy: [] },
    }))
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe.skipIf(!prometheusFrom)('alerts that did not arrive (skipped without Prometheus 3)', () => {
  let prometheus: Awaited<ReturnType<typeof startPrometheus>>
  beforeAll(async () => {
    prometheus = await startPrometheus({ history: HISTORY })
  })
  afterAll(() => prometheus.close())

  async function setUp(alerts: Had[], { lastLook }: { lastLook?: number } = {}) {
    const directory = mkdtempSync(join(tmpdir(), 'sre-catch-up-'))
    const store = openStore(join(directory, 'sre.db'))
    onTestFinished(() => {
      store.close()
      rmSync(directory, { recursive: true })
    })
    if (lastLook !== undefined) store.run('INSERT INTO watched (id, until_at) VALUES (1, ?)', lastLook)
    const rules = readIncidentRules()
    const alertmanagerUrl = await startAlertmanager(alerts)
    const asked = createPrometheus(prometheus.url)
    const askedFrom: number[] = []
    return {
      store,
      askedFrom,
      look: (minute: number) =>
        catchUp({
          store,
          rules,
          prometheus: {
            ...asked,
            range(expr, range) {
              askedFrom.push(range.fromMs)
              return asked.range(expr, range)
            },
          },
          alertmanagerUrl,
          now: () => at(minute),
        }),
      receive: (labels: Record<string, string>, startsAt: number, endsAt?: number) =>
        receiveAlerts(
          [{ fingerprint: fingerprintOf(labels), startsAt, endsAt, labels, annotations: {} }],
          { source: 'webhook' },
          { store, rules, now: startsAt },
        ),
    }
  }

  test('an alert that Alertmanager has is taken, once it should have arrived', async () => {
    const { look } = await setUp([{ labels: DOWN, startsAt: at(10) }])
    expect((await look(10.5)).opened).toEqual([])
    expect((await look(10.8)).opened).toEqual([1])
    expect(await look(11)).toEqual({ opened: [], changed: [] })
  })

  test('silenced and inhibited alerts are left alone', async () => {
    const { look } = await setUp([{ labels: DOWN, startsAt: at(10), state: 'suppressed' }])
    expect((await look(15)).opened).toEqual([])
  })

  test('an alert that fired and ended while the program was down becomes an incident, to be looked at', async () => {
    const { store, look } = await setUp([], { lastLook: at(5) })
    expect((await look(30)).opened).toEqual([1])
    const incident = findIncident(store, 1)
    expect(incident?.status).toBe('investigating')
    expect(Math.abs((incident?.detectedAt ?? 0) - at(10))).toBeLessThanOrEqual(15_000)
    expect(Math.abs((incident?.proposedResolutionAt ?? 0) - at(20))).toBeLessThanOrEqual(30_000)
    expect(await look(31)).toEqual({ opened: [], changed: [] })
  })

  test('its message, which Alertmanager repeats later, is the same alert', async () => {
    const { store, look, receive } = await setUp([], { lastLook: at(5) })
    await look(30)
    expect(receive(DOWN, at(10) + 4000, at(20) + 2000).opened).toEqual([])
    expect(alertsOf(store, 1)).toHaveLength(1)
  })

  test('the first start ever makes no incidents of what is past', async () => {
    const { store, look } = await setUp([])
    await look(30)
    expect(listIncidents(store)).toEqual([])
  })

  test('the end of an alert whose message was lost is read from Prometheus', async () => {
    const { store, look, receive } = await setUp([{ labels: ERRORS, startsAt: at(10) }])
    receive(DOWN, at(10))
    receive(ERRORS, at(10))
    expect((await look(30)).changed).toEqual([1])
    expect(Math.abs((findIncident(store, 1)?.proposedResolutionAt ?? 0) - at(20))).toBeLessThanOrEqual(30_000)
    expect(findIncident(store, 2)?.proposedResolutionAt).toBeUndefined()
  })

  test('an alert that Prometheus never saw is not said to be over', async () => {
    const { store, look, receive } = await setUp([])
    receive({ alertname: 'FromElsewhere', service: 'redis' }, at(10))
    expect((await look(30)).changed).toEqual([])
    expect(findIncident(store, 1)?.proposedResolutionAt).toBeUndefined()
  })

  test('an alert of a year ago that neither of them has is over, and its incident says what is not known', async () => {
    const { store, look, receive } = await setUp([])
    receive({ alertname: 'FromElsewhere', service: 'redis' }, at(-365 * 24 * 60))
    expect((await look(30)).changed).toEqual([1])
    expect(findIncident(store, 1)?.proposedResolutionAt).toBe(at(30))
    expect(timelineOf(store, 1).map(({ text }) => text)).toContain(
      'FromElsewhere redis is taken as over: Alertmanager does not have it, and Prometheus has not seen it for 1 d; when it ended is not known',
    )
  })

  test('Prometheus is asked for a day at most, also for an alert that says it began in 1970', async () => {
    const { askedFrom, look, receive } = await setUp([])
    receive({ alertname: 'FromElsewhere', service: 'redis' }, 1)
    await look(30)
    expect(askedFrom.length).toBeGreaterThan(0)
    expect(Math.min(...askedFrom)).toBeGreaterThan(at(30) - 25 * 60 * MINUTE)
  })

  test('an alert of Alertmanager that says it began in the future is taken too', async () => {
    const { look } = await setUp([{ labels: DOWN, startsAt: at(9999) }])
    expect((await look(10)).opened).toEqual([1])
  })

  test('an alert that Alertmanager still has was not over', async () => {
    const { store, look, receive } = await setUp([{ labels: ERRORS, startsAt: at(10), updatedAt: at(25) }])
    receive(ERRORS, at(10), at(15))
    expect((await look(30)).changed).toEqual([1])
    expect(findIncident(store, 1)?.proposedResolutionAt).toBeUndefined()
  })

  test('without Alertmanager it says so, and the gap is looked at the next time', async () => {
    const { store } = await setUp([], { lastLook: at(5) })
    const looking = catchUp({
      store,
      rules: readIncidentRules(),
      prometheus: createPrometheus(prometheus.url),
      alertmanagerUrl: `http://127.0.0.1:${await freePort()}`,
      now: () => at(30),
    })
    await expect(looking).rejects.toThrow('Alertmanager does not answer: ECONNREFUSED')
    expect(store.get('SELECT until_at FROM watched')).toEqual({ until_at: at(5) })
  })
})
