import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { SERVICES } from '@quickticket/contract/services'
import { buildDashboards } from '@quickticket/monitoring/dashboards/dashboards'
import { annotationsOf, type Target, targetsOf } from '@quickticket/monitoring/dashboards/targets'
import { freePort } from '@quickticket/testing/free-port'
import { REPOSITORY } from '@quickticket/testing/repository'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { prometheusFlags } from '../src/prometheus-flags.ts'

/** Long enough for rules that are evaluated once a minute. */
const LOAD_S = 100
const STEP_S = 15

/** What has data only in an incident. */
const RIGHTLY_EMPTY = ['annotation Alerts']

/** A little of everything that a panel shows: faults, retries, notifications, audits. */
const VARIABLES = {
  COMPOSE_PROFILES: 'notifications',
  FAULTS: 'POST /charge 50% status=503; POST /notify 30% status=500',
  RETRY_MAX: '2',
  AUDIT_INTERVAL_S: '2',
}

const choices = {
  services: SERVICES,
  slos: readdirSync(join(REPOSITORY, 'monitoring/slo')).map((file) => file.replace('.yaml', '')),
  rateInterval: `${4 * STEP_S}s`,
  range: '5m',
}
const dashboards = Object.entries(buildDashboards()).map(([name, dashboard]) => ({
  name,
  targets: [...targetsOf(name, dashboard, choices), ...annotationsOf(name, dashboard)],
}))

let project: ComposeProject
let prometheus: string
let from: number

beforeAll(async () => {
  const port = await freePort()
  prometheus = `http://127.0.0.1:${port}`
  const environment = { ...VARIABLES, ...(await prometheusFlags()), PROMETHEUS_PORT: String(port) }
  project = await createComposeProject(environment, ['docker-compose.monitoring.yaml'])
  from = Date.now() / 1000
  await project.compose(['up', '--detach', ...SERVICES, 'prometheus'])
  const gateway = `http://127.0.0.1:${project.port.gateway}`
  await until(() => answers(`${gateway}/health`), 60_000)
  const load = await promisify(execFile)('./loadgen/run.sh', ['20', String(LOAD_S)], {
    cwd: REPOSITORY,
    env: { ...process.env, GATEWAY_URL: gateway },
  })
  console.log(load.stdout.split('\n').at(-2))
  // the last rule to have a value: evaluated once a minute, after the first requests were scraped
  await until(() => hasData({ expr: 'slo:error_budget_remaining:ratio' }), 90_000)
})

afterAll(async () => {
  await project?.down()
})

test.each(dashboards)('every query of $name has data', async ({ targets }) => {
  const asked = targets.filter(({ where }) => !RIGHTLY_EMPTY.some((name) => where.endsWith(name)))
  const empty: Target[] = []
  for (const target of asked) if (!(await hasData(target))) empty.push(target)
  console.log(`${targets.length - empty.length} of ${targets.length} queries have data`)
  expect(empty).toEqual([])
})

test('a query for what is not there has none', async () => {
  expect(await hasData({ expr: 'gateway_nothing_total' })).toBe(false)
})

/** As Grafana asks for the time since the system was started: at least one value that is a number. */
async function hasData({
  expr,
  instant = false,
}: Pick<Target, 'expr'> & { instant?: boolean }): Promise<boolean> {
  const to = Date.now() / 1000
  const query = new URLSearchParams(
    instant ? { query: expr } : { query: expr, start: String(from), end: String(to), step: String(STEP_S) },
  )
  const answer = await fetch(`${prometheus}/api/v1/${instant ? 'query' : 'query_range'}`, {
    method: 'POST',
    body: query,
  })
  const { status, error, data } = (await answer.json()) as Answer
  if (status !== 'success') throw new Error(`${expr}: ${error}`)
  return data.result.some(({ value, values = [] }) =>
    [value, ...values].some((sample) => sample && sample[1] !== 'NaN'),
  )
}

async function until(condition: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not so within ${timeoutMs} ms: ${condition}`)
    await delay(250)
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}

interface Answer {
  status: 'success' | 'error'
  error?: string
  data: { result: { value?: Sample; values?: Sample[] }[] }
}

type Sample = [seconds: number, value: string]
