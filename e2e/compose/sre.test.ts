import { freePort } from '@quickticket/testing/free-port'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../src/alerting/monitored-system.ts'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { prometheusFlags } from '../src/prometheus-flags.ts'

const TOKEN = 'a-token-of-the-test'

interface Incident {
  id: string
  services: string[]
  status: string
}

let project: ComposeProject
let url: string
let alertmanager: string

beforeAll(async () => {
  const [sre, alertmanagerPort, prometheus, receiver] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  project = await createComposeProject(
    {
      SRE_PORT: String(sre),
      SRE_TOKEN: TOKEN,
      PROMETHEUS_PORT: String(prometheus),
      ALERTMANAGER_PORT: String(alertmanagerPort),
      ALERT_RECEIVER_PORT: String(receiver),
      ...(await prometheusFlags()),
    },
    ['docker-compose.monitoring.yaml'],
  )
  url = `http://127.0.0.1:${sre}`
  alertmanager = `http://127.0.0.1:${alertmanagerPort}`
  await project.compose([
    '--profile',
    'sre',
    'up',
    '--build',
    '--detach',
    '--wait',
    ...['prometheus', 'alertmanager', 'alert-receiver', 'sre'],
  ])
})
afterAll(() => project?.down())

test('an alert becomes one incident, which a restart of the container keeps', async () => {
  const alert = {
    labels: { alertname: 'TargetDown', severity: 'critical', service: 'payments' },
    annotations: { summary: 'payments cannot be scraped' },
  }
  const sent = await fetch(`${alertmanager}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([alert]),
  })
  expect(sent.status).toBe(200)
  await until(async () => (await listIncidents()).length > 0)
  const [incident] = await listIncidents()
  expect(incident).toMatchObject({ id: 'INC-0001', services: ['payments'], status: 'investigating' })

  await project.compose(['kill', '--signal', 'KILL', 'sre'])
  await project.compose(['--profile', 'sre', 'up', '--detach', '--wait', 'sre'])
  expect((await listIncidents()).map(({ id }) => id)).toEqual(['INC-0001'])
})

test('the page is there, and a change needs the token', async () => {
  const page = await fetch(url, { headers: { accept: 'text/html' } })
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('INC-0001')])
  const assign = (headers: Record<string, string>) =>
    fetch(`${url}/incidents/INC-0001/assign`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ commander: 'ada' }),
    })
  expect((await assign({})).status).toBe(401)
  expect((await assign({ authorization: `Bearer ${TOKEN}` })).status).toBe(200)
})

test('the verbs run in its container', async () => {
  const shown = await project.tryCompose([
    'exec',
    '-T',
    'sre',
    'node',
    'sre/src/main.ts',
    'incident',
    'show',
    '1',
  ])
  expect(shown.stdout).toContain('payments')
  expect(shown.code).toBe(0)
})

async function listIncidents(): Promise<Incident[]> {
  return ((await (await fetch(`${url}/incidents`)).json()) as { incidents: Incident[] }).incidents
}
