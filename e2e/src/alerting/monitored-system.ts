import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SERVICES, type ServiceName } from '@quickticket/contract/services'
import { writeScaled } from '@quickticket/monitoring/slo/time-scale'
import { freePort } from '@quickticket/testing/free-port'
import { type ComposeProject, createComposeProject } from '../compose-project.ts'
import { docker } from '../docker.ts'
import { FAULT_ADMIN_TOKEN } from '../fault-control.ts'
import { prometheusFlags } from '../prometheus-flags.ts'
import { withPostgres } from '../stores.ts'
import type { Component, Environment } from '../system.ts'
import { nameOf, startWebhook, type Webhook } from './webhook.ts'

/** The system and its monitoring, in which an hour of the rules is `3600 / timeScale` seconds. */
export interface MonitoredSystem {
  project: ComposeProject
  url: Record<ServiceName, string>
  webhook: Webhook
  eventId: number
  sql(statement: string): Promise<unknown>
  /** By container: Compose would start or ask what it depends on as well. */
  container(action: 'stop' | 'kill' | 'start', component: Component): Promise<void>
  recreate(service: ServiceName, environment: Environment): Promise<void>
  /** A Prometheus and an Alertmanager that have seen nothing yet. */
  forget(): Promise<void>
  /** the names of the alerts that fire in Prometheus */
  firing(): Promise<string[]>
  /** the value of the first series; undefined when there is none */
  value(expr: string): Promise<number | undefined>
  query(expr: string): Promise<{ labels: Record<string, string>; value: number }[]>
  close(): Promise<void>
}

export async function startMonitoredSystem(timeScale: number): Promise<MonitoredSystem> {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-monitored-'))
  chmodSync(directory, 0o755)
  writeScaled(directory, timeScale)
  const inMemory = join(directory, 'in-memory.yaml')
  writeFileSync(inMemory, IN_MEMORY)
  const webhook = await startWebhook()
  const [prometheusPort, alertmanagerPort, receiverPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const project = await createComposeProject(
    {
      COMPOSE_PROFILES: 'notifications',
      FAULT_ADMIN_TOKEN,
      AUDIT_INTERVAL_S: '1',
      // fewer failures in a row than a charge that always fails makes, more than one that fails every other time does
      CB_FAILURE_THRESHOLD: '20',
      CB_COOLDOWN_S: '5',
      PROMETHEUS_PORT: String(prometheusPort),
      ALERTMANAGER_PORT: String(alertmanagerPort),
      ALERT_RECEIVER_PORT: String(receiverPort),
      PROMETHEUS_DIR: join(directory, 'prometheus'),
      ALERTMANAGER_DIR: join(directory, 'alertmanager'),
      ALERT_WEBHOOK_URL: webhook.url,
      DOCS_URL: 'https://docs.example/',
      ...(await prometheusFlags()),
    },
    ['docker-compose.monitoring.yaml', inMemory],
  )
  const prometheus = `http://127.0.0.1:${prometheusPort}`
  const alertmanager = `http://127.0.0.1:${alertmanagerPort}`
  const url = Object.fromEntries(
    SERVICES.map((service) => [service, `http://127.0.0.1:${project.port[service]}`]),
  ) as Record<ServiceName, string>
  const postgres = {
    host: '127.0.0.1',
    port: project.port.postgres,
    database: 'quickticket',
    user: 'quickticket',
    password: 'quickticket',
  }

  const sql = (statement: string) =>
    withPostgres(postgres, async (client) => (await client.query(statement)).rows)
  const untilServes = (service: ServiceName) => until(() => answers(`${url[service]}/livez`))
  async function query(expr: string) {
    const answer = await fetch(`${prometheus}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expr }),
    })
    const { data } = (await answer.json()) as QueryAnswer
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
  }
  async function close(): Promise<void> {
    webhook.close()
    await project.down()
    rmSync(directory, { recursive: true })
  }

  try {
    await project.compose(['up', '--detach', ...SERVICES, 'prometheus', 'alertmanager'])
    await Promise.all(SERVICES.map(untilServes))
    const [event] = (await sql(
      `INSERT INTO events (name, venue, event_date, total_tickets, price_cents)
       VALUES ('Endless', 'Lab', '2030-01-01', 1000000, 1000) RETURNING id`,
    )) as { id: number }[]
    return {
      project,
      url,
      webhook,
      eventId: (event as { id: number }).id,
      sql,
      query,
      value: async (expr) => (await query(expr))[0]?.value,
      async container(action, component) {
        await docker([action, project.container(component)])
        if (action === 'start' && component in url) await untilServes(component as ServiceName)
      },
      async recreate(service, environment) {
        await project.compose(['up', '--detach', '--no-deps', '--force-recreate', service], environment)
        await untilServes(service)
      },
      async forget() {
        const both = ['prometheus', 'alertmanager']
        await project.compose(['up', '--detach', '--no-deps', '--force-recreate', '--timeout', '3', ...both])
        await until(
          async () => (await answers(`${prometheus}/-/ready`)) && (await answers(`${alertmanager}/-/ready`)),
        )
        webhook.notices.length = 0
      },
      async firing() {
        const { data } = (await (await fetch(`${prometheus}/api/v1/alerts`)).json()) as AlertsAnswer
        return data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => nameOf(labels))
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Gone with the container, so that each incident is the first that they see. */
const IN_MEMORY = `services:
  prometheus:
    volumes: !override ['\${PROMETHEUS_DIR}:/etc/prometheus:ro']
    tmpfs: ['/prometheus:uid=65534,gid=65534']
  alertmanager:
    volumes: !override ['\${ALERTMANAGER_DIR}:/etc/alertmanager:ro']
    tmpfs: ['/alertmanager:uid=65534,gid=65534']
`

export async function until(condition: () => Promise<boolean>, timeoutMs = 90_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not so within ${timeoutMs} ms: ${condition}`)
    await delay(100)
  }
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}

interface QueryAnswer {
  data: { result: { metric: Record<string, string>; value: [number, string] }[] }
}

interface AlertsAnswer {
  data: { alerts: { state: string; labels: Record<string, string> }[] }
}
