import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { addAction } from '../src/actions/actions.ts'
import { keepKnee } from '../src/capacity/knee.ts'
import { listExperiments } from '../src/chaos/list.ts'
import { type Context, REPOSITORY } from '../src/context.ts'
import { createIncident, resolve } from '../src/incident/change.ts'
import { actionsOnTime } from '../src/ready/checks/actions-on-time.ts'
import { capacityKnown } from '../src/ready/checks/capacity-known.ts'
import { failuresRehearsed } from '../src/ready/checks/failures-rehearsed.ts'
import { incidentsHandled } from '../src/ready/checks/incidents-handled.ts'
import { computeReadiness } from '../src/ready/readiness.ts'
import { readinessText } from '../src/ready/text.ts'
import { verb } from '../src/ready/verb.ts'
import { ask, DAY_MS, NOTHING_THERE, ownContext } from './ready-kit.ts'

const now = Date.now()
const change = { author: 'ada', now }

test('a severe incident is handled when it is resolved', async () => {
  const context = ownContext()
  const outage = createIncident(
    context.store,
    { title: 'no sales', severity: 1, services: ['events'] },
    change,
  )
  createIncident(context.store, { title: 'slow', severity: 3, services: ['gateway'] }, change)
  expect(await ask(incidentsHandled, context)).toMatchObject({ status: 'fail', evidence: 'INC-0001 SEV1' })
  resolve(context.store, outage.number, change)
  expect(await ask(incidentsHandled, context)).toMatchObject({ status: 'pass' })
})

test('an action item is overdue after its day, and its text cannot reach a terminal as a command', async () => {
  const { store, ...context } = ownContext({}, { now: () => Date.parse('2026-12-06T00:00:00Z') })
  const { number } = createIncident(store, { title: 'no sales', severity: 2, services: [] }, change)
  const item = { incident: number, text: 'alert\u001b[2J on it', owner: 'ada', priority: 'P1' }
  addAction(store, { ...item, due: '2026-12-06' }, now)
  expect(await ask(actionsOnTime, { ...context, store })).toMatchObject({ status: 'pass' })
  addAction(store, { ...item, due: '2026-12-05' }, now)
  expect(await ask(actionsOnTime, { ...context, store })).toMatchObject({
    status: 'fail',
    evidence: '1: alert [2J on it (ada)',
  })
})

test('a knee counts for as long as a proof may be old', async () => {
  const context = ownContext()
  expect(await ask(capacityKnown, context)).toMatchObject({ status: 'fail' })
  keepKnee(context.store, kneeAt(now - 40 * DAY_MS))
  expect(await ask(capacityKnown, context)).toMatchObject({ status: 'fail', at: now - 40 * DAY_MS })
  keepKnee(context.store, kneeAt(now - 20 * DAY_MS))
  expect(await ask(capacityKnown, context)).toMatchObject({ status: 'pass', at: now - 20 * DAY_MS })
})

test('failures are rehearsed when the last run of each experiment held, and not too long ago', async () => {
  const context = ownContext()
  const [first] = catalogueOf(context)
  expect(await ask(failuresRehearsed, context)).toMatchObject({ status: 'fail' })
  rehearseAll(context, now - 2 * DAY_MS)
  expect(await ask(failuresRehearsed, context)).toMatchObject({ status: 'pass', at: now - 2 * DAY_MS })

  rehearse(context, first, { at: now - DAY_MS, outcome: 'broken' })
  const { status, evidence } = await ask(failuresRehearsed, context)
  expect({ status, evidence }).toEqual({
    status: 'fail',
    evidence: expect.stringContaining(`${first} broken`),
  })
  rehearse(context, first, { at: now, outcome: 'held' })
  expect(await ask(failuresRehearsed, context)).toMatchObject({ status: 'pass' })
})

test('a rehearsal of another system, or of long ago, does not count', async () => {
  const elsewhere = ownContext()
  rehearseAll(elsewhere, now, 'cluster')
  expect((await ask(failuresRehearsed, elsewhere)).evidence).toContain('never ran')
  const longAgo = ownContext()
  rehearseAll(longAgo, now - 31 * DAY_MS)
  expect((await ask(failuresRehearsed, longAgo)).evidence).toMatch(/held 31 d ago/)
})

test('a check that does not apply does not count', async () => {
  const { counts, results } = await computeReadiness(ownContext({}, { system: 'local' }), {
    maxAgeMs: DAY_MS,
  })
  expect(counts.pass + counts.fail + counts.unknown + counts['not applicable']).toBe(results.length)
  const autoscaling = results.find(({ check }) => check.id === 'autoscaling')
  expect(autoscaling).toMatchObject({ status: 'not applicable' })
})

test('the text begins with the score, and ends with how each failure is fixed', async () => {
  const readiness = await computeReadiness(ownContext({}, { system: 'local' }), { maxAgeMs: DAY_MS })
  const text = readinessText(readiness, false)
  const { pass, fail, unknown } = readiness.counts
  expect(text).toMatch(new RegExp(`^${pass} of ${pass + fail + unknown} pass, ${unknown} unknown: gateway, `))
  expect(text).toMatch(/^FAIL +capacity-known +\d{4}-\d\d-\d\d .*Z {2}no measurement is recorded$/m)
  expect(text).toMatch(/^capacity-known: .*\n {2}Risk: .*\n {2}Fix: {2}Measure it/m)
  // what would make it pass says nothing of what would make it known
  expect(text).toMatch(/^services-scraped: .*\n {2}Risk: .*\n {2}Unknown: Prometheus does not answer.*\n\n/m)
})

test('a broken database makes unknown what is kept in it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-ready-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'sre.db'), 'no database')
  const { status, evidence } = await ask(incidentsHandled, ownContext({ SRE_DATA_DIR: directory }))
  expect({ status, evidence }).toEqual({
    status: 'unknown',
    evidence: expect.stringContaining('The database cannot be used: file is not a database'),
  })
})

test('the exit code is 1 when a check fails', async () => {
  const { code, json } = await runReady(ownContext({}, { system: 'local' }))
  expect(code).toBe(1)
  expect(json.counts.fail).toBeGreaterThan(0)
})

test('the exit code is 2 when none fails, and the rest of the answer is shown', async () => {
  const context = ownContext({}, { system: 'local' })
  keepKnee(context.store, kneeAt(now))
  for (const name of catalogueOf(context, 'local'))
    rehearse(context, name, { at: now, outcome: 'held', system: 'local' })
  const { code, json } = await runReady(context)
  expect(json.counts).toMatchObject({ fail: 0 })
  expect(json.counts.unknown).toBeGreaterThan(0)
  expect(json.counts.pass).toBeGreaterThan(0)
  expect(code).toBe(2)
})

test('a service that is none, and a length that is none, are refused', async () => {
  const refused = (values: Record<string, string>) => verb.run(ownContext(), { values, positionals: [] })
  await expect(refused({ service: 'postgres' })).rejects.toThrow(
    '"postgres" is no service: gateway, events, payments, notifications',
  )
  await expect(refused({ 'max-age': 'soon' })).rejects.toThrow('--max-age: "soon" must be a number')
})

function kneeAt(measuredAt: number) {
  return { requestsPerSecond: 400, level: 400, unit: 'rps' as const, p99Ms: 80, brokenBy: 'p99', measuredAt }
}

function catalogueOf(context: Context, system = 'compose'): string[] {
  return listExperiments(context)
    .filter(({ systems }) => systems.includes(system))
    .map(({ name }) => name)
}

function rehearseAll(context: Context, at: number, system = 'compose'): void {
  for (const name of catalogueOf(context)) rehearse(context, name, { at, outcome: 'held', system })
}

function rehearse(
  { store }: Context,
  name = '',
  { at, outcome, system = 'compose' }: { at: number; outcome: string; system?: string },
): void {
  store.run(
    `INSERT INTO experiments (name, file, hypothesis, stamped_at, started_at, ended_at, outcome, data)
     VALUES (?, ?, 'it serves', ?, ?, ?, ?, ?)`,
    name,
    `sre/experiments/${name}.yaml`,
    at,
    at,
    at,
    outcome,
    JSON.stringify({ system, reasons: [] }),
  )
}

/** The program itself. */
function runReady({ env }: Context) {
  const command = [join(REPOSITORY, 'sre/src/main.ts'), 'ready', '--json']
  const variables = { ...process.env, ...env, PROMETHEUS_URL: NOTHING_THERE }
  return new Promise<{ code: number; json: ReadyJson }>((done) => {
    execFile(process.execPath, command, { env: variables }, (error, stdout) => {
      done({ code: Number(error?.code ?? 0), json: JSON.parse(stdout) as ReadyJson })
    })
  })
}

interface ReadyJson {
  counts: { pass: number; fail: number; unknown: number; notApplicable: number }
}
