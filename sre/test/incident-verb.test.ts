import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fingerprintOf } from '../src/alerts/fingerprint.ts'
import { receiveAlerts } from '../src/alerts/receive.ts'
import { createContext } from '../src/context.ts'
import { parseIncidentRules, readIncidentRules } from '../src/incident/rules.ts'
import { verb } from '../src/incident/verb.ts'

const START = Date.parse('2026-11-28T12:00:00Z')
const MINUTE = 60_000

/** `incident …` on a database of its own, at a time that the test sets. */
function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'sre-incident-'))
  let minute = 0
  const now = () => START + minute * MINUTE
  const context = createContext({ SRE_DATA_DIR: directory, USER: 'ana' }, { now })
  onTestFinished(() => {
    context.close()
    rmSync(directory, { recursive: true })
  })
  const labels = { alertname: 'SLOBurnRatePage', slo: 'gateway-latency', service: 'gateway' }
  return {
    async run(args: string[], atMinute = minute) {
      minute = atMinute
      const { values, positionals } = parseArgs({ args, options: verb.options, allowPositionals: true })
      return verb.run(context, { values: { ...values }, positionals })
    },
    fire: (endsAt?: number) =>
      receiveAlerts(
        [{ fingerprint: fingerprintOf(labels), startsAt: START, endsAt, labels, annotations: {} }],
        { source: 'webhook' },
        { store: context.store, rules: readIncidentRules(), now: now() },
      ),
  }
}

test('an incident from its alert to its resolution, as show prints it', async () => {
  const { run, fire } = setUp()
  fire()
  await run(['assign', 'INC-0001', 'ben'], 2)
  await run(['update', '1', '--status', 'identified', '--note', 'a slow query', '--service', 'events'], 5)
  await run(['update', '1', '--status', 'monitoring'], 9)
  await run(['list'], 12)
  fire(START + 12 * MINUTE)
  expect((await run(['list'], 13)).text).toBe(
    [
      'ID        SEV  STATUS                       BEGAN                 TOOK    COMMANDER  SERVICES         TITLE',
      'INC-0001  2    monitoring, alerts are over  2026-11-28 12:00:00Z  13 min  ben        gateway, events  SLOBurnRatePage gateway-latency',
    ].join('\n'),
  )
  await run(['resolve', 'inc-1', '--note', 'an index was missing'], 15)
  expect((await run(['show', '1'], 60)).text).toBe(`INC-0001  SEV2  SLOBurnRatePage gateway-latency
resolved for 15 min; commander: ben; affected: gateway, events

began         2026-11-28 12:00:00Z  as the first alert fired; it may have begun earlier
detected      2026-11-28 12:00:00Z  0 s after the begin
acknowledged  2026-11-28 12:02:00Z  2 min after the detection
mitigated     2026-11-28 12:09:00Z  9 min after the begin
resolved      2026-11-28 12:15:00Z  15 min after the begin

Alerts
  SLOBurnRatePage gateway-latency    2026-11-28 12:00:00Z –  2026-11-28 12:12:00Z

Timeline
  2026-11-28 12:00:00Z  alert      sre  SLOBurnRatePage gateway-latency fires since 2026-11-28 12:00:00Z
  2026-11-28 12:02:00Z  commander  ana  commander: ben
  2026-11-28 12:05:00Z  status     ana  investigating → identified
  2026-11-28 12:05:00Z  note       ana  affected too: events
  2026-11-28 12:05:00Z  note       ana  a slow query
  2026-11-28 12:09:00Z  status     ana  identified → monitoring
  2026-11-28 12:12:00Z  proposal   sre  its alert has resolved at 2026-11-28 12:12:00Z: to be resolved when it has been checked
  2026-11-28 12:15:00Z  status     ana  monitoring → resolved
  2026-11-28 12:15:00Z  note       ana  an index was missing`)
  expect((await run(['list'])).text).toBe('No open incidents; --all shows the resolved ones.')
  expect((await run(['list', '--all'])).json).toMatchObject([{ id: 'INC-0001', status: 'resolved' }])
})

test('stats are means over the incidents of a window, by severity', async () => {
  const { run } = setUp()
  const open = (severity: string, began: string, atMinute: number) =>
    run(['new', '--title', 'x', '--severity', severity, '--began', `2026-11-28T${began}:00Z`], atMinute)
  await open('2', '12:00', 4)
  await open('2', '12:08', 10)
  await open('3', '12:19', 20)
  await run(['assign', '1', 'ben'], 5)
  await run(['assign', '2', 'ben'], 13)
  await run(['resolve', '1'], 30)
  await run(['resolve', '2'], 48)
  const { json, text } = await run(['stats', '--window', '1h'], 50)
  expect(json).toMatchObject([
    { severity: 2, incidents: 2, resolved: 2, mttd_seconds: 180, mtta_seconds: 120, mttr_seconds: 2100 },
    { severity: 3, incidents: 1, resolved: 0, mttd_seconds: 60, mtta_seconds: null, mttr_seconds: null },
    { severity: null, incidents: 3, resolved: 2, mttd_seconds: 140, mtta_seconds: 120, mttr_seconds: 2100 },
  ])
  expect(text).toContain('SEV2  2          2         3 min     2 min  35 min')
  expect((await run(['stats', '--severity', '3'])).json).toHaveLength(2)
  expect((await run(['stats', '--window', '1h'], 600)).text).toBe('No incident was detected in the last 1h.')
})

test('an incident that comes back is mitigated when it is mitigated again, and not at all before', async () => {
  const { run, fire } = setUp()
  fire()
  const mitigatedAfter = async (status: string, atMinute: number) => {
    const { json } = await run(['update', '1', '--status', status], atMinute)
    return (json as { mitigated_at: string | null }).mitigated_at
  }
  expect(await mitigatedAfter('monitoring', 5)).toBe('2026-11-28T12:05:00.000Z')
  expect(await mitigatedAfter('investigating', 7)).toBeNull()
  expect(await mitigatedAfter('monitoring', 20)).toBe('2026-11-28T12:20:00.000Z')
  expect(await mitigatedAfter('resolved', 30)).toBe('2026-11-28T12:20:00.000Z')
})

test('a resolution while alerts fire is taken, with a warning', async () => {
  const { run, fire } = setUp()
  fire()
  const { ok, text } = await run(['resolve', '1'], 3)
  expect(ok).toBe(true)
  expect(text).toContain('Alerts that still fire: 1.')
})

test.each([
  [[], 'incident needs a command: list, show, new, update, assign, resolve, stats'],
  [['close', '1'], '"close" is no command of incident: list, show, new, update, assign, resolve, stats'],
  [['show'], 'incident show takes ID, and not 0'],
  [['assign', '1'], 'incident assign takes ID and NAME, and not 1'],
  [['show', 'one'], '"one" is no incident: write INC-0001 or 1'],
  [['show', '9'], 'there is no incident INC-0009'],
  [['show', '9', '--note', 'x'], 'incident show has no --note; it has none'],
  [['new', '--title', 'x'], '--severity must be 1, 2, 3 or 4; 1 is the worst'],
  [['new', '--title', ' ', '--severity', '1'], '--title must be a text of at most 10000 characters'],
  [
    ['new', '--title', 'x', '--severity', '1', '--began', '2026-11-29'],
    '--began="2026-11-29" must be a time in the past such as 2026-11-28T12:00:00Z',
  ],
  [['update', '1'], 'incident update needs at least one of --status, --severity, --service, --note'],
  [
    ['update', '1', '--status', 'closed'],
    '--status="closed" must be one of investigating, identified, monitoring, resolved',
  ],
  [
    ['update', '1', '--status', 'investigating'],
    'INC-0001 is investigating already; it can become identified, monitoring, resolved',
  ],
  [['stats', '--window', '30'], '--window: "30" must be a number and one of ms, s, m, h, d, such as 7d'],
])('incident %j says what is allowed', async (args, text) => {
  const { run, fire } = setUp()
  fire()
  await expect(run(args)).rejects.toThrow(text)
})

test('after its resolution an incident takes a note, and nothing else', async () => {
  const { run, fire } = setUp()
  fire()
  await run(['resolve', '1'])
  const refused = 'INC-0001 is resolved and stays so; a note can be added, and incident new opens another one'
  await expect(run(['assign', '1', 'ben'])).rejects.toThrow(refused)
  await expect(run(['resolve', '1'])).rejects.toThrow(refused)
  await expect(run(['update', '1', '--note', 'x', '--severity', '1'])).rejects.toThrow(refused)
  expect((await run(['update', '1', '--note', 'more is known'])).ok).toBe(true)
})

describe('sre/incidents.yaml', () => {
  const GOOD = `
join_window: 10m
begin_window: 30m
arrives_within: 45s
severities: [{ labels: { severity: critical }, severity: 1 }]
otherwise: 4
needs: { gateway: [events], events: [postgres] }
allowed_automatic: []
`
  test('relates services through what they need', () => {
    const { areRelated, severityOf } = parseIncidentRules(GOOD)
    expect(areRelated('gateway', 'postgres')).toBe(true)
    expect(areRelated('postgres', 'gateway')).toBe(true)
    expect(areRelated('gateway', 'redis')).toBe(false)
    expect(severityOf({ severity: 'critical', x: 'y' })).toBe(1)
    expect(severityOf({})).toBe(4)
  })

  test.each([
    ['join_window: 10m', 'join_window: soon', 'join_window is "soon"; allowed: a duration'],
    ['otherwise: 4', 'otherwise: 5', 'otherwise is 5; allowed: a number, at least 1, at most 4'],
    ['otherwise: 4', 'otherwise: 1.5', 'otherwise is 1.5; allowed: 1, 2, 3, 4'],
    ['otherwise: 4', 'other: 4', 'the file.other is not known; allowed: join_window'],
    ['severity: 1 }', 'sev: 1 }', 'severities[0].sev is not known; allowed: labels, severity'],
    ['{ severity: critical }', '{ severity: 1 }', 'severities[0].labels.severity is 1; allowed: a text'],
    ['[events]', 'events', 'needs.gateway is "events"; allowed: a list'],
    ['needs: {', 'needs: [', 'Flow'],
  ])('with %j as %j says what is wrong', (good, bad, text) => {
    expect(() => parseIncidentRules(GOOD.replace(good, bad))).toThrow(`sre/incidents.yaml: ${text}`)
  })
})
