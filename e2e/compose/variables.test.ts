import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { variables as events } from '@quickticket/events/config'
import { variables as gateway } from '@quickticket/gateway/config'
import { variables as migrations } from '@quickticket/migrations/config'
import { variables as notifications } from '@quickticket/notifications/config'
import { variables as payments } from '@quickticket/payments/config'
import { afterEach, describe, expect, test } from 'vitest'
import { type ComposeProject, createComposeProject } from '../src/compose-project.ts'
import { eventually } from '../src/eventually.ts'
import { parseLog } from '../src/log-lines.ts'
import type { Environment } from '../src/system.ts'

const VARIABLES = { gateway, events, payments, notifications, migrations }
/** What the published ports and health checks rely on. */
const FIXED = ['HOST', 'PORT']

const started: ComposeProject[] = []
afterEach(async () => {
  for (const project of started.splice(0)) await project.down()
})

async function createProject(environment: Environment = {}, more: string[] = []): Promise<ComposeProject> {
  const project = await createComposeProject(environment, more)
  started.push(project)
  return project
}

interface Resolved {
  services: Record<string, { environment: Record<string, string>; ports?: { host_ip?: string }[] }>
}

async function resolve(environment: Environment, more: string[] = []): Promise<Resolved['services']> {
  const project = await createComposeProject(environment, more)
  const text = await project.compose(['--profile', '*', 'config', '--format', 'json'])
  return (JSON.parse(text) as Resolved).services
}

describe.each(Object.entries(VARIABLES))('%s', (service, variables) => {
  const names = Object.keys(variables).filter((name) => !FIXED.includes(name))

  test('gets every variable that it knows', async () => {
    const given = Object.fromEntries(names.map((name) => [name, `given-${name}`]))
    const services = await resolve(given)
    expect(services[service]?.environment).toEqual(given)
  })

  test('gets empty variables, and so its own defaults, when nothing is set', async () => {
    const services = await resolve({})
    const unset = Object.fromEntries(names.map((name) => [name, '']))
    expect(services[service]?.environment).toEqual(unset)
  })
})

describe('ports are published', () => {
  const MONITORING = ['docker-compose.monitoring.yaml', 'docker-compose.observability.yaml']
  const addresses = async (environment: Environment) => {
    const services = Object.entries(await resolve(environment, MONITORING))
    const published = services.flatMap(([name, { ports = [] }]) =>
      ports.map(({ host_ip = 'everywhere' }) => [name, host_ip] as const),
    )
    return Object.fromEntries(published)
  }

  test('on this machine only', async () => {
    const published = await addresses({})
    expect(Object.keys(published).length).toBeGreaterThan(10)
    expect(new Set(Object.values(published))).toEqual(new Set(['127.0.0.1']))
  })

  test('elsewhere when told: the gateway and Grafana, or the services behind it, and nothing else', async () => {
    const elsewhere = async (environment: Environment) => {
      const published = Object.entries(await addresses(environment))
      return published.filter(([, address]) => address !== '127.0.0.1').map(([name]) => name)
    }
    expect((await elsewhere({ PUBLISH_ON: '0.0.0.0' })).sort()).toEqual(['gateway', 'grafana'])
    expect((await elsewhere({ PUBLISH_SERVICES_ON: '0.0.0.0' })).sort()).toEqual([
      'events',
      'notifications',
      'payments',
    ])
  })
})

test('the gateway calls notifications when the profile is on', async () => {
  const services = await resolve({ COMPOSE_PROFILES: 'notifications' })
  expect(services.gateway?.environment.NOTIFICATIONS_URL).toBe('http://notifications:8083')
})

test('a bad variable: the log of the service names it and what is allowed', async () => {
  const project = await createProject({ PAYMENT_FAILURE_RATE: '30', PAYMENT_LATENCY_MS: 'slow' })
  await project.compose(['up', '--detach', '--no-deps', 'payments'])
  await eventually(
    async () => (await logged(project, 'payments'))[0],
    expect.stringMatching(
      /PAYMENT_FAILURE_RATE="30" must be .*from 0 to 1.*PAYMENT_LATENCY_MS="slow" must be/,
    ),
    30_000,
  )
})

test('a typo in FAULTS: the log says where', async () => {
  const project = await createProject({ FAULTS: 'latncy 200ms' })
  await project.compose(['up', '--detach', '--no-deps', 'payments'])
  await eventually(
    async () => (await logged(project, 'payments'))[0],
    expect.stringMatching(/FAULTS="latncy 200ms" must be .*latncy/),
    30_000,
  )
})

test('a database that cannot be reached: Compose says which part failed, and its log why', async () => {
  const project = await createProject({ DB_HOST: 'nowhere' })
  const { code, stderr } = await project.tryCompose(['up', '--detach'])
  expect(code).not.toBe(0)
  expect(stderr).toContain('service "migrations" didn\'t complete successfully')
  expect((await logged(project, 'migrations')).at(-1)).toMatch(
    /^PostgreSQL at nowhere:5432 .*there is no answer: is it running, and are DB_HOST and DB_PORT right\?$/,
  )
})

test('a password that the database does not take: said at once', async () => {
  const project = await createProject()
  await project.compose(['up', '--detach', '--wait', 'postgres'])
  const { code } = await project.tryCompose(['run', '--rm', '-T', '--no-deps', 'migrations'], {
    DB_PASS: 'wrong',
  })
  expect(code).toBe(1)
  const { stdout } = await project.tryCompose(['run', '--rm', '-T', '--no-deps', 'migrations'], {
    DB_PASS: 'wrong',
  })
  expect(parseLog(stdout).at(-1)?.json?.msg).toMatch(/check DB_USER and DB_PASS$/)
  expect(stdout).not.toContain('wrong')
})

test('the password comes from a file, and is in no environment', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quickticket-secret-'))
  const file = join(directory, 'password')
  writeFileSync(file, 'from-a-file\n')
  chmodSync(directory, 0o755)

  const services = await resolve({ DB_PASS_FILE: file }, ['docker-compose.secrets.yaml'])
  for (const name of ['events', 'migrations']) {
    const environment = services[name]?.environment
    expect(environment).toMatchObject({ DB_PASS_FILE: '/run/secrets/db_pass' })
    expect(environment).not.toHaveProperty('DB_PASS')
  }
  expect(services.postgres?.environment).toMatchObject({ POSTGRES_PASSWORD_FILE: '/run/secrets/db_pass' })
  expect(services.postgres?.environment).not.toHaveProperty('POSTGRES_PASSWORD')

  const project = await createProject({ DB_PASS: 'from-a-file' })
  await project.compose(['up', '--detach', '--wait', 'postgres'])
  const mounted = ['-v', `${file}:/run/password:ro`, '-e', 'DB_PASS_FILE=/run/password']
  await project.compose(['run', '--rm', '-T', '--no-deps', ...mounted, 'migrations'], { DB_PASS: '' })
  rmSync(directory, { recursive: true })
})

test('a port that is in use: Compose names it, and another one helps', async () => {
  const project = await createProject()
  const other = createServer().listen(project.port.payments, '127.0.0.1')
  await once(other, 'listening')
  const { code, stderr } = await project.tryCompose(['up', '--detach', '--no-deps', 'payments'])
  expect(code).not.toBe(0)
  expect(stderr).toMatch(new RegExp(`127\\.0\\.0\\.1:${project.port.payments}.*(in use|allocated)`))
  await project.compose(['up', '--detach', '--no-deps', 'payments'], { PAYMENTS_PORT: '0' })
  other.close()
})

/** The messages of a service so far. */
async function logged(project: ComposeProject, service: string): Promise<unknown[]> {
  const text = await project.compose(['logs', '--no-log-prefix', '--no-color', service])
  return parseLog(text).map(({ json }) => json?.msg)
}
