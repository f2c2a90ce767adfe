import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Alert, alertsOf } from '../src/alerts/alert.ts'
import { observeBegin } from '../src/alerts/begin.ts'
import { fingerprintOf } from '../src/alerts/fingerprint.ts'
import { receiveAlerts } from '../src/alerts/receive.ts'
import { createReceiver } from '../src/alerts/receiver.ts'
import { report, resolve } from '../src/incident/change.ts'
import { findIncident, listIncidents } from '../src/incident/incident.ts'
import { readIncidentRules } from '../src/incident/rules.ts'
import { incidentStats } from '../src/incident/stats.ts'
import { timelineOf } from '../src/incident/updates.ts'
import { createPrometheus } from '../src/prometheus.ts'
import { openStore } from '../src/store/store.ts'
import { CannotTell } from '../src/verb.ts'

const START = Date.parse('2026-11-28T12:00:00Z')
const MINUTE = 60_000
/** After all that the alerts say. */
const NOW = START + 1000 * MINUTE

function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'sre-receive-'))
  const store = openStore(join(directory, 'sre.db'))
  onTestFinished(() => {
    store.close()
    rmSync(directory, { recursive: true })
  })
  const rules = readIncidentRules()
  let now = NOW
  return {
    store,
    rules,
    receive: (alerts: Alert[], groupKey = '') =>
      receiveAlerts(alerts, { groupKey, source: 'webhook' }, { store, rules, now: now++ }),
    incident: (number = 1) => findIncident(store, number),
    kinds: (number = 1) => timelineOf(store, number).map(({ kind }) => kind),
  }
}

function alert(labels: Record<string, string>, startsAt = START, endsAt?: number): Alert {
  return { fingerprint: fingerprintOf(labels), startsAt, endsAt, labels, annotations: {} }
}

const PAGE = {
  alertname: 'SLOBurnRatePage',
  severity: 'critical',
  service: 'gateway',
  slo: 'gateway-latency',
}
const DOWN = { alertname: 'TargetDown', severity: 'critical', service: 'payments' }
const BACKUP = { alertname: 'BackupNotVerified', severity: 'warning', service: 'backup' }
const NOTIFY = { alertname: 'NotificationsFailing', severity: 'warning', service: 'notifications' }

describe('one incident for one cause', () => {
  test('an alert opens an incident with its severity, its service and its begin', () => {
    const { receive, incident } = setUp()
    expect(receive([alert(PAGE)])).toEqual({ opened: [1], changed: [1] })
    expect(incident()).toMatchObject({
      id: 'INC-0001',
      title: 'SLOBurnRatePage gateway-latency',
      severity: 2,
      status: 'investigating',
      services: ['gateway'],
      begunAt: START,
      begunBy: 'alert',
      detectedAt: START,
      acknowledgedAt: undefined,
    })
  })

  test('an alert of a service that the first one needs joins within the window, and adds its service', () => {
    const { receive, incident } = setUp()
    receive([alert(PAGE)])
    expect(receive([alert(DOWN, START + 10 * MINUTE)])).toEqual({ opened: [], changed: [1] })
    expect(incident()?.services).toEqual(['gateway', 'payments'])
  })

  test('one of an unrelated service, and one after the window, are causes of their own', () => {
    const { receive } = setUp()
    receive([alert(PAGE)])
    expect(receive([alert(BACKUP)]).opened).toEqual([2])
    expect(receive([alert(DOWN, START + 10 * MINUTE + 1)]).opened).toEqual([3])
  })

  test('services that only share what needs them are unrelated', () => {
    const { receive } = setUp()
    receive([alert(NOTIFY)])
    expect(receive([alert(DOWN)]).opened).toEqual([2])
  })

  test('alerts of one group join however far apart they are', () => {
    const { receive } = setUp()
    receive([alert({ ...PAGE, instance: 'a' })], '{}:{alertname="SLOBurnRatePage"}')
    const later = alert({ ...PAGE, instance: 'b' }, START + 600 * MINUTE)
    expect(receive([later], '{}:{alertname="SLOBurnRatePage"}').opened).toEqual([])
    expect(receive([{ ...later, fingerprint: 'ff' }], '{}:{alertname="other"}').opened).toEqual([])
  })

  test('the worst alert decides the severity, until a person has', () => {
    const { store, receive, incident } = setUp()
    receive([alert({ ...PAGE, severity: 'warning', alertname: 'SLOBurnRateTicket' })])
    expect(incident()?.severity).toBe(3)
    receive([alert(DOWN)])
    expect(incident()?.severity).toBe(2)
    report(store, 1, { severity: 4 }, { author: 'ana', now: START + MINUTE })
    receive([alert({ alertname: 'InvariantViolated', severity: 'critical', service: 'events' })])
    expect(incident()?.severity).toBe(4)
  })

  test('a resolved incident is not opened again: what fires afterwards opens another one', () => {
    const { store, receive } = setUp()
    receive([alert(PAGE)])
    resolve(store, 1, { author: 'ana', now: START + MINUTE })
    expect(receive([alert(PAGE, START + 2 * MINUTE)]).opened).toEqual([2])
    expect(receive([alert(PAGE)])).toEqual({ opened: [], changed: [] })
  })
})

describe('a begin that is later than now comes from a clock that is wrong', () => {
  const FUTURE = Date.parse('9999-01-01T00:00:00Z')

  test('the incident counts from now, and its lengths are none of the future', () => {
    const { store, receive, incident } = setUp()
    receive([alert(PAGE, FUTURE)])
    expect(incident()).toMatchObject({ begunAt: NOW, detectedAt: NOW })
    resolve(store, 1, { author: 'ana', now: NOW + MINUTE })
    const stats = incidentStats(store, { fromMs: NOW, toMs: NOW + MINUTE })
    expect(stats.at(-1)).toMatchObject({ incidents: 1, mttrMs: MINUTE })
  })

  test('the same message again is the same alert', () => {
    const { receive } = setUp()
    receive([alert(PAGE, FUTURE)])
    expect(receive([alert(PAGE, FUTURE)])).toEqual({ opened: [], changed: [] })
  })

  test('it opens no window for what fires much later', () => {
    const { store, rules, receive } = setUp()
    receive([alert(PAGE, FUTURE)])
    const later = NOW + 600 * MINUTE
    const received = receiveAlerts([alert(DOWN, later)], { source: 'webhook' }, { store, rules, now: later })
    expect(received.opened).toEqual([2])
  })

  test('an end that is later than now proposes the resolution now', () => {
    const { receive, incident } = setUp()
    receive([alert(PAGE, START, FUTURE)])
    expect(incident()?.proposedResolutionAt).toBe(NOW)
  })
})

test('an incident is found by a service that a person has added', () => {
  const { store, receive } = setUp()
  receive([alert(BACKUP)])
  report(store, 1, { services: ['payments'] }, { author: 'ana', now: START + MINUTE })
  expect(receive([alert(DOWN, START + MINUTE)])).toEqual({ opened: [], changed: [1] })
})

describe('messages of the webhook', () => {
  const message = (service: string, count = 250) => ({
    groupKey: service,
    alerts: Array.from({ length: count }, (_, instance) =>
      alert({ ...DOWN, service, instance: `i-${instance}` }),
    ),
  })

  /** @param fails the write that fails, from 1 */
  function setUpReceiver({ fails }: { fails?: number } = {}) {
    const { store, rules } = setUp()
    const events: string[] = []
    let writes = 0
    const transaction = <T>(work: () => T): T => {
      writes += 1
      if (writes === fails) throw new CannotTell('The database fails', store.path)
      return store.transaction(work)
    }
    const receive = createReceiver({
      store: { ...store, transaction },
      rules,
      now: () => NOW,
      onReceived: ({ opened, changed }) => events.push(`opened ${opened}, changed ${changed}`),
    })
    return { store, receive, events, writes: () => writes }
  }

  test('a long one is taken in parts, and others are taken in between', async () => {
    const { receive, events } = setUpReceiver()
    expect(await Promise.all([receive(message('backup')), receive(message('redis'))])).toEqual([
      { opened: [1], changed: [1] },
      { opened: [2], changed: [2] },
    ])
    expect(events).toEqual([
      'opened 1, changed 1',
      'opened 2, changed 2',
      ...['opened , changed 1', 'opened , changed 2', 'opened , changed 1', 'opened , changed 2'],
    ])
  })

  test('those that come at once are written at once', async () => {
    const { store, receive, writes } = setUpReceiver()
    const services = Array.from({ length: 90 }, (_, index) => `service-${index}`)
    await Promise.all(services.map((service) => receive(message(service, 1))))
    expect(listIncidents(store)).toHaveLength(90)
    // each message is a transaction within that of all of them
    expect(writes()).toBe(1 + 90)
  })

  test('one that fails in between and comes again is one incident with each alert once', async () => {
    // its first part, and the alerts within it, are two transactions
    const { store, receive, events } = setUpReceiver({ fails: 3 })
    await expect(receive(message('redis'))).rejects.toThrow('The database fails')
    expect(await receive(message('redis'))).toEqual({ opened: [], changed: [1] })
    expect(events[0]).toBe('opened 1, changed 1')
    expect(alertsOf(store, 1)).toHaveLength(250)
  })
})

describe('a resolved alert proposes, and closes nothing', () => {
  test('only when it was the last one that fired', () => {
    const { receive, incident, kinds } = setUp()
    receive([alert(PAGE), alert(DOWN)])
    receive([alert(PAGE, START, START + 5 * MINUTE)])
    expect(incident()?.proposedResolutionAt).toBeUndefined()
    receive([alert(DOWN, START, START + 4 * MINUTE)])
    expect(incident()).toMatchObject({
      status: 'investigating',
      resolvedAt: undefined,
      proposedResolutionAt: START + 5 * MINUTE,
    })
    expect(kinds()).toEqual(['alert', 'alert', 'proposal'])
  })

  test('the proposal is taken back when the alert fires again', () => {
    const { receive, incident, kinds } = setUp()
    receive([alert(PAGE, START, START + MINUTE)])
    expect(receive([alert(PAGE, START + 30 * MINUTE)]).opened).toEqual([])
    expect(incident()?.proposedResolutionAt).toBeUndefined()
    expect(kinds()).toEqual(['alert', 'proposal', 'alert', 'proposal'])
  })
})

describe('messages that come twice, late or in another order', () => {
  const firing = [alert(PAGE), alert(DOWN, START + MINUTE)]
  const over = [alert(PAGE, START, START + 3 * MINUTE), alert(DOWN, START + MINUTE, START + 2 * MINUTE)]

  test('every order of the messages, each sent twice, gives the same incident', () => {
    const messages = [...firing, ...over]
    const states = permutations([...messages.keys()]).map((order) => {
      const { store, receive, incident } = setUp()
      for (const index of [...order, ...order]) receive([messages[index] as Alert])
      const { title: _title, services, ...found } = incident() ?? { services: [] }
      return {
        count: listIncidents(store).length,
        ...found,
        services: services.toSorted(),
        alerts: alertsOf(store, 1).map(({ startsAt, endsAt }) => [startsAt, endsAt]),
      }
    })
    expect(states).toHaveLength(24)
    for (const state of states) expect(state).toEqual(states[0])
    expect(states[0]).toMatchObject({
      count: 1,
      begunAt: START,
      detectedAt: START,
      severity: 2,
      proposedResolutionAt: START + 3 * MINUTE,
      services: ['gateway', 'payments'],
    })
  })

  test('a message that comes again writes nothing', () => {
    const { receive, kinds } = setUp()
    receive(firing)
    const before = kinds()
    expect(receive(firing)).toEqual({ opened: [], changed: [] })
    expect(kinds()).toEqual(before)
  })

  test('an alert that was over before the incident was resolved joins it, however late it comes', () => {
    const { store, receive, incident } = setUp()
    receive([alert(PAGE)])
    resolve(store, 1, { author: 'ana', now: START + 30 * MINUTE })
    expect(receive([alert(DOWN, START + MINUTE, START + 2 * MINUTE)]).opened).toEqual([])
    expect(incident()).toMatchObject({ status: 'resolved', resolvedAt: START + 30 * MINUTE })
    // one that still fires must be seen
    expect(receive([alert({ ...DOWN, instance: 'b' }, START + MINUTE)]).opened).toEqual([2])
  })

  test('when one alert of a message cannot be stored, none is', () => {
    const { store, receive } = setUp()
    const broken = { ...alert(BACKUP), fingerprint: null as unknown as string }
    expect(() => receive([alert(PAGE), broken])).toThrow('NOT NULL')
    expect(listIncidents(store)).toEqual([])
  })
})

describe('the begin', () => {
  /** An experiment that injected something three minutes before the alert. */
  function plant({ store }: ReturnType<typeof setUp>, data: object, injectedAt = START - 3 * MINUTE) {
    const { lastId } = store.run(
      `INSERT INTO experiments (name, file, hypothesis, stamped_at, data) VALUES ('payments-slow', 'x', 'x', ?, '{}')`,
      injectedAt,
    )
    store.run(
      `INSERT INTO injections (experiment, kind, data, injected_at, expires_at) VALUES (?, 'faults', ?, ?, ?)`,
      lastId,
      JSON.stringify(data),
      injectedAt,
      injectedAt + MINUTE,
    )
  }

  const observe = ({ store, rules }: ReturnType<typeof setUp>) =>
    // Prometheus is not asked, because the experiment says it
    observeBegin(1, {
      store,
      rules,
      prometheus: createPrometheus('http://none.invalid'),
      now: () => NOW + MINUTE,
    })

  test('is the injection of an experiment at a related service', async () => {
    const system = setUp()
    system.receive([alert(PAGE)])
    plant(system, { service: 'payments' })
    await observe(system)
    expect(system.incident()).toMatchObject({ begunAt: START - 3 * MINUTE, begunBy: 'experiment' })
    expect(timelineOf(system.store, 1).at(-1)?.text).toBe(
      'began at 2026-11-28 11:57:00Z with the experiment payments-slow (faults)',
    )
  })

  test('is looked for again when an alert comes that began before it', async () => {
    const system = setUp()
    system.receive([alert(PAGE)])
    plant(system, { service: 'payments' })
    await observe(system)
    system.receive([alert(DOWN, START - 4 * MINUTE)])
    const first = START - 4 * MINUTE
    expect(system.incident()).toMatchObject({ begunAt: first, begunBy: 'alert', detectedAt: first })
  })

  test.each([
    ['at an unrelated service', BACKUP, { service: 'payments' }, START - MINUTE],
    ['too long before', PAGE, { service: 'payments' }, START - 31 * MINUTE],
    ['after the alert', PAGE, { service: 'payments' }, START + 1],
  ])('is not the injection of one %s', async (_name, labels, data, injectedAt) => {
    const system = setUp()
    system.receive([alert(labels)])
    plant(system, data, injectedAt)
    // then it asks Prometheus
    await expect(observe(system)).rejects.toThrow('Prometheus does not answer')
    expect(system.incident()).toMatchObject({ begunAt: START, begunBy: 'alert' })
  })
})

test('a fingerprint is the one that Alertmanager gives these labels', () => {
  const labels = { alertname: 'ErrorLogRate', job: 'gateway', service: 'gateway', severity: 'warning' }
  // as Alertmanager answered
  expect(fingerprintOf(labels)).toBe('01352c2b112b1b9f')
})

function permutations(items: number[]): number[][] {
  if (items.length <= 1) return [items]
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  )
}
