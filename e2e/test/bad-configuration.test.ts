import { once } from 'node:events'
import { createServer } from 'node:net'
import type { ServiceName } from '@quickticket/contract/services'
import { freePort } from '@quickticket/testing/free-port'
import { launchService } from '@quickticket/testing/program'
import { expect, test } from 'vitest'
import type { Environment } from '../src/system.ts'

const WHOLE = ['x', '-1', '1.5', '1e3', '0x10', '99999999999', ' ', 'Infinity']
const ABOVE_0 = ['0', ...WHOLE.slice(1)]
const PORTS = ['65536', ...WHOLE.slice(1)]
const SHARE = ['x', '-0.1', '1.1', 'NaN', '50%', '0,5', ' ', 'Infinity']
const STORES = ['disk', 'Redis', '1', ' ']
const CERTIFICATES = ['/nowhere/ca.pem', '/', 'package.json', ' ']
const URLS = [
  'events',
  'events:8081',
  'ftp://events',
  'http://',
  'http://a b',
  'http://a:99999',
  'http://a/b',
]

const COMMON = {
  PORT: PORTS,
  LOG_LEVEL: ['INFO', 'verbose', '1', ' '],
  SHUTDOWN_DELAY_MS: WHOLE,
  SHUTDOWN_TIMEOUT_MS: ABOVE_0,
  MAX_CONCURRENT_REQUESTS: WHOLE,
  FAULTS: ['5% explode', 'GET /events reset', '5% status=200', '101% hang', '5% latency=2', 'x'],
  FAULT_SEED: WHOLE,
  FAULTS_SEALED: ['yes', '1', 'TRUE', ' '],
}

/** For every variable that can be wrong, values that are. */
const BAD: Record<ServiceName, Record<string, string[]>> = {
  gateway: {
    ...COMMON,
    EVENTS_URL: URLS,
    PAYMENTS_URL: URLS,
    NOTIFICATIONS_URL: URLS,
    GATEWAY_TIMEOUT_MS: ABOVE_0,
    RETRY_MAX: ABOVE_0,
    RETRY_BASE_DELAY_MS: WHOLE,
    CB_FAILURE_THRESHOLD: WHOLE,
    CB_COOLDOWN_S: ABOVE_0,
    RATE_LIMIT_RPS: WHOLE,
    RATE_LIMIT_STORE: STORES,
    CB_STORE: STORES,
    RETRY_BUDGET_PERCENT: WHOLE,
    BULKHEAD_EVENTS_MAX: WHOLE,
    BULKHEAD_PAYMENTS_MAX: WHOLE,
    BULKHEAD_PAYMENTS_TIMEOUT_S: ['x', '-0.1', '60.1', 'NaN', '500ms', '0,5', ' ', 'Infinity'],
    NOTIFY_MAX_IN_FLIGHT: ABOVE_0,
    SHED_EVENT_LOOP_LAG_MS: WHOLE,
    REDIS_PORT: PORTS,
    REDIS_TLS: ['yes', '1', 'TRUE', ' '],
    REDIS_CA_FILE: CERTIFICATES,
    REDIS_TIMEOUT_MS: ABOVE_0,
  },
  events: {
    ...COMMON,
    DB_PORT: PORTS,
    DB_SSLMODE: ['prefer', 'allow', 'true', ' '],
    DB_SSLROOTCERT: CERTIFICATES,
    DB_MAX_CONNS: ABOVE_0,
    DB_ACQUIRE_TIMEOUT_MS: ABOVE_0,
    DB_STATEMENT_TIMEOUT_MS: ABOVE_0,
    DB_LOCK_TIMEOUT_MS: ABOVE_0,
    MIGRATE_ON_START: ['yes', '1', 'always', 'TRUE', ' '],
    REDIS_PORT: PORTS,
    REDIS_TLS: ['yes', '1', 'TRUE', ' '],
    REDIS_CA_FILE: CERTIFICATES,
    REDIS_TIMEOUT_MS: ABOVE_0,
    HOLD_STORE: STORES,
    RESERVATION_TTL: ABOVE_0,
    PAYMENTS_URL: URLS,
    RECONCILE_INTERVAL_MS: ABOVE_0,
    AUDIT_INTERVAL_S: WHOLE,
  },
  payments: {
    ...COMMON,
    PAYMENT_FAILURE_RATE: SHARE,
    PAYMENT_LOST_ANSWER_RATE: SHARE,
    PAYMENT_LATENCY_MS: WHOLE,
  },
  notifications: { ...COMMON, NOTIFY_FAILURE_RATE: SHARE, NOTIFY_LATENCY_MS: WHOLE },
}

const rounds = (Object.keys(BAD) as ServiceName[]).flatMap((service) => {
  const variables = Object.entries(BAD[service])
  const most = Math.max(...variables.map(([, values]) => values.length))
  return Array.from({ length: most }, (_, round): [ServiceName, number, Environment] => [
    service,
    round + 1,
    Object.fromEntries(variables.map(([name, values]) => [name, values[round % values.length] as string])),
  ])
})

test.concurrent.for(rounds)(
  '%s, round %i: one message names every bad variable, its value and what is allowed',
  async ([service, , environment], { expect }) => {
    const message = await refusal(service, environment)
    for (const [name, value] of Object.entries(environment)) {
      expect(message).toMatch(new RegExp(`\\b${name}=${literally(JSON.stringify(value))} must be \\S`))
    }
  },
)

test('only what is bad is named', async () => {
  const message = await refusal('gateway', { RETRY_MAX: '0', CB_COOLDOWN_S: '5', RATE_LIMIT_RPS: '10' })
  expect(message.match(/\b[A-Z]+_[A-Z_]+\b/g)).toEqual(['RETRY_MAX'])
})

test('a password is not shown, and its file has to be there', async () => {
  const message = await refusal('events', {
    DB_PASS: 'knock',
    DB_PASS_FILE: '/nowhere/password',
    DB_PORT: '0',
  })
  expect(message).toContain('DB_PASS_FILE="/nowhere/password" must be')
  expect(message).toContain('DB_PORT="0" must be')
  expect(message).not.toContain('knock')
})

test('a port that is in use, or a host that is not here, is said in one line', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  expect(await refusal('payments', { HOST: '127.0.0.1', PORT: String(port) })).toContain(String(port))
  server.close()
  const PORT = String(await freePort())
  expect(await refusal('payments', { HOST: '256.1.1.1', PORT })).toContain('HOST="256.1.1.1" must be')
  expect(await refusal('payments', { HOST: '192.0.2.200', PORT })).toContain('HOST="192.0.2.200" must be')
})

/** The one line that a service leaves when it refuses to start. */
async function refusal(service: ServiceName, environment: Environment): Promise<string> {
  // not runService: in tests that run concurrently, vitest would end it with another one
  const { exited, logs } = launchService(service, environment)
  const code = await exited
  const lines = logs.lines()
  if (code !== 1 || lines.length !== 1) throw new Error(`exit ${code}: ${JSON.stringify(lines, null, 2)}`)
  expect(lines[0]).toMatchObject({ level: 'ERROR', service, msg: expect.any(String) })
  return String(lines[0]?.msg)
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
